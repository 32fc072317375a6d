"""Counter-based random numbers and the distributions drawn from them. Contract only; see _random.pyx."""
cimport cython
from libc.stdint cimport int64_t, uint64_t

# A stream per role: one role's draws never shift another's.
cpdef enum Role:
    ROLE_OUTCOME = 0
    ROLE_SETUP = 1
    ROLE_RING = 2
    ROLE_TALK = 3
    ROLE_PATIENCE = 4
    ROLE_CLASSIFY = 5
    ROLE_LATENCY = 6
    ROLE_FAULT = 7
    ROLE_WRAP_UP = 8
    ROLE_DISPOSITION = 9
    ROLE_BREAK = 10
    ROLE_SHIFT = 11
    ROLE_LEAD = 12
    ROLES = 13

cdef enum:
    DIST_CONSTANT = 0
    DIST_UNIFORM = 1
    DIST_EXPONENTIAL = 2
    DIST_LOGNORMAL = 3
    DIST_EMPIRICAL = 4

cdef struct dist_t:
    int kind
    double a            # value, low, mean, mu: by kind
    double b            # high, sigma: by kind
    double clip_low     # draws are moved into [clip_low, clip_high]
    double clip_high
    double u_low        # truncation: quantiles between which is drawn
    double u_high
    double* values      # empirical: the stored values
    Py_ssize_t count

cdef uint64_t stream_base(uint64_t seed, uint64_t stream, uint64_t role) noexcept nogil
cdef double uniform_at(uint64_t base, uint64_t k, uint64_t index) noexcept nogil
cdef double value_at(const dist_t* dist, double u) noexcept nogil
cdef int64_t nanoseconds_at(const dist_t* dist, double u) noexcept nogil


@cython.final
cdef class Distribution:
    cdef dist_t dist    # what the compiled code draws from; lives as long as this object
    cdef Distribution _copy(self)
    cdef int _limits(self, double low, double high) except -1
