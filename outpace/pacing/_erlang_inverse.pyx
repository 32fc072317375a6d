"""Erlang's formulas the other way round: servers for a target, loads for a target.

Servers: every target is monotone in their number, so a doubling step brackets the fewest and bisection finds it: about
2 log2(sqrt(load)) evaluations of O(1). Loads: the logit of a share is nearly linear in the logarithm of the load (slope
n at light load, 1 in overload), so a bracketed secant converges in some eight evaluations.
"""
from libc.math cimport INFINITY, exp, fabs, floor, log, sqrt

from outpace.pacing._erlang cimport (
    erlang_a_abandoned_c, erlang_a_level_c, erlang_b_c, erlang_c_level_c, erlang_c_wait_c,
)
from outpace.pacing._gamma_ratio cimport whole_upper_ratio

# What is asked of a number of servers, or of a load: the other arguments, in any order that both sides know.
ctypedef struct case_t:
    double load                  # or servers, where the load is sought
    double handle
    double patience
    double within
    double target

ctypedef bint (*enough_t)(double servers, const case_t* at) noexcept nogil
ctypedef double (*odds_t)(double load, const case_t* at) noexcept nogil

cdef enum:
    STEPS_MAX = 200              # of a search for a load; bisection alone takes some 120


# hot
cdef double fewest(enough_t enough, const case_t* at, double low) noexcept nogil:
    # smallest whole number >= 1 that is enough; any number up to `low` is known to be too small
    cdef double high, middle
    cdef double step = 1.0
    low = max(0.0, low)
    high = low + 1.0
    while not enough(high, at):
        low = high
        high += step
        step *= 2.0
    while high - low > 1.0:
        middle = floor(0.5 * (low + high))
        if enough(middle, at):
            high = middle
        else:
            low = middle
    return high


cdef bint blocks_less(double servers, const case_t* at) noexcept nogil:
    return erlang_b_c(at.load, servers) <= at.target


cdef bint waits_less(double servers, const case_t* at) noexcept nogil:
    return erlang_c_wait_c(at.load, servers, at.handle) <= at.target


cdef bint answers_more(double servers, const case_t* at) noexcept nogil:
    return erlang_c_level_c(at.load, servers, at.handle, at.within) >= at.target


cdef bint answers_more_patient(double servers, const case_t* at) noexcept nogil:
    return erlang_a_level_c(at.load, servers, at.handle, at.patience, at.within) >= at.target


cdef bint abandons_less(double servers, const case_t* at) noexcept nogil:
    return erlang_a_abandoned_c(at.load, servers, at.handle, at.patience) <= at.target


cdef inline double carried_at_least(double load, double lost) noexcept nogil:
    # n servers lose at least 1 - n / a: fewer than these, less two for rounding, lose too much
    return floor(load * (1.0 - lost)) - 2.0


cdef double lines_for_blocking_c(double load, double blocking) noexcept nogil:
    cdef case_t at = case_t(load, 1.0, 1.0, 0.0, blocking)
    return fewest(blocks_less, &at, carried_at_least(load, blocking))


cdef double agents_for_wait_c(double load, double handle, double wait) noexcept nogil:
    cdef case_t at = case_t(load, handle, 1.0, 0.0, wait)
    return fewest(waits_less, &at, floor(load))


cdef double agents_for_level_c(double load, double handle, double within, double level) noexcept nogil:
    cdef case_t at = case_t(load, handle, 1.0, within, level)
    return fewest(answers_more, &at, floor(load) if level > 0.0 else 0.0)


cdef double agents_for_level_a(
    double load, double handle, double patience, double within, double level
) noexcept nogil:
    cdef case_t at = case_t(load, handle, patience, within, level)
    # who is served within t is served
    return fewest(answers_more_patient, &at, carried_at_least(load, 1.0 - level))


cdef double agents_for_abandoned_c(double load, double handle, double patience, double cap) noexcept nogil:
    cdef case_t at = case_t(load, handle, patience, 0.0, cap)
    return fewest(abandons_less, &at, carried_at_least(load, cap))


cdef double largest_load(odds_t odds, const case_t* at, double target, double high) noexcept nogil:
    # the load at which the odds against (falling in the load) are `target`; at `high` they are at most that
    cdef double low = 0.0
    cdef double aim = log(target)
    cdef double last = high
    cdef double last_odds = log(odds(high, at))
    cdef double load = 0.98 * high
    cdef double load_odds, following
    cdef int _step
    for _step in range(STEPS_MAX):
        load_odds = log(odds(load, at))
        if load_odds <= aim:
            high = load
        else:
            low = load
        following = low      # the odds may be too flat to tell a direction
        if last_odds != load_odds:
            following = load * exp((aim - load_odds) * log(last / load) / (last_odds - load_odds))
        if fabs(following - load) <= 4e-16 * load or high - low <= 4e-16 * high:
            break
        if not low < following < high:
            following = sqrt(low * high) if low > 0.0 else 0.5 * high
        last = load
        last_odds = load_odds
        load = following
    return load


cdef double carried_odds(double load, const case_t* at) noexcept nogil:
    return whole_upper_ratio(at.load, load)


cdef double served_odds(double load, const case_t* at) noexcept nogil:
    cdef double lost = erlang_a_abandoned_c(load, at.load, at.handle, at.patience)
    return (1.0 - lost) / lost if lost > 0.0 else INFINITY


cdef double load_for_blocking_c(double servers, double blocking) noexcept nogil:
    cdef case_t at = case_t(servers, 1.0, 1.0, 0.0, blocking)
    if blocking <= 0.0:
        return 0.0
    return largest_load(carried_odds, &at, (1.0 - blocking) / blocking, servers / (1.0 - blocking))


cdef double load_for_abandoned_c(double servers, double handle, double patience, double cap) noexcept nogil:
    cdef case_t at = case_t(servers, handle, patience, 0.0, cap)
    if cap <= 0.0:
        return 0.0
    if cap >= 1.0:
        return INFINITY
    return largest_load(served_odds, &at, (1.0 - cap) / cap, servers / (1.0 - cap))
# end hot
