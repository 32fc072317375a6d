from libc.stdint cimport int64_t

# The state of one campaign's abandonment budget at a moment.
cdef struct budget_t:
    int64_t answered             # people who answered in the window = connected + abandoned
    int64_t abandoned            # of them
    double balance               # cap x answered - abandoned, in people
    double rate                  # answers per second, mean over the last 30 minutes
    double seconds_left          # to the end of the window or of today's dialling; infinity where neither has an end
    double bound                 # upper confidence bound of the abandonment rate, in [0, 1]
    int64_t drops_left           # people who may still be abandoned now without the rate (or bound) passing the cap
    bint spent                   # hard stop: the window's cap cannot be met any more, nobody may be abandoned

cdef class Budget:
    cdef readonly Py_ssize_t campaigns
    cdef readonly dict columns   # name -> array with a row per campaign
    cdef double[::1] cap         # (campaigns,) in [0, 1]
    cdef int64_t[::1] answered
    cdef int64_t[::1] abandoned
    cdef int64_t[::1] began_ns
    # one person who answered has been connected, or abandoned
    cdef void count(self, Py_ssize_t row, bint abandoned, int64_t now_ns) noexcept nogil
    cdef void look(self, Py_ssize_t row, int64_t now_ns, budget_t* out) noexcept nogil
