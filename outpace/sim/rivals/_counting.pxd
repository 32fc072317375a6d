# What the rivals count alike: lines, whole calls, and how a number of launches is told.
from libc.math cimport floor
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_NO_AGENTS, LIMIT_PACING
from outpace.pacing._pacer cimport PacingSnapshot, decision_t

cdef enum:
    TICK_NS = 500_000_000        # the study's rules decide every half second

# to the nearest whole call, halves up; beyond any floor's size it stops
cdef inline int64_t whole(double calls) noexcept nogil:
    return <int64_t>floor(min(max(calls, -1e9), 1e9) + 0.5)

# calls that nobody has answered, or of which it is not known yet who did
cdef inline int64_t under_way(PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
    return snapshot.unanswered[row] + snapshot.classifying[row]

cdef inline int64_t lines_up(PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
    return under_way(snapshot, row) + snapshot.waiting[row] + snapshot.talking[row]

# launches that make `ratio` calls per free agent
cdef inline int64_t up_to_free(PacingSnapshot snapshot, Py_ssize_t row, double ratio) noexcept nogil:
    return whole(ratio * <double>max(0, snapshot.ready[row])) - snapshot.waiting[row] - under_way(snapshot, row)

# launches that make `ratio` lines per agent who is ready or in a call
cdef inline int64_t up_to_working(PacingSnapshot snapshot, Py_ssize_t row, double ratio) noexcept nogil:
    return whole(ratio * <double>max(0, snapshot.ready[row] + snapshot.talking[row])) - lines_up(snapshot, row)

cdef inline void tell(PacingSnapshot snapshot, Py_ssize_t row, int64_t count, decision_t* out) noexcept nogil:
    memset(out, 0, sizeof(decision_t))
    out.limited_by = LIMIT_NO_AGENTS
    if snapshot.working[row] > 0:
        out.limited_by = LIMIT_PACING
        out.count = max(0, count)
