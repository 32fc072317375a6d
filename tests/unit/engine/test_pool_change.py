"""A pool that changes while its engine runs: what is there goes on, what is new begins, and settings count from now."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from outpace import Agent, Campaign, Engine, Pool, TrunkGroup
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import Abandonment, CallingHours, CapWindow, DialMode, RetryRule
from outpace.domain.errors import ConfigError
from outpace.domain.outcomes import AbandonReason, LimitedBy, Outcome
from outpace.domain.states import AgentState, CallState, CampaignState
from outpace.pacing import ForecastPacer, PrecisePacer, ProgressivePacer, RatioPacer
from tests.unit.engine.rig import T0, Rig, S, changed, pool_of


def with_group(pool: Pool, **settings: Any) -> Pool:
    """The pool with other settings of its first trunk group."""
    group = msgspec.structs.replace(pool.trunk_groups[0], **settings)
    return msgspec.structs.replace(pool, trunk_groups=(group, *pool.trunk_groups[1:]))


def with_more(pool: Pool) -> Pool:
    """The pool with one more campaign, trunk group and agent, numbers 2, 2 and the next one."""
    return msgspec.structs.replace(
        pool,
        campaigns=(*pool.campaigns, Campaign(id=2, name="two", trunk_groups=(2,), hopper_size=7)),
        trunk_groups=(*pool.trunk_groups, TrunkGroup(id=2, name="more", cps=1000.0, burst=30, caller_ids=("4911",))),
        agents=(*pool.agents, Agent(id=len(pool.agents) + 1, name="new", campaigns=(2,))),
    )


def lively(**settings: Any) -> Rig:
    """Five agents: calls that talk, ring, are launched and wait for the store; one agent in wrap-up."""
    rig = Rig(pool_of(agents=5, **settings)).start()
    calls = rig.dial(12)
    rig.do(e.CallAnswered(calls[0]), e.AgentConnected(calls[0], 1), e.CallRinging(calls[1]))
    rig.do(e.CallAnswered(calls[2]), e.AgentConnected(calls[2], 2), e.CallEnded(calls[2]), e.AgentReleased(calls[2], 2))
    return rig


# ---- what is there goes on -----------------------------------------------------------------------------------------


def test_more_rows_leave_all_rows_as_they_were() -> None:
    rig = lively()
    before = {name: array.copy() for name, array in rig.engine.arrays().items()}
    due = rig.engine.next_deadline_ns()
    change = e.PoolChanged(with_more(rig.pool))
    rig.checkers.fact(change, rig.now)
    rig.engine.handle(change, rig.now)
    after = rig.engine.arrays()
    # whom campaigns share, what is dirty, and the ledger's windows are worked out anew
    new = {"campaigns.dirty", "registers", "trunks.users", "agents.ids.keys", "agents.ids.rows"}
    for name, column in before.items():
        if name in new or name.startswith("timers."):
            continue
        assert (after[name][: len(column)] == column).all(), name
        if name.startswith(("calls.", "hopper0.")):
            assert after[name].shape == column.shape
    assert rig.engine.agents.ids.get(5) == 4
    assert rig.engine.agents.ids.get(6) == 5
    assert rig.engine.timers.first() is not None
    rig.do()
    assert rig.engine.next_deadline_ns() <= due


def test_timers_find_their_rows_after_more_rows_came() -> None:
    rig = Rig(pool_of(agents=2, wrap_up_max_s=4.0)).start()
    call = rig.talk()
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    rig.wait(1)
    rig.do(e.PoolChanged(with_more(rig.pool)))
    rig.wait(2.999)
    assert rig.agent(1) is AgentState.WRAP_UP
    rig.wait(0.001)
    assert rig.agent(1) is AgentState.READY
    rig.do(e.AgentLoggedIn(3))
    assert rig.heard(c.OpenAgentLeg) == [c.OpenAgentLeg(3)]
    rig.wait(45)
    assert rig.heard(c.OpenAgentLeg) == [c.OpenAgentLeg(3)]


def test_new_campaign_is_a_draft_that_runs_with_the_new_agent_on_the_new_trunk_group() -> None:
    rig = Rig(pool_of(agents=2)).start(ready=0)
    rig.do(e.PoolChanged(with_more(rig.pool)))
    assert rig.engine.campaign_state(2) is CampaignState.DRAFT
    assert rig.said == []
    rig.do(e.AgentLoggedIn(3), e.AgentLegUp(3), e.AgentReady(3), e.CampaignStarted(2))
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(2, 7)]
    (call,) = rig.dial(5, campaign=2)
    (dialled,) = rig.heard(c.Originate)
    assert (dialled.trunk_group_id, dialled.caller_id) == (2, "4911")
    rig.do(e.CallAnswered(call))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 3)]
    assert rig.counter("campaigns")[2]["launches"] == 1


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"campaigns": ()}, "campaigns"),
        ({"agents": ()}, "agents"),
        ({"trunk_groups": (TrunkGroup(id=2, name="b"), TrunkGroup(id=1, name="a"))}, "trunk_groups"),
        ({"name": "other"}, "name"),
        ({"max_calls": 65}, "max_calls"),
    ],
)
def test_nothing_is_taken_from_a_pool_that_runs(change: dict[str, Any], key: str) -> None:
    rig = lively()
    if key == "campaigns":
        change = {"campaigns": (Campaign(id=7, name="seven"), *rig.pool.campaigns)}
    before, pool = rig.engine.campaign_columns["in_state"].copy(), rig.engine.pool
    with pytest.raises(ConfigError, match=key):
        rig.engine.handle(e.PoolChanged(msgspec.structs.replace(rig.pool, **change)), rig.now)
    assert rig.engine.pool is pool
    assert (rig.engine.campaign_columns["in_state"] == before).all()


def test_change_is_the_same_as_a_change_of_pacing() -> None:
    one, other = lively(mode=DialMode.RATIO), lively(mode=DialMode.RATIO)
    one.do(e.PacingChanged(1, 2.5, 1, 0.01))
    rule = msgspec.structs.replace(other.pool.campaigns[0].abandonment, cap=0.01)
    other.do(e.PoolChanged(changed(other.pool, ratio=2.5, reserve=1, abandonment=rule)))
    assert one.engine.digest() == other.engine.digest()
    assert one.said == other.said != []


def test_whole_numbers_are_the_decimals_that_a_journal_makes_of_them() -> None:
    one, other = Rig(pool_of(mode=DialMode.RATIO, ratio=2)), Rig(pool_of(mode=DialMode.RATIO, ratio=2.0))
    assert one.engine.digest() == other.engine.digest()
    one.do(e.PoolChanged(changed(one.pool, ratio=3)))
    other.do(e.PoolChanged(changed(other.pool, ratio=3.0)))
    assert one.engine.digest() == other.engine.digest()


def test_snapshot_holds_the_changed_pool_and_nothing_of_an_older_one_fits() -> None:
    rig = lively()
    rig.do(e.PoolChanged(with_more(with_group(changed(rig.pool, hopper_size=30), caller_ids=("1", "2")))))
    again = Engine.restore(rig.engine.pool, rig.engine.snapshot())
    assert again.digest() == rig.engine.digest()
    assert again.counters() == rig.engine.counters()
    with pytest.raises(ConfigError, match="other settings"):
        Engine.restore(rig.pool, rig.engine.snapshot())


# ---- pacing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (DialMode.PREDICTIVE, ForecastPacer),
        (DialMode.RATIO, RatioPacer),
        (DialMode.PROGRESSIVE, ProgressivePacer),
        (DialMode.PRECISE, PrecisePacer),
    ],
)
def test_another_mode_swaps_the_pacer_and_keeps_what_was_learned(mode: DialMode, kind: type) -> None:
    rig = learned_of_a_call()
    learned = rig.engine.dump_estimates(1)
    rig.do(e.PoolChanged(changed(rig.pool, mode=mode)))
    assert type(rig.engine.campaigns.pacers[0]) is kind
    assert rig.engine.dump_estimates(1) == learned
    rig.wait(5.0)
    assert rig.engine.campaign_state(1) is CampaignState.RUNNING


def learned_of_a_call() -> Rig:
    """Predictive, with a conversation over and another under way."""
    rig = Rig(pool_of(agents=2, mode=DialMode.PREDICTIVE)).start()
    rig.lease(20)
    for _ in range(2):
        rig.wait(1)
        rig.do(*[e.IntentDurable(one) for one, how in rig.checkers.open.items() if how == "written"])
        call = min(one for one in rig.checkers.open if rig.call(one) is CallState.LAUNCHING)
        rig.do(e.CallAnswered(call))
        (connect,) = rig.heard(c.ConnectAgent)
        rig.do(e.AgentConnected(call, connect.agent_id))
    rig.do(e.CallEnded(call), e.AgentReleased(call, connect.agent_id))
    return rig


def test_another_setting_of_the_same_mode_keeps_what_the_pacer_holds() -> None:
    rig = learned_of_a_call()
    pacer = rig.engine.campaigns.pacers[0]
    assert isinstance(pacer, ForecastPacer)
    held = {name: column.copy() for name, column in pacer.columns.items()}
    rig.engine.handle(e.PoolChanged(changed(rig.pool, connect_limit_s=5.0, cancels=True)), rig.now)
    pacer = rig.engine.campaigns.pacers[0]
    assert isinstance(pacer, ForecastPacer)
    assert (pacer.wait_s, pacer.cancels) == (5.0, True)
    assert held["last_ns"][0] > T0
    assert all((pacer.columns[name] == column).all() for name, column in held.items())


def test_changed_mode_counts_in_the_same_turn() -> None:
    rig = Rig(pool_of(agents=2)).start()
    assert len(rig.dial(9)) == 2
    rig.do(e.PoolChanged(changed(rig.pool, mode=DialMode.RATIO, ratio=3.0)))
    assert len(rig.heard(c.WriteIntent)) == 4


def test_pacer_of_somebodys_own_stays(wish: Any) -> None:
    rig = Rig(pool_of(agents=2)).start(ready=0)
    mine = rig.engine.campaigns.pacers[0] = wish()
    rig.do(e.PoolChanged(changed(rig.pool, reserve=1)))
    assert rig.engine.campaigns.pacers[0] is mine


def test_changed_cap_counts_at_once_for_those_counted_before() -> None:
    rig = Rig(pool_of(agents=2, mode=DialMode.PREDICTIVE)).start()
    rig.do(e.LedgerLoaded(1, 99, 1, 0, [e.LedgerSpan(T0 - T0 % (900 * S), 99, 1, 0)]))
    budget = rig.engine.explain(1).budget
    assert budget is not None
    assert budget.drops_left == 2
    rig.do(e.PoolChanged(changed(rig.pool, abandonment=Abandonment(cap=0.10))))
    budget = rig.engine.explain(1).budget
    assert budget is not None
    assert (budget.cap, budget.drops_left, budget.answered) == (0.10, 10, 100)


def test_changed_window_begins_with_who_answered_in_it() -> None:
    rig = Rig(pool_of(agents=1)).start()
    day = T0 - T0 % (86_400 * S)
    rig.do(e.LedgerLoaded(1, 30, 3, 0, [e.LedgerSpan(day - 3600 * S, 10, 2, 0), e.LedgerSpan(day, 20, 1, 0)]))
    call = rig.talk()
    rig.do(e.CallEnded(call))
    for window, answered, abandoned in (
        (CapWindow.ROLLING, 34, 3),
        (CapWindow.DAY, 22, 1),
        (CapWindow.BLOCK, 34, 3),
        (CapWindow.DAY, 22, 1),
    ):
        rig.do(e.PoolChanged(changed(rig.pool, abandonment=Abandonment(window=window, hours=48.0))))
        budget = rig.engine.explain(1).budget
        assert budget is not None
        assert (budget.answered, budget.abandoned) == (answered, abandoned)
    assert rig.counter("campaigns")[1]["connected"] == 31


# ---- calls under way -----------------------------------------------------------------------------------------------


def test_calls_are_answered_in_the_mode_of_their_launch() -> None:
    rig = Rig(pool_of(agents=1, mode=DialMode.AGENTLESS, message="hello", trunk={"channels": 2})).start()
    told, gone = rig.dial(2)
    rig.do(e.PoolChanged(changed(rig.pool, mode=DialMode.PRECISE, message="")))
    rig.do(e.CallAnswered(told))
    assert rig.heard(c.PlayMessage) == [c.PlayMessage(told, "hello")]
    rig.do(e.CallEnded(told), e.CallEnded(gone, Outcome.BUSY))
    assert [one.outcome for one in rig.heard(c.RecordAttempt)] == [Outcome.NOTIFIED, Outcome.BUSY]
    rig.do(e.LeadsAdded(1))
    rig.lease(2)
    (call,) = [one.call_id for one in rig.heard(c.WriteIntent)]
    rig.do(e.IntentDurable(call), e.PoolChanged(changed(rig.pool, mode=DialMode.AGENTLESS, message="hello")))
    rig.do(e.AgentNotReady(1), e.CallAnswered(call))
    assert rig.call(call) is CallState.QUEUED
    rig.wait(2.0)
    rig.do(e.CallEnded(call))
    assert rig.record().abandon_reason is AbandonReason.NO_AGENT_IN_TIME


def test_detection_is_asked_for_as_it_was_when_the_call_was_decided_on() -> None:
    rig = Rig(pool_of(agents=2, amd=True)).start()
    rig.lease(1)
    (call,) = rig.checkers.open
    rig.do(e.PoolChanged(changed(rig.pool, amd=False)), e.IntentDurable(call))
    assert [one.classify for one in rig.heard(c.Originate)] == [True]
    rig.do(e.CallAnswered(call))
    assert rig.call(call) is CallState.CLASSIFYING
    (other,) = rig.dial(1)
    rig.do(e.CallAnswered(other))
    assert rig.call(other) is CallState.CONNECTING


def test_calls_keep_the_caller_id_that_they_were_dialled_with() -> None:
    rig = Rig(pool_of(agents=4, trunk={"caller_ids": ("491", "492")})).start()
    first, second = rig.dial(2)
    for caller_ids in (("493",), (), ("491", "494", "495")):
        rig.do(e.PoolChanged(with_group(rig.pool, caller_ids=caller_ids)))
        (call,) = rig.dial(1)
        assert [one.caller_id for one in rig.heard(c.Originate)] == [caller_ids[0] if caller_ids else ""]
        rig.do(e.CallEnded(call, Outcome.BUSY))
        assert rig.record().caller_id == (caller_ids[0] if caller_ids else "")
    other = Engine.restore(rig.engine.pool, rig.engine.snapshot())
    for engine in (rig.engine, other):
        engine.handle(e.CallEnded(first, Outcome.BUSY), rig.now)
        engine.handle(e.CallEnded(second, Outcome.BUSY), rig.now)
        records = [one for one in engine.take_commands() if isinstance(one, c.RecordAttempt)]
        assert [one.caller_id for one in records] == ["491", "492"]


def test_what_was_said_before_in_the_same_turn_keeps_its_words() -> None:
    rig = Rig(pool_of(agents=1, message="sorry", trunk={"caller_ids": ("491",)})).start()
    call = rig.dial(1)[0]
    rig.do(e.AgentNotReady(1), e.CallAnswered(call))
    rig.wait(1.9)
    engine, now = rig.engine, rig.now + S
    engine.tick(now)
    engine.handle(e.PoolChanged(with_group(changed(rig.pool, message=""), caller_ids=("492",))), now)
    assert c.PlayMessage(call, "sorry") in engine.take_commands()
    engine.handle(e.CallEnded(call), now)
    engine.handle(e.PoolChanged(with_group(rig.pool, caller_ids=("493",))), now)
    (record,) = [one for one in engine.take_commands() if isinstance(one, c.RecordAttempt)]
    assert record.caller_id == "491"


def test_limits_count_for_what_begins_after_them() -> None:
    rig = Rig(pool_of(agents=2, connect_limit_s=2.0, ring_timeout_s=20.0)).start()
    early, late = rig.dial(2)
    rig.do(e.AgentNotReady(1), e.AgentNotReady(2), e.CallAnswered(early))
    retry = {"busy": RetryRule(wait_s=7.0, max_attempts=2)}
    rig.do(e.PoolChanged(changed(rig.pool, connect_limit_s=5.0, ring_timeout_s=40.0, retry=retry)))
    rig.do(e.CallAnswered(late))
    rig.wait(2.0)
    assert (rig.call(early), rig.call(late)) == (CallState.TREATMENT, CallState.QUEUED)
    rig.wait(3.0)
    assert rig.call(late) is CallState.TREATMENT
    rig.do(e.CallEnded(early), e.CallEnded(late), e.AgentReady(1))
    (call,) = rig.dial(1)
    assert [one.ring_timeout_ns for one in rig.heard(c.Originate)] == [40 * S]
    rig.do(e.CallEnded(call, Outcome.BUSY))
    assert rig.record().retry_at_ns == rig.now + 7 * S
    rig.do(e.PoolChanged(changed(rig.pool)))
    (call,) = rig.dial(1)
    rig.do(e.CallEnded(call, Outcome.BUSY))
    assert rig.record().retry_at_ns == 0


# ---- hoppers, hours ------------------------------------------------------------------------------------------------


def test_smaller_hopper_gives_whole_batches_back_and_a_larger_one_asks_for_more() -> None:
    rig = Rig(pool_of(agents=1, hopper_size=20)).start(ready=0)
    rig.lease(8)
    rig.wait(5)
    rig.lease(8)
    rig.do(e.PoolChanged(changed(rig.pool, hopper_size=10)))
    assert rig.heard(c.ReleaseLeads) == [c.ReleaseLeads(1, 2)]
    assert rig.engine.hopper_count(1) == 8
    rig.do(e.PoolChanged(changed(rig.pool, hopper_size=100)))
    assert rig.heard(c.ReleaseLeads) == []
    assert rig.ever(c.LeaseLeads)[-1] == c.LeaseLeads(1, 92)
    rig.do(e.AgentReady(1))
    assert [one.lead_id for one in rig.heard(c.WriteIntent)] == [1]


def test_calling_hours_come_change_and_go() -> None:
    rig = Rig(pool_of(agents=1)).start()  # Tuesday, 22:13:20 UTC
    rig.do(e.PoolChanged(changed(rig.pool, calling_hours=CallingHours(timezone="UTC", start="09:00", end="22:14"))))
    (call,) = rig.dial(5)
    rig.do(e.CallEnded(call, Outcome.BUSY))
    (call,) = [one.call_id for one in rig.heard(c.WriteIntent)]
    rig.do(e.AgentNotReady(1), e.IntentDurable(call), e.CallEnded(call, Outcome.BUSY))
    rig.wait(40)
    rig.do(e.AgentReady(1))
    assert rig.engine.campaign_reason(1) is LimitedBy.OUTSIDE_HOURS
    assert rig.engine.obstacles(1)[-1].opens_ns == T0 + 40 * S + (10 * 3600 + 46 * 60) * S
    rig.do(e.PoolChanged(changed(rig.pool, calling_hours=CallingHours(timezone="UTC", start="09:00", end="22:20"))))
    assert len(rig.heard(c.WriteIntent)) == 1
    rig.do(e.PoolChanged(changed(rig.pool, calling_hours=CallingHours(timezone="UTC", start="09:00", end="10:00"))))
    rig.do(*[e.IntentDurable(call) for call in rig.checkers.open])
    assert [one.reason.name for one in rig.ever(c.WithdrawIntent)[-1:]] == ["GATE_CLOSED"]
    rig.do(e.PoolChanged(changed(rig.pool, calling_hours=None)))
    assert len(rig.heard(c.WriteIntent)) == 1
    assert rig.counter("window_ns") == 0


def test_calls_in_the_line_meet_new_calling_hours() -> None:
    rig = Rig(pool_of(agents=3, trunk={"cps": 0.5, "burst": 1, "max_pending": 30, "channels": 30})).start()
    rig.dial(1)
    rig.wait(1.95)
    rig.lease(3)
    rig.do(*[e.IntentDurable(call) for call in sorted(rig.checkers.open)])
    assert rig.heard(c.Originate) == []
    rig.do(e.PoolChanged(changed(rig.pool, calling_hours=CallingHours(timezone="UTC", start="09:00", end="10:00"))))
    assert len(rig.heard(c.WithdrawIntent)) == 1


# ---- trunk groups --------------------------------------------------------------------------------------------------


def test_channels_in_alarm_stay_out_of_a_changed_group() -> None:
    rig = Rig(pool_of(agents=20, trunk={"channels": 10})).start(ready=0)
    rig.do(e.TrunkCapacity(1, 7))
    for channels, left in ((20, 17), (4, 1), (2, 0), (10, 8)):
        rig.do(e.PoolChanged(with_group(rig.engine.pool, channels=channels)))
        assert int(rig.engine.trunk_columns["channels"][0]) == left
    rig.do(e.TrunkCapacity(1, 10))
    assert int(rig.engine.trunk_columns["channels"][0]) == 10


def test_more_channels_are_used_at_once_and_fewer_end_no_call() -> None:
    rig = Rig(pool_of(agents=6, trunk={"channels": 2})).start()
    assert len(rig.dial(10)) == 2
    rig.do(e.PoolChanged(with_group(rig.pool, channels=3)))
    assert len(rig.heard(c.WriteIntent)) == 1
    rig.do(e.PoolChanged(with_group(rig.pool, channels=1)))
    assert len(rig.checkers.open) == 3
    rig.do(e.CallEnded(min(rig.checkers.open), Outcome.BUSY))
    assert rig.heard(c.WriteIntent) == []


def test_faster_trunk_group_does_not_wait_out_the_old_rate() -> None:
    rig = Rig(pool_of(agents=9, trunk={"cps": 0.1, "burst": 3})).start()
    rig.lease(9)
    rig.do(*[e.IntentDurable(call) for call in sorted(rig.checkers.open)])
    assert len(rig.heard(c.Originate)) == 3  # 20 s ahead of the rate: the fourth may be sent in 10 s
    rig.do(e.PoolChanged(with_group(rig.pool, cps=10.0)))
    rig.do(*[e.IntentDurable(call) for call in sorted(rig.checkers.open)])
    rig.wait(0.099)
    assert rig.heard(c.Originate) == []
    rig.wait(0.001)
    assert len(rig.heard(c.Originate)) == 1


def test_fewer_outstanding_originates_hold_the_line_and_end_no_call() -> None:
    rig = Rig(pool_of(agents=6, trunk={"max_pending": 4})).start()
    calls = rig.dial(10)
    assert len(calls) == 4
    rig.do(e.PoolChanged(with_group(rig.pool, max_pending=2)))
    rig.do(e.CallRinging(calls[0]), e.CallRinging(calls[1]))
    assert rig.ever(c.WriteIntent)[4:] == []
    rig.do(e.CallRinging(calls[2]))
    assert len(rig.heard(c.WriteIntent)) == 1


def test_campaign_dials_on_the_groups_that_it_has_now() -> None:
    rig = Rig(pool_of(agents=2)).start()
    rig.dial(1)
    pool = with_more(rig.pool)
    rig.do(e.PoolChanged(changed(pool, trunk_groups=(2, 1))))
    rig.dial(1)
    assert [one.trunk_group_id for one in rig.ever(c.Originate)] == [1, 2]
    assert rig.engine.trunk_columns["users"].tolist() == [1, 3]


# ---- agents --------------------------------------------------------------------------------------------------------


def two_campaigns(**settings: Any) -> Pool:
    one = pool_of(agents=2, connect_limit_s=9.0, **settings)
    two = msgspec.structs.replace(one.campaigns[0], id=2, name="two")
    return msgspec.structs.replace(one, campaigns=(one.campaigns[0], two))


def serving(pool: Pool, agent: int, *campaigns: int) -> Pool:
    agents = list(pool.agents)
    agents[agent - 1] = msgspec.structs.replace(agents[agent - 1], campaigns=campaigns)
    return msgspec.structs.replace(pool, agents=tuple(agents))


def test_idle_agent_takes_whoever_waits_in_the_new_campaign() -> None:
    rig = Rig(serving(two_campaigns(), 2, 2)).start()
    (call,) = rig.dial(1, campaign=2)
    rig.do(e.AgentNotReady(2), e.CallAnswered(call))
    assert rig.call(call) is CallState.QUEUED
    rig.do(e.PoolChanged(serving(rig.pool, 1, 1, 2)))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 1)]
    assert rig.counter("campaigns")[2]["agents_in"]["connecting"] == 1
    assert rig.counter("campaigns")[1]["agents_in"]["ready"] == 0


@pytest.mark.parametrize("state", ["talking", "wrap_up"])
def test_pacing_expects_the_agent_where_the_agent_serves_now(state: str) -> None:
    rig = Rig(serving(two_campaigns(mode=DialMode.PREDICTIVE), 2, 2)).start(ready=1)
    rig.lease(1)
    rig.wait(0.5)
    (call,) = rig.checkers.open
    rig.do(e.IntentDurable(call), e.CallAnswered(call), e.AgentConnected(call, 1))
    if state == "wrap_up":
        rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    phase = 0 if state == "talking" else 1

    def expected() -> list[int]:
        told = rig.engine.estimates.columns
        return (told["begun"][:, phase].sum(axis=1) + told["old"][:, phase]).tolist()

    assert expected() == [1, 0]
    rig.wait(30)
    rig.do(e.PoolChanged(serving(rig.pool, 1, 2)))
    assert expected() == [0, 1]
    rig.wait(60)
    rig.do(e.PoolChanged(serving(rig.pool, 1, 1, 2)))
    assert expected() == [1, 1]
    rig.do(e.AgentLoggedOut(1), *([] if state == "wrap_up" else [e.CallEnded(call), e.AgentReleased(call, 1)]))
    assert expected() == [0, 0]


def test_leg_of_an_agent_may_change_in_mid_call() -> None:
    rig = Rig(pool_of(agents=1)).start()
    call = rig.talk()
    agents = (msgspec.structs.replace(rig.pool.agents[0], leg="PJSIP/other"),)
    before = rig.engine.digest()
    rig.do(e.PoolChanged(msgspec.structs.replace(rig.pool, agents=agents)))
    assert rig.said == []
    assert rig.engine.digest() != before
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    assert rig.agent(1) is AgentState.WRAP_UP


def test_pool_grows_to_its_most_campaigns() -> None:
    rig = Rig(pool_of(agents=1)).start()
    for numbers in (range(2, 4), range(4, 64), range(64, 65)):
        pool = rig.engine.pool
        campaigns = [msgspec.structs.replace(pool.campaigns[0], id=number, name=f"c{number}") for number in numbers]
        agents = [Agent(id=number, name=f"a{number}", campaigns=(number,)) for number in numbers]
        more = {"campaigns": (*pool.campaigns, *campaigns), "agents": (*pool.agents, *agents)}
        rig.do(e.PoolChanged(msgspec.structs.replace(pool, **more)))
    for number in range(2, 65):
        for fact in (e.AgentLoggedIn(number), e.AgentLegUp(number), e.AgentReady(number), e.CampaignStarted(number)):
            rig.engine.handle(fact, rig.now)
    rig.do()
    assert sorted(one.campaign_id for one in rig.ever(c.LeaseLeads)) == list(range(1, 65))
    (call,) = rig.dial(1, campaign=64)
    rig.do(e.CallAnswered(call))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 64)]
    assert np.bincount(rig.engine.agent_columns["state"], minlength=9)[AgentState.READY] == 63
