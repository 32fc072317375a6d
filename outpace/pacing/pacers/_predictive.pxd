from libc.stdint cimport int64_t

from outpace.pacing._control cimport KappaControl
from outpace.pacing._forecast cimport forecast_t
from outpace.pacing._pacer cimport Pacer, PacingSnapshot

cdef class ForecastPacer(Pacer):
    cdef public double wait_s           # a person may wait so long for an agent
    cdef public bint cancels            # whether ringing calls may be taken back
    cdef readonly double fixed_kappa    # the marginal risk that is allowed; 0 = steered by the budget
    cdef readonly KappaControl control

    cdef int64_t most_launches(self, const forecast_t* f, double kappa, int64_t most, double* risks) noexcept nogil
    cdef int64_t calls_too_many(
        self, PacingSnapshot snapshot, Py_ssize_t row, const forecast_t* f, double allowed
    ) noexcept nogil
