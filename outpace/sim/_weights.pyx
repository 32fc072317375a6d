"""Models to measure the answer model by: one that knows nothing, and one that is told the truth."""
from libc.stdint cimport int32_t, int64_t

from outpace.domain._words cimport FEATURE_END
from outpace.pacing._answer_model cimport AnswerModel
from outpace.telephony.simulated._population cimport Population


cdef class EvenWeights(AnswerModel):
    """Every lead is like every other."""

    cdef double weight(self, Py_ssize_t row, int64_t features, int32_t hour_slot) noexcept nogil:
        return 1.0

    cdef void learn(self, Py_ssize_t row, int64_t features, int32_t hour_slot, bint answered) noexcept nogil:
        pass


cdef class TrueWeights(AnswerModel):
    """The chance that the simulated carrier draws by.

    Parameters
    ----------
    campaigns : int, >= 1.
    population : Population of the list, whose segment `SimulatedList` writes above the features.
    """

    cdef Population population

    def __init__(self, Py_ssize_t campaigns, Population population not None):
        super().__init__(campaigns)
        self.population = population

    cdef double weight(self, Py_ssize_t row, int64_t features, int32_t hour_slot) noexcept nogil:
        return self.population.chances[features >> FEATURE_END, hour_slot % 24]

    cdef void learn(self, Py_ssize_t row, int64_t features, int32_t hour_slot, bint answered) noexcept nogil:
        pass
