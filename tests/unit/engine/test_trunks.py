"""Trunk groups: channels, calls per second, outstanding originates, caller IDs."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outpace import Agent, Campaign, Pool, TrunkGroup
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.outcomes import LimitedBy, Outcome, Refusal
from tests.unit.engine.rig import MS, T0, Rig, S, pool_of


def sent(rig: Rig) -> list[float]:
    """Seconds from T0 of every originate so far."""
    return [(at - T0) / S for at, one in rig.history if isinstance(one, c.Originate)]


def durable(rig: Rig) -> None:
    """The store has committed all intents that it was given."""
    rig.do(*[e.IntentDurable(call) for call, how in sorted(rig.checkers.open.items()) if how == "written"])


def test_originates_keep_the_rate_to_the_nanosecond() -> None:
    rig = Rig(pool_of(agents=8, trunk={"cps": 3.0, "burst": 2})).start()
    rig.lease(8)
    for _ in range(200):
        durable(rig)
        rig.wait(0.01)
    interval = 333_333_333
    assert [round(at * S) for at in sent(rig)] == [0, 0, *(interval * n for n in range(1, 7))]


@pytest.mark.parametrize(("cps", "burst"), [(0.5, 1), (7.0, 1), (10.0, 5), (250.0, 3), (4000.0, 1)])
def test_no_window_holds_more_than_burst_and_rate_allow(cps: float, burst: int) -> None:
    rig = Rig(pool_of(agents=40, hopper_size=100, trunk={"cps": cps, "burst": burst, "channels": 60})).start()
    rig.lease(100)
    for _ in range(30):
        rig.wait(0.003)
        durable(rig)
        rig.wait(0.1 / cps)
    times = sent(rig)
    assert len(times) >= 1
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + cps * (times[last] - times[first]) + 1e-6


def test_rate_is_used_to_the_full() -> None:
    rig = Rig(
        pool_of(agents=100, hopper_size=200, max_calls=200, trunk={"cps": 2000.0, "burst": 1, "channels": 200})
    ).start()
    rig.lease(200)
    for _ in range(50):
        durable(rig)
        rig.wait(0.001)
    assert 95 <= len(sent(rig)) <= 101


@settings(max_examples=15, deadline=None, derandomize=True)
@given(stall_ms=st.lists(st.integers(0, 900), min_size=1, max_size=6))
def test_store_that_stands_still_makes_no_burst_afterwards(stall_ms: list[int]) -> None:
    rig = Rig(pool_of(agents=30, trunk={"cps": 10.0, "burst": 1})).start()
    rig.lease(20)
    for ms in stall_ms:
        rig.wait(ms / 1000)
        durable(rig)  # the checkers hold every originate against the rate
    times = sent(rig)
    assert all(later - earlier >= 0.1 - 1e-9 for earlier, later in itertools.pairwise(times))


def test_decisions_run_a_tenth_of_a_second_ahead_of_the_rate() -> None:
    rig = Rig(pool_of(agents=30, trunk={"cps": 50.0, "burst": 1})).start()
    rig.lease(20)
    assert len(rig.ever(c.WriteIntent)) == 6  # a token and 0.1 s of 50 calls a second
    assert rig.engine.explain(1).reason is LimitedBy.CPS


def test_channels_bound_the_calls_and_their_end_makes_room() -> None:
    rig = Rig(pool_of(agents=9, trunk={"channels": 3})).start()
    calls = rig.dial(9)
    assert len(calls) == 3
    assert rig.engine.explain(1).reason is LimitedBy.TRUNK_CHANNELS
    rig.do(e.CallEnded(calls[0], Outcome.BUSY))
    assert len(rig.heard(c.WriteIntent)) == 1


def test_full_trunk_group_wants_no_tick_until_something_happens() -> None:
    rig = Rig(pool_of(agents=9, trunk={"channels": 3})).start()
    rig.dial(9)
    assert rig.engine.next_deadline_ns() > rig.now + 1 * S


def test_store_that_stands_still_wants_few_ticks() -> None:
    rig = Rig(pool_of(agents=30, trunk={"cps": 10.0, "burst": 1})).start()
    rig.lease(20)
    before = rig.counter("decisions"), sum(rig.counter("campaigns")[1]["limited"].values())
    rig.wait(5)
    assert sum(rig.counter("campaigns")[1]["limited"].values()) - before[1] <= 10


def test_channels_in_alarm_leave_the_capacity_and_calls_in_hand_go_on() -> None:
    rig = Rig(pool_of(agents=9, trunk={"channels": 5})).start()
    calls = rig.dial(9)
    rig.do(e.TrunkCapacity(1, 2))
    for call in calls[:3]:
        rig.do(e.CallEnded(call, Outcome.BUSY))
        assert rig.heard(c.WriteIntent) == []
    rig.do(e.CallEnded(calls[3], Outcome.BUSY))
    assert len(rig.heard(c.WriteIntent)) == 1
    rig.do(e.TrunkCapacity(1, 5))
    assert len(rig.heard(c.WriteIntent)) == 3


@pytest.mark.parametrize("channels", [0, -5])
def test_trunk_group_without_channels_dials_nothing(channels: int) -> None:
    rig = Rig().start()
    rig.do(e.TrunkCapacity(1, channels))
    rig.lease(5)
    assert rig.heard(c.WriteIntent) == []


def test_capacity_of_a_group_that_does_not_exist_is_counted() -> None:
    rig = Rig()
    rig.do(e.TrunkCapacity(9, 5), e.TrunkCapacity(-1, 5))
    assert rig.counter("stray_facts") == 2


def test_outstanding_originates_are_bounded_and_progress_makes_room() -> None:
    rig = Rig(pool_of(agents=9, trunk={"max_pending": 2})).start()
    calls = rig.dial(9)
    assert len(calls) == 2
    assert rig.engine.explain(1).reason is LimitedBy.PENDING_ORIGINATES
    rig.do(e.CallProceeding(calls[0]))
    assert len(rig.heard(c.WriteIntent)) == 1


def shared_groups() -> Pool:
    return Pool(
        campaigns=(
            Campaign(id=1, name="one", trunk_groups=(1, 2), hopper_size=20),
            Campaign(id=2, name="two", trunk_groups=(1,), hopper_size=20),
        ),
        trunk_groups=(
            TrunkGroup(id=1, name="first", channels=2, cps=1000.0, burst=10, max_pending=2),
            TrunkGroup(id=2, name="second", channels=9, cps=1000.0, burst=10, caller_ids=("491", "492")),
        ),
        agents=tuple(Agent(id=n, name="x", campaigns=(1 if n < 5 else 2,)) for n in range(1, 9)),
    )


def test_groups_are_filled_in_the_order_of_the_settings_and_caller_ids_rotate() -> None:
    rig = Rig(shared_groups()).start()
    rig.dial(5)
    said = rig.ever(c.Originate)
    assert [one.trunk_group_id for one in said] == [1, 1, 2, 2]
    assert [one.caller_id for one in said] == ["", "", "491", "492"]


def test_progress_of_one_campaigns_call_makes_room_for_another_campaign() -> None:
    rig = Rig(shared_groups()).start()
    calls = rig.dial(2)
    rig.lease(5, campaign=2)
    assert rig.heard(c.WriteIntent) == []
    rig.do(e.TrunkCapacity(1, 9))
    assert rig.heard(c.WriteIntent) == []
    rig.do(e.CallProceeding(calls[0]))
    assert 2 in {one.campaign_id for one in rig.heard(c.WriteIntent)}


def test_no_circuit_rests_the_group_for_a_second_without_waking_the_engine() -> None:
    rig = Rig(pool_of(agents=3)).start()
    (call, *_) = rig.dial(9)
    rig.do(e.OriginateRefused(call, Refusal.NO_CIRCUIT))
    assert rig.engine.next_deadline_ns() == T0 + 1000 * MS
    assert rig.ever(c.WriteIntent)[3:] == []
    rig.wait(1)
    assert len(rig.ever(c.WriteIntent)) == 4


def test_table_of_calls_that_is_full_bounds_and_never_overflows() -> None:
    rig = Rig(pool_of(agents=9, max_calls=4)).start()
    calls = rig.dial(9)
    assert len(calls) == 4
    assert rig.engine.explain(1).reason is LimitedBy.CALL_TABLE_FULL
    rig.do(e.CallEnded(calls[2], Outcome.BUSY))
    assert len(rig.heard(c.WriteIntent)) == 1
