# People expected of the calls in flight, and calls that it takes to have some more.
from libc.math cimport floor
from libc.stdint cimport int64_t

from outpace.pacing._estimates cimport HORIZONS, RING_BINS
from outpace.pacing._pacer cimport PacingSnapshot
from outpace.sim.rivals._counting cimport under_way

# by their ages; those that the estimates have not seen yet are new ones
cdef inline double expected_answers(PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
    cdef double unseen = max(0.0, <double>under_way(snapshot, row) - snapshot.estimates.in_flight(row))
    cdef double answers = unseen * snapshot.estimates.live_rate(row)
    cdef Py_ssize_t age
    for age in range(RING_BINS):
        answers += snapshot.estimates.now_weights[row, age] * snapshot.estimates.answer_by[row, age, HORIZONS - 1]
    return answers

# whole calls of which no more people than so many are expected; rates below a thousandth are taken for it
cdef inline int64_t calls_for(PacingSnapshot snapshot, Py_ssize_t row, double people) noexcept nogil:
    return <int64_t>floor(min(max(people / max(0.001, snapshot.estimates.live_rate(row)), -1e9), 1e9))
