"""What is learned: hazards without length bias, levels that follow, jumps that are noticed; and absurd facts."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from outpace.pacing import Observed
from outpace.pacing._estimates import Estimates
from outpace.pacing._forecast import risk_curve

S = 1_000_000_000
T0 = 1_800_000_000 * S


class Floor:
    """Calls and agents whose true hazards are known, observed every half second."""

    def __init__(self, *, seed: int = 1) -> None:
        self.estimates = Estimates(1)
        self.random = random.Random(seed)
        self.now = T0
        self.due: list[tuple[int, Observed, int]] = []

    def launch(self, count: int, live: float, answer_s: tuple[float, float], other_s: float = 25.0) -> None:
        for _ in range(count):
            self.estimates.record(0, Observed.LAUNCHED, self.now, self.now)
            if self.random.random() < live:
                ends = self.now + round(self.random.uniform(*answer_s) * S)
                self.due.append((ends, Observed.PERSON, self.now))
            else:
                self.due.append((self.now + round(other_s * S), Observed.NOBODY, self.now))

    def talk(self, count: int, mean_s: float) -> None:
        for _ in range(count):
            self.estimates.record(0, Observed.TALK_BEGAN, self.now, self.now)
            self.due.append((self.now + round(self.random.expovariate(1 / mean_s) * S), Observed.TALK_ENDED, self.now))

    def pass_half_a_second(self) -> None:
        self.now += S // 2
        self.due.sort()
        while self.due and self.due[0][0] <= self.now:
            at, what, since = self.due.pop(0)
            self.estimates.record(0, what, since, at)
        self.estimates.pass_time(0, self.now)


def run(floor: Floor, seconds: int, live: float, answer_s: tuple[float, float] = (4.0, 14.0), per_s: int = 4) -> None:
    for _ in range(2 * seconds):
        floor.launch(per_s // 2, live, answer_s)
        floor.pass_half_a_second()


def test_nothing_known_is_a_quarter_of_calls_and_plain_lengths() -> None:
    known = Estimates(2).summary(1)
    assert known["live_rate"] == pytest.approx(0.25, abs=0.03)
    assert known["mean_talk_s"] == pytest.approx(90.0)
    assert known["mean_wrap_up_s"] == pytest.approx(12.0)


@pytest.mark.parametrize("live", [0.05, 0.3, 0.7])
def test_live_rate_is_that_of_all_calls_not_of_those_that_have_ended(live: float) -> None:
    floor = Floor()
    run(floor, 600, live)
    found = floor.estimates.summary(0)["live_rate"]
    assert found == pytest.approx(live, abs=3.5 * math.sqrt(live * (1 - live) / 2400))


def test_live_rate_while_most_calls_still_ring_is_not_that_of_the_quick_ones() -> None:
    floor = Floor(seed=3)
    run(floor, 24, 0.25, (4.0, 14.0), per_s=40)  # nobody has rung out yet: every ending so far was an answer
    assert floor.estimates.summary(0)["live_rate"] < 0.32


def test_mean_talk_is_that_of_all_conversations_though_the_long_ones_go_on() -> None:
    floor = Floor()
    for second in range(900):
        if second % 2 == 0:
            floor.talk(1, 120.0)
        floor.pass_half_a_second()
        floor.pass_half_a_second()
    assert floor.estimates.summary(0)["mean_talk_s"] == pytest.approx(120.0, rel=0.15)


def test_level_when_answers_triple_then_restarted_within_a_minute() -> None:
    floor = Floor()
    run(floor, 1800, 0.12)
    assert floor.estimates.summary(0)["live_rate"] == pytest.approx(0.12, abs=0.02)
    before = floor.estimates.summary(0)["restarts"]
    run(floor, 60, 0.36)
    assert floor.estimates.summary(0)["restarts"] > before
    assert floor.estimates.summary(0)["live_rate"] > 0.27


def test_level_when_nothing_changes_then_hardly_ever_restarted() -> None:
    floor = Floor(seed=5)
    run(floor, 3600, 0.25)
    assert floor.estimates.summary(0)["restarts"] <= 2


def test_call_is_in_flight_until_it_is_settled_once() -> None:
    known = Estimates(1)
    for _ in range(3):
        known.record(0, Observed.LAUNCHED, T0, T0)
    known.record(0, Observed.PERSON, T0, T0 + 5 * S)
    known.record(0, Observed.FORGOTTEN, T0, T0 + 6 * S)
    assert known.summary(0)["in_flight"] == 1.0
    known.record(0, Observed.NOBODY, T0, T0 + 7 * S)
    known.record(0, Observed.NOBODY, T0, T0 + 7 * S)  # told twice
    assert known.summary(0)["in_flight"] == 0.0
    assert known.columns["ring_nobodies"][0].sum() == pytest.approx(1.0, rel=1e-3)


def test_weight_when_half_the_calls_are_three_times_as_good_then_both_are_forecast() -> None:
    floor = Floor(seed=9)
    known = floor.estimates
    under_way: list[tuple[int, Observed, int, float]] = []
    for _ in range(2400):
        for weight, live in ((0.5, 0.1), (1.5, 0.3)):
            known.record(0, Observed.LAUNCHED, floor.now, floor.now, weight)
            what = Observed.PERSON if floor.random.random() < live else Observed.NOBODY
            under_way.append((floor.now + 10 * S, what, floor.now, weight))
        floor.now += S // 2
        while under_way and under_way[0][0] <= floor.now:
            at, what, since, weight = under_way.pop(0)
            known.record(0, what, since, at, weight)
        known.pass_time(0, floor.now)
    assert known.summary(0)["live_rate"] == pytest.approx(0.2, abs=0.03)
    risks = [risk_curve(known, 0, 12, 9, weight=weight)[8] for weight in (0.5, 1.0, 1.5)]
    assert risks[0] < risks[1] - 0.005 < risks[2] - 0.01


@pytest.mark.parametrize(
    ("since", "now"),
    [(T0 + 50 * S, T0), (0, T0), (-5 * S, T0), (T0 - 400 * S, T0), (T0, T0 - 3600 * S), (T0, T0 + 10**7 * S)],
    ids=["from the future", "from 1970", "from before", "older than all slots", "clock back", "clock far ahead"],
)
@pytest.mark.parametrize("what", list(Observed))
def test_absurd_times_break_nothing(what: Observed, since: int, now: int) -> None:
    known = Estimates(1)
    known.pass_time(0, T0)
    known.record(0, Observed.LAUNCHED, T0, T0)
    known.record(0, Observed.TALK_BEGAN, T0, T0)
    known.record(0, Observed.WRAP_UP_BEGAN, T0, T0)
    known.record(0, what, since, now)
    known.pass_time(0, now)
    known.pass_time(0, now + S // 2)
    for name, column in known.columns.items():
        assert np.isfinite(column).all(), name
        assert name == "advanced_ns" or (column >= 0).all() or column.dtype == np.int64, name


@pytest.mark.parametrize("weight", [math.nan, math.inf, -1.0, 1e9])
def test_absurd_weight_counts_as_one(weight: float) -> None:
    known = Estimates(1)
    known.record(0, Observed.LAUNCHED, T0, T0, weight)
    assert known.columns["ring_weights"].sum() == 1.0


def test_time_that_nobody_watched_teaches_nothing() -> None:
    known = Estimates(1)
    known.pass_time(0, T0)
    known.record(0, Observed.TALK_BEGAN, T0, T0)
    known.pass_time(0, T0 + 3600 * S)
    assert known.columns["phase_time"].sum() == 0.0
    known.pass_time(0, T0 + 3601 * S)
    assert known.columns["phase_time"].sum() == pytest.approx(1.0, rel=1e-3)


def test_restart_keeps_what_was_learned_and_nothing_that_was_under_way() -> None:
    floor = Floor()
    run(floor, 300, 0.5)
    other = Estimates(2)
    other.load(1, floor.estimates.dump(0))
    assert other.summary(1)["live_rate"] == pytest.approx(floor.estimates.summary(0)["live_rate"], abs=0.01)
    assert (other.summary(1)["in_flight"], other.summary(0)["restarts"]) == (0.0, 0)
    assert other.dump(1) == floor.estimates.dump(0)


def persons(known: Estimates) -> tuple[float, float]:
    """Live rate, and the people that it rests on."""
    return known.summary(0)["live_rate"], float(known.columns["long_seen"][0, 2])


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("hours", "share"), [(1 / 60, 0.97), (1.0, 0.23), (14.0, 0.0)])
def test_levels_are_less_sure_after_hours_that_nobody_watched(hours: float, share: float, restart: bool) -> None:
    floor = Floor()
    run(floor, 1200, 0.4)
    live, people = persons(floor.estimates)
    assert people > 300
    known = floor.estimates
    if restart:
        known = Estimates(1)
        known.load(0, floor.estimates.dump(0))
    known.pass_time(0, floor.now + round(hours * 3600) * S)
    assert persons(known)[1] == pytest.approx(share * people, abs=0.02 * people)
    assert persons(known)[0] == pytest.approx(live, rel=0.1)


@pytest.mark.parametrize("data", [b"", b"nonsense", Estimates(1).dump(0)[:-40]], ids=["empty", "nonsense", "cut"])
def test_load_what_is_no_dump_raises_and_changes_nothing(data: bytes) -> None:
    known = Estimates(1)
    before = known.dump(0)
    with pytest.raises(ValueError, match="estimates"):
        known.load(0, data)
    assert known.dump(0) == before


def test_load_impossible_values_raises() -> None:
    bad = Estimates(1)
    bad.columns["ring_time"][0, 3] = math.nan
    with pytest.raises(ValueError, match="impossible value: ring_time"):
        Estimates(1).load(0, bad.dump(0))


def test_row_that_is_not_there_raises() -> None:
    with pytest.raises(IndexError):
        Estimates(1).record(1, Observed.LAUNCHED, T0, T0)
    with pytest.raises(ValueError, match="must not be negative"):
        Estimates(-1)
