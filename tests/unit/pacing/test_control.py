"""Kappa: the control law's figures, and its loop closed over plants whose factor it does not know."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.config import Abandonment, CapWindow, Guard
from outpace.domain.outcomes import AbandonReason
from outpace.pacing._budget import Budget
from outpace.pacing._control import KappaControl

S = 1_000_000_000
HOUR = 3600 * S
DAY = 24 * HOUR
MORNING = 20_000 * DAY + 9 * HOUR
CONNECTED, NO_AGENT, CALLER_LEFT = AbandonReason


def budget(connected: int = 0, abandoned: int = 0, *, ends_ns: int = 0, **rule: object) -> Budget:
    """Answers that come at one moment, the morning."""
    made = Budget([Abandonment(**rule)])
    made.refresh(MORNING)
    made.columns["ends_ns"][0] = ends_ns
    for reason, count in ((CONNECTED, connected), (NO_AGENT, abandoned)):
        for _ in range(count):
            made.record(0, reason, MORNING)
    return made


def law(balance: float, per_s: float, seconds_left: float, cap: float, z: float) -> float:
    """The control law as the module states it; `balance` less the hundredth of the allowance that is held back."""
    r = cap * per_s
    k = 2 + r * max(60, min(1800, seconds_left / 2))
    x = (balance - (2 + 2.5 * math.sqrt(60 * r))) / k
    return 0.7 * cap * math.exp(min(max(x + z, -5), 0.9))


def size(agents: int, cap: float) -> float:
    return -math.log(1 + 1.1e-4 * agents / cap)


def test_kappa_at_the_start_of_a_day() -> None:
    # nothing has answered: x = -2 / 2
    assert KappaControl(1).update(budget(), 0, 10, MORNING) == pytest.approx(0.021 * math.exp(-1 + size(10, 0.03)))


@pytest.mark.parametrize(
    ("connected", "abandoned", "later_s", "ends_s", "cap"),
    [
        (600, 0, 600, 8 * 3600, 0.03),
        (590, 10, 600, 8 * 3600, 0.03),
        (580, 20, 600, 3000, 0.03),  # near the end of the day it is tighter
        (580, 20, 600, 610, 0.03),
        (100, 100, 1200, 8 * 3600, 0.03),
        (1980, 20, 300, 8 * 3600, 0.01),
        (1500, 500, 300, 8 * 3600, 0.25),
    ],
)
def test_kappa_is_that_of_the_reference(connected: int, abandoned: int, later_s: int, ends_s: int, cap: float) -> None:
    made = budget(connected, abandoned, ends_ns=MORNING + ends_s * S, cap=cap)
    answered = connected + abandoned
    expected = law(0.99 * cap * answered - abandoned, answered / later_s, ends_s - later_s, cap, size(40, cap))
    spent = made.state(0, MORNING + later_s * S).spent
    assert KappaControl(1).update(made, 0, 40, MORNING + later_s * S) == pytest.approx(0 if spent else expected)


def test_kappa_when_the_budget_is_spent_then_nothing_is_allowed() -> None:
    for rule in ({"cap": 0.0}, {"guard": Guard.BOUND}):
        assert KappaControl(1).update(budget(100, 0, **rule), 0, 10, MORNING) == 0.0
    assert KappaControl(1).update(budget(10, 90, ends_ns=MORNING + 60 * S), 0, 10, MORNING + S) == 0.0


def test_kappa_when_the_cap_is_1_then_it_stays_under_certainty() -> None:
    assert KappaControl(1).update(budget(0, 500, cap=1.0), 0, 10, MORNING) == pytest.approx(0.7, rel=0.05)
    assert KappaControl(1).update(budget(500, 0, cap=1.0), 0, 10, MORNING + 600 * S) == 0.9


def test_kappa_when_the_bound_is_guarded_then_steers_by_the_drops_left() -> None:
    made = budget(1000, 10, guard=Guard.BOUND)
    now = MORNING + 600 * S
    state = made.state(0, now)
    assert (state.drops_left, state.balance) == (11, pytest.approx(20.3))
    expected = law(11 - 0.01 * 0.03 * 1010, 1010 / 600, 15 * 3600 - 600, 0.03, size(40, 0.03))
    assert KappaControl(1).update(made, 0, 40, now) == pytest.approx(expected)


def test_integral_learns_at_x_per_half_hour_and_at_most_five_seconds_a_step() -> None:
    made, control = budget(600, 0), KappaControl(1)
    control.update(made, 0, 10, MORNING + 600 * S)
    assert control.columns["integral"][0] == 0.0
    control.update(made, 0, 10, MORNING + 601 * S)
    r = 0.03 * 600 / 601
    x = (0.99 * 18 - 2 - 2.5 * math.sqrt(60 * r)) / (2 + 1800 * r)
    assert control.columns["integral"][0] == pytest.approx(x / 1800)
    for jump in (6 * S, 7 * HOUR):
        before = control.columns["integral"][0]
        control.update(made, 0, 10, MORNING + 601 * S + jump)
        assert 0 <= control.columns["integral"][0] - before <= 5 * 5 / 1800


def test_integral_when_the_clock_stands_or_goes_back_then_waits() -> None:
    made, control = budget(600, 0), KappaControl(1)
    first = control.update(made, 0, 10, MORNING + 600 * S)
    assert control.update(made, 0, 10, MORNING + 600 * S) == first
    control.update(made, 0, 10, MORNING + 500 * S)
    assert control.columns["integral"][0] == 0.0
    control.update(made, 0, 10, MORNING + 501 * S)
    assert 0 < control.columns["integral"][0] < 1 / 1800


def test_integral_when_nobody_works_or_answers_then_waits() -> None:
    made, control = budget(600, 0), KappaControl(1)
    for second in range(100):
        control.update(made, 0, 0, MORNING + (600 + second) * S)
    silent = budget()
    for second in range(100):
        control.update(silent, 0, 10, MORNING + (700 + second) * S)
    assert control.columns["integral"][0] == 0.0


def test_integral_stays_within_its_limits_with_the_size() -> None:
    for abandoned, limit in ((600, -4.0), (0, 1.0)):
        made, control = budget(600 - abandoned, abandoned), KappaControl(1)
        for step in range(4000):
            made.record(0, CONNECTED if abandoned == 0 else NO_AGENT, MORNING + step * 5 * S)
            control.update(made, 0, 200, MORNING + step * 5 * S)
        found = control.columns["integral"][0] + control.columns["size"][0]
        assert found == pytest.approx(limit)


def test_size_follows_the_team_and_the_cap() -> None:
    control = KappaControl(3)
    made = Budget([Abandonment(cap=0.03), Abandonment(cap=0.01), Abandonment(cap=0.0)])
    made.refresh(MORNING)
    for row in range(3):
        control.update(made, row, 1000, MORNING)
    assert control.columns["size"] == pytest.approx([size(1000, 0.03), size(1000, 0.01), 0.0])
    assert size(1000, 0.01) == pytest.approx(-2.48, abs=0.01)
    control.update(made, 0, 10, MORNING + S)
    assert control.columns["size"][0] == pytest.approx(-0.036, abs=0.001)
    control.update(made, 0, 10**9, MORNING + 2 * S)
    assert control.columns["size"][0] == -4.0


@given(
    st.sampled_from([0.0, 1e-9, 0.01, 0.03, 0.5, 1 - 1e-9, 1.0]),
    st.sampled_from(list(CapWindow)),
    st.sampled_from(list(Guard)),
    st.lists(
        st.tuples(st.integers(-HOUR, DAY), st.integers(0, 30), st.integers(0, 30), st.integers(-3, 100_000)),
        max_size=30,
    ),
)
def test_kappa_is_a_number_whatever_happens(
    cap: float, window: CapWindow, guard: Guard, steps: list[tuple[int, int, int, int]]
) -> None:
    made, control = Budget([Abandonment(cap=cap, window=window, guard=guard)]), KappaControl(1)
    now = MORNING
    for passed_ns, connected, abandoned, agents in steps:
        now += passed_ns
        for reason, count in ((CONNECTED, connected), (CALLER_LEFT, abandoned)):
            for _ in range(count):
                made.record(0, reason, now)
        kappa = control.update(made, 0, agents, now)
        assert 0 <= kappa <= min(0.9, 0.7 * cap * math.exp(0.9) + 1e-12)
        assert kappa > 0 or made.state(0, now).spent
        assert np.isfinite(control.columns["integral"]).all()


@pytest.mark.parametrize(
    ("agents", "cap", "factor"),
    [(10, 0.03, 1.0), (50, 0.03, 1.5), (50, 0.01, 4.0), (50, 0.05, 0.8), (300, 0.03, 2.0), (300, 0.01, 15.0)],
)
def test_loop_when_kappa_is_off_by_an_unknown_factor_then_the_day_lands_on_the_cap(
    agents: int, cap: float, factor: float
) -> None:
    made, control = budget(ends_ns=MORNING + 4 * HOUR, cap=cap), KappaControl(1)
    chance = np.random.default_rng(7)
    per_s = agents / 78
    for second in range(4 * 3600):
        now = MORNING + second * S
        kappa = control.update(made, 0, agents, now)
        for drop in chance.random(chance.poisson(per_s)) < kappa * factor:
            made.record(0, NO_AGENT if drop else CONNECTED, now)
    state = made.state(0, now)
    # never over; under by no more than the reserve of 3 and a burst, and what a small team is too slow to spend
    held_back = 0.01 * cap * state.answered
    assert 0 <= state.balance - held_back <= 2 + 2.5 * math.sqrt(60 * cap * per_s) + (6 if agents == 10 else 3)


def test_loop_when_the_world_turns_worse_then_the_day_still_lands_on_the_cap() -> None:
    made, control = budget(ends_ns=MORNING + 4 * HOUR), KappaControl(1)
    chance = np.random.default_rng(11)
    counts = []
    for second in range(4 * 3600):
        now = MORNING + second * S
        kappa = control.update(made, 0, 100, now)
        for drop in chance.random(chance.poisson(1.3)) < kappa * (1.2 if second < 7200 else 6.0):
            made.record(0, NO_AGENT if drop else CONNECTED, now)
        counts.append((made.columns["counted"][0].sum(), made.columns["counted"][0, 1]))
    assert made.state(0, now).ratio <= 0.03
    hours = np.array(counts[3600:]) - np.array(counts[:-3600])
    assert (hours[:, 1] / hours[:, 0]).max() < 0.055


def test_callers_errors_raise() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        KappaControl(0)
    for row in (-1, 1):
        with pytest.raises(IndexError, match=f"row {row}"):
            KappaControl(2).update(budget(), row, 10, MORNING)
