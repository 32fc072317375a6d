from libc.stdint cimport int64_t

# P(X >= successes) of a binomial; NaN outside the domain
cdef double tail_c(int64_t successes, int64_t trials, double chance) noexcept nogil
# one-sided Clopper-Pearson bounds, each at the confidence; NaN outside the domain
cdef double upper_c(int64_t hits, int64_t trials, double confidence) noexcept nogil
cdef double lower_c(int64_t hits, int64_t trials, double confidence) noexcept nogil
# more hits in a row that leave the ratio, or its upper bound, at or under the cap; INT64_MAX at a cap of 1
cdef int64_t drops_to_target_c(int64_t hits, int64_t trials, double cap) noexcept nogil
cdef int64_t drops_to_bound_c(
    int64_t hits, int64_t trials, double cap, double confidence, int64_t guess
) noexcept nogil
