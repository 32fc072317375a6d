"""Every figure of the report, computed again from the stream of facts and commands alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.outcomes import AbandonReason, Outcome
from outpace.domain.states import AgentState
from outpace.sim.report import SimulationReport
from outpace.sim.scenario import DAY_BEGINS_NS, Change, Scenario
from outpace.sim.world import simulate
from tests.simulation.watching import Recorder

HOURS = 1.5
END_S = HOURS * 3600.0
CHANNELS = 150
SCENARIO = Scenario(
    name="report",
    agents=20,
    hours=HOURS,
    campaign={"mode": "ratio", "ratio": 5.0, "amd": True, "connect_limit_s": 3.0},
    trunk_groups=({"name": "carrier", "channels": CHANNELS, "cps": 20.0},),
    changes=(Change(at_s=2000.0, pause_agents=8), Change(at_s=3500.0, resume_agents=8)),
)


@pytest.fixture(scope="module")
def told() -> tuple[SimulationReport, Recorder]:
    watch = Recorder()
    return simulate(SCENARIO, 11, watch=watch), watch


def lives(watch: Recorder) -> list[c.RecordAttempt]:
    return [one for _, one in watch.of(c.RecordAttempt) if isinstance(one, c.RecordAttempt)]


def seconds_by_state(watch: Recorder) -> Counter[AgentState]:
    """Within the day, from the notices alone."""
    spent: Counter[AgentState] = Counter()
    since: dict[int, tuple[float, AgentState]] = {}
    for at_s, one in [*watch.of(c.AgentStateChanged), *((END_S, None) for _ in range(1))]:
        for agent, (began, state) in list(since.items()):
            if one is None or (isinstance(one, c.AgentStateChanged) and one.agent_id == agent):
                spent[state] += min(at_s, END_S) - min(began, END_S)  # type: ignore[assignment]
                if one is None:
                    del since[agent]
        if isinstance(one, c.AgentStateChanged) and at_s <= END_S:
            since[one.agent_id] = (at_s, one.state)
        elif isinstance(one, c.AgentStateChanged):
            since.pop(one.agent_id, None)
    return spent


def test_agents_time(told: tuple[SimulationReport, Recorder]) -> None:
    report, watch = told
    spent = seconds_by_state(watch)
    talk, wrap_up = spent[AgentState.TALKING], spent[AgentState.WRAP_UP]
    idle = spent[AgentState.READY] + spent[AgentState.CONNECTING]
    staffed = talk + wrap_up + idle
    connected = sum(at_s <= END_S for at_s, _ in watch.of(e.AgentConnected))
    assert report.occupancy == pytest.approx((talk + wrap_up) / staffed, rel=1e-9)
    assert report.talk_share == pytest.approx(talk / staffed, rel=1e-9)
    assert report.idle_s_per_call == pytest.approx(idle / connected, rel=1e-9)
    assert report.connects_per_agent_hour == pytest.approx(connected / staffed * 3600.0, rel=1e-9)
    # everybody was there but for the log-in and eight breaks of 1500 s at most
    assert 20 * END_S - 8 * 1500.0 - 20 * 60.0 < staffed < 20 * END_S
    assert report.campaign == "running"


def test_counts(told: tuple[SimulationReport, Recorder]) -> None:
    report, watch = told
    outcomes = Counter(one.outcome for one in lives(watch))
    reasons = Counter(one.abandon_reason for one in lives(watch))
    assert report.attempts == len(watch.of(c.Originate)) == sum(outcomes.values())
    assert report.outcomes == {one.name.lower(): outcomes[one] for one in Outcome if one}
    assert report.connected == len(watch.of(e.AgentConnected))
    assert report.abandoned == outcomes[Outcome.ABANDONED]
    assert report.answered == report.connected + report.abandoned
    assert report.abandoned_no_agent_in_time == reasons[AbandonReason.NO_AGENT_IN_TIME]
    assert report.abandoned_caller_left == reasons[AbandonReason.CALLER_LEFT]
    assert min(report.abandoned_no_agent_in_time, report.abandoned_caller_left) > 0
    assert report.abandonment == report.abandoned / report.answered
    assert report.dials_per_connect == report.attempts / report.connected
    events = [one for _, one in watch.stream if isinstance(one, e.Event)]
    assert report.facts == len(events)
    assert (report.withdrawn, report.lost_calls, report.open) == (0, 0, 0)
    talk_s = sum(one.talk_end_ns - one.connected_ns for one in lives(watch) if one.connected_ns) / 1e9
    assert report.talk_seconds == pytest.approx(talk_s, rel=1e-12)


def test_the_interval_is_wilsons(told: tuple[SimulationReport, Recorder]) -> None:
    report, _ = told
    interval = stats.binomtest(report.abandoned, report.answered).proportion_ci(method="wilson")
    assert report.abandonment_interval == pytest.approx((interval.low, interval.high), rel=1e-9)


@pytest.mark.parametrize("minutes", [15, 60])
def test_worst_windows(told: tuple[SimulationReport, Recorder], minutes: int) -> None:
    report, watch = told
    answers = [one for one in lives(watch) if one.outcome in (Outcome.CONNECTED, Outcome.ABANDONED)]
    at_minute = [min((one.answered_ns - DAY_BEGINS_NS) // (60 * 10**9), 89) for one in answers]
    rates = []
    for first in range(90 - minutes + 1):
        inside = [one for one, at in zip(answers, at_minute, strict=True) if first <= at < first + minutes]
        if len(inside) >= 20:
            rates.append(sum(one.outcome is Outcome.ABANDONED for one in inside) / len(inside))
    assert max(rates) == (report.worst_15_min if minutes == 15 else report.worst_60_min)
    assert report.worst_15_min >= report.worst_60_min > report.abandonment > 0.0


def test_waits(told: tuple[SimulationReport, Recorder]) -> None:
    report, watch = told
    waits = np.sort([(one.connected_ns - one.answered_ns) / 1e9 for one in lives(watch) if one.connected_ns])
    for share, found in ((0.50, report.wait_p50_s), (0.99, report.wait_p99_s)):
        exact = waits[int(np.ceil(share * len(waits))) - 1]
        assert exact < found <= exact + 0.0100001


def test_trunk_use(told: tuple[SimulationReport, Recorder]) -> None:
    # a call takes its channel when it is decided on and gives it back when the engine knows that it is over
    report, watch = told
    moves = sorted(
        [(at_s, 1) for at_s, _ in watch.of(c.WriteIntent)] + [(at_s, -1) for at_s, _ in watch.of(c.RecordAttempt)],
    )
    held, peak, area, since = 0, 0, 0.0, 0.0
    for at_s, move in moves:
        area += held * (min(at_s, END_S) - min(since, END_S))
        held, since = held + move, at_s
        peak = max(peak, held)
    assert report.trunk_use == pytest.approx(area / (END_S * CHANNELS), rel=1e-6)
    assert report.trunk_peak == peak


def test_the_report_speaks_to_programs_and_people(told: tuple[SimulationReport, Recorder]) -> None:
    report, _ = told
    plain = report.as_dict()
    assert {"occupancy", "talk_share", "abandonment", "answered", "abandoned", "attempts", "digest"} <= set(plain)
    assert tuple(plain["abandonment_interval"]) == report.abandonment_interval
    text = report.render()
    for part in (f"{report.occupancy:.2%}", f"{report.abandonment:.2%}", f"{report.attempts:,}", report.digest):
        assert part in text
