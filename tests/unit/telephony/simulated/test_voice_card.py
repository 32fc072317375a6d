"""Voice cards: spans and alarms, glare, signals by kind of line, answers that are only guessed."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from outpace.domain.commands import ConnectAgent, OpenAgentLeg
from outpace.domain.config import AnswerSupervision, TrunkGroup, TrunkKind
from outpace.domain.events import CallAnswered, CallEnded, CallProceeding, CpaVerdict, OriginateRefused, TrunkCapacity
from outpace.domain.outcomes import Outcome, Refusal, Verdict
from outpace.telephony.simulated.profile import CarrierProfile, Mix, Numbers, Times, VoiceCard
from tests.unit.telephony.simulated.driver import S, carrier, originate, play

RINGS = 180_00_000_0001
PERSON_WHO_STAYS = 101_02_000_0001


def lines(kind: TrunkKind, channels: int = 4, *, guessed: bool = False) -> TrunkGroup:
    supervision = AnswerSupervision.GUESSED if guessed else AnswerSupervision.TRUSTED
    return TrunkGroup(id=1, name="card", kind=kind, channels=channels, cps=10_000.0, answer_supervision=supervision)


def coded(card: VoiceCard) -> CarrierProfile:
    return CarrierProfile(name="coded", mix=Mix(live=1.0), numbers=Numbers.CODED, voice_card=card)


@pytest.mark.parametrize(
    ("kind", "status", "outcome", "cause", "tech"),
    [
        (TrunkKind.ISDN_PRI, 486, Outcome.BUSY, 17, 0),
        (TrunkKind.SS7, 486, Outcome.BUSY, 17, 0),
        (TrunkKind.SS7, 603, Outcome.REJECTED, 21, 0),
        (TrunkKind.MFC_R2, 486, Outcome.BUSY, 17, 3),
        (TrunkKind.MFC_R2, 404, Outcome.INVALID, 1, 5),
        (TrunkKind.MFC_R2, 503, Outcome.CONGESTION, 34, 4),
        (TrunkKind.MFC_R2, 603, Outcome.FAILED, 27, 8),
        (TrunkKind.ANALOGUE, 404, Outcome.INVALID, 1, 0),
    ],
)
def test_each_signalling_ends_calls_in_its_own_words(kind, status, outcome, cause, tech) -> None:
    made = carrier(coded(VoiceCard()), lines(kind))
    made.submit([originate(1, int(f"{status}010000001"))], 0)
    ended = play(made)[-1]
    assert (ended.outcome, ended.hangup_cause, ended.tech_cause) == (outcome, cause, tech)


@pytest.mark.parametrize(("kind", "cause"), [(TrunkKind.ISDN_PRI, 27), (TrunkKind.MFC_R2, 38)])
def test_an_alarm_ends_the_calls_of_its_span_only(kind, cause) -> None:
    made = carrier(coded(VoiceCard(channels_per_span=2)), lines(kind, channels=5))
    made.submit([originate(k, RINGS) for k in range(1, 6)], 0)
    play(made, S)
    made.set_alarm(1, 1, True, S)
    assert made.advance(S) == [
        CallEnded(3, Outcome.FAILED, cause, 0, S),
        CallEnded(4, Outcome.FAILED, cause, 0, S),
        TrunkCapacity(1, 3),
    ]
    made.submit([originate(6, RINGS)], S)
    assert made.advance(S) == [OriginateRefused(6, Refusal.NO_CIRCUIT, S)]
    made.set_alarm(1, 1, False, 2 * S)
    assert made.advance(2 * S) == [TrunkCapacity(1, 5)]
    made.submit([originate(7, RINGS)], 2 * S)
    assert isinstance(made.advance(2 * S)[0], CallProceeding)
    made.set_alarm(1, 1, False, 3 * S)
    assert made.advance(3 * S) == []


def test_an_answered_call_on_a_span_in_alarm_ends_without_an_outcome() -> None:
    made = carrier(coded(VoiceCard()), lines(TrunkKind.SS7))
    made.submit([originate(1, PERSON_WHO_STAYS)], 0)
    play(made, S)
    made.set_alarm(1, 0, True, S)
    assert made.advance(S)[0] == CallEnded(1, Outcome.NONE, 38, 0, S)


@pytest.mark.parametrize(
    ("kind", "tries_lost"), [(TrunkKind.ISDN_PRI, 3), (TrunkKind.MFC_R2, 3), (TrunkKind.ANALOGUE, 3)]
)
def test_a_call_that_always_meets_glare_finds_no_circuit(kind, tries_lost) -> None:
    made = carrier(coded(VoiceCard(glare=1.0, glare_retries=2, back_off=0.5)), lines(kind))
    made.submit([originate(1, PERSON_WHO_STAYS)], 0)
    assert play(made) == [OriginateRefused(1, Refusal.NO_CIRCUIT, S)]
    assert made.stats["live"] == 0


def test_a_card_gets_more_channels_while_calls_are_on_it() -> None:
    made = carrier(coded(VoiceCard(channels_per_span=2)), lines(TrunkKind.ISDN_PRI, channels=2))
    made.submit([originate(k, RINGS) for k in (1, 2, 3)], 0)
    assert [one for one in play(made, S) if isinstance(one, OriginateRefused)] == [
        OriginateRefused(3, Refusal.NO_CIRCUIT, 0)
    ]
    made.set_trunk_groups([lines(TrunkKind.ISDN_PRI, channels=5)], dead_man_s=3.0, now_ns=S)
    assert made.advance(S) == [TrunkCapacity(1, 5)]
    made.submit([originate(k, RINGS) for k in (4, 5, 6)], S)
    play(made, 2 * S)
    assert {one.call_id for one in made.live_calls()} == {1, 2, 4, 5, 6}
    made.set_alarm(1, 2, True, 2 * S)
    assert TrunkCapacity(1, 4) in made.advance(2 * S)
    made.set_trunk_groups([lines(TrunkKind.ISDN_PRI, channels=2)], dead_man_s=3.0, now_ns=2 * S)
    assert made.advance(2 * S) == [TrunkCapacity(1, 2)]
    made.submit([originate(7, RINGS)], 2 * S)
    assert made.advance(2 * S) == [OriginateRefused(7, Refusal.NO_CIRCUIT, 2 * S)]


def test_glare_on_isdn_leaves_the_channel_to_the_incoming_call() -> None:
    made = carrier(coded(VoiceCard(glare=1.0, glare_retries=0, incoming_hold=30.0)), lines(TrunkKind.ISDN_PRI, 2))
    for k, at in ((1, 0), (2, 0), (3, 10 * S)):
        made.submit([originate(k, RINGS)], at)
    assert made.stats["no_circuit"] == 3
    assert made.stats["live"] == 0


def test_an_ss7_exchange_yields_only_the_circuits_of_the_other_side() -> None:
    made = carrier(coded(VoiceCard(glare=1.0, glare_retries=1, back_off=0.5)), lines(TrunkKind.SS7, 4))
    # circuits 0 and 2 are ours; 1 is the other side's: the second call backs off once and takes 2
    made.submit([originate(1, RINGS), originate(2, RINGS)], 0)
    told = play(made, 2 * S)
    assert [(one.call_id, one.switch_ns) for one in told if isinstance(one, CallProceeding)] == [(1, 0), (2, S // 2)]


def test_rare_glare_is_met_by_trying_again() -> None:
    card = VoiceCard(channels_per_span=30, glare=0.1, glare_retries=3, back_off=0.2, incoming_hold=1.0)
    made = carrier(coded(card), lines(TrunkKind.ISDN_PRI, 600))
    made.submit([originate(k, RINGS) for k in range(1, 501)], 0)
    told = play(made, 5 * S)
    proceeding = [one for one in told if isinstance(one, CallProceeding)]
    late = [one for one in proceeding if one.switch_ns > 0]
    assert len(proceeding) >= 499
    assert 25 < len(late) < 80


def guessing(**card: float) -> CarrierProfile:
    return CarrierProfile(
        name="analogue",
        mix=Mix(live=0.5, no_answer=0.5),
        times=Times(answer=8.0, no_answer=60.0, patience=100.0, talk=60.0),
        voice_card=VoiceCard(**card),
    )


def test_a_guessed_answer_is_late_by_its_delay() -> None:
    made = carrier(guessing(answer_delay=1.5), lines(TrunkKind.ANALOGUE, 1000, guessed=True))
    made.submit([originate(k) for k in range(1, 201)], 0)
    told = play(made, 20 * S)
    answered = {one.switch_ns for one in told if isinstance(one, CallAnswered)}
    assert answered == {9_500_000_000}


def test_missed_answers_ring_on_until_the_time_out() -> None:
    made = carrier(guessing(missed_answer=1.0), lines(TrunkKind.ANALOGUE, 1000, guessed=True))
    made.submit([originate(k) for k in range(1, 201)], 0)
    told = play(made)
    assert not any(isinstance(one, CallAnswered) for one in told)
    assert {(one.outcome, one.switch_ns) for one in told if isinstance(one, CallEnded)} == {(Outcome.NO_ANSWER, 25 * S)}


def test_false_answers_come_at_their_rate_and_the_agent_hears_nobody() -> None:
    made = carrier(guessing(false_answer=0.2, dead_air=4.0), lines(TrunkKind.ANALOGUE, 5000, guessed=True))
    made.submit([originate(k, classify=True) for k in range(1, 4001)], 0)
    made.submit([OpenAgentLeg(1)], 0)
    heard = Counter()
    connected_to = []

    def policy(event):
        if isinstance(event, CpaVerdict):
            heard[event.verdict] += 1
            if event.verdict is Verdict.UNSURE and not connected_to:
                connected_to.append((event.call_id, event.switch_ns))
                return [ConnectAgent(event.call_id, 1)]
        return []

    told = play(made, 30 * S, policy)
    assert heard[Verdict.UNSURE] / 4000 == pytest.approx(0.5 * 0.2, abs=0.02)
    assert heard[Verdict.PERSON] / 4000 == pytest.approx(0.5, abs=0.03)
    ((call_id, at),) = connected_to
    (ended,) = [one for one in told if isinstance(one, CallEnded) and one.call_id == call_id]
    assert ended.switch_ns == at + 4 * S


def test_trusted_lines_are_never_guessed() -> None:
    profile = guessing(answer_delay=1.5, missed_answer=1.0, false_answer=1.0)
    made = carrier(msgspec.structs.replace(profile, mix=Mix(live=1.0)), lines(TrunkKind.ISDN_PRI, 10))
    made.submit([originate(1)], 0)
    assert CallAnswered(1, 8 * S) in play(made, 20 * S)
