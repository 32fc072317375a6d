"""Laws of the Erlang formulas: bounds, monotony, limits of each other, inverses."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.pacing import erlang

SERVERS = st.integers(1, 100_000)
SHARE = st.floats(0.001, 3.0)  # load per server
PATIENCE = st.floats(0.01, 100_000.0)
HANDLE_S = 180.0
#: Two values that differ by rounding only may come in either order.
ROUNDING = 1e-12


@given(servers=SERVERS, share=SHARE, more=st.floats(1.0, 2.0))
def test_blocking_grows_with_load_falls_with_servers_and_keeps_its_bounds(
    servers: int, share: float, more: float
) -> None:
    load = share * servers
    blocking = erlang.erlang_b(load, servers)
    assert max(0.0, 1.0 - servers / load) <= blocking * (1 + ROUNDING) <= 1.0 + ROUNDING
    assert blocking <= erlang.erlang_b(load * more, servers) * (1 + ROUNDING)
    assert erlang.erlang_b(load, servers + 1) <= blocking * (1 + ROUNDING)


@given(servers=SERVERS, share=SHARE, more=st.floats(1.0, 1.5), within=st.floats(0.0, 600.0))
def test_waiting_without_impatience_is_monotone_and_bounded(
    servers: int, share: float, more: float, within: float
) -> None:
    load = share * servers
    waits = erlang.erlang_c(load, servers)
    assert erlang.erlang_b(load, servers) <= waits * (1 + ROUNDING) <= 1.0 + ROUNDING
    assert waits <= erlang.erlang_c(load * more, servers) * (1 + ROUNDING)
    assert erlang.erlang_c(load, servers + 1) <= waits * (1 + ROUNDING)
    level = erlang.erlang_c_level(load, servers, HANDLE_S, within)
    assert 0.0 <= level <= 1.0
    assert level <= erlang.erlang_c_level(load, servers, HANDLE_S, within + 1.0) + ROUNDING
    assert level <= erlang.erlang_c_level(load, servers + 1, HANDLE_S, within) + ROUNDING
    mean_s = erlang.erlang_c_wait(load, servers, HANDLE_S)
    if load >= servers:
        assert (waits, level, mean_s) == (1.0, 0.0, math.inf)
    else:
        assert mean_s == pytest.approx(waits * HANDLE_S / (servers - load), rel=1e-12, abs=0)


@given(agents=SERVERS, share=SHARE, patience=PATIENCE, more=st.floats(1.0, 1.5), within=st.floats(0.0, 600.0))
def test_waiting_with_impatience_is_monotone_and_bounded(
    agents: int, share: float, patience: float, more: float, within: float
) -> None:
    load = share * agents
    case = (load, agents, HANDLE_S, patience)
    waits, abandoned = erlang.erlang_a(*case), erlang.erlang_a_abandoned(*case)
    queued, level = erlang.erlang_a_queued(*case, within), erlang.erlang_a_level(*case, within)
    slack = 1e-9
    assert max(0.0, 1.0 - agents / load) <= abandoned + slack
    assert abandoned <= waits + slack <= 1.0 + 2 * slack
    assert waits <= erlang.erlang_c(load, agents) + slack
    assert 0.0 <= queued <= waits * math.exp(-within / patience) + slack
    assert 1.0 - waits <= level + slack <= 1.0 + 2 * slack
    assert level + queued <= 1.0 + slack
    assert abandoned <= erlang.erlang_a_abandoned(load * more, agents, HANDLE_S, patience) + slack
    assert erlang.erlang_a_abandoned(load, agents + 1, HANDLE_S, patience) <= abandoned + slack
    assert queued >= erlang.erlang_a_queued(*case, within + 1.0) - slack
    assert level <= erlang.erlang_a_level(*case, within + 1.0) + slack
    assert level <= 1.0 - abandoned + slack
    assert erlang.erlang_a_level(*case, 1e9) == pytest.approx(1.0 - abandoned, abs=slack)
    assert erlang.erlang_a_wait(*case) == pytest.approx(abandoned * patience, rel=1e-12, abs=0)


@given(agents=st.integers(1, 2000), share=st.floats(0.01, 0.95), within=st.floats(0.0, 60.0))
def test_endless_patience_makes_a_to_c(agents: int, share: float, within: float) -> None:
    load = share * agents
    for patience, digits in ((1e9, 1e-4), (math.inf, 1e-12)):
        case = (load, agents, HANDLE_S, patience)
        assert erlang.erlang_a(*case) == pytest.approx(erlang.erlang_c(load, agents), abs=digits)
        assert erlang.erlang_a_abandoned(*case) <= digits
        assert erlang.erlang_a_wait(*case) == pytest.approx(
            erlang.erlang_c_wait(load, agents, HANDLE_S), rel=1e-3, abs=0
        )
        level = erlang.erlang_c_level(load, agents, HANDLE_S, within)
        assert erlang.erlang_a_level(*case, within) == pytest.approx(level, abs=digits)
        assert erlang.erlang_a_queued(*case, within) == pytest.approx(1.0 - level, abs=digits)


@given(agents=SERVERS, share=st.floats(0.3, 3.0))
def test_no_patience_makes_a_to_b(agents: int, share: float) -> None:
    load = share * agents
    blocking = erlang.erlang_b(load, agents)
    patience = 1e-6
    near = 1e-6 + 2.0 * agents * patience / HANDLE_S
    assert erlang.erlang_a(load, agents, HANDLE_S, patience) == pytest.approx(blocking, rel=near, abs=1e-300)
    assert erlang.erlang_a_abandoned(load, agents, HANDLE_S, patience) == pytest.approx(blocking, rel=near, abs=1e-300)


@given(load=st.floats(0.001, 50_000.0), target=st.floats(1e-6, 0.9))
def test_fewest_lines_are_enough_and_one_less_is_not(load: float, target: float) -> None:
    lines = erlang.lines_for_blocking(load, target)
    assert erlang.erlang_b(load, lines) <= target
    assert lines == 1 or erlang.erlang_b(load, lines - 1) > target


@given(
    load=st.floats(0.001, 50_000.0),
    patience=st.one_of(st.just(math.inf), st.floats(0.1, 3600.0)),
    within=st.floats(0.0, 600.0),
    level=st.floats(0.01, 0.999),
)
def test_fewest_agents_for_a_level_are_enough_and_one_less_is_not(
    load: float, patience: float, within: float, level: float
) -> None:
    agents = erlang.agents_for_level(load, HANDLE_S, within, level, patience)
    assert erlang.erlang_a_level(load, agents, HANDLE_S, patience, within) >= level
    assert agents == 1 or erlang.erlang_a_level(load, agents - 1, HANDLE_S, patience, within) < level


@given(load=st.floats(0.001, 50_000.0), target=st.floats(1e-5, 0.9), patience=st.floats(0.1, 3600.0))
def test_fewest_agents_for_waits_and_abandonment_are_enough_and_one_less_is_not(
    load: float, target: float, patience: float
) -> None:
    agents = erlang.agents_for_wait(load, HANDLE_S, target * 100.0)
    assert erlang.erlang_c_wait(load, agents, HANDLE_S) <= target * 100.0
    assert agents == 1 or erlang.erlang_c_wait(load, agents - 1, HANDLE_S) > target * 100.0
    agents = erlang.agents_for_abandoned(load, HANDLE_S, patience, target)
    assert erlang.erlang_a_abandoned(load, agents, HANDLE_S, patience) <= target
    assert agents == 1 or erlang.erlang_a_abandoned(load, agents - 1, HANDLE_S, patience) > target


@given(servers=SERVERS, target=st.floats(1e-12, 0.999))
def test_load_for_blocking_blocks_that_much(servers: int, target: float) -> None:
    load = erlang.load_for_blocking(servers, target)
    # a load known to its last digit still moves the blocking by servers times that
    assert erlang.erlang_b(load, servers) == pytest.approx(target, rel=1e-12 + 1e-15 * servers, abs=0)


@given(agents=SERVERS, patience=st.floats(0.01, 3600.0), target=st.floats(1e-9, 0.999))
def test_load_for_abandoned_loses_that_much(agents: int, patience: float, target: float) -> None:
    load = erlang.load_for_abandoned(agents, HANDLE_S, patience, target)
    found = erlang.erlang_a_abandoned(load, agents, HANDLE_S, patience)
    assert found == pytest.approx(target, rel=1e-10 + 1e-14 * agents, abs=0)
