from libc.stdint cimport int64_t

from outpace.pacing._budget cimport budget_t
from outpace.pacing._forecast cimport forecast_t
from outpace.pacing._pacer cimport Pacer, PacingSnapshot

cdef class ForecastPacer(Pacer):
    cdef public double wait_s           # a person may wait so long for an agent
    cdef readonly double fixed_kappa    # the marginal risk that is allowed; 0 = steered by the budget
    cdef double[::1] z                  # (1,) what the control has learned
    cdef int64_t[::1] last_ns           # (1,) its last step

    cdef double kappa(self, Py_ssize_t row, const budget_t* budget, double cap) noexcept nogil
    cdef int64_t most_launches(self, const forecast_t* f, double kappa, int64_t most, double* risks) noexcept nogil
