"""The k-th dial of a seed has the same fate whatever paces: what differs between two pacers is the pacing alone."""

from __future__ import annotations

import math

import pytest

from outpace.domain import commands as c
from outpace.domain.outcomes import Outcome
from outpace.sim.scenario import Scenario
from outpace.sim.world import simulate
from tests.simulation.watching import Recorder

DAY = Scenario(name="fate", agents=20, hours=1.0, campaign={"amd": True})
Fate = tuple[str, int, int]


def fates(scenario: Scenario, seed: int) -> list[Fate]:
    """Of each dial in its order: who was there, nanoseconds to the answer or the end, nanoseconds of talk."""
    watch = Recorder()
    simulate(scenario, seed, watch=watch)
    order = [one.call_id for _, one in watch.of(c.Originate)]  # type: ignore[attr-defined]
    found: dict[int, Fate] = {}
    for _, one in watch.of(c.RecordAttempt):
        assert isinstance(one, c.RecordAttempt)
        person = one.outcome in (Outcome.CONNECTED, Outcome.ABANDONED)
        until_ns = one.answered_ns or one.ended_ns
        talk_ns = one.talk_end_ns - one.connected_ns if one.connected_ns else 0
        found[one.call_id] = ("person" if person else one.outcome.name, until_ns - one.launched_ns, talk_ns)
    return [found[call_id] for call_id in order]


@pytest.mark.parametrize("other", ["six-per-free-agent", "predictive"])
def test_the_kth_dial_has_the_same_fate_under_every_pacer(other: str) -> None:
    fields = {name: getattr(DAY, name) for name in DAY.__struct_fields__}
    few, many = fates(DAY, 5), fates(Scenario(**(fields | {"pacer": other})), 5)
    both = min(len(few), len(many))
    assert both > 1500
    assert len(few) != len(many)
    assert [fate[:2] for fate in few[:both]] == [fate[:2] for fate in many[:both]]
    # who talks in both, talks as long
    talks = [(a, b) for (_, _, a), (_, _, b) in zip(few, many, strict=False) if a and b]
    assert len(talks) > 300
    assert [a for a, _ in talks] == [b for _, b in talks]
    assert fates(DAY, 6)[:both] != few[:both]


def test_people_wait_two_seconds_with_a_patience_of_twenty() -> None:
    # one agent before a flood: nearly everybody is abandoned, of them 1 - exp(-2 / 20) before the limit
    report = simulate(
        Scenario(name="flood", agents=1, hours=4.0, campaign={"amd": True, "mode": "ratio", "ratio": 60.0}, live=0.5),
        3,
    )
    assert report.abandoned > 3000
    left = report.abandoned_caller_left / report.abandoned
    share = 1.0 - math.exp(-0.1)
    assert left == pytest.approx(share, abs=4.0 * math.sqrt(share / report.abandoned))
    assert report.wait_p99_s <= 2.01
