"""The rivals' arithmetic, with literal times; what they come to over a day is in tests/simulation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from outpace.domain.outcomes import AbandonReason, LimitedBy
from outpace.pacing import Observed, PacingSnapshot
from outpace.pacing.erlang import load_for_abandoned
from outpace.sim.rivals import RIVALS, rival_of
from outpace.sim.rivals._abandonment_control import AbandonmentControl
from outpace.sim.rivals._adaptive_level import AdaptiveLevel
from outpace.sim.rivals._erlang_rate import ErlangRate
from outpace.sim.rivals._expected_balance import ExpectedBalance
from outpace.sim.rivals._ratio import PerFreeAgent, PerWorkingAgent
from outpace.sim.rivals._release_window import ReleaseWindow
from outpace.sim.rivals.registry import RULES
from outpace.sim.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from outpace.pacing import Pacer

NS = 1_000_000_000
NINE = 1_767_603_600 * NS  # a full minute


def at(seconds: float) -> int:
    return NINE + round(seconds * NS)


def floor_of(snapshot: PacingSnapshot | None = None, **counts: int) -> PacingSnapshot:
    found = PacingSnapshot(1) if snapshot is None else snapshot
    for name, count in counts.items():
        found[name][0] = count
    found["working"][0] = found["ready"][0] + found["talking"][0] + found["wrap_up"][0]
    return found


def answer(snapshot: PacingSnapshot, answered: int, abandoned: int, now_ns: int) -> None:
    for place in range(answered):
        reason = AbandonReason.NO_AGENT_IN_TIME if place < abandoned else AbandonReason.NONE
        snapshot.budget.record(0, reason, now_ns)


# -- fixed ratios


@pytest.mark.parametrize(
    ("ratio", "ready", "waiting", "unanswered", "classifying", "count"),
    [
        (1.0, 5, 0, 0, 0, 5),
        (1.0, 5, 1, 2, 1, 1),
        (1.5, 5, 1, 2, 1, 4),  # 7.5 is 8
        (1.4, 1, 0, 0, 0, 1),
        (6.0, 2, 0, 12, 0, 0),
        (6.0, 2, 0, 20, 0, 0),
        (6.0, -3, 0, 0, 0, 0),  # other campaigns claim more than there are
    ],
)
def test_per_free_agent(ratio: float, ready: int, waiting: int, unanswered: int, classifying: int, count: int) -> None:
    floor = floor_of(ready=ready, talking=9, waiting=waiting, unanswered=unanswered, classifying=classifying)
    assert PerFreeAgent(ratio).decide(floor).count == count


def test_per_working_agent_counts_lines_and_leaves_wrap_up_out() -> None:
    # 2.1 x 5 = 10.5 is 11 lines; 3 talking, 4 ringing, one under analysis, one waiting are up
    floor = floor_of(ready=2, talking=3, wrap_up=7, unanswered=4, classifying=1, waiting=1)
    assert PerWorkingAgent(2.1).decide(floor).count == 2
    assert PerWorkingAgent(1.0).decide(floor).count == 0


@pytest.mark.parametrize("make", [*(lambda rule=rule: rule.make(rule.high) for rule in RULES.values()), AdaptiveLevel])
def test_without_agents_nothing_is_launched(make: Callable[[], Pacer]) -> None:
    decision = make().decide(floor_of(), 0, NINE)
    assert (decision.count, decision.limited_by) == (0, LimitedBy.NO_AGENTS)
    assert make().interval_ns == NS // 2


# -- control of abandonment


def test_pi_climbs_while_nobody_is_abandoned() -> None:
    pacer, floor = AbandonmentControl(3.0, 0.05), floor_of(ready=10)
    # without answers the prior is the cap itself: no error
    assert pacer.decide(floor, 0, at(0)).count == 10
    answer(floor, 100, 0, at(7))
    assert pacer.decide(floor, 0, at(14.5)).count == 10
    error = 0.03 - 0.015 / 100.5
    pacer.decide(floor, 0, at(15))
    assert pacer.columns["integral"][0] == pytest.approx(0.05 * 15.0 * error)
    assert pacer.columns["level"][0] == pytest.approx(math.exp(0.05 * 15.0 * error + 3.0 * error))
    # fifteen seconds later the hundred have faded a little
    pacer.decide(floor, 0, at(30))
    assert pacer.columns["answered"][0] == pytest.approx(100.0 * math.exp(-15.0 / 600.0))
    for step in range(3, 300):
        pacer.decide(floor, 0, at(15 * step))
    assert pacer.columns["integral"][0] == 2.5
    assert pacer.columns["level"][0] < math.exp(2.5 + 3.0 * 0.03)


def test_pi_falls_when_people_are_abandoned_and_once_more_over_the_cap_of_the_day() -> None:
    pacer, floor = AbandonmentControl(3.0, 0.05), floor_of(ready=10)
    pacer.columns["integral"][0] = 2.0
    answer(floor, 100, 50, at(1))
    pacer.decide(floor, 0, at(15))
    assert pacer.columns["integral"][0] == pytest.approx(2.0 - 0.05 * 15.0 * 0.05)  # the error is clipped at -0.05
    assert pacer.columns["level"][0] == pytest.approx(math.exp(2.0 - 0.0375 - 0.15 - 0.1))
    for step in range(2, 90):
        pacer.decide(floor, 0, at(15 * step))
    assert (pacer.columns["integral"][0], pacer.columns["level"][0]) == (0.0, 1.0)


@pytest.mark.parametrize(("per_working", "count"), [(False, 20 - 4), (True, 40 - 14)])
def test_pi_moves_either_ratio(per_working: bool, count: int) -> None:
    pacer, floor = AbandonmentControl(per_working=per_working), floor_of(ready=10, talking=10, wrap_up=5, unanswered=4)
    pacer.decide(floor, 0, at(0))
    pacer.columns["level"][0] = 2.0
    assert pacer.decide(floor, 0, at(1)).count == count


# -- adaptive level


def let_pass(pacer: Pacer, floor: PacingSnapshot, begin_s: int, end_s: int) -> list[int]:
    """Launches at each half second from begin (excluded) to end."""
    return [pacer.decide(floor, 0, at(half / 2)).count for half in range(2 * begin_s + 1, 2 * end_s + 1)]


def test_adaptive_level_follows_the_idle_agents() -> None:
    pacer, floor = AdaptiveLevel(), floor_of(ready=10, talking=8, wrap_up=2, waiting=4)
    pacer.decide(floor, 0, at(0))  # one sample: (10 - 4) / 20
    assert pacer.columns["level"][0] == pytest.approx(1.3)
    let_pass(pacer, floor, 0, 15)
    assert pacer.columns["level"][0] == pytest.approx(1.3 * 1.3)
    floor["waiting"][0] = 14
    let_pass(pacer, floor, 15, 29)
    assert pacer.columns["level"][0] == pytest.approx(1.69)
    # fourteen samples of -4 and one of +6, of 20 each
    let_pass(pacer, floor, 29, 30)
    assert pacer.columns["level"][0] == pytest.approx(1.69 * (1.0 - 0.2))
    floor["waiting"][0] = 0
    let_pass(pacer, floor, 30, 75)
    assert pacer.columns["level"][0] == 3.0


@pytest.mark.parametrize(
    ("target", "intensity", "waiting", "level"),
    [
        (0.0, 0.5, 0, 2.0 * (1.0 + 1.5 * 0.5)),
        (0.0, -0.5, 0, 2.0 * (1.0 + 0.5 * 0.5)),
        (4.0, 0.0, 0, 2.0 * (1.0 + 0.7)),
        (-4.0, 0.0, 0, 2.0 * (1.0 + 0.3)),
        (0.0, 0.5, 16, 2.0 * (1.0 - 0.5 * 0.3)),
        (0.0, -0.5, 16, 2.0 * (1.0 - 1.5 * 0.3)),
    ],
)
def test_adaptive_level_has_a_target_and_an_intensity(
    target: float, intensity: float, waiting: int, level: float
) -> None:
    pacer = AdaptiveLevel(most=4.0, target=target, intensity=intensity)
    floor = floor_of(ready=10, talking=10, waiting=waiting)
    pacer.columns["samples"][:] = (10, waiting, 20)
    pacer.columns["level"][0] = 2.0
    pacer.decide(floor, 0, at(0))
    assert pacer.columns["level"][0] == pytest.approx(level)


def test_adaptive_level_dials_every_two_and_a_half_seconds() -> None:
    pacer, floor = AdaptiveLevel(most=1.0), floor_of(ready=10, talking=10, unanswered=4)
    pacer.decide(floor, 0, at(0))
    counts = let_pass(pacer, floor, 0, 10)
    assert [place for place, count in enumerate(counts, 1) if count] == [5, 10, 15, 20]
    assert set(counts) == {0, 20 - 14}


@pytest.mark.parametrize(
    ("method", "level"), [("hard_limit", 1.0), ("average", 1.5), ("tapered", 3.0 * (8.0 - 1.0 / 60.0) / 10.0)]
)
def test_adaptive_level_is_pulled_down_by_the_days_drops(method: str, level: float) -> None:
    pacer, floor = AdaptiveLevel(method, hours=8.0), floor_of(ready=10, talking=1)
    pacer.decide(floor, 0, at(0))
    answer(floor, 50, 2, at(30))
    let_pass(pacer, floor, 0, 60)
    assert pacer.columns["level"][0] == 3.0  # over the cap, but of 50 calls only
    pacer, floor = AdaptiveLevel(method, hours=8.0), floor_of(ready=10, talking=1)
    pacer.decide(floor, 0, at(0))
    answer(floor, 51, 2, at(30))
    let_pass(pacer, floor, 0, 59)
    assert pacer.columns["level"][0] == 3.0
    let_pass(pacer, floor, 59, 60)
    assert pacer.columns["level"][0] == pytest.approx(level)


def test_adaptive_level_is_halved_when_most_of_a_minute_is_dropped() -> None:
    pacer, floor = AdaptiveLevel(), floor_of(ready=0, talking=10)
    pacer.decide(floor, 0, at(0))
    pacer.columns["level"][0] = 3.0
    answer(floor, 10, 6, at(30))
    let_pass(pacer, floor, 0, 60)
    assert pacer.columns["level"][0] == 1.5
    let_pass(pacer, floor, 60, 120)
    assert pacer.columns["level"][0] == 1.5


# -- rules that rest on estimates


def busy_floor() -> PacingSnapshot:
    """Four agents free, one person waiting; two agents talk since 20 and 40 s, one wraps up; ten calls ring."""
    found = floor_of(ready=4, waiting=1, talking=2, wrap_up=1, unanswered=10)
    for since_s in (20, 40):
        found.estimates.record(0, Observed.TALK_BEGAN, at(60 - since_s), at(60 - since_s))
    found.estimates.record(0, Observed.WRAP_UP_BEGAN, at(55), at(55))
    for _ in range(6):  # the other four have just been launched, and are not observed yet
        found.estimates.record(0, Observed.LAUNCHED, at(57), at(57))
    found.estimates.pass_time(0, at(60))
    return found


def expected_answers(floor: PacingSnapshot) -> float:
    columns = floor.estimates.columns
    seen = float((columns["now_weights"][0] * columns["answer_by"][0, :, -1]).sum())
    return seen + 4.0 * float(floor.estimates.summary(0)["live_rate"])


@pytest.mark.parametrize(
    ("window_s", "below", "above"), [(0.0, 0, 0.0), (6.0, 6, 0.0), (6.25, 6, 0.25), (47.0, 46, 1.0)]
)
def test_release_window_counts_who_is_free_within_it(window_s: float, below: int, above: float) -> None:
    floor = busy_floor()
    decision = ReleaseWindow(window_s).decide(floor, 0, at(60))
    columns = floor.estimates.columns
    free_by = (1.0 - above) * columns["free_by"][0, :, :, below] + above * columns["free_by"][0, :, :, below + 1]
    releases = float((columns["now_agents"][0] * free_by).sum())
    assert columns["now_agents"][0].sum() == 3.0
    assert decision.releases == pytest.approx(releases)
    assert decision.answers == pytest.approx(expected_answers(floor))
    people = 4 - 1 + releases - decision.answers
    assert decision.count == max(0, math.floor(people / decision.live_rate))


def test_expected_balance_weighs_agents_against_answers() -> None:
    floor = busy_floor()
    columns, figures = floor.estimates.columns, floor.estimates.summary(0)
    by = columns["new_answer_by"][0]
    horizon = float((np.diff(by) * (np.arange(1, len(by)) - 0.5)).sum() / by[-1])
    assert 5.0 < horizon < 20.0  # what is believed of people before any is known
    talk, wrap = figures["mean_talk_s"], figures["mean_wrap_up_s"]
    steps = np.linspace(0.0, horizon, 20_001)
    inner = np.exp(-steps / talk) / talk * (1.0 - np.exp(-(horizon - steps) / wrap))
    both = float(np.trapezoid(inner, steps))
    decision = ExpectedBalance(2.0).decide(floor, 0, at(60))
    assert decision.releases == pytest.approx(2.0 * both + 1.0 - math.exp(-horizon / wrap), rel=1e-6)
    assert decision.answers == pytest.approx(expected_answers(floor))
    people = 2.0 * (4 - 1 + decision.releases) - decision.answers
    assert decision.count == math.floor(people / decision.live_rate) > 0
    assert ExpectedBalance(0.0).decide(floor, 0, at(60)).count == 0


def test_erlang_rate_dials_evenly_at_the_rate_of_the_model() -> None:
    pacer, floor = ErlangRate(0.03), floor_of(ready=2, talking=15, wrap_up=3)
    figures = floor.estimates.summary(0)
    handle = figures["mean_talk_s"] + figures["mean_wrap_up_s"]
    rate = float(load_for_abandoned(20, handle, 2.0, 0.03)) / handle / figures["live_rate"]
    counts = [pacer.decide(floor, 0, at(half / 2)).count for half in range(121)]
    # what is there and what is waited for do not matter; a minute's calls come in 120 steps
    assert sum(counts) == pytest.approx(rate * 60.0, abs=1.0)
    assert max(counts) - min(counts[1:]) <= 1
    assert ErlangRate(0.1).decide(floor, 0, at(0)).count == 0


# -- the tables


@pytest.mark.parametrize("name", RIVALS)
def test_a_scenario_names_a_rival_and_gets_a_fresh_one(name: str) -> None:
    scenario = Scenario(name="x", pacer=name, hours=2.0)
    first, second = rival_of(scenario), rival_of(scenario)
    assert first is not None
    assert second is not None
    assert first is not second
    assert type(first) is type(second)
    assert rival_of(Scenario(name="x")) is None


def test_rivals_take_cap_and_hours_of_the_scenario() -> None:
    scenario = Scenario(name="x", hours=4.0, campaign={"abandonment": {"cap": 0.01}})
    erlang, tapered = RIVALS["erlang-rate"](scenario), RIVALS["vicidial-tapered"](scenario)
    assert isinstance(erlang, ErlangRate)
    assert isinstance(tapered, AdaptiveLevel)
    assert (erlang.share, tapered.hours, tapered.method) == (0.01, 4.0, "tapered")


def test_rules_are_searched_by_their_own_measure() -> None:
    assert RULES["release-window"].middle(0.0, 20.0) == 10.0
    assert RULES["per-free-agent"].middle(1.0, 64.0) == 8.0
    for rule in RULES.values():
        for parameter in (rule.low, rule.high):
            assert rule.make(parameter).interval_ns == NS // 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: PerFreeAgent(-0.1),
        lambda: PerWorkingAgent(math.nan),
        lambda: AbandonmentControl(-1.0),
        lambda: AbandonmentControl(pace=math.inf),
        lambda: AdaptiveLevel("harsh"),
        lambda: AdaptiveLevel(most=0.9),
        lambda: AdaptiveLevel(intensity=1.1),
        lambda: AdaptiveLevel(hours=0.0),
        lambda: ReleaseWindow(47.1),
        lambda: ReleaseWindow(math.nan),
        lambda: ExpectedBalance(-0.1),
        lambda: ErlangRate(0.0),
        lambda: ErlangRate(1.0),
        lambda: ErlangRate(0.03, 0.0),
    ],
)
def test_settings_out_of_range_are_refused(make: Callable[[], Pacer]) -> None:
    with pytest.raises(ValueError, match=r"must|out of range"):
        make()
