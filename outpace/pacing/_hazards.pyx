"""What hazards by age come to: chances of an end, second by second, and of which of two ends it is."""
from libc.math cimport exp
from libc.stdint cimport int64_t

from outpace.pacing._estimates cimport HORIZONS, PHASE_BINS, RING_BINS

cdef int64_t[18] phase_edge = [0, 2, 4, 6, 9, 13, 18, 25, 35, 49, 69, 96, 135, 189, 264, 370, 518, 725]


# hot
cdef Py_ssize_t phase_bin(int64_t age) noexcept nogil:
    cdef Py_ssize_t bin = PHASE_BINS - 1
    while bin > 0 and age < phase_edge[bin]:
        bin -= 1
    return bin


cdef void ends_by_second(int64_t age, Py_ssize_t bin, const double* stays, double* ends) noexcept nogil:
    cdef double survives = 1.0
    cdef Py_ssize_t h
    for h in range(HORIZONS):
        while bin < PHASE_BINS - 1 and age + h >= phase_edge[bin + 1]:
            bin += 1
        ends[h] = survives * (1.0 - stays[bin])
        survives *= stays[bin]


cdef int64_t phase_middle(Py_ssize_t bin) noexcept nogil:
    if bin == PHASE_BINS - 1:
        return phase_edge[bin]
    return (phase_edge[bin] + phase_edge[bin + 1]) // 2


cdef double live_share(const double* person, const double* nobody) noexcept nogil:
    cdef double survives = 1.0, share = 0.0, total, ends
    cdef Py_ssize_t age
    for age in range(RING_BINS):
        total = person[age] + nobody[age]
        if total <= 0.0:
            continue
        ends = survives * (1.0 - exp(-total))
        share += ends * person[age] / total
        survives -= ends
    return share
# end hot
