from libc.stdint cimport int64_t

from outpace.pacing._budget cimport budget_t

cdef class KappaControl:
    cdef readonly Py_ssize_t campaigns
    cdef readonly dict columns   # name -> array with a row per campaign: what is kept, for digest, snapshot, restart
    cdef double[::1] integral    # (campaigns,) z of the control law, less the size
    cdef double[::1] size        # (campaigns,) <= 0: what many agents and a low cap take off the exponent
    cdef int64_t[::1] last_ns    # (campaigns,) time of the latest advance, 0 = none
    # let time pass; `agents` are those logged in and not paused
    cdef void advance(self, Py_ssize_t row, const budget_t* budget, int64_t agents, int64_t now_ns) noexcept nogil
    # pure: the marginal risk allowed now, in [0, 1)
    cdef double kappa(self, Py_ssize_t row, const budget_t* budget) noexcept nogil
