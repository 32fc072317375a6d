"""Erlang B, C and A at one point, each O(1), from the ratios of _gamma_ratio.

With a the load in erlangs, n the servers, U = upper_ratio(n, a): 1/B = 1 + U and C = 1 / (1 + U (1 - a/n)).

Erlang A (M/M/n+M): a handle time h and a mean patience p give x = n p / h and y = a p / h; the states above n weigh
V = lower_ratio(x, y) against U for those below, so P(wait) = V / (U + V). The wait that a caller of endless patience
would meet has the density exp(y (1 - w) - x t / p) with w = exp(-t / p), whose integrals are incomplete gamma
functions of shape x again.

Sources: Erlang (1917), Solution of some problems in the theory of probabilities; Palm (1957), Research on telephone
traffic carried by full availability groups, Tele 1; Garnett, Mandelbaum and Reiman (2002), Designing a call center with
impatient customers, Manufacturing and Service Operations Management 4(3); Zeltyn and Mandelbaum (2005), Call centers
with impatient customers, Queueing Systems 51.
"""
from libc.math cimport INFINITY, exp, expm1, log1p

from outpace.pacing._gamma_ratio cimport (
    gamma_density, lower_ratio, lower_share, upper_share, whole_upper_ratio,
)


# hot
cdef double erlang_b_c(double load, double servers) noexcept nogil:
    return 1.0 / (1.0 + whole_upper_ratio(servers, load))


cdef void erlang_b_many(
    const double* loads, Py_ssize_t load_step, const double* servers, Py_ssize_t server_step, double* found,
    Py_ssize_t count,
) noexcept nogil:
    # In tables one server more follows at the same load: U(n + 1) = (1 + U(n)) (n + 1) / a, which loses less than one
    # unit in the last place a step; every 64th starts afresh.
    cdef double load = -1.0
    cdef double number = -1.0
    cdef double ratio = 0.0
    cdef double last_load, last_number
    cdef Py_ssize_t item
    for item in range(count):
        last_load = load
        last_number = number
        load = loads[item * load_step]
        number = servers[item * server_step]
        if load > 0.0 and load == last_load and number == last_number + 1.0 and item & 63:
            ratio = (1.0 + ratio) * (number / load)
        else:
            ratio = whole_upper_ratio(number, load)
        found[item] = 1.0 / (1.0 + ratio)


cdef inline double no_wait_odds(double load, double servers) noexcept nogil:
    # P(no wait) / P(wait) of Erlang C, load < servers
    return whole_upper_ratio(servers, load) * ((servers - load) / servers)


cdef double erlang_c_c(double load, double servers) noexcept nogil:
    if load >= servers:
        return 1.0
    return 1.0 / (1.0 + no_wait_odds(load, servers))


cdef double erlang_c_wait_c(double load, double servers, double handle) noexcept nogil:
    if load >= servers:
        return INFINITY
    return handle / ((servers - load) * (1.0 + no_wait_odds(load, servers)))


cdef double erlang_c_level_c(double load, double servers, double handle, double within) noexcept nogil:
    # P(no wait) + P(wait) (1 - exp(-(n - a) t / h)): no difference of nearly equal numbers
    cdef double odds
    if load >= servers:
        return 0.0
    odds = no_wait_odds(load, servers)
    if odds == INFINITY:
        return 1.0
    return (odds - expm1(-(servers - load) * within / handle)) / (1.0 + odds)


cdef double erlang_c_queued_c(double load, double servers, double handle, double within) noexcept nogil:
    # as it stands, since 1 - level would leave no digits of a small share
    if load >= servers:
        return 1.0
    return erlang_c_c(load, servers) * exp(-(servers - load) * within / handle)


cdef double erlang_a_c(double load, double servers, double handle, double patience) noexcept nogil:
    cdef double scale = patience / handle
    return 1.0 / (1.0 + whole_upper_ratio(servers, load) / lower_ratio(servers * scale, load * scale))


cdef double abandoned_of_waiting(double x, double y) noexcept nogil:
    # P(abandoned | wait) = (y - x + x / V) / y. Well below x that is a small difference of large numbers, and the
    # continued fraction 1 / (x+1-y + 2y / (x+2-y + 3y / (x+3-y + ...))) of positive terms converges fast.
    cdef double room = x + 1.0 - y
    cdef double value
    cdef int k
    if room <= 0.0 or room * room < 6.0 * y:
        value = (y - x + x / lower_ratio(x, y)) / y
        return min(1.0, max(0.0, value))
    k = 12 + <int>(250.0 * y / (room * room))
    value = x + k - y
    while k > 1:
        value = x + (k - 1) - y + k * y / value
        k -= 1
    return 1.0 / value


cdef double erlang_a_abandoned_c(double load, double servers, double handle, double patience) noexcept nogil:
    cdef double scale = patience / handle
    cdef double waits = erlang_a_c(load, servers, handle, patience)
    return waits * abandoned_of_waiting(servers * scale, load * scale) if load > 0.0 else 0.0


cdef double erlang_a_wait_c(double load, double servers, double handle, double patience) noexcept nogil:
    # who waits t on the average leaves at the rate t / p
    return patience * erlang_a_abandoned_c(load, servers, handle, patience)


cdef inline double log_density_gain(double x, double y, double turns) noexcept nogil:
    # logarithm of the density of the offered wait after `turns` patiences, over that at 0
    return -y * expm1(-turns) - x * turns


cdef double erlang_a_queued_c(
    double load, double servers, double handle, double patience, double within
) noexcept nogil:
    # P(offered wait > t) = P(wait) gamma(x, y w) / gamma(x, y), and the patience lasts with probability w
    cdef double x = servers * (patience / handle)
    cdef double y = load * (patience / handle)
    cdef double turns = within / patience
    cdef double left = exp(-turns)
    cdef double waits = erlang_a_c(load, servers, handle, patience)
    cdef double beyond
    if y >= x:
        beyond = lower_share(x, y * left) / lower_share(x, y)
    else:
        beyond = lower_ratio(x, y * left) / lower_ratio(x, y) * exp(log_density_gain(x, y, turns))
    return waits * left * min(1.0, beyond)


cdef double erlang_a_level_c(
    double load, double servers, double handle, double patience, double within
) noexcept nogil:
    # P(no wait) + P(0 < offered wait <= t and patience lasts that long), by differences of gamma functions of shape
    # x + 1: of the upper ones above the critical load, where both are small against the lower ones, and vice versa
    cdef double x = servers * (patience / handle)
    cdef double y = load * (patience / handle)
    cdef double turns = within / patience
    cdef double left = exp(-turns)
    cdef double below = whole_upper_ratio(servers, load)
    cdef double above, served
    if y <= 0.0 or below == INFINITY:
        return 1.0
    above = lower_ratio(x, y)
    if y >= x:
        served = upper_share(x, y * left) + gamma_density(x, y * left) - upper_share(x, y) - gamma_density(x, y)
        return below / (below + above) + max(0.0, served) * x / (y * (1.0 + below / above) * lower_share(x, y))
    served = above - 1.0 - exp(log_density_gain(x, y, turns)) * (lower_ratio(x, y * left) - 1.0)
    return (below + max(0.0, served) * x / y) / (below + above)


cdef double wait_at_place_c(double place, double servers, double handle, double patience) noexcept nogil:
    # sum over i < place of 1 / (n / h + i / p) = p (digamma(x + place) - digamma(x)): the first terms one by one, the
    # rest by the asymptotic series of the digamma function
    cdef double x = servers * (patience / handle)
    cdef double total = 0.0
    cdef double end, low, high
    if patience == INFINITY:
        return place * handle / servers
    while place > 0.0 and x < 50.0:
        total += 1.0 / x
        x += 1.0
        place -= 1.0
    if place > 0.0:
        end = x + place
        low = 1.0 / (x * x)
        high = 1.0 / (end * end)
        total += log1p(place / x) + 0.5 * place / (x * end) + (low - high) / 12.0
        total -= (low * low - high * high) / 120.0 - (low * low * low - high * high * high) / 252.0
    return patience * total
# end hot
