"""The carrier: fates by the mix, times by the profile, and the same for the k-th dial under every policy."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from outpace.domain.commands import ConnectAgent, HangUp, LeaseLeads, OpenAgentLeg, PlayMessage
from outpace.domain.config import TrunkGroup
from outpace.domain.errors import UnknownId
from outpace.domain.events import (
    AgentConnected,
    AgentLegUp,
    AgentReleased,
    CallAnswered,
    CallEnded,
    CallProceeding,
    CallQueried,
    CallRinging,
    CpaVerdict,
    LinkDown,
    LinkUp,
    MessageEnded,
    OriginateRefused,
    TrunkCapacity,
)
from outpace.domain.outcomes import CallPresence, Outcome, Refusal, Verdict
from outpace.telephony.simulated.profile import Amd, CarrierProfile, Mix, base_mix, load_profile
from tests.unit.telephony.simulated.driver import CODED, NEVER, S, carrier, originate, play

BASE = load_profile("base")
PERSON_THEN_5_S = 101_02_050_0001  # rings 0.2 s, leaves 5 s after the answer
PERSON_WHO_STAYS = 101_02_000_0001
BUSY = 486_03_000_0001
RINGS = 180_00_000_0001


def test_lines_are_added_while_a_leg_opens() -> None:
    few, more = (TrunkGroup(id=1, name="sip", channels=n, cps=1000.0) for n in (2, 500))
    made = carrier(CODED, few)
    made.submit([OpenAgentLeg(7)], 0)
    made.set_trunk_groups([more], dead_man_s=3.0, now_ns=1)
    made.submit([OpenAgentLeg(k) for k in range(8, 40)], 2)
    told = play(made, 10 * S)
    assert {one.agent_id for one in told if isinstance(one, AgentLegUp)} == {*range(7, 40)}
    assert made.stats["dead_man"] == 0


def hang_up_at_the_verdict(event):
    return [HangUp(event.call_id, 16)] if isinstance(event, CpaVerdict) else []


def test_the_base_scenario_has_its_mix_and_ring_times() -> None:
    made = carrier(BASE)
    count = 5000
    rounds = 8
    told = []
    for n in range(rounds):
        start = n * 100 * S
        made.submit([originate(n * count + k, classify=True) for k in range(1, count + 1)], start)
        told += play(made, start + 99 * S, hang_up_at_the_verdict)
    total = rounds * count
    ends = Counter(event.outcome for event in told if isinstance(event, CallEnded))
    verdicts = Counter(event.verdict for event in told if isinstance(event, CpaVerdict))
    assert verdicts[Verdict.PERSON] / total == pytest.approx(0.25, abs=0.007)
    assert verdicts[Verdict.MACHINE] / total == pytest.approx(0.25, abs=0.007)
    assert ends[Outcome.NO_ANSWER] / total == pytest.approx(0.35, abs=0.008)
    assert ends[Outcome.BUSY] / total == pytest.approx(0.08, abs=0.005)
    assert ends[Outcome.INVALID] / total == pytest.approx(0.07, abs=0.005)
    dialled = {event.call_id: event.switch_ns for event in told if isinstance(event, CallProceeding)}
    person = {event.call_id for event in told if isinstance(event, CpaVerdict) and event.verdict is Verdict.PERSON}
    rings = {
        event.call_id: event.switch_ns - dialled[event.call_id] for event in told if isinstance(event, CallAnswered)
    }
    people = [ns / S for call_id, ns in rings.items() if call_id in person]
    machines = [ns / S for call_id, ns in rings.items() if call_id not in person]
    assert sum(people) / len(people) == pytest.approx(10.95, abs=0.15)
    assert sum(machines) / len(machines) == pytest.approx(17.8, abs=0.15)
    assert (min(people) >= 1.5, max(people)) == (True, 25.0)
    unanswered = {
        event.outcome: event.switch_ns - dialled[event.call_id] for event in told if isinstance(event, CallEnded)
    }
    assert unanswered[Outcome.NO_ANSWER] == 25 * S
    assert 2 * S <= unanswered[Outcome.BUSY] <= 4 * S
    assert 1 * S <= unanswered[Outcome.INVALID] <= 3 * S


def fates(made, order, campaign_id=1):
    """Outcome and times of each dial, when the calls are placed one by one at the times of `order`."""
    told = []
    for k, at in enumerate(order):
        told += play(made, at, hang_up_at_the_verdict)
        made.submit([originate(campaign_id * 10_000 + k + 1, classify=True, campaign_id=campaign_id)], at)
    told += play(made, policy=hang_up_at_the_verdict)
    start = {campaign_id * 10_000 + k + 1: at for k, at in enumerate(order)}
    return {
        call_id: [
            (
                type(event).__name__,
                event.switch_ns - at,
                getattr(event, "outcome", None),
                getattr(event, "verdict", None),
            )
            for event in told
            if getattr(event, "call_id", None) == call_id
        ]
        for call_id, at in start.items()
    }


def test_the_kth_dial_has_one_fate_however_dials_are_interleaved() -> None:
    at_once = fates(carrier(BASE), [0] * 300)
    in_bursts = fates(carrier(BASE), [(k // 50) * 7 * S for k in range(300)])
    one_by_one = fates(carrier(BASE), [k * 60 * S for k in range(300)])
    assert at_once == in_bursts == one_by_one
    assert at_once != fates(carrier(BASE, seed=2), [0] * 300)


def test_another_campaigns_dials_shift_nothing() -> None:
    alone = fates(carrier(BASE), [0] * 100)
    made = carrier(BASE)
    made.submit([originate(90_000 + k, campaign_id=2) for k in range(1, 500)], 0)
    assert fates(made, [0] * 100) == alone


def test_equal_seeds_give_equal_facts() -> None:
    def run(seed):
        made = carrier(BASE, seed=seed, dead_man_s=3.0)
        made.submit([originate(k) for k in range(1, 200)], 0)
        return play(made)

    assert run(4) == run(4)
    assert run(4) != run(5)


def test_a_campaign_may_have_its_own_profile() -> None:
    made = carrier(BASE)
    all_busy = msgspec.structs.replace(BASE, mix=Mix(live=0.0, busy=1.0))
    made.set_profile(all_busy, campaign_id=2)
    made.submit([originate(k, campaign_id=2) for k in range(1, 51)], 0)
    assert {event.outcome for event in play(made) if isinstance(event, CallEnded)} == {Outcome.BUSY}
    made.set_profile(msgspec.structs.replace(BASE, mix=base_mix(1.0)))
    made.submit([originate(k) for k in range(101, 151)] + [originate(k, campaign_id=2) for k in range(1, 3)], 10 * S)
    ends = [event for event in play(made) if isinstance(event, CallEnded)]
    assert {event.outcome for event in ends if event.call_id > 100} == {Outcome.NONE}
    assert {event.outcome for event in ends if event.call_id < 100} == {Outcome.BUSY}


def test_an_answered_call_has_its_facts_at_their_times() -> None:
    made = carrier(CODED)
    made.submit([originate(1, PERSON_THEN_5_S)], 10 * S)
    assert play(made) == [
        CallProceeding(1, 10 * S + S // 10),
        CallRinging(1, 10 * S + 3 * S // 10),
        CallAnswered(1, 10 * S + 5 * S // 10),
        CallEnded(1, Outcome.NONE, 16, 0, 15 * S + 5 * S // 10),
    ]
    assert made.live_calls() == []
    assert made.stats["caller_left"] == 1


def test_a_busy_call_ends_with_cause_and_status() -> None:
    made = carrier(CODED)
    made.submit([originate(1, BUSY)], 0)
    assert play(made)[-1] == CallEnded(1, Outcome.BUSY, 17, 486, 6 * S // 10)


def test_who_answers_as_the_time_out_runs_out_has_answered() -> None:
    rings_25_s = CarrierProfile(name="x", mix=Mix(live=1.0), times=msgspec.structs.replace(BASE.times, answer=25.0))
    made = carrier(rings_25_s)
    made.submit([originate(1)], 0)
    told = play(made, 25 * S)
    assert told[-1] == CallAnswered(1, 25 * S)


def test_a_hang_up_carries_its_cause() -> None:
    made = carrier(CODED)
    made.submit([originate(1, RINGS), originate(2, PERSON_WHO_STAYS)], 0)
    play(made, S)
    made.submit([HangUp(1, 16), HangUp(2, 41)], S)
    assert made.advance(S) == [
        CallEnded(1, Outcome.CANCELLED, 16, 487, S),
        CallEnded(2, Outcome.NONE, 41, 0, S),
    ]


def test_a_conversation_releases_the_agent_before_the_call_ends() -> None:
    made = carrier(BASE)
    made.set_profile(
        msgspec.structs.replace(BASE, mix=base_mix(1.0), times=msgspec.structs.replace(BASE.times, talk=60.0))
    )
    made.submit([OpenAgentLeg(7), originate(1)], 0)

    def connect(event):
        return [ConnectAgent(event.call_id, 7)] if isinstance(event, CallAnswered) else []

    told = play(made, policy=connect)
    assert [type(event) for event in told[-3:]] == [AgentConnected, AgentReleased, CallEnded]
    assert told[-1].switch_ns - told[-3].switch_ns == 60 * S
    assert made.stats["connected"] == 1


def test_a_busy_leg_takes_no_second_call() -> None:
    made = carrier(CODED)
    made.submit([OpenAgentLeg(7), originate(1, PERSON_WHO_STAYS), originate(2, PERSON_WHO_STAYS)], 0)
    play(made, S)
    made.submit([ConnectAgent(1, 7), ConnectAgent(2, 7)], S)
    failed, connected = made.advance(S)
    assert (failed.call_id, failed.leg_lost) == (2, False)
    assert connected == AgentConnected(1, 7, S)


def test_the_message_runs_its_length_and_a_forgotten_call_is_hung_up() -> None:
    made = carrier(CODED)
    made.submit([originate(1, PERSON_WHO_STAYS)], 0)
    play(made, S)
    made.submit([PlayMessage(1, "sorry")], S)
    assert play(made) == [MessageEnded(1, 6 * S), CallEnded(1, Outcome.NONE, 16, 0, 7 * S)]


@pytest.mark.parametrize(("connected", "kept"), [(False, [1]), (True, [])])
def test_the_dead_mans_timer_meets_who_is_left_alone(connected, kept) -> None:
    made = carrier(CODED, dead_man_s=3.0)
    made.submit([OpenAgentLeg(7), originate(1, PERSON_WHO_STAYS)], 0)
    play(made, S)
    if connected:
        made.submit([ConnectAgent(1, 7)], S)
    told = play(made, 60 * S)
    assert [one.call_id for one in made.kept_results()] == kept
    assert bool(made.live_calls()) is connected
    if not connected:
        answered_ns = S // 2
        assert made.kept_results()[0].at_ns == answered_ns + 3 * S
        assert told[-1] == CallEnded(1, Outcome.NONE, 16, 0, answered_ns + 8 * S)


def test_the_dead_mans_timer_keeps_no_machine() -> None:
    made = carrier(msgspec.structs.replace(CODED, amd=Amd(delay=1.0)), dead_man_s=3.0)
    made.submit([originate(1, 102_02_000_0001, classify=True)], 0)
    told = play(made)
    assert told[-1] == CallEnded(1, Outcome.NONE, 16, 0, 4 * S + S // 2)
    assert made.kept_results() == []


def test_the_detector_errs_as_often_as_it_is_told_to() -> None:
    half = Mix(live=0.5, machine=0.5)
    detector = Amd(delay=1.5, false_positive=0.05, false_negative=0.10, closing_silence_s=0.8, speech_start_s=0.3)
    patient = msgspec.structs.replace(BASE.times, patience=100.0)
    made = carrier(msgspec.structs.replace(BASE, mix=half, amd=detector, times=patient))
    made.submit([originate(k, classify=True) for k in range(1, 5001)], 0)
    told = play(made, policy=hang_up_at_the_verdict)
    answered = {event.call_id: event.switch_ns for event in told if isinstance(event, CallAnswered)}
    verdicts = [event for event in told if isinstance(event, CpaVerdict)]
    people = sum(event.verdict is Verdict.PERSON for event in verdicts)
    assert people / len(verdicts) == pytest.approx(0.5 * 0.95 + 0.5 * 0.10, abs=0.02)
    for event in verdicts[:200]:
        at = answered[event.call_id]
        assert event.switch_ns == at + 3 * S // 2
        assert event.greeting_end_ns == at + 7 * S // 10
        assert event.speech_start_ns == at + 3 * S // 10


@pytest.mark.parametrize(("from_verdict", "left_after_s"), [(False, 3.0), (True, 4.5)])
def test_people_may_be_patient_while_they_speak_their_greeting(from_verdict: bool, left_after_s: float) -> None:
    detector = Amd(delay=1.5, patience_from_verdict=from_verdict)
    three = msgspec.structs.replace(BASE.times, patience=3.0)
    made = carrier(msgspec.structs.replace(BASE, mix=Mix(live=1.0), amd=detector, times=three))
    made.submit([originate(1, classify=True), originate(2)], 0)
    told = play(made)
    answered = {event.call_id: event.switch_ns for event in told if isinstance(event, CallAnswered)}
    ended = {event.call_id: event.switch_ns for event in told if isinstance(event, CallEnded)}
    assert ended[1] - answered[1] == round(left_after_s * S)
    assert ended[2] - answered[2] == 3 * S


def test_beyond_the_rate_calls_end_in_congestion() -> None:
    made = carrier(CODED, TrunkGroup(id=1, name="slow", channels=1000, cps=10.0, burst=5))
    made.submit([originate(k, RINGS) for k in range(1, 41)], 0)
    told = play(made, 10 * S)
    congested = [event for event in told if isinstance(event, CallEnded)]
    assert {(event.outcome, event.hangup_cause, event.tech_cause) for event in congested} == {
        (Outcome.CONGESTION, 34, 503)
    }
    # one second's worth, the burst, and the call that finds the bucket just full
    assert len(congested) == 40 - (10 + 5 + 1)
    assert made.stats["congested"] == len(congested)


def test_a_steady_stream_at_the_rate_is_never_congested() -> None:
    made = carrier(CODED, TrunkGroup(id=1, name="slow", channels=1000, cps=10.0))
    for k in range(1, 201):
        made.submit([originate(k, RINGS)], k * S // 10)
    assert made.stats["congested"] == 0


def test_refusals_name_their_reason() -> None:
    made = carrier(CODED, TrunkGroup(id=1, name="one", channels=1))
    made.submit([originate(1, RINGS), originate(1, RINGS), originate(2, RINGS)], 0)
    elsewhere = msgspec.structs.replace(originate(3, RINGS), trunk_group_id=9)
    made.submit([elsewhere], 0)
    made.set_link(False, 0)
    made.submit([originate(4, RINGS)], 0)
    told = [event for event in made.advance(0) if isinstance(event, OriginateRefused)]
    assert [(event.call_id, event.reason) for event in told] == [
        (1, Refusal.DUPLICATE),
        (2, Refusal.NO_CIRCUIT),
        (3, Refusal.BY_SWITCH),
        (4, Refusal.LINK_DOWN),
    ]


def test_without_a_link_calls_go_on_and_facts_are_lost() -> None:
    made = carrier(CODED)
    made.submit([OpenAgentLeg(7), originate(1, PERSON_WHO_STAYS), originate(2, BUSY)], 0)
    made.set_link(False, 0)
    assert [type(event) for event in made.advance(0)] == [LinkDown]
    assert play(made, 2 * S) == []
    made.submit([HangUp(1, 16)], 2 * S)
    made.set_link(True, 3 * S)
    assert made.advance(3 * S) == [LinkUp(3 * S), TrunkCapacity(1, 5000)]
    assert [(one.call_id, one.presence) for one in made.live_calls()] == [(1, CallPresence.ANSWERED)]
    assert made.stats["facts_lost"] > 0


def test_what_cannot_be_done_is_answered_with_how_things_stand() -> None:
    made = carrier(CODED)
    made.submit([originate(1, RINGS)], 0)
    play(made, S)
    made.submit([PlayMessage(1, "sorry"), HangUp(99, 16)], S)
    assert made.advance(S) == [
        CallQueried(1, CallPresence.UNANSWERED, 0, S),
        CallQueried(99, CallPresence.GONE, 0, S),
    ]


def test_callers_errors_raise() -> None:
    made = carrier(CODED)
    with pytest.raises(TypeError, match="LeaseLeads"):
        made.submit([LeaseLeads(1, 5)], 0)
    with pytest.raises(UnknownId):
        made.lose_leg(5, 0)
    with pytest.raises(UnknownId):
        made.set_alarm(1, 0, True, 0)
    with pytest.raises(ValueError, match="call id 0"):
        made.submit([originate(0)], 0)
    assert made.next_event_ns() == NEVER


def test_a_table_that_fills_and_empties_loses_no_call() -> None:
    made = carrier(BASE, TrunkGroup(id=1, name="sip", channels=50, cps=100_000.0))
    told = []
    for n in range(200):
        at = n * 5 * S
        told += play(made, at)
        made.submit([originate(n * 20 + k) for k in range(1, 21)], at)
    told += play(made)
    ended = Counter(event.call_id for event in told if isinstance(event, CallEnded))
    refused = Counter(event.call_id for event in told if isinstance(event, OriginateRefused))
    assert set(ended.values()) == {1}
    assert set(refused.values()) == {1}
    assert len(ended) + len(refused) == 4000
    assert not set(ended) & set(refused)
    assert made.stats["live"] == 0
