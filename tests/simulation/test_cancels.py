"""Ringing calls that are taken back: only where the campaign says so, only after their time, all of them counted."""

from __future__ import annotations

from collections import Counter

from outpace.domain import commands as c
from outpace.domain.outcomes import Outcome
from outpace.domain.units import NS_PER_S
from outpace.sim.scenario import Change, Scenario
from tests.simulation.watching import Checked, Run


def played(**campaign: object) -> tuple[Run, list[c.RecordAttempt]]:
    # the share of people jumps up, so that too many calls ring
    scenario = Scenario(
        name="cancels", agents=15, hours=0.3, live=0.2, changes=(Change(at_s=500.0, live=0.6),),
        campaign={"mode": "predictive", **campaign},
    )  # fmt: skip
    watch = Checked()
    run = Run(scenario, 3, watch=watch)
    run.to(1080.0)
    run.drain(900.0)
    assert watch.batches > 200
    return run, [one for _, one in watch.of(c.RecordAttempt) if isinstance(one, c.RecordAttempt)]


def test_cancelled_calls_have_rung_for_their_time_and_are_counted() -> None:
    run, lives = played(cancels=True, min_ring_s=16.0)
    cancelled = [one for one in lives if one.outcome is Outcome.OVERDIALLED]
    assert len(cancelled) > 10
    assert min(one.ended_ns - one.ringing_ns for one in cancelled) >= 16 * NS_PER_S
    counters = run.engine.counters()["campaigns"][1]
    # whoever answered while the HangUp was on its way was abandoned
    assert len(cancelled) <= counters["cancels"] <= len(cancelled) + counters["no_agent"]
    told = Counter({one.sequence: one.cancels for one in run.engine.decisions(1)})
    assert 0 < told.total() <= counters["cancels"]


def test_nothing_is_cancelled_unless_the_campaign_says_so() -> None:
    run, lives = played()
    assert not [one for one in lives if one.outcome is Outcome.OVERDIALLED]
    assert run.engine.counters()["campaigns"][1]["cancels"] == 0
