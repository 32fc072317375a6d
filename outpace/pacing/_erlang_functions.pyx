"""Erlang's formulas for Python, as outpace.pacing.erlang gives them out."""
from libc.math cimport INFINITY

from outpace.pacing._erlang cimport (
    erlang_a_abandoned_c, erlang_a_c, erlang_a_level_c, erlang_a_queued_c, erlang_a_wait_c, erlang_b_c, erlang_b_many,
    erlang_c_c, erlang_c_level_c, erlang_c_queued_c, erlang_c_wait_c, wait_at_place_c,
)
from outpace.pacing._erlang_inverse cimport (
    agents_for_abandoned_c, agents_for_level_a, agents_for_level_c, agents_for_wait_c, lines_for_blocking_c,
    load_for_abandoned_c, load_for_blocking_c,
)
from outpace.pacing._formula cimport (
    COUNT, LOAD, PATIENCE, PLACE, SHARE, SHARE_OR_ALL, SPAN, TIME, Formula, formula,
)


# Kernels take their arguments as a row: _formula checks and gathers them.
cdef double _b(const double* at) noexcept nogil:
    return erlang_b_c(at[0], at[1])


cdef double _c(const double* at) noexcept nogil:
    return erlang_c_c(at[0], at[1])


cdef double _c_wait(const double* at) noexcept nogil:
    return erlang_c_wait_c(at[0], at[1], at[2])


cdef double _c_level(const double* at) noexcept nogil:
    return erlang_c_level_c(at[0], at[1], at[2], at[3])


# Erlang A with endless patience is Erlang C.
cdef double _a(const double* at) noexcept nogil:
    if at[3] == INFINITY:
        return erlang_c_c(at[0], at[1])
    return erlang_a_c(at[0], at[1], at[2], at[3])


cdef double _a_abandoned(const double* at) noexcept nogil:
    if at[3] == INFINITY:
        return 0.0
    return erlang_a_abandoned_c(at[0], at[1], at[2], at[3])


cdef double _a_wait(const double* at) noexcept nogil:
    if at[3] == INFINITY:
        return erlang_c_wait_c(at[0], at[1], at[2])
    return erlang_a_wait_c(at[0], at[1], at[2], at[3])


cdef double _a_queued(const double* at) noexcept nogil:
    if at[3] == INFINITY:
        return erlang_c_queued_c(at[0], at[1], at[2], at[4])
    return erlang_a_queued_c(at[0], at[1], at[2], at[3], at[4])


cdef double _a_level(const double* at) noexcept nogil:
    if at[3] == INFINITY:
        return erlang_c_level_c(at[0], at[1], at[2], at[4])
    return erlang_a_level_c(at[0], at[1], at[2], at[3], at[4])


cdef double _lines(const double* at) noexcept nogil:
    return lines_for_blocking_c(at[0], at[1])


cdef double _blocking_load(const double* at) noexcept nogil:
    return load_for_blocking_c(at[0], at[1])


cdef double _agents_for_wait(const double* at) noexcept nogil:
    return agents_for_wait_c(at[0], at[1], at[2])


cdef double _agents_for_level(const double* at) noexcept nogil:
    if at[4] == INFINITY:
        return agents_for_level_c(at[0], at[1], at[2], at[3])
    return agents_for_level_a(at[0], at[1], at[4], at[2], at[3])


cdef double _agents_for_abandoned(const double* at) noexcept nogil:
    return agents_for_abandoned_c(at[0], at[1], at[2], at[3])


cdef double _abandoned_load(const double* at) noexcept nogil:
    return load_for_abandoned_c(at[0], at[1], at[2], at[3])


cdef double _wait_at_place(const double* at) noexcept nogil:
    return wait_at_place_c(at[0], at[1], at[2], at[3])


cdef Formula ERLANG_B = formula(_b, ("load_erlangs", "servers"), (LOAD, COUNT), False, erlang_b_many)
cdef Formula ERLANG_C = formula(_c, ("load_erlangs", "agents"), (LOAD, COUNT), False, NULL)
cdef Formula ERLANG_C_WAIT = formula(
    _c_wait, ("load_erlangs", "agents", "handle_s"), (LOAD, COUNT, TIME), False, NULL,
)
cdef Formula ERLANG_C_LEVEL = formula(
    _c_level, ("load_erlangs", "agents", "handle_s", "within_s"), (LOAD, COUNT, TIME, SPAN), False, NULL,
)
cdef Formula ERLANG_A = formula(
    _a, ("load_erlangs", "agents", "handle_s", "patience_s"), (LOAD, COUNT, TIME, PATIENCE), False, NULL,
)
cdef Formula ERLANG_A_ABANDONED = formula(
    _a_abandoned, ("load_erlangs", "agents", "handle_s", "patience_s"), (LOAD, COUNT, TIME, PATIENCE), False, NULL,
)
cdef Formula ERLANG_A_WAIT = formula(
    _a_wait, ("load_erlangs", "agents", "handle_s", "patience_s"), (LOAD, COUNT, TIME, PATIENCE), False, NULL,
)
cdef Formula ERLANG_A_QUEUED = formula(
    _a_queued,
    ("load_erlangs", "agents", "handle_s", "patience_s", "within_s"),
    (LOAD, COUNT, TIME, PATIENCE, SPAN), False, NULL,
)
cdef Formula ERLANG_A_LEVEL = formula(
    _a_level,
    ("load_erlangs", "agents", "handle_s", "patience_s", "within_s"),
    (LOAD, COUNT, TIME, PATIENCE, SPAN), False, NULL,
)
cdef Formula LINES_FOR_BLOCKING = formula(_lines, ("load_erlangs", "blocking"), (LOAD, SHARE_OR_ALL), True, NULL)
cdef Formula LOAD_FOR_BLOCKING = formula(_blocking_load, ("servers", "blocking"), (COUNT, SHARE), False, NULL)
cdef Formula AGENTS_FOR_WAIT = formula(
    _agents_for_wait, ("load_erlangs", "handle_s", "wait_s"), (LOAD, TIME, TIME), True, NULL,
)
cdef Formula AGENTS_FOR_LEVEL = formula(
    _agents_for_level,
    ("load_erlangs", "handle_s", "within_s", "level", "patience_s"),
    (LOAD, TIME, SPAN, SHARE, PATIENCE), True, NULL,
)
cdef Formula AGENTS_FOR_ABANDONED = formula(
    _agents_for_abandoned,
    ("load_erlangs", "handle_s", "patience_s", "abandoned"),
    (LOAD, TIME, TIME, SHARE_OR_ALL), True, NULL,
)
cdef Formula LOAD_FOR_ABANDONED = formula(
    _abandoned_load, ("agents", "handle_s", "patience_s", "abandoned"), (COUNT, TIME, TIME, SHARE), False, NULL,
)
cdef Formula WAIT_AT_PLACE = formula(
    _wait_at_place, ("place", "agents", "handle_s", "patience_s"), (PLACE, COUNT, TIME, PATIENCE), False, NULL,
)


def erlang_b(load_erlangs, servers):
    """Probability that a call finds all servers busy and is lost (M/M/n/n).

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    servers : array_like of whole numbers, 1 to 1e9. Lines or agents.

    Returns
    -------
    float in [0, 1]. 0 where the load is 0. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Erlang (1917), Solution of some problems in the theory of probabilities of significance in automatic
       telephone exchanges, Elektroteknikeren 13.
    .. [2] Jagerman (1974), Some properties of the Erlang loss function, BSTJ 53(3).

    >>> round(erlang_b(8.108, 15), 4)
    0.01
    """
    return ERLANG_B.at((load_erlangs, servers))


def erlang_c(load_erlangs, agents):
    """Probability that a call has to wait where nobody is impatient (M/M/n).

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    agents : array_like of whole numbers, 1 to 1e9.

    Returns
    -------
    float in [0, 1]. 1 where the load reaches the agents: the queue grows without end. An array of the broadcast
    shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Erlang (1917), Solution of some problems in the theory of probabilities of significance in automatic
       telephone exchanges, Elektroteknikeren 13.

    >>> round(erlang_c(48.0, 55), 4)
    0.2387
    """
    return ERLANG_C.at((load_erlangs, agents))


def erlang_c_wait(load_erlangs, agents, handle_s):
    """Mean wait in seconds of all calls, those that need not wait included (M/M/n).

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    agents : array_like of whole numbers, 1 to 1e9.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.

    Returns
    -------
    float >= 0. inf where the load reaches the agents. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Erlang (1917), Solution of some problems in the theory of probabilities of significance in automatic
       telephone exchanges, Elektroteknikeren 13.

    >>> round(erlang_c_wait(48.0, 55, 240.0), 2)
    8.18
    """
    return ERLANG_C_WAIT.at((load_erlangs, agents, handle_s))


def erlang_c_level(load_erlangs, agents, handle_s, within_s):
    """Service level: share of calls that wait at most `within_s` seconds (M/M/n).

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    agents : array_like of whole numbers, 1 to 1e9.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    within_s : array_like, 0 to 1e9. Seconds from arrival.

    Returns
    -------
    float in [0, 1]. 0 where the load reaches the agents. An array of the broadcast shape where an argument is
    one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Erlang (1917), Solution of some problems in the theory of probabilities of significance in automatic
       telephone exchanges, Elektroteknikeren 13.
    """
    return ERLANG_C_LEVEL.at((load_erlangs, agents, handle_s, within_s))


def erlang_a(load_erlangs, agents, handle_s, patience_s):
    """Probability that a call has to wait where callers are impatient.

    Patience is exponential (M/M/n+M); any load is stable. With infinite patience this is Erlang C.

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    agents : array_like of whole numbers, 1 to 1e9.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    patience_s : array_like, 1e-6 to 1e9 or inf. Mean patience in seconds.

    Returns
    -------
    float in [0, 1]. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Palm (1957), Research on telephone traffic carried by full availability groups, Tele 1.
    .. [2] Garnett, Mandelbaum and Reiman (2002), Designing a call center with impatient customers,
       Manufacturing and Service Operations Management 4(3).
    """
    return ERLANG_A.at((load_erlangs, agents, handle_s, patience_s))


def erlang_a_abandoned(load_erlangs, agents, handle_s, patience_s):
    """Share of calls that leave before an agent is free.

    Patience is exponential (M/M/n+M); any load is stable. With infinite patience this is Erlang C.

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    agents : array_like of whole numbers, 1 to 1e9.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    patience_s : array_like, 1e-6 to 1e9 or inf. Mean patience in seconds.

    Returns
    -------
    float in [0, 1]. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Palm (1957), Research on telephone traffic carried by full availability groups, Tele 1.
    .. [2] Garnett, Mandelbaum and Reiman (2002), Designing a call center with impatient customers,
       Manufacturing and Service Operations Management 4(3).

    >>> round(erlang_a_abandoned(48.0, 50, 60.0, 120.0), 4)
    0.0309
    """
    return ERLANG_A_ABANDONED.at((load_erlangs, agents, handle_s, patience_s))


def erlang_a_wait(load_erlangs, agents, handle_s, patience_s):
    """Mean time in the queue in seconds of all calls, served or not.

    Patience is exponential (M/M/n+M); any load is stable. With infinite patience this is Erlang C.

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    agents : array_like of whole numbers, 1 to 1e9.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    patience_s : array_like, 1e-6 to 1e9 or inf. Mean patience in seconds.

    Returns
    -------
    float >= 0. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Palm (1957), Research on telephone traffic carried by full availability groups, Tele 1.
    .. [2] Garnett, Mandelbaum and Reiman (2002), Designing a call center with impatient customers,
       Manufacturing and Service Operations Management 4(3).

    >>> round(erlang_a_wait(48.0, 50, 60.0, 120.0), 2)
    3.71
    """
    return ERLANG_A_WAIT.at((load_erlangs, agents, handle_s, patience_s))


def erlang_a_queued(load_erlangs, agents, handle_s, patience_s, within_s):
    """Share of calls that are still in the queue `within_s` seconds after their arrival.

    Patience is exponential (M/M/n+M); any load is stable. With infinite patience this is Erlang C.

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    agents : array_like of whole numbers, 1 to 1e9.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    patience_s : array_like, 1e-6 to 1e9 or inf. Mean patience in seconds.
    within_s : array_like, 0 to 1e9. Seconds from arrival.

    Returns
    -------
    float in [0, 1]. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Zeltyn and Mandelbaum (2005), Call centers with impatient customers: many-server asymptotics of the
       M/M/n+G queue, Queueing Systems 51.
    """
    return ERLANG_A_QUEUED.at((load_erlangs, agents, handle_s, patience_s, within_s))


def erlang_a_level(load_erlangs, agents, handle_s, patience_s, within_s):
    """Service level: share of calls that an agent serves within `within_s` seconds.

    Patience is exponential (M/M/n+M); who leaves was not served. With infinite patience this is Erlang C.

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    agents : array_like of whole numbers, 1 to 1e9.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    patience_s : array_like, 1e-6 to 1e9 or inf. Mean patience in seconds.
    within_s : array_like, 0 to 1e9. Seconds from arrival.

    Returns
    -------
    float in [0, 1]. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Zeltyn and Mandelbaum (2005), Call centers with impatient customers: many-server asymptotics of the
       M/M/n+G queue, Queueing Systems 51.
    """
    return ERLANG_A_LEVEL.at((load_erlangs, agents, handle_s, patience_s, within_s))


def lines_for_blocking(load_erlangs, blocking):
    """Fewest lines that lose at most a given share of calls (Erlang B).

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    blocking : array_like, more than 0, at most 1. Share of calls that may be lost.

    Returns
    -------
    int >= 1. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Erlang (1917), Solution of some problems in the theory of probabilities of significance in automatic
       telephone exchanges, Elektroteknikeren 13.
    """
    return LINES_FOR_BLOCKING.at((load_erlangs, blocking))


def load_for_blocking(servers, blocking):
    """Largest load at which a given share of calls is lost (Erlang B).

    Parameters
    ----------
    servers : array_like of whole numbers, 1 to 1e9. Lines.
    blocking : array_like, 0 to less than 1. Share of calls that may be lost.

    Returns
    -------
    float >= 0, erlangs. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Jagerman (1974), Some properties of the Erlang loss function, BSTJ 53(3).

    >>> round(load_for_blocking(15, 0.01), 3)
    8.108
    """
    return LOAD_FOR_BLOCKING.at((servers, blocking))


def agents_for_wait(load_erlangs, handle_s, wait_s):
    """Fewest agents for a mean wait (Erlang C).

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    wait_s : array_like, 1e-6 to 1e9. Mean wait of all calls in seconds that is allowed.

    Returns
    -------
    int, more than the load. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Erlang (1917), Solution of some problems in the theory of probabilities of significance in automatic
       telephone exchanges, Elektroteknikeren 13.
    """
    return AGENTS_FOR_WAIT.at((load_erlangs, handle_s, wait_s))


def agents_for_level(load_erlangs, handle_s, within_s, level, patience_s=INFINITY):
    """Fewest agents for a service level (Erlang C, or A with finite patience).

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    within_s : array_like, 0 to 1e9. Seconds from arrival.
    level : array_like, 0 to less than 1. Share of calls to be served within `within_s`.
    patience_s : array_like, 1e-6 to 1e9 or inf. Mean patience in seconds.

    Returns
    -------
    int >= 1. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Erlang (1917), Solution of some problems in the theory of probabilities of significance in automatic
       telephone exchanges, Elektroteknikeren 13.
    .. [2] Zeltyn and Mandelbaum (2005), Call centers with impatient customers: many-server asymptotics of the
       M/M/n+G queue, Queueing Systems 51.
    """
    return AGENTS_FOR_LEVEL.at((load_erlangs, handle_s, within_s, level, patience_s))


def agents_for_abandoned(load_erlangs, handle_s, patience_s, abandoned):
    """Fewest agents who lose at most a given share of calls to impatience (Erlang A).

    Parameters
    ----------
    load_erlangs : array_like, 0 to 1e12. Offered load: arrivals per second times mean handle time in seconds.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    patience_s : array_like, 1e-6 to 1e9. Mean patience in seconds.
    abandoned : array_like, more than 0, at most 1. Share of calls that may leave.

    Returns
    -------
    int >= 1. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Garnett, Mandelbaum and Reiman (2002), Designing a call center with impatient customers,
       Manufacturing and Service Operations Management 4(3).
    """
    return AGENTS_FOR_ABANDONED.at((load_erlangs, handle_s, patience_s, abandoned))


def load_for_abandoned(agents, handle_s, patience_s, abandoned):
    """Largest load at which at most a given share of calls leaves (Erlang A).

    Parameters
    ----------
    agents : array_like of whole numbers, 1 to 1e9.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    patience_s : array_like, 1e-6 to 1e9. Mean patience in seconds.
    abandoned : array_like, 0 to less than 1. Share of calls that may leave.

    Returns
    -------
    float >= 0, erlangs. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Garnett, Mandelbaum and Reiman (2002), Designing a call center with impatient customers,
       Manufacturing and Service Operations Management 4(3).
    """
    return LOAD_FOR_ABANDONED.at((agents, handle_s, patience_s, abandoned))


def wait_at_place(place, agents, handle_s, patience_s):
    """Mean time in seconds until the k-th of those who wait gets an agent, all agents being busy.

    Of those before, some lose patience: the queue of k moves on at the rate agents / handle_s + (k - 1) /
    patience_s.

    Parameters
    ----------
    place : array_like of whole numbers, 1 to 1e6. Place in the queue, 1 = next.
    agents : array_like of whole numbers, 1 to 1e9.
    handle_s : array_like, 1e-6 to 1e9. Mean handle time in seconds.
    patience_s : array_like, 1e-6 to 1e9 or inf. Mean patience in seconds.

    Returns
    -------
    float > 0, given that this caller stays. An array of the broadcast shape where an argument is one.

    Raises
    ------
    ValueError : an argument out of its range, with its name and index; shapes that do not broadcast.

    References
    ----------
    .. [1] Zeltyn and Mandelbaum (2005), Call centers with impatient customers: many-server asymptotics of the
       M/M/n+G queue, Queueing Systems 51.

    >>> wait_at_place(3, 10, 180.0, float("inf"))
    54.0
    """
    return WAIT_AT_PLACE.at((place, agents, handle_s, patience_s))
