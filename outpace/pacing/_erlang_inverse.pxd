# Erlang's formulas the other way round. Arguments as in _erlang.pxd; shares lie in (0, 1), or as said.

# fewest servers, a whole number >= 1
cdef double lines_for_blocking_c(double load, double blocking) noexcept nogil
cdef double agents_for_wait_c(double load, double handle, double wait) noexcept nogil
cdef double agents_for_level_c(double load, double handle, double within, double level) noexcept nogil  # level >= 0
cdef double agents_for_level_a(
    double load, double handle, double patience, double within, double level
) noexcept nogil
cdef double agents_for_abandoned_c(double load, double handle, double patience, double cap) noexcept nogil

# largest load
cdef double load_for_blocking_c(double servers, double blocking) noexcept nogil              # blocking >= 0
cdef double load_for_abandoned_c(double servers, double handle, double patience, double cap) noexcept nogil  # cap >= 0
