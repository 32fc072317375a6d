from libc.stdint cimport int32_t, int64_t

# What a pacer can observe (the second half of the seam); keys are opaque ids of calls or agents.
cdef enum:
    OBSERVED_LAUNCH = 0
    OBSERVED_ANSWER = 1
    OBSERVED_UNANSWERED_END = 2
    OBSERVED_TALK_START = 3
    OBSERVED_TALK_END = 4
    OBSERVED_WRAP_UP_END = 5

cdef struct decision_t:
    int64_t count        # launches wanted now, >= 0
    int32_t limited_by   # LimitedBy: LIMIT_PACING or LIMIT_NO_AGENTS
    int32_t reserved
    double expected_abandons

cdef class PacingSnapshot:
    cdef readonly dict columns          # name -> (campaigns,) int64 array, the owner of the memory
    cdef int64_t[::1] ready             # agents ready, less those whom other campaigns are calling for
    cdef int64_t[::1] working           # agents logged in and not paused
    cdef int64_t[::1] talking           # agents connecting or talking
    cdef int64_t[::1] wrap_up           # agents in wrap-up
    cdef int64_t[::1] unanswered        # calls launched and not answered yet
    cdef int64_t[::1] classifying       # calls answered, person or machine not known yet
    cdef int64_t[::1] waiting           # people who answered and have no agent yet

cdef class Pacer:
    cdef readonly int64_t interval_ns   # shortest time between decisions, 0 = decide whenever something changed
    cdef void observe(self, int32_t what, int64_t key, int64_t now_ns) noexcept nogil
    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil
    # agents that the calls in hand may still need, as this pacer counts; what other campaigns must leave alone
    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil
