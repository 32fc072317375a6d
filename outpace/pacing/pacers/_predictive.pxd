from libc.stdint cimport int64_t

from outpace.pacing._control cimport KappaControl
from outpace.pacing._forecast cimport forecast_t
from outpace.pacing._pacer cimport Pacer, PacingSnapshot

cdef class ForecastPacer(Pacer):
    cdef public double wait_s           # a person may wait so long for an agent
    cdef readonly KappaControl control

    cdef int64_t most_launches(self, const forecast_t* f, double kappa, int64_t most, double* risks) noexcept nogil
