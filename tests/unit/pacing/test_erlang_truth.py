"""Erlang B, C and A against values of 25 digits, against printed ones, and against slow sums."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate

from outpace.pacing import erlang

TRUTH: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data" / "erlang-truth.json").read_text("utf-8"))

#: Below this the table itself errs: its shares within a time are differences and quadratures there. Some of them were
#: computed anew with 80 digits, see below.
FLOOR = 1e-40


def columns(name: str) -> tuple[np.ndarray, ...]:
    return tuple(np.array(column, float) for column in zip(*TRUTH[name], strict=True))


def worst(found: np.ndarray, truth: np.ndarray, floor: float = 1e-290) -> float:
    """Largest relative error; values below `floor` count by their difference to it."""
    return float(np.max(np.abs(found - truth) / np.maximum(np.abs(truth), floor)))


def test_erlang_b_agrees_to_twelve_digits() -> None:
    servers, load, blocking = columns("erlang_b")
    assert len(load) == 391
    assert worst(erlang.erlang_b(load, servers), blocking) < 1e-12


def test_erlang_c_agrees_to_twelve_digits() -> None:
    agents, load, handle_s, within_s, waits, wait_s, delayed_s, level, queue = columns("erlang_c")
    assert len(load) == 253
    assert worst(erlang.erlang_c(load, agents), waits) < 1e-12
    found = erlang.erlang_c_wait(load, agents, handle_s)
    assert worst(found, wait_s) < 1e-12
    assert worst(found * load / handle_s, queue) < 1e-12
    some = waits > 1e-290
    assert worst(found[some] / erlang.erlang_c(load, agents)[some], delayed_s[some]) < 1e-12
    assert worst(erlang.erlang_c_level(load, agents, handle_s, within_s), level) < 1e-12


def test_erlang_a_agrees_to_ten_digits() -> None:
    agents, load, handle_s, patience_s, within_s, waits, abandoned, wait_s, queued, level, queue = columns("erlang_a")
    assert len(load) == 272
    case = (load, agents, handle_s, patience_s)
    assert worst(erlang.erlang_a(*case), waits) < 1e-10
    assert worst(erlang.erlang_a_abandoned(*case), abandoned) < 1e-10
    assert worst(erlang.erlang_a_wait(*case), wait_s) < 1e-10
    assert worst(erlang.erlang_a_wait(*case) * load / handle_s, queue) < 1e-10
    assert worst(erlang.erlang_a_queued(*case, within_s), queued, FLOOR) < 1e-10
    assert worst(erlang.erlang_a_level(*case, within_s), level, FLOOR) < 1e-10


def test_fewest_agents_and_lines_agree_exactly() -> None:
    calls_per_hour, handle_s, level, within_s, agents = columns("min_agents_sl")
    found = erlang.agents_for_level(calls_per_hour * handle_s / 3600.0, handle_s, within_s, level)
    assert found.dtype == np.int64
    assert (found == agents).all()
    load, blocking, lines = columns("min_lines_b")
    assert (erlang.lines_for_blocking(load, blocking) == lines).all()


def test_load_for_blocking_agrees_with_all_printed_digits() -> None:
    lines, blocking, load = columns("inverse_b")
    assert worst(erlang.load_for_blocking(lines, blocking), load) < 2e-14


def test_published_values() -> None:
    # 15 lines at 1 %: the usual traffic table; 55 and 14 agents, and 50 impatient callers: worked textbook examples
    assert erlang.load_for_blocking(15, 0.01) == pytest.approx(8.108, abs=5e-4)
    assert erlang.erlang_c(48.0, 55) == pytest.approx(0.2387, abs=5e-5)
    assert erlang.erlang_c_wait(48.0, 55, 240.0) == pytest.approx(8.18, abs=5e-3)
    assert erlang.erlang_c_level(48.0, 55, 240.0, 15.0) == pytest.approx(0.8459, abs=5e-5)
    assert erlang.erlang_c(10.0, 14) == pytest.approx(0.1741, abs=5e-5)
    assert erlang.erlang_c_level(10.0, 14, 180.0, 20.0) == pytest.approx(0.8884, abs=5e-5)
    assert erlang.erlang_a_abandoned(48.0, 50, 60.0, 120.0) == pytest.approx(0.0309, abs=5e-5)
    assert erlang.erlang_a_wait(48.0, 50, 60.0, 120.0) == pytest.approx(3.71, abs=5e-3)
    assert erlang.erlang_c_wait(48.0, 50, 60.0) == pytest.approx(20.8, abs=0.05)


def slow_odds(load: float, servers: int) -> float:
    """1 / B - 1 by Erlang's recurrence, in fractions of 200 bits."""
    odds = Fraction(0)
    exact = Fraction(load)
    for count in range(1, servers + 1):
        odds = (1 + odds) * count / exact
        odds = Fraction(round(odds * 2**200), 2**200)
    return float(odds)


@pytest.mark.parametrize("servers", [1, 2, 3, 4, 5, 7, 8, 38, 39, 40, 41, 57, 100, 400])
def test_erlang_b_is_the_recurrence_on_both_sides_of_every_seam(servers: int) -> None:
    # 0.54 and 1.72 loads per server, and 40 servers, are where one way to compute gives over to another
    chance = random.Random(servers)
    shares = [0.5399999, 0.5400001, 1.7199999, 1.7200001, 1.0, 0.7500001, 0.7499999, 1.3299999, 1.3300001, 30.0]
    shares += [chance.uniform(0.4, 2.5) for _ in range(12)]
    for share in shares:
        load = share * servers
        assert erlang.erlang_b(load, servers) == pytest.approx(1.0 / (1.0 + slow_odds(load, servers)), rel=1e-13, abs=0)


def sums(load: float, agents: int, handle: float, patience: float) -> tuple[float, float]:
    """P(wait) and P(abandoned) of Erlang A by the states of the chain, one by one."""
    x, y = agents * patience / handle, load * patience / handle
    above, term, k = [1.0], 1.0, 0
    while term > 1e-25 * max(above) or y > x + k:
        k += 1
        term *= y / (x + k)
        above.append(term)
    total = slow_odds(load, agents) + math.fsum(above)
    left = math.fsum(k * term for k, term in enumerate(above)) * handle / (load * patience)
    return math.fsum(above) / total, left / total


def test_erlang_a_is_the_sum_over_states_at_random_points() -> None:
    chance = random.Random(7)
    for _ in range(150):
        agents = chance.choice([1, 2, 5, 20, 60, 150])
        load = agents * chance.uniform(0.2, 1.6)
        patience = 180.0 * math.exp(chance.uniform(-9.0, 2.0))
        waits, abandoned = sums(load, agents, 180.0, patience)
        assert erlang.erlang_a(load, agents, 180.0, patience) == pytest.approx(waits, rel=1e-12, abs=0)
        assert erlang.erlang_a_abandoned(load, agents, 180.0, patience) == pytest.approx(abandoned, rel=1e-11, abs=0)


def offered_wait(load: float, agents: int, patience: float, handle: float) -> Callable[[float], float]:
    """Density of the offered wait, not normed: the state of the queue that an endlessly patient caller meets."""

    def density(wait: float) -> float:
        return math.exp(load * patience / handle * -math.expm1(-wait / patience) - agents * wait / handle)

    return density


@pytest.mark.parametrize(
    ("agents", "share", "patience", "within"),
    [(1, 0.5, 60.0, 20.0), (10, 0.9, 5.0, 3.0), (10, 1.2, 60.0, 90.0), (60, 1.0, 600.0, 5.0), (60, 1.3, 30.0, 0.0)],
)
def test_erlang_a_levels_are_integrals_of_the_offered_wait(
    agents: int, share: float, patience: float, within: float
) -> None:
    load, handle = agents * share, 180.0
    density = offered_wait(load, agents, patience, handle)
    case = (load, agents, handle, patience)
    mass = integrate.quad(density, 0.0, 3000.0, limit=500, points=[1.0, 10.0, 100.0])[0]
    beyond = integrate.quad(density, within, 3000.0, limit=500)[0]
    served = integrate.quad(lambda wait: density(wait) * math.exp(-wait / patience), 0.0, within)[0] if within else 0.0
    waits = erlang.erlang_a(*case)
    queued = waits * beyond / mass * math.exp(-within / patience)
    assert erlang.erlang_a_queued(*case, within) == pytest.approx(queued, rel=1e-7, abs=0)
    assert erlang.erlang_a_level(*case, within) == pytest.approx(1.0 - waits + waits * served / mass, rel=1e-7, abs=0)


@pytest.mark.parametrize(
    ("load", "agents", "patience", "queued"),
    [
        (5000.0, 5000, 30.0, 5.64229818732637077e-68),
        (5250.0, 5000, 30.0, 2.34972764365408791e-59),
        (4500.0, 5000, 30.0, 2.02121005906794919e-97),
        (3500.0, 5000, 600.0, 9.84677190342460013e-201),
        (26000.0, 20000, 30.0, 1.46639957368382712e-106),
        (20000.0, 20000, 30.0, 8.46821046647408595e-264),
    ],
)
def test_tiny_shares_of_those_who_wait_on_agree_with_eighty_digits(
    load: float, agents: int, patience: float, queued: float
) -> None:
    assert erlang.erlang_a_queued(load, agents, 180.0, patience, 20.0) == pytest.approx(queued, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("load", "agents", "within", "queued"),
    [
        (48.0, 80, 60.0, 5.27254157950561901e-9),
        (48.0, 55, 0.0, 0.238700936378009219),
        (900.0, 1000, 20.0, 1.42459769508038732e-7),
        (55.0, 55, 20.0, 1.0),
        (80.0, 55, 1e6, 1.0),
    ],
)
def test_small_shares_of_the_patient_who_wait_on_keep_their_digits(
    load: float, agents: int, within: float, queued: float
) -> None:
    assert erlang.erlang_a_queued(load, agents, 240.0, math.inf, within) == pytest.approx(queued, rel=1e-12, abs=0)


def test_tiny_share_of_those_served_in_time_agrees_with_many_digits() -> None:
    level = 4.93150501657815884e-82  # 150 digits
    assert erlang.erlang_a_level(400.0, 200, 180.0, 600.0, 20.0) == pytest.approx(level, rel=1e-12, abs=0)


@pytest.mark.parametrize(("agents", "handle", "patience"), [(1, 180.0, 30.0), (7, 75.0, 2.0), (350, 200.0, 60.0)])
def test_wait_at_place_is_the_sum_of_the_turns_before(agents: int, handle: float, patience: float) -> None:
    for place in (1, 2, 3, 17, 60, 400, 5000):
        turns = math.fsum(1.0 / (agents / handle + before / patience) for before in range(place))
        assert erlang.wait_at_place(place, agents, handle, patience) == pytest.approx(turns, rel=1e-13, abs=0)
    assert erlang.wait_at_place(3, agents, handle, math.inf) == pytest.approx(3 * handle / agents)
