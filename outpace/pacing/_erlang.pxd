# Erlang's formulas at one point. load in erlangs (>= 0), servers a whole number >= 1, times in any one unit (> 0).
# Total: every argument in range gives a number or infinity, never NaN; outside of it the value means nothing.

# B, loss: share of calls that find all servers busy
cdef double erlang_b_c(double load, double servers) noexcept nogil
# the same for many: found[i] at loads[i * load_step] and servers[i * server_step]
cdef void erlang_b_many(
    const double* loads, Py_ssize_t load_step, const double* servers, Py_ssize_t server_step, double* found,
    Py_ssize_t count,
) noexcept nogil

# C, delay without impatience; from load = servers on nobody is served in any bounded time
cdef double erlang_c_c(double load, double servers) noexcept nogil                    # share that has to wait
cdef double erlang_c_wait_c(double load, double servers, double handle) noexcept nogil
cdef double erlang_c_level_c(double load, double servers, double handle, double within) noexcept nogil
cdef double erlang_c_queued_c(double load, double servers, double handle, double within) noexcept nogil

# A, delay with exponential patience
cdef double erlang_a_c(double load, double servers, double handle, double patience) noexcept nogil  # as erlang_c_c
cdef double erlang_a_abandoned_c(double load, double servers, double handle, double patience) noexcept nogil
cdef double erlang_a_wait_c(double load, double servers, double handle, double patience) noexcept nogil
cdef double erlang_a_queued_c(
    double load, double servers, double handle, double patience, double within
) noexcept nogil
cdef double erlang_a_level_c(
    double load, double servers, double handle, double patience, double within
) noexcept nogil

# mean time until the caller at a place of the queue (from 1) gets an agent, if all agents are busy and he stays;
# patience may be infinite
cdef double wait_at_place_c(double place, double servers, double handle, double patience) noexcept nogil
