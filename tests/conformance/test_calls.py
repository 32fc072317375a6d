"""Cards 1 to 14: what an adapter tells of calls."""

from __future__ import annotations

import pytest

from outpace.domain.commands import HangUp, PlayMessage, QueryCall
from outpace.domain.events import (
    CallAnswered,
    CallEnded,
    CallProceeding,
    CallQueried,
    CallRinging,
    CpaVerdict,
    MessageEnded,
    OriginateRefused,
    TrunkCapacity,
)
from outpace.domain.outcomes import CallPresence, Outcome, Refusal, Verdict
from tests.conformance.harness import Callee, Harness, ended_once

pytestmark = pytest.mark.asyncio


async def test_card_01_an_answered_call_is_told_in_order(switch: Harness) -> None:
    call = switch.dial(switch.number(Callee.PERSON))
    await switch.fact(CallAnswered, call_id=call)
    told = switch.of_call(call)
    order = [CallProceeding, CallRinging, CallAnswered] if switch.tells_ringing else [CallProceeding, CallAnswered]
    assert [type(one) for one in told] == order
    times = [one.switch_ns for one in told]
    assert times == sorted(times)
    await switch.hang_up(call)


async def test_card_02_a_callee_who_hangs_up_ends_the_call_once(switch: Harness) -> None:
    call = switch.dial(switch.number(Callee.PERSON, stay_s=0.5))
    ended = await switch.fact(CallEnded, call_id=call)
    answered = await switch.fact(CallAnswered, call_id=call)
    assert ended_once(switch.facts, call)
    assert ended.hangup_cause in (0, 16)
    assert 0 <= ended.switch_ns - answered.switch_ns < (0.5 + switch.late_s) * 1e9


@pytest.mark.parametrize(
    ("callee", "outcome"),
    [
        (Callee.BUSY, Outcome.BUSY),
        (Callee.INVALID, Outcome.INVALID),
        (Callee.CONGESTION, Outcome.CONGESTION),
        (Callee.REJECTED, Outcome.REJECTED),
    ],
)
async def test_card_03_a_call_that_fails_ends_with_its_outcome(
    switch: Harness, callee: Callee, outcome: Outcome
) -> None:
    call = switch.dial(switch.number(callee))
    ended = await switch.fact(CallEnded, call_id=call)
    assert ended.outcome is (switch.rejection if callee is Callee.REJECTED else outcome)
    assert ended.hangup_cause > 0
    assert "CallAnswered" not in switch.kinds(call)


@pytest.mark.parametrize("callee", [Callee.RINGS, Callee.MUTE])
async def test_card_04_the_ring_time_out_is_kept(switch: Harness, callee: Callee) -> None:
    call = switch.dial(switch.number(callee), ring_timeout_s=2.0)
    proceeding = await switch.fact(CallProceeding, call_id=call)
    ended = await switch.fact(CallEnded, call_id=call)
    assert ended.outcome is Outcome.NO_ANSWER
    assert ended.hangup_cause in (0, 19)
    assert -switch.slack_s < (ended.switch_ns - proceeding.switch_ns) / 1e9 - 2.0 < switch.late_s
    assert ended_once(switch.facts, call)


async def test_card_05_a_hang_up_before_the_answer_ends_the_call(switch: Harness) -> None:
    call = switch.dial(switch.number(Callee.RINGS))
    await switch.fact(CallRinging if switch.tells_ringing else CallProceeding, call_id=call)
    switch.submit(HangUp(call, 16))
    ended = await switch.fact(CallEnded, call_id=call)
    assert ended.outcome in (Outcome.CANCELLED, Outcome.NO_ANSWER)
    assert "CallAnswered" not in switch.kinds(call)


async def test_card_06_a_hang_up_after_the_answer_ends_the_call(switch: Harness) -> None:
    call = await switch.answered_call()
    await switch.hang_up(call)
    assert ended_once(switch.facts, call)


async def test_card_07_a_hang_up_of_a_call_that_is_gone_says_so(switch: Harness) -> None:
    call = await switch.answered_call()
    await switch.hang_up(call)
    switch.submit(HangUp(call, 16))
    queried = await switch.fact(CallQueried, call_id=call)
    assert queried.presence is CallPresence.GONE
    assert switch.kinds(call).count("CallEnded") == 1


@pytest.mark.parametrize(("callee", "verdict"), [(Callee.PERSON, Verdict.PERSON), (Callee.MACHINE, Verdict.MACHINE)])
async def test_card_08_what_answered_is_told_where_asked(switch: Harness, callee: Callee, verdict: Verdict) -> None:
    call = switch.dial(switch.number(callee, ring_s=0.1), classify=True)
    told = await switch.fact(CpaVerdict, call_id=call)
    answered = await switch.fact(CallAnswered, call_id=call)
    assert told.verdict is verdict
    assert told.switch_ns >= answered.switch_ns
    assert told.greeting_end_ns <= told.switch_ns
    await switch.hang_up(call)


async def test_card_09_nothing_is_said_of_the_answerer_unless_asked(switch: Harness) -> None:
    call = await switch.answered_call()
    await switch.pass_time(1.0)
    assert "CpaVerdict" not in switch.kinds(call)
    await switch.hang_up(call)


async def test_card_10_a_message_is_played_to_its_end(switch: Harness) -> None:
    call = await switch.answered_call()
    switch.submit(PlayMessage(call, "sorry"))
    await switch.fact(MessageEnded, call_id=call)
    assert "CallEnded" not in switch.kinds(call)
    await switch.hang_up(call)


async def test_card_11_a_query_tells_where_the_call_is(switch: Harness) -> None:
    ringing = switch.dial(switch.number(Callee.RINGS))
    await switch.fact(CallProceeding, call_id=ringing)
    answered = await switch.answered_call()
    unknown = switch.new_call()
    switch.submit(QueryCall(ringing), QueryCall(answered), QueryCall(unknown))
    assert (await switch.fact(CallQueried, call_id=ringing)).presence is CallPresence.UNANSWERED
    assert (await switch.fact(CallQueried, call_id=answered)).presence is CallPresence.ANSWERED
    assert (await switch.fact(CallQueried, call_id=unknown)).presence is CallPresence.GONE
    await switch.hang_up(ringing, answered)


async def test_card_12_a_second_call_of_one_id_is_refused(switch: Harness) -> None:
    call = await switch.answered_call()
    switch.dial(switch.number(Callee.PERSON), call_id=call)
    refused = await switch.fact(OriginateRefused, call_id=call)
    assert refused.reason is Refusal.DUPLICATE
    assert "CallEnded" not in switch.kinds(call)
    await switch.hang_up(call)


@pytest.mark.needs("counts_channels")
async def test_card_13_beyond_the_channels_there_is_no_circuit(switch: Harness) -> None:
    calls = [switch.dial(switch.number(Callee.RINGS)) for _ in range(switch.channels)]
    extra = switch.dial(switch.number(Callee.PERSON))
    assert (await switch.fact(OriginateRefused, call_id=extra)).reason is Refusal.NO_CIRCUIT
    await switch.hang_up(*calls)
    again = await switch.answered_call()
    await switch.hang_up(again)


@pytest.mark.needs("alarms")
async def test_card_14_a_span_in_alarm_ends_its_calls_and_leaves_the_capacity(switch: Harness) -> None:
    calls = [switch.dial(switch.number(Callee.RINGS)) for _ in range(switch.channels)]
    for call in calls:
        await switch.fact(CallProceeding, call_id=call)
    await switch.set_alarm(on=True)
    await switch.until(
        lambda: any(isinstance(one, TrunkCapacity) and 0 <= one.channels < switch.channels for one in switch.facts),
        within_s=10.0,
        what="smaller capacity",
    )
    ended = [one for one in switch.facts if isinstance(one, CallEnded)]
    assert ended
    assert {one.outcome for one in ended} == {Outcome.FAILED}
    assert {one.hangup_cause for one in ended} <= {27, 38}
    await switch.set_alarm(on=False)
    await switch.until(
        lambda: [one for one in switch.facts if isinstance(one, TrunkCapacity)][-1].channels == switch.channels,
        within_s=10.0,
        what="full capacity",
    )
    await switch.hang_up(*(set(calls) - {one.call_id for one in ended}))
