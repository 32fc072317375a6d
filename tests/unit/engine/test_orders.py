"""Orders on single calls, leads and numbers: hang up, suppress, hot leads, callbacks; and what agents want next."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from outpace import Pool
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import CallingHours, DialMode, RetryRule
from outpace.domain.errors import UnknownId
from outpace.domain.outcomes import AbandonReason, LimitedBy, Outcome, Verdict, WithdrawReason
from outpace.domain.states import AgentState, CallState, CampaignState, NextState
from tests.unit.engine.rig import T0, Rig, S, pool_of

FIRST = 49_000_000_001  # the number of the rig's lead 1


def hot(rig: Rig, count: int, *, campaign: int = 1, valid_s: float = 3600) -> list[c.AnyCommand]:
    """Answer a LeaseLeads for hot leads, 9001 and so on; returns what is said in that very turn."""
    rig.token += 1
    leads = list(range(9001, 9001 + count))
    numbers = [49_000_000_000 + lead for lead in leads]
    deadline = rig.now + round(valid_s * S)
    return rig.do(e.LeadsLeased(campaign, rig.token, deadline, leads, numbers, [0] * count, hot=True))


def dialled(rig: Rig) -> list[int]:
    """Leads for which an intent was written in the last step."""
    return [one.lead_id for one in rig.heard(c.WriteIntent)]


# ---- hanging up ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rings", [False, True])
def test_unanswered_call_is_hung_up_as_cancelled(rings: bool) -> None:
    rig = Rig(pool_of(retry={"cancelled": RetryRule(wait_s=9.0)})).start()
    (call,) = rig.dial(1)
    rig.do(*([e.CallRinging(call)] if rings else []), e.HangUpCall(call))
    assert rig.said == [c.HangUp(call, 16)]
    rig.do(e.HangUpCall(call))
    assert rig.said == []
    rig.do(e.CallEnded(call, Outcome.NO_ANSWER, 16))
    assert (rig.record().outcome, rig.record().retry_at_ns) == (Outcome.CANCELLED, rig.now + 9 * S)


def test_call_that_the_store_has_not_written_is_not_made_and_its_lead_waits_a_minute() -> None:
    rig = Rig().start()
    rig.lease(1)
    (call,) = rig.checkers.open
    rig.do(e.HangUpCall(call))
    assert rig.heard(c.WithdrawIntent) == [c.WithdrawIntent(call, WithdrawReason.GATE_CLOSED, T0 + 60 * S)]
    rig.do(e.IntentDurable(call))
    assert rig.said == []


@pytest.mark.parametrize("which", [0, 1, 2])
def test_call_in_the_line_for_its_trunk_group_leaves_it(which: int) -> None:
    rig = Rig(pool_of(agents=4, trunk={"cps": 100.0, "burst": 1})).start()
    rig.lease(4)
    calls = sorted(rig.checkers.open)
    rig.do(*[e.IntentDurable(call) for call in calls])
    line = [call for call in calls if rig.checkers.open[call] == "durable"]
    assert line == calls[1:]
    rig.do(e.HangUpCall(line[which]))
    assert [one.call_id for one in rig.heard(c.WithdrawIntent)] == [line[which]]
    rig.wait(1.0)
    assert [one.call_id for one in rig.ever(c.Originate)] == [call for call in calls if call != line[which]]


def test_person_who_waits_is_hung_up_without_the_message_and_counts_as_abandoned() -> None:
    rig = Rig(pool_of(agents=1, connect_limit_s=9.0, message="sorry")).start()
    (call,) = rig.dial(1)
    rig.do(e.AgentNotReady(1), e.CallAnswered(call))
    rig.do(e.HangUpCall(call))
    assert rig.said == [c.HangUp(call, 16)]
    rig.do(e.CallEnded(call))
    assert rig.record().abandon_reason is AbandonReason.NO_AGENT_IN_TIME


def test_person_who_is_classified_is_hung_up_and_counts_as_abandoned() -> None:
    rig = Rig(pool_of(agents=1, amd=True)).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.HangUpCall(call), e.CpaVerdict(call, Verdict.PERSON), e.CallEnded(call))
    assert rig.record().abandon_reason is AbandonReason.NO_AGENT_IN_TIME


@pytest.mark.parametrize("bridged", [False, True])
def test_call_on_its_way_to_an_agent_is_offered_to_nobody_else(bridged: bool) -> None:
    rig = Rig(pool_of(agents=2)).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.HangUpCall(call))
    assert rig.said[-1] == c.HangUp(call, 16)
    rig.do(e.AgentConnected(call, 1) if bridged else e.ConnectFailed(call, 1))
    assert rig.heard(c.ConnectAgent) == []
    rig.do(e.CallEnded(call))
    assert rig.record().outcome is (Outcome.CONNECTED if bridged else Outcome.ABANDONED)
    assert rig.agent(1) is (AgentState.WRAP_UP if bridged else AgentState.READY)


def test_conversation_and_message_are_hung_up() -> None:
    rig = Rig(pool_of(agents=1, message="sorry")).start()
    call = rig.talk()
    rig.do(e.HangUpCall(call))
    assert rig.said == [c.HangUp(call, 16)]
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1), e.AgentReady(1))
    assert rig.agent(1) is AgentState.READY
    rig.do(e.LeadsAdded(1))
    (other,) = rig.dial(1)
    rig.do(e.AgentNotReady(1), e.CallAnswered(other))
    rig.wait(2.0)
    assert rig.call(other) is CallState.TREATMENT
    rig.do(e.HangUpCall(other))
    assert rig.said == [c.HangUp(other, 16)]


@pytest.mark.parametrize("call", [0, -1, 77, 2**62])
def test_call_that_is_not_in_flight_cannot_be_hung_up(call: int) -> None:
    with pytest.raises(UnknownId, match=f"no call {call} in flight"):
        Rig().engine.handle(e.HangUpCall(call), T0)


# ---- suppression ---------------------------------------------------------------------------------------------------


def test_suppressed_number_leaves_the_hopper_and_its_call_ends() -> None:
    rig = Rig(pool_of(agents=2)).start()
    calls = rig.dial(6)
    rig.do(e.NumberSuppressed(FIRST + 3), e.NumberSuppressed(FIRST))
    assert rig.said == [c.HangUp(calls[0], 16)]
    assert rig.engine.hopper_count(1) == 3
    rig.do(e.CallEnded(calls[0], Outcome.NO_ANSWER), e.CallEnded(calls[1], Outcome.BUSY))
    assert [one.outcome for one in rig.heard(c.RecordAttempt)] == [Outcome.CANCELLED, Outcome.BUSY]
    rig.do(*[e.IntentDurable(one) for one in rig.checkers.open])
    rig.do(*[e.CallEnded(one, Outcome.BUSY) for one in rig.checkers.open])
    assert [one.lead_id for one in rig.ever(c.WriteIntent)] == [1, 2, 3, 5, 6]


def test_suppressed_number_is_not_dialled_when_its_intent_becomes_durable() -> None:
    rig = Rig().start()
    rig.lease(1)
    (call,) = rig.checkers.open
    rig.do(e.NumberSuppressed(FIRST))
    assert rig.heard(c.WithdrawIntent) == [c.WithdrawIntent(call, WithdrawReason.GATE_CLOSED, T0)]
    rig.do(e.IntentDurable(call))
    assert rig.heard(c.Originate) == []


@pytest.mark.parametrize("state", ["queued", "talking"])
def test_suppression_ends_no_call_that_was_answered(state: str) -> None:
    rig = Rig(pool_of(agents=1, connect_limit_s=9.0)).start()
    (call,) = rig.dial(1)
    rig.do(*([e.AgentNotReady(1)] if state == "queued" else []), e.CallAnswered(call))
    if state == "talking":
        rig.do(e.AgentConnected(call, 1))
    rig.do(e.NumberSuppressed(FIRST, 1))
    assert rig.said == []


def two_campaigns() -> Pool:
    pool = pool_of(agents=2)
    two = msgspec.structs.replace(pool.campaigns[0], id=2, name="two")
    agents = (pool.agents[0], msgspec.structs.replace(pool.agents[1], campaigns=(2,)))
    return msgspec.structs.replace(pool, campaigns=(pool.campaigns[0], two), agents=agents)


@pytest.mark.parametrize(("campaign", "left"), [(0, [0, 0]), (1, [0, 1]), (2, [1, 0])])
def test_suppression_is_of_one_campaign_or_of_all(campaign: int, left: list[int]) -> None:
    rig = Rig(two_campaigns()).start(ready=0)
    for number in (1, 2):
        rig.lead = 0
        rig.lease(1, campaign=number)
    rig.do(e.NumberSuppressed(FIRST, campaign))
    assert [rig.engine.hopper_count(number) for number in (1, 2)] == left


@pytest.mark.parametrize(
    "fact", [e.NumberSuppressed(1, 9), e.NumberSuppressed(1, -1), e.LeadsAdded(0), e.HotLeads(9), e.LeadsAdded(-3)]
)
def test_orders_on_a_campaign_that_does_not_exist_are_errors(fact: e.Event) -> None:
    with pytest.raises(UnknownId):
        Rig().engine.handle(fact, T0)


# ---- new leads -----------------------------------------------------------------------------------------------------


def test_completed_campaign_runs_again_when_leads_are_added() -> None:
    rig = Rig().start()
    rig.lease(0)
    assert rig.campaign() is CampaignState.COMPLETED
    rig.wait(60)
    assert rig.ever(c.LeaseLeads) == [c.LeaseLeads(1, 20)]
    rig.do(e.LeadsAdded(1))
    assert [one.state for one in rig.heard(c.CampaignStateChanged)] == [CampaignState.RUNNING]
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 20)]
    rig.lease(1)
    assert len(rig.checkers.open) == 1


def test_leads_that_come_while_the_store_is_asked_are_asked_for_again() -> None:
    rig = Rig().start()
    rig.do(e.LeadsAdded(1))
    assert rig.said == []
    rig.lease(0)  # of before
    assert rig.campaign() is CampaignState.RUNNING
    rig.wait(0.001)
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 20)]


@pytest.mark.parametrize("fact", [e.LeadsAdded(1), e.HotLeads(1)])
@pytest.mark.parametrize("state", [e.CampaignPaused(1), e.CampaignDraining(1)])
def test_campaign_that_was_stopped_is_not_started_by_leads(fact: e.Event, state: e.Event) -> None:
    rig = Rig().start()
    rig.lease(0, next_due_s=50)
    rig.do(state, fact)
    rig.wait(20)
    assert rig.campaign() is CampaignState.PAUSED
    assert len(rig.ever(c.LeaseLeads)) == 1
    rig.do(e.CampaignStarted(1))
    assert c.LeaseLeads(1, 20, hot=False) in rig.said
    assert (c.LeaseLeads(1, 64, hot=True, callbacks=16) in rig.said) == isinstance(fact, e.HotLeads)


# ---- hot leads -----------------------------------------------------------------------------------------------------


def test_hot_lead_is_asked_for_at_once_and_dialled_in_the_turn_in_which_it_comes() -> None:
    rig = Rig(pool_of(agents=2)).start(ready=0)
    rig.lease(20)
    rig.do(e.HotLeads(1))
    assert rig.said == [c.LeaseLeads(1, 64, hot=True, callbacks=16)]
    hot(rig, 1)
    assert rig.said == []
    rig.do(e.AgentReady(1))
    assert dialled(rig) == [9001]
    rig.do(e.HotLeads(1), e.AgentReady(2))
    assert dialled(rig) == [1]


def test_hot_lead_with_an_agent_ready_needs_no_further_fact() -> None:
    rig = Rig(pool_of(agents=2)).start()
    rig.lease(1)
    rig.do(e.HotLeads(1))
    hot(rig, 1)
    assert dialled(rig) == [9001]
    assert rig.heard(c.WriteIntent)[0].lease_token == rig.token


def test_hot_lead_does_not_wait_for_the_pacing_clock() -> None:
    rig = Rig(pool_of(agents=2, mode=DialMode.PREDICTIVE)).start()
    rig.wait(0.5 - (rig.now - T0) / S)
    rig.wait(0.1)
    rig.do(e.HotLeads(1))
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 64, hot=True, callbacks=16)]
    hot(rig, 1)
    assert dialled(rig) == [9001]
    # and the clock beats as before
    rig.lease(20)
    assert dialled(rig) == []
    rig.wait(0.399)
    assert dialled(rig) == []
    rig.wait(0.001)
    assert dialled(rig) != []


def test_hot_leads_are_dialled_before_all_others_in_their_order() -> None:
    rig = Rig(pool_of(agents=6, hopper_size=3)).start(ready=0)
    rig.lease(3)
    rig.do(e.HotLeads(1))
    hot(rig, 2)
    rig.do(e.HotLeads(1))
    rig.token += 1
    rig.do(e.LeadsLeased(1, rig.token, rig.now + 60 * S, [9003], [49_000_009_003], [0], hot=True))
    assert rig.engine.hopper_count(1) == 6
    rig.do(*[e.AgentReady(agent) for agent in range(1, 7)])
    assert dialled(rig) == [9001, 9002, 9003, 1, 2, 3]


def answered(rig: Rig, hots: int, callbacks: int, others: int, *, hot: bool = False) -> None:
    """Answer a LeaseLeads: hot leads 1001 and so on, callbacks 2001, others 3001; again 10,000 further each time."""
    rig.token += 1
    kinds = ((1000, hots), (2000, callbacks), (3000, others))
    leads = [10_000 * rig.token + base + n for base, count in kinds for n in range(1, count + 1)]
    numbers = [49_000_000_000 + lead for lead in leads]
    told = {"hot": True} if hot else {"hots": hots}
    deadline = rig.now + 60 * S
    rig.do(e.LeadsLeased(1, rig.token, deadline, leads, numbers, [0] * len(leads), callbacks=callbacks, **told))


def test_callbacks_are_dialled_behind_hot_leads_and_before_what_was_leased_earlier() -> None:
    rig = Rig(pool_of(agents=9, hopper_size=20)).start(ready=0)
    answered(rig, 0, 0, 2)
    answered(rig, 1, 2, 1)
    answered(rig, 1, 1, 0, hot=True)
    rig.do(*[e.AgentReady(agent) for agent in range(1, 9)])
    assert dialled(rig) == [21_001, 31_001, 22_001, 22_002, 32_001, 13_001, 13_002, 23_001]


def test_front_of_the_hopper_is_bounded_and_whatever_is_asked_for_finds_a_place() -> None:
    rig = Rig(pool_of(agents=1, hopper_size=30)).start(ready=0)
    answered(rig, 0, 20, 10)
    assert rig.engine.hopper_count(1) == 30
    rig.do(e.HotLeads(1))
    assert c.LeaseLeads(1, 64, hot=True) in rig.said  # no room for callbacks
    answered(rig, 64, 0, 0, hot=True)
    answered(rig, 0, 0, 16)
    assert rig.engine.hopper_count(1) == 64 + 16 + 30
    rig.do(e.PoolChanged(pool_of(agents=1, hopper_size=1)))
    assert rig.engine.hopper_count(1) == 64  # the others' batches have gone back
    rig.do(e.AgentReady(1))
    assert dialled(rig) == [21_001]


def test_full_answer_asks_for_more_and_hot_leads_have_bounded_room() -> None:
    rig = Rig(pool_of(agents=1, hopper_size=20)).start(ready=0)
    rig.lease(20)
    rig.do(e.HotLeads(1))
    hot(rig, 64)
    assert rig.engine.hopper_count(1) == 84
    assert rig.said == []
    rig.do(e.AgentReady(1))
    assert dialled(rig) == [9001]
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 1, hot=True, callbacks=16)]


def test_hot_leads_that_come_while_the_store_is_asked_are_asked_for_again() -> None:
    rig = Rig(pool_of(agents=1)).start(ready=0)
    rig.lease(5)
    rig.do(e.HotLeads(1))
    rig.do(e.HotLeads(1), e.HotLeads(1))
    assert rig.said == []
    hot(rig, 0)
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 64, hot=True, callbacks=16)]
    hot(rig, 0)
    assert rig.said == []


def test_store_that_refuses_hot_leads_is_asked_again_after_a_second_and_a_silent_one_after_ten() -> None:
    rig = Rig(pool_of(agents=1)).start(ready=0)
    rig.lease(20)
    rig.do(e.HotLeads(1), e.LeaseRefused(1, hot=True))
    rig.wait(0.999)
    assert rig.said == []
    rig.wait(0.001)
    assert rig.said == [c.LeaseLeads(1, 64, hot=True, callbacks=16)]
    rig.wait(9.999)
    assert rig.said == []
    rig.wait(0.001)
    assert rig.said == [c.LeaseLeads(1, 64, hot=True, callbacks=16)]


def test_hot_leads_are_asked_for_when_the_calling_hours_open() -> None:
    hours = CallingHours(timezone="UTC", start="22:14", end="23:00")
    rig = Rig(pool_of(agents=1, calling_hours=hours)).start()
    rig.do(e.HotLeads(1))
    assert rig.said == []
    assert rig.engine.campaign_reason(1) is LimitedBy.OUTSIDE_HOURS
    rig.wait(40)
    assert c.LeaseLeads(1, 64, hot=True, callbacks=16) in rig.said


def test_completed_campaign_runs_again_for_a_hot_lead() -> None:
    rig = Rig().start()
    rig.lease(0)
    assert rig.campaign() is CampaignState.COMPLETED
    rig.do(e.HotLeads(1))
    assert rig.campaign() is CampaignState.RUNNING
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 64, hot=True, callbacks=16), c.LeaseLeads(1, 20)]
    rig.lease(0)
    rig.wait(0.001)
    rig.lease(0)
    assert rig.campaign() is CampaignState.RUNNING  # what the store says of the hot ones is awaited
    hot(rig, 1)
    assert dialled(rig) == [9001]


def test_drain_gives_hot_leads_back_too() -> None:
    rig = Rig(pool_of(agents=1)).start(ready=0)
    rig.lease(20)
    rig.do(e.HotLeads(1))
    rig.do(e.CampaignDraining(1))
    assert rig.campaign() is CampaignState.DRAINING
    hot(rig, 2)
    assert rig.heard(c.ReleaseLeads) == [c.ReleaseLeads(1, rig.token)]
    assert (rig.campaign(), rig.engine.hopper_count(1)) == (CampaignState.PAUSED, 0)


def test_hot_lead_whose_lease_has_ended_is_not_dialled_and_suppressed_ones_leave_their_place() -> None:
    rig = Rig(pool_of(agents=3)).start(ready=0)
    rig.lease(2)
    rig.do(e.HotLeads(1))
    hot(rig, 3, valid_s=600)
    rig.do(e.NumberSuppressed(49_000_009_002))
    assert rig.engine.hopper_count(1) == 4
    rig.do(e.AgentReady(1), e.AgentReady(2), e.AgentReady(3))
    assert [one.lead_id for one in rig.ever(c.WriteIntent)] == [9001, 9003, 1]


# ---- dispositions --------------------------------------------------------------------------------------------------


def test_disposition_carries_attributes_callback_and_suppression() -> None:
    rig = Rig(pool_of(agents=2, dispositions=("sale", "callback"))).start()
    call = rig.talk()
    notes = '{"sum": 12.5, "name": "Müller"}'
    rig.do(e.DispositionSet(1, call, 1, notes, rig.now + 3600 * S, True))
    assert rig.heard(c.RecordDisposition) == [c.RecordDisposition(call, 1, 1, notes, rig.now + 3600 * S, True)]
    rig.do(e.DispositionSet(1, call, 0))
    assert rig.said == [c.RecordDisposition(call, 1, 0)]


def test_dispositions_of_one_turn_keep_their_own_words() -> None:
    rig = Rig(pool_of(agents=2)).start()
    calls = [rig.talk(), rig.talk()]
    for agent, call in enumerate(calls, start=1):
        rig.engine.handle(e.DispositionSet(agent, call, 0, f'{{"call": {agent}}}'), rig.now)
    said = [one for one in rig.engine.take_commands() if isinstance(one, c.RecordDisposition)]
    assert [one.attributes for one in said] == ['{"call": 1}', '{"call": 2}']


def test_callback_keeps_a_campaign_from_its_end_and_wakes_a_completed_one() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    rig.lease(0)
    assert rig.campaign() is CampaignState.COMPLETED
    rig.do(e.DispositionSet(1, call, 0, "{}", rig.now + 3600 * S))
    assert rig.campaign() is CampaignState.RUNNING
    rig.do(e.AgentReady(1))
    assert rig.ever(c.LeaseLeads)[-1] == c.LeaseLeads(1, 20)
    rig.lease(0, next_due_s=3600)
    rig.wait(3000)
    assert rig.campaign() is CampaignState.RUNNING


def test_agent_who_suppresses_a_number_takes_it_out_of_all_hoppers() -> None:
    rig = Rig(two_campaigns()).start()
    call = rig.talk()
    rig.lead = 0
    rig.do(e.AgentNotReady(2))
    rig.lease(2, campaign=2)
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    rig.do(e.DispositionSet(1, call, 0, suppress=True))
    assert rig.engine.hopper_count(2) == 1
    rig.do(e.AgentReady(2))
    assert dialled(rig) == [2]


# ---- what is to come of agents -------------------------------------------------------------------------------------


def wants(rig: Rig) -> Any:
    """Of agent 1: as the table has it, and what the counters tell of everybody."""
    return NextState(int(rig.engine.agent_columns["wants"][0])), rig.counter("agents_next")


def test_next_state_of_an_agent_can_be_seen() -> None:
    rig = Rig(pool_of(agents=1)).start()
    nobody = {"ready": 0, "not_ready": 0, "logged_out": 0}
    assert wants(rig) == (NextState.NOTHING, nobody)
    call = rig.talk()
    rig.do(e.AgentNotReady(1, 3))
    assert wants(rig) == (NextState.NOT_READY, nobody | {"not_ready": 1})
    rig.do(e.AgentLoggedOut(1))
    assert wants(rig) == (NextState.LOGGED_OUT, nobody | {"logged_out": 1})
    rig.do(e.AgentReady(1))
    assert wants(rig) == (NextState.NOTHING, nobody)
    rig.do(e.CallEnded(call), e.AgentReady(1))
    assert wants(rig) == (NextState.READY, nobody | {"ready": 1})
    rig.do(e.AgentReleased(call, 1))
    assert wants(rig) == (NextState.NOTHING, nobody)
    assert rig.agent() is AgentState.READY
