"""Calls on a real Asterisk with a SIPp carrier: every outcome by number, talk, message, analysis, refusals."""

from __future__ import annotations

import itertools

import pytest

from outpace.domain.commands import (
    CloseAgentLeg,
    ConnectAgent,
    HangUp,
    OpenAgentLeg,
    Originate,
    PlayMessage,
    QueryCall,
)
from outpace.domain.errors import LinkDown
from outpace.domain.events import (
    AgentConnected,
    AgentLegLost,
    AgentLegUp,
    AgentReleased,
    CallAnswered,
    CallEnded,
    CallQueried,
    CallRinging,
    ConnectFailed,
    CpaVerdict,
    LinkUp,
    MessageEnded,
    OriginateRefused,
    TrunkCapacity,
)
from outpace.domain.outcomes import CallPresence, Outcome, Refusal, Verdict
from outpace.domain.units import NS_PER_S
from outpace.telephony.asterisk import dialplan
from tests.lab.fixtures import CARD, CLASSIFIED, SIP, make_adapter
from tests.lab.lab import EARLY_BYE, EARLY_MEDIA, HUMAN, MACHINE, NO_PROVISIONAL, RINGS, SILENT, number

pytestmark = pytest.mark.lab

EPOCH = 7 << 32
_serials = itertools.count(1)


def originate(digits: int, *, group: int = SIP.id, campaign: int = 1, ring_s: float = 8.0, caller_id: str = "+4930555"):
    serial = next(_serials)
    classify = campaign == CLASSIFIED.id
    return Originate(EPOCH | serial, campaign, group, digits, caller_id, round(ring_s * NS_PER_S), classify)


async def answered(adapter, facts, digits: int | None = None) -> int:
    command = originate(digits or number(SILENT, next(_serials)))
    adapter.submit([command])
    await facts.wait(CallAnswered, command.call_id)
    return command.call_id


async def agent_up(adapter, facts, agent_id: int) -> None:
    adapter.submit([OpenAgentLeg(agent_id)])
    await facts.wait(AgentLegUp, agent_id)


async def test_login_refused_names_the_user_and_hides_the_secret(lab, facts, caplog):
    adapter = make_adapter(lab, username="outpace", secret="not-the-secret")
    with pytest.raises(LinkDown, match=r"login as 'outpace' at 127.0.0.1:\d+ refused: Authentication failed") as error:
        await adapter.connect(facts)
    assert "not-the-secret" not in str(error.value) + caplog.text + repr(adapter._settings)
    assert facts.seen == []
    await adapter.close()


async def test_no_switch_is_a_clear_error(lab, facts):
    adapter = make_adapter(lab, port=1)
    with pytest.raises(LinkDown, match=r"no connection to Asterisk at 127\.0\.0\.1:1: "):
        await adapter.connect(facts)
    await adapter.close()


async def test_link_up_comes_with_the_capacity_of_every_trunk_group(adapter, facts):
    assert facts.seen == [LinkUp(), TrunkCapacity(SIP.id, SIP.channels), TrunkCapacity(CARD.id, CARD.channels)]
    assert adapter.pressure()["link_up"] == 1.0


#: behaviour, outcome, cause and SIP status on Asterisk 22, cause on 16 (which has no status, and 0 for a time-out)
OUTCOMES = [
    (404, Outcome.INVALID, 1, 404, 1),
    (480, Outcome.NO_ANSWER, 19, 480, 19),
    (484, Outcome.INVALID, 28, 484, 28),
    (486, Outcome.BUSY, 17, 486, 17),
    (488, Outcome.FAILED, 58, 488, 58),
    (500, Outcome.FAILED, 38, 500, 38),
    (503, Outcome.CONGESTION, 34, 503, 34),
    (600, Outcome.BUSY, 17, 600, 17),
    (603, Outcome.REJECTED, 21, 603, 21),
    (RINGS, Outcome.NO_ANSWER, 19, 480, 0),
    (NO_PROVISIONAL, Outcome.NO_ANSWER, 19, 480, 0),
]


async def test_every_unanswered_end_has_its_outcome(lab, adapter, facts):
    calls = [
        (originate(number(kind, next(_serials), ring_ds=1), ring_s=1.0 if kind < 200 else 5.0), *expected)
        for kind, *expected in OUTCOMES
    ]
    adapter.submit([command for command, *_ in calls])
    for command, outcome, cause, status, old_cause in calls:
        ended = await facts.wait(CallEnded, command.call_id)
        expected = (outcome, old_cause, 0) if lab.suite == "bullseye" else (outcome, cause, status)
        assert (ended.outcome, ended.hangup_cause, ended.tech_cause) == expected, command
        names = facts.about(command.call_id)
        assert names[0] == "CallProceeding"
        assert names[-1] == "CallEnded"
        assert "CallAnswered" not in names
        assert lab.dialled()[command.number] == 1


@pytest.mark.parametrize("kind", [SILENT, EARLY_MEDIA, EARLY_BYE])
async def test_an_answered_call_ends_normally_when_the_far_end_hangs_up(adapter, facts, kind):
    command = originate(number(kind, next(_serials), ring_ds=2, talk_ds=3))
    adapter.submit([command])
    ended = await facts.wait(CallEnded, command.call_id)
    answer = facts.of(CallAnswered, command.call_id)[0]
    assert (ended.outcome, ended.hangup_cause) == (Outcome.NONE, 16)
    # neither cut short nor ended by the switch's own timer, which runs for two seconds
    assert 0.25 < (ended.switch_ns - answer.switch_ns) / NS_PER_S < 2.0
    ringing = [] if kind == EARLY_MEDIA else ["CallRinging"]
    assert facts.about(command.call_id) == ["CallProceeding", *ringing, "CallAnswered", "CallEnded"]


async def test_a_ringing_call_that_is_hung_up_is_cancelled(adapter, facts):
    command = originate(number(RINGS, next(_serials)))
    adapter.submit([command])
    await facts.wait(CallRinging, command.call_id)
    adapter.submit([HangUp(command.call_id, 16)])
    assert (await facts.wait(CallEnded, command.call_id)).outcome is Outcome.CANCELLED


async def test_a_call_hung_up_before_it_has_a_channel_is_cancelled(adapter, facts):
    command = originate(number(RINGS, next(_serials)))
    adapter.submit([command, HangUp(command.call_id, 16)])
    assert (await facts.wait(CallEnded, command.call_id)).outcome is Outcome.CANCELLED


async def test_talk_and_release(adapter, facts):
    await agent_up(adapter, facts, 1)
    call = await answered(adapter, facts)
    adapter.submit([ConnectAgent(call, 1)])
    connected = await facts.wait(AgentConnected, call)
    assert connected.agent_id == 1
    adapter.submit([QueryCall(call)])
    assert await facts.wait(CallQueried, call) == CallQueried(call, CallPresence.BRIDGED, 1)
    adapter.submit([HangUp(call, 16)])
    # in either order: the two channels leave the bridge at one moment
    released = await facts.wait(AgentReleased, call)
    ended = await facts.wait(CallEnded, call)
    assert (released.agent_id, ended.outcome, ended.hangup_cause) == (1, Outcome.NONE, 16)
    assert abs(released.switch_ns - ended.switch_ns) < 1_000_000_000
    # the leg is still there and takes the next call
    following = await answered(adapter, facts, number(SILENT, next(_serials), talk_ds=5))
    adapter.submit([ConnectAgent(following, 1)])
    await facts.wait(AgentConnected, following)
    await facts.wait(AgentReleased, following)
    assert await adapter.kept_results() == []


async def test_connecting_takes_milliseconds(adapter, facts, record_property):
    for agent_id in range(2, 6):
        await agent_up(adapter, facts, agent_id)
    delays = []
    for turn in range(20):
        call = await answered(adapter, facts)
        adapter.submit([ConnectAgent(call, 2 + turn % 4)])
        connected = await facts.wait(AgentConnected, call)
        delays.append((connected.switch_ns - facts.of(CallAnswered, call)[0].switch_ns) / 1e6)
        adapter.submit([HangUp(call, 16)])
        await facts.wait(AgentReleased, call)
    delays.sort()
    record_property("connect_ms_p50", delays[10])
    assert delays[10] < 50.0


async def test_a_customer_whose_agent_is_lost_in_talk_is_told_of_and_keeps_no_result(adapter, facts):
    await agent_up(adapter, facts, 6)
    call = await answered(adapter, facts)
    adapter.submit([ConnectAgent(call, 6)])
    await facts.wait(AgentConnected, call)
    adapter.submit([CloseAgentLeg(6)])
    assert (await facts.wait(AgentReleased, call)).agent_id == 6
    await facts.wait(AgentLegLost, 6)
    # the switch hangs the customer up by itself when the dialer does nothing, and claims no abandonment
    await facts.wait(CallEnded, call)
    assert await adapter.kept_results() == []


async def test_connecting_fails_without_a_leg_and_without_a_call(adapter, facts):
    call = await answered(adapter, facts)
    adapter.submit([ConnectAgent(call, 7)])
    assert (await facts.wait(ConnectFailed, call)).leg_lost
    await agent_up(adapter, facts, 7)
    adapter.submit([ConnectAgent(call, 7), HangUp(call, 16)])
    await facts.wait(CallEnded, call)
    adapter.submit([ConnectAgent(call, 7)])
    assert not (await facts.wait(ConnectFailed, call, count=2)).leg_lost


async def test_agent_legs_open_close_and_open_again(adapter, facts):
    await agent_up(adapter, facts, 8)
    adapter.submit([OpenAgentLeg(8)])
    await facts.wait(AgentLegUp, 8, count=2)
    adapter.submit([CloseAgentLeg(8), OpenAgentLeg(8)])
    await facts.wait(AgentLegUp, 8, count=3)
    adapter.submit([CloseAgentLeg(8)])
    await facts.wait(AgentLegLost, 8)
    adapter.submit([CloseAgentLeg(8)])
    await facts.wait(AgentLegLost, 8, count=2)


async def test_legs_of_a_dialer_that_is_gone_are_adopted(lab, adapter, facts):
    await agent_up(adapter, facts, 9)
    call = await answered(adapter, facts)
    await adapter.close()
    second, told = make_adapter(lab), type(facts)()
    await second.connect(told)
    assert told.of(AgentLegUp) == []
    assert [(live.call_id, live.presence) for live in await second.snapshot()] == [(call, CallPresence.ANSWERED)]
    second.submit([OpenAgentLeg(9), ConnectAgent(call, 9)])
    await told.wait(AgentConnected, call)
    assert [(live.presence, live.agent_id) for live in await second.snapshot()] == [(CallPresence.BRIDGED, 9)]
    channels = lab.cli("core show channels concise").splitlines()
    assert sum(not name.startswith("Surrogate/") for name in channels) == 2  # a bridge's stand-in may still be there
    second.submit([HangUp(call, 16)])
    await told.wait(CallEnded, call)
    await second.close()


async def test_the_message_is_played_to_its_end(adapter, facts):
    call = await answered(adapter, facts)
    adapter.submit([PlayMessage(call, "vm-goodbye")])
    ended = await facts.wait(MessageEnded, call)
    assert (ended.switch_ns - facts.of(CallAnswered, call)[0].switch_ns) > 0.5 * NS_PER_S
    adapter.submit([HangUp(call, 16)])
    await facts.wait(CallEnded, call)
    assert await adapter.kept_results() == []


@pytest.mark.parametrize(
    ("kind", "verdict"), [(HUMAN, Verdict.PERSON), (MACHINE, Verdict.MACHINE), (SILENT, Verdict.UNSURE)]
)
async def test_call_progress_analysis(adapter, facts, kind, verdict):
    command = originate(number(kind, next(_serials)), campaign=CLASSIFIED.id)
    adapter.submit([command])
    told = await facts.wait(CpaVerdict, command.call_id)
    answer = facts.of(CallAnswered, command.call_id)[0]
    assert told.verdict is verdict
    if verdict is Verdict.PERSON:
        silence_s = (told.switch_ns - told.greeting_end_ns) / NS_PER_S
        assert 0.8 <= silence_s < 1.0
        assert answer.switch_ns < told.greeting_end_ns
    else:
        assert told.greeting_end_ns == 0
    if verdict is Verdict.UNSURE:
        assert 2.9 < (told.switch_ns - answer.switch_ns) / NS_PER_S < 4.9  # Asterisk's own limit is 5 s
    adapter.submit([HangUp(command.call_id, 16)])
    await facts.wait(CallEnded, command.call_id)


async def test_a_missing_card_is_no_circuit(adapter, facts):
    command = originate(number(SILENT, next(_serials)), group=CARD.id)
    adapter.submit([command])
    assert (await facts.wait(OriginateRefused, command.call_id)).reason is Refusal.NO_CIRCUIT
    assert facts.about(command.call_id) == ["OriginateRefused"]


async def test_a_context_that_does_not_exist_is_refused_by_the_switch(lab, facts):
    adapter = make_adapter(lab, call_context="no-such-context")
    await adapter.connect(facts)
    command = originate(number(SILENT, next(_serials)))
    adapter.submit([command])
    assert (await facts.wait(OriginateRefused, command.call_id)).reason is Refusal.BY_SWITCH
    await adapter.close()


async def test_the_switch_itself_refuses_a_second_call_of_one_id(lab, adapter, facts):
    first = originate(number(SILENT, next(_serials)))
    adapter.submit([first])
    await facts.wait(CallAnswered, first.call_id)
    again = Originate(first.call_id, 1, SIP.id, number(SILENT, next(_serials)), "", NS_PER_S * 5, False)
    adapter.submit([again])
    assert (await facts.wait(OriginateRefused, first.call_id)).reason is Refusal.DUPLICATE
    # an adapter that has lost its memory of the call: the switch's own refusal, told from a missing circuit
    adapter._mapper._forget(adapter._mapper.calls[first.call_id])
    adapter.submit([again])
    assert (await facts.wait(OriginateRefused, first.call_id, count=2)).reason is Refusal.DUPLICATE
    assert lab.dialled()[again.number] == 0
    assert lab.dialled()[first.number] == 1


async def test_what_would_break_the_line_protocol_is_refused_and_not_sent(lab, adapter, facts):
    evil = originate(number(SILENT, next(_serials)), caller_id="1\r\nAction: Command\r\nCommand: core stop now")
    adapter.submit([evil])
    assert (await facts.wait(OriginateRefused, evil.call_id)).reason is Refusal.BY_SWITCH
    call = await answered(adapter, facts)
    adapter.submit([PlayMessage(call, "x)},System(rm")])
    assert (await facts.wait(CallQueried, call)).presence is CallPresence.ANSWERED
    assert lab.dialled()[evil.number] == 0


async def test_a_call_that_is_gone_is_said_to_be_gone(adapter, facts):
    adapter.submit([QueryCall(EPOCH | 999_999), HangUp(EPOCH | 999_998, 16)])
    for call_id in (EPOCH | 999_999, EPOCH | 999_998):
        assert await facts.wait(CallQueried, call_id) == CallQueried(call_id, CallPresence.GONE)
    assert facts.of(CallEnded) == []


def test_the_fragment_in_the_package_is_the_one_that_runs(lab):
    shown = lab.cli("dialplan show outpace-message")
    assert "Playback" in shown
    assert "[outpace-message]" in dialplan.fragment()
