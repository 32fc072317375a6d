from libc.stdint cimport int64_t

cdef int64_t[18] phase_edge             # lower edges of the bins of phases, in seconds

# the bin of an age in seconds
cdef Py_ssize_t phase_bin(int64_t age) noexcept nogil
# an age that stands for a bin
cdef int64_t phase_middle(Py_ssize_t bin) noexcept nogil
# `ends`: chance that a phase of that age, in that bin, ends in each of the HORIZONS seconds that follow; `stays`: the
# chance by bin to outlast a second
cdef void ends_by_second(int64_t age, Py_ssize_t bin, const double* stays, double* ends) noexcept nogil
# share of calls that have a person before anything else, from the launch on; hazards by RING_BINS ages, per second
cdef double live_share(const double* person, const double* nobody) noexcept nogil
