"""A call's walk and all its ends, with literal times."""

from __future__ import annotations

import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import ConnectClock, DialMode, MachineAction
from outpace.domain.outcomes import AbandonReason, CallPresence, Outcome, Refusal, Verdict
from outpace.domain.states import AgentState, CallState
from tests.unit.engine.rig import MS, T0, Rig, S, pool_of

NETWORK = (
    Outcome.BUSY, Outcome.NO_ANSWER, Outcome.CONGESTION, Outcome.INVALID, Outcome.REJECTED, Outcome.FAILED,
)  # fmt: skip


def waiting(rig: Rig, **lease: int) -> int:
    """A person waits: the only ready agent has just left."""
    (call,) = rig.dial(1, **lease)
    rig.do(e.AgentNotReady(1), e.CallAnswered(call))
    assert rig.call(call) is CallState.QUEUED
    return call


def test_attempt_carries_every_time_of_the_call() -> None:
    rig = Rig(pool_of(trunk={"caller_ids": ("4930111", "4930222")})).start()
    rig.lease(1)
    (intent,) = rig.heard(c.WriteIntent)
    rig.wait(0.005)
    rig.do(e.IntentDurable(intent.call_id))
    (originate,) = rig.heard(c.Originate)
    assert originate == c.Originate(intent.call_id, 1, 1, 49_000_000_001, "4930111", 25 * S, False)
    rig.wait(0.2)
    rig.do(e.CallProceeding(intent.call_id))
    rig.wait(0.8)
    rig.do(e.CallRinging(intent.call_id))
    rig.wait(7)
    rig.do(e.CallAnswered(intent.call_id, switch_ns=rig.now - 3 * MS))
    rig.wait(0.002)
    rig.do(e.AgentConnected(intent.call_id, 1, switch_ns=rig.now - 1 * MS))
    rig.wait(60)
    rig.do(e.CallEnded(intent.call_id, Outcome.NONE, 16, 200, switch_ns=rig.now - 2 * MS))
    zero = T0
    assert rig.record() == c.RecordAttempt(
        call_id=1 << 32 | 1, campaign_id=1, lead_id=1, number=49_000_000_001, lease_token=1, trunk_group_id=1,
        agent_id=1, attempt_number=1, outcome=Outcome.CONNECTED, abandon_reason=AbandonReason.NONE,
        verdict=Verdict.NONE,
        hangup_cause=16, tech_cause=200, caller_id="4930111", retry_at_ns=0, intent_ns=zero, launched_ns=zero + 5 * MS,
        proceeding_ns=zero + 205 * MS, ringing_ns=zero + 1005 * MS, answered_ns=zero + 8002 * MS, speech_start_ns=0,
        greeting_end_ns=0, verdict_ns=0, offered_ns=zero + 8005 * MS, connected_ns=zero + 8006 * MS,
        talk_end_ns=zero + 68005 * MS, treatment_start_ns=0, treatment_end_ns=0, ended_ns=zero + 68007 * MS,
    )  # fmt: skip


@pytest.mark.parametrize("outcome", NETWORK)
def test_unanswered_call_ends_with_the_networks_outcome(outcome: Outcome) -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.CallRinging(call), e.CallEnded(call, outcome, 17, 486))
    record = rig.record()
    assert (record.outcome, record.hangup_cause, record.tech_cause) == (outcome, 17, 486)
    assert record.answered_ns == record.connected_ns == 0
    assert rig.engine.counters()["campaigns"][1]["outcomes"][outcome.name.lower()] == 1


@pytest.mark.parametrize(
    "outcome",
    [Outcome.NONE, Outcome.CONNECTED, Outcome.MACHINE, Outcome.FAX, 13, 99, -1, 2**31 - 1],
)
def test_unanswered_call_with_an_outcome_that_cannot_be_is_failed(outcome: int) -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.CallEnded(call, outcome))
    assert rig.record().outcome is Outcome.FAILED


@pytest.mark.parametrize("answered", [False, True])
def test_call_that_the_switch_itself_met_is_abandoned_without_an_agent_in_time(answered: bool) -> None:
    rig = Rig(pool_of(agents=1, mode=DialMode.RATIO, ratio=2.0)).start()
    first, second = rig.dial(2)
    rig.do(e.CallAnswered(first), e.AgentConnected(first, 1))
    if answered:
        rig.do(e.CallAnswered(second))
    rig.do(e.CallEnded(second, Outcome.ABANDONED, 16, switch_ns=T0 + 5))
    record = rig.record()
    assert (record.outcome, record.abandon_reason) == (Outcome.ABANDONED, AbandonReason.NO_AGENT_IN_TIME)
    assert record.answered_ns == (rig.now if answered else T0 + 5)
    assert rig.engine.explain(1).abandoned_no_agent == 1


def test_unanswered_call_rings_for_its_time_and_is_then_asked_for() -> None:
    rig = Rig(pool_of(ring_timeout_s=20.0)).start()
    (call,) = rig.dial(1)
    rig.do(e.CallRinging(call))
    rig.wait(24.999)
    assert rig.heard(c.QueryCall) == []
    rig.wait(0.001)
    assert rig.heard(c.QueryCall) == [c.QueryCall(call)]
    rig.do(e.CallQueried(call, CallPresence.UNANSWERED))
    rig.wait(25)
    rig.do(e.CallQueried(call, CallPresence.UNANSWERED))
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]


# ---- the connect limit ---------------------------------------------------------------------------------------------


def test_person_without_an_agent_is_abandoned_at_the_limit_and_not_before() -> None:
    rig = Rig(pool_of(connect_limit_s=2.0)).start()
    call = waiting(rig)
    rig.wait(1.999_999_999)
    assert rig.call(call) is CallState.QUEUED
    rig.wait(0.000_000_001)
    assert rig.call(call) is CallState.TREATMENT
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]
    rig.do(e.CallEnded(call))
    record = rig.record()
    assert (record.outcome, record.abandon_reason) == (Outcome.ABANDONED, AbandonReason.NO_AGENT_IN_TIME)
    assert (record.agent_id, record.connected_ns, record.treatment_start_ns) == (0, 0, 0)


def test_person_gets_an_agent_who_comes_a_nanosecond_before_the_limit() -> None:
    rig = Rig(pool_of(connect_limit_s=2.0)).start()
    call = waiting(rig)
    rig.wait(1.999_999_999)
    rig.do(e.AgentReady(1))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 1)]
    assert rig.call(call) is CallState.CONNECTING


def test_person_hears_the_message_to_its_end_and_is_hung_up() -> None:
    rig = Rig(pool_of(message="sorry.wav", connect_limit_s=2.0)).start()
    call = waiting(rig)
    rig.wait(2)
    assert rig.heard(c.PlayMessage) == [c.PlayMessage(call, "sorry.wav")]
    assert rig.heard(c.HangUp) == []
    rig.wait(8)
    rig.do(e.MessageEnded(call))
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]
    rig.wait(0.1)
    rig.do(e.CallEnded(call))
    record = rig.record()
    assert (record.treatment_start_ns - T0, record.treatment_end_ns - T0) == (2 * S, 10 * S)


def test_message_that_never_ends_is_cut_at_its_limit() -> None:
    rig = Rig(pool_of(message="sorry.wav", message_max_s=30.0)).start()
    call = waiting(rig)
    rig.wait(31.999)
    assert rig.heard(c.HangUp) == []
    rig.wait(0.001)
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]


def test_person_who_leaves_before_the_limit_is_abandoned_by_own_will() -> None:
    rig = Rig().start()
    call = waiting(rig)
    rig.wait(1)
    rig.do(e.CallEnded(call, Outcome.NONE, 16))
    record = rig.record()
    assert (record.outcome, record.abandon_reason) == (Outcome.ABANDONED, AbandonReason.CALLER_LEFT)


def test_person_who_leaves_during_the_message_stays_abandoned_for_want_of_an_agent() -> None:
    rig = Rig(pool_of(message="sorry.wav")).start()
    call = waiting(rig)
    rig.wait(3)
    rig.do(e.CallEnded(call))
    record = rig.record()
    assert record.abandon_reason is AbandonReason.NO_AGENT_IN_TIME
    assert record.treatment_end_ns == T0 + 3 * S


def test_person_who_leaves_while_being_connected_gives_the_agent_back_first_in_line() -> None:
    rig = Rig(pool_of(agents=2)).start()
    (call, _) = rig.dial(2)
    rig.do(e.CallAnswered(call))
    assert rig.agent(1) is AgentState.CONNECTING
    rig.do(e.CallEnded(call))
    assert rig.record().abandon_reason is AbandonReason.CALLER_LEFT
    assert rig.agent(1) is AgentState.READY
    (other,) = set(rig.checkers.open)
    rig.do(e.CallAnswered(other))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(other, 1)]


def test_people_are_served_in_the_order_in_which_they_answered() -> None:
    rig = Rig(pool_of(agents=3)).start()
    calls = rig.dial(3)
    rig.do(e.AgentNotReady(1), e.AgentNotReady(2), e.AgentNotReady(3))
    for call in (calls[2], calls[0], calls[1]):
        rig.do(e.CallAnswered(call))
        rig.wait(0.1)
    rig.do(e.AgentReady(2), e.AgentReady(3), e.AgentReady(1))
    assert [(one.call_id, one.agent_id) for one in rig.heard(c.ConnectAgent)] == [
        (calls[2], 2),
        (calls[0], 3),
        (calls[1], 1),
    ]


def test_agents_are_picked_by_longest_idle() -> None:
    rig = Rig(pool_of(agents=3)).start(ready=0)
    for agent in (2, 3, 1):
        rig.do(e.AgentReady(agent))
        rig.wait(1)
    calls = rig.dial(3)
    said = rig.do(*[e.CallAnswered(call) for call in calls])
    assert [one.agent_id for one in said if isinstance(one, c.ConnectAgent)] == [2, 3, 1]


# ---- the three clocks and the verdict ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "abandoned_after_s"),
    [(ConnectClock.ANSWER, 3.0), (ConnectClock.GREETING_END, 3.2), (ConnectClock.VERDICT, 4.0)],
)
def test_connect_limit_runs_from_its_clock(clock: ConnectClock, abandoned_after_s: float) -> None:
    # answered at 0, greeting ends at 1.2 by a verdict at 2.0, limit 2 s; from the answer it has passed by 3 s
    limit = 3.0 if clock is ConnectClock.ANSWER else 2.0
    rig = Rig(pool_of(amd=True, connect_clock=clock, connect_limit_s=limit)).start()
    (call,) = rig.dial(1)
    rig.do(e.AgentNotReady(1), e.CallAnswered(call))
    rig.wait(2)
    ahead = 500 * MS  # the switch's clock is half a second ahead of ours
    rig.do(e.CpaVerdict(call, Verdict.PERSON, rig.now + ahead - 800 * MS, rig.now + ahead - 1900 * MS, rig.now + ahead))
    assert rig.call(call) is CallState.QUEUED
    rig.wait(abandoned_after_s - 2 - 0.001)
    assert rig.call(call) is CallState.QUEUED
    rig.wait(0.001)
    assert rig.call(call) is CallState.TREATMENT


def test_verdict_after_the_limit_abandons_at_once_unless_an_agent_is_idle() -> None:
    rig = Rig(pool_of(agents=2, amd=True, connect_limit_s=2.0)).start()
    first, second = rig.dial(2)
    rig.do(e.CallAnswered(first), e.CallAnswered(second), e.AgentNotReady(2))
    rig.wait(3)
    rig.do(e.CpaVerdict(first, Verdict.PERSON))
    assert rig.call(first) is CallState.CONNECTING
    rig.do(e.CpaVerdict(second, Verdict.PERSON))
    assert rig.call(second) is CallState.TREATMENT


@pytest.mark.parametrize("verdict", [Verdict.PERSON, Verdict.UNSURE, Verdict.NONE, 77, -3])
def test_verdict_that_is_no_machine_counts_as_a_person(verdict: int) -> None:
    rig = Rig(pool_of(amd=True)).start()
    (call,) = rig.dial(1)
    assert rig.heard(c.Originate)[0].classify
    rig.do(e.CallAnswered(call))
    assert rig.call(call) is CallState.CLASSIFYING
    rig.do(e.CpaVerdict(call, verdict))
    assert rig.call(call) is CallState.CONNECTING
    rig.do(e.AgentConnected(call, 1), e.CallEnded(call))
    assert rig.record().verdict is (Verdict.PERSON if verdict == 1 else Verdict.UNSURE)


@pytest.mark.parametrize(("verdict", "outcome"), [(Verdict.MACHINE, Outcome.MACHINE), (Verdict.FAX, Outcome.FAX)])
def test_machine_is_hung_up(verdict: Verdict, outcome: Outcome) -> None:
    rig = Rig(pool_of(amd=True, message="sorry.wav")).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.CpaVerdict(call, verdict))
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]
    assert rig.agent() is AgentState.READY
    rig.do(e.CallEnded(call))
    assert (rig.record().outcome, rig.record().verdict) == (outcome, verdict)
    assert rig.engine.explain(1).abandoned_no_agent == 0


def test_machine_gets_the_message_where_the_campaign_says_so_and_a_fax_never() -> None:
    pool = pool_of(agents=2, amd=True, message="sorry.wav", machine_action=MachineAction.MESSAGE)
    rig = Rig(pool).start()
    machine, fax = rig.dial(2)
    rig.do(e.CallAnswered(machine), e.CpaVerdict(machine, Verdict.MACHINE))
    assert rig.heard(c.PlayMessage) == [c.PlayMessage(machine, "sorry.wav")]
    rig.do(e.CallAnswered(fax), e.CpaVerdict(fax, Verdict.FAX))
    assert rig.heard(c.HangUp) == [c.HangUp(fax, 16)]


def test_detector_that_says_nothing_leaves_an_unsure_person() -> None:
    rig = Rig(pool_of(amd=True, amd_timeout_s=4.0)).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    rig.wait(3.999)
    assert rig.call(call) is CallState.CLASSIFYING
    rig.wait(0.001)
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 1)]


@pytest.mark.parametrize("greeting_end", [2**62, 1, -1, T0 - 3600 * S, T0 + 10**18])
@pytest.mark.parametrize("switch_ns", [0, 1, 2**62, -7])
def test_greeting_end_that_cannot_be_delays_and_shortens_nothing_much(greeting_end: int, switch_ns: int) -> None:
    pool = pool_of(amd=True, connect_clock=ConnectClock.GREETING_END, connect_limit_s=2.0)
    rig = Rig(pool).start()
    (call,) = rig.dial(1)
    rig.do(e.AgentNotReady(1), e.CallAnswered(call))
    rig.wait(1)
    rig.do(e.CpaVerdict(call, Verdict.PERSON, greeting_end, 0, switch_ns))
    assert rig.call(call) is CallState.QUEUED
    rig.wait(0.999)
    assert rig.call(call) is CallState.QUEUED
    rig.wait(1.001)
    assert rig.call(call) is CallState.TREATMENT


# ---- connecting ----------------------------------------------------------------------------------------------------


def test_failed_connect_tries_another_agent_first() -> None:
    rig = Rig(pool_of(agents=2)).start()
    (call, _) = rig.dial(2)
    rig.do(e.CallAnswered(call))
    rig.do(e.ConnectFailed(call, 1))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 2)]
    assert (rig.agent(1), rig.agent(2)) == (AgentState.READY, AgentState.CONNECTING)


def test_failed_connect_of_the_agent_before_changes_nothing() -> None:
    rig = Rig(pool_of(agents=2)).start()
    (call, _) = rig.dial(2)
    rig.do(e.CallAnswered(call), e.ConnectFailed(call, 1))
    rig.do(e.ConnectFailed(call, 1))
    assert rig.said == []
    rig.do(e.AgentConnected(call, 2))
    rig.do(e.AgentReleased(call, 1))
    assert (rig.call(call), rig.agent(2)) == (CallState.TALKING, AgentState.TALKING)


def test_failed_connect_keeps_the_persons_place_in_the_line() -> None:
    rig = Rig(pool_of(agents=2, connect_limit_s=5.0)).start()
    first, second = rig.dial(2)
    rig.do(e.AgentNotReady(2), e.CallAnswered(first), e.CallAnswered(second))
    assert (rig.call(first), rig.call(second)) == (CallState.CONNECTING, CallState.QUEUED)
    rig.do(e.ConnectFailed(first, 1, leg_lost=True))
    rig.do(e.AgentReady(2))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(first, 2)]


def test_failed_connect_after_the_limit_abandons() -> None:
    rig = Rig(pool_of(connect_limit_s=2.0)).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    rig.wait(2)
    rig.do(e.ConnectFailed(call, 1))
    assert rig.call(call) is CallState.TREATMENT
    assert rig.agent() is AgentState.READY


def test_leg_lost_with_the_connect_makes_the_agent_wait_for_the_leg() -> None:
    rig = Rig(pool_of(agents=2)).start()
    (call, _) = rig.dial(2)
    rig.do(e.CallAnswered(call), e.ConnectFailed(call, 1, leg_lost=True))
    assert rig.agent(1) is AgentState.NOT_READY
    assert rig.agent(2) is AgentState.CONNECTING
    rig.wait(1)
    assert rig.heard(c.OpenAgentLeg) == [c.OpenAgentLeg(1)]
    rig.do(e.AgentLegUp(1))
    assert rig.agent(1) is AgentState.READY


def test_connect_that_is_never_confirmed_is_asked_for_after_three_seconds() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    rig.wait(2.999)
    assert rig.heard(c.QueryCall) == []
    rig.wait(0.001)
    assert rig.heard(c.QueryCall) == [c.QueryCall(call)]
    rig.do(e.CallQueried(call, CallPresence.BRIDGED, 1))
    assert (rig.call(call), rig.agent()) == (CallState.TALKING, AgentState.TALKING)


@pytest.mark.parametrize("presence", [CallPresence.ANSWERED, CallPresence.UNANSWERED])
def test_answer_to_no_question_takes_nobody_out_of_a_conversation(presence: CallPresence) -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    rig.do(e.CallQueried(call, presence))
    assert rig.call(call) is CallState.CONNECTING
    rig.do(e.AgentConnected(call, 1), e.CallQueried(call, presence))
    assert (rig.call(call), rig.heard(c.HangUp)) == (CallState.TALKING, [])


def test_connected_to_another_agent_than_was_meant_asks_the_switch() -> None:
    rig = Rig(pool_of(agents=2)).start()
    (call, _) = rig.dial(2)
    rig.do(e.CallAnswered(call), e.AgentConnected(call, 2))
    assert rig.heard(c.QueryCall) == [c.QueryCall(call)]
    assert rig.call(call) is CallState.CONNECTING


# ---- the end of a conversation -------------------------------------------------------------------------------------


def test_release_before_the_end_sets_the_agent_free_and_hangs_up_after_half_a_second() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.wait(30)
    rig.do(e.AgentReleased(call, 1))
    assert rig.agent() is AgentState.WRAP_UP
    rig.do(e.AgentReady(1))
    assert rig.agent() is AgentState.READY
    rig.wait(0.499)
    assert rig.heard(c.HangUp) == []
    rig.wait(0.001)
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]
    rig.do(e.CallEnded(call))
    assert rig.record().talk_end_ns == T0 + 30 * S


def test_end_before_the_release_keeps_the_agent_until_the_leg_is_out_of_the_bridge() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.do(e.CallEnded(call), e.AgentReady(1))
    assert rig.agent() is AgentState.WRAP_UP
    rig.wait(0.02)
    rig.do(e.AgentReleased(call, 1))
    assert rig.agent() is AgentState.READY


def test_release_that_never_comes_is_waited_for_two_seconds() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.do(e.CallEnded(call), e.AgentReady(1))
    rig.wait(1.999)
    assert rig.agent() is AgentState.WRAP_UP
    rig.wait(0.001)
    assert rig.agent() is AgentState.READY


def test_conversation_is_audited_every_two_minutes_and_goes_on() -> None:
    rig = Rig().start()
    call = rig.talk()
    for _ in range(3):
        rig.wait(120)
        assert rig.heard(c.QueryCall) == [c.QueryCall(call)]
        rig.do(e.CallQueried(call, CallPresence.BRIDGED, 1))
    assert rig.call(call) is CallState.TALKING
    rig.wait(120)
    rig.do(e.CallQueried(call, CallPresence.ANSWERED))
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]
    assert rig.agent() is AgentState.WRAP_UP


# ---- answered while being hung up ----------------------------------------------------------------------------------


@pytest.mark.parametrize("amd", [False, True])
def test_person_who_answers_our_hang_up_gets_no_agent_and_is_counted(amd: bool) -> None:
    rig = Rig(pool_of(amd=amd, message="sorry.wav")).start()
    (call,) = rig.dial(1)
    rig.do(e.CallRinging(call), e.CampaignStopped(1))
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]
    rig.do(e.CallAnswered(call))
    assert rig.heard(c.ConnectAgent) == rig.heard(c.PlayMessage) == []
    assert rig.call(call) is CallState.TREATMENT
    rig.do(e.CallEnded(call))
    assert (rig.record().outcome, rig.record().abandon_reason) == (Outcome.ABANDONED, AbandonReason.NO_AGENT_IN_TIME)


@pytest.mark.parametrize("verdict", [Verdict.PERSON, Verdict.MACHINE])
def test_verdict_during_our_hang_up_connects_nobody(verdict: Verdict) -> None:
    rig = Rig(pool_of(amd=True, message="sorry.wav", machine_action=MachineAction.MESSAGE)).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.CampaignStopped(1), e.CpaVerdict(call, verdict))
    assert rig.heard(c.ConnectAgent) == rig.heard(c.PlayMessage) == []
    rig.do(e.CallEnded(call))
    assert rig.record().outcome is (Outcome.ABANDONED if verdict is Verdict.PERSON else Outcome.MACHINE)


# ---- originates refused --------------------------------------------------------------------------------------------


def test_refusal_by_the_switch_is_a_failed_attempt() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.OriginateRefused(call, Refusal.BY_SWITCH))
    assert rig.record().outcome is Outcome.FAILED


def test_no_circuit_is_no_attempt_and_the_lead_keeps_its_turn() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.OriginateRefused(call, Refusal.NO_CIRCUIT))
    (withdrawn,) = rig.heard(c.WithdrawIntent)
    assert (withdrawn.call_id, withdrawn.reason.name, withdrawn.retry_at_ns) == (call, "NO_CIRCUIT", T0 + 5 * S)
    assert rig.ever(c.RecordAttempt) == []
    assert rig.engine.trunk_columns["no_circuit"].tolist() == [1]
    rig.lease(1)
    assert rig.ever(c.WriteIntent)[1:] == []  # the group rests for a second
    rig.wait(1)
    assert len(rig.ever(c.WriteIntent)) == 2


def test_link_down_at_the_originate_is_no_attempt_either() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.OriginateRefused(call, Refusal.LINK_DOWN))
    assert rig.heard(c.WithdrawIntent)[0].retry_at_ns == T0 + 1 * S


@pytest.mark.parametrize("reason", [Refusal.DUPLICATE, Refusal.TIMED_OUT, 0, 99])
def test_refusal_that_leaves_doubt_asks_the_switch(reason: int) -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.OriginateRefused(call, reason))
    assert rig.said == [c.QueryCall(call)]
    rig.do(e.CallQueried(call, CallPresence.ANSWERED))
    assert rig.call(call) is CallState.CONNECTING
