"""The link to a real Asterisk: loss, return, staleness, reconciliation, the dead-man's timer, and load."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from outpace.domain.commands import ConnectAgent, HangUp, OpenAgentLeg, Originate, PlayMessage, QueryCall
from outpace.domain.errors import LinkDown as LinkDownError
from outpace.domain.events import (
    AgentConnected,
    AgentLegLost,
    AgentLegUp,
    CallAnswered,
    CallEnded,
    CallProceeding,
    CallQueried,
    CallRinging,
    ConnectFailed,
    LinkDown,
    LinkUp,
    OriginateRefused,
)
from outpace.domain.outcomes import AbandonReason, CallPresence, Outcome, Refusal
from outpace.domain.units import NS_PER_S
from tests.lab.fixtures import CAMPAIGN, PATIENT, SIP, Facts, make_adapter
from tests.lab.lab import RINGS, SILENT, number

pytestmark = pytest.mark.lab

EPOCH = 8 << 32
_serials = itertools.count(30_001)


def originate(digits: int, ring_s: float = 20.0, campaign: int = CAMPAIGN.id) -> Originate:
    return Originate(EPOCH | next(_serials), campaign, SIP.id, digits, "+4930555", round(ring_s * NS_PER_S), False)


@pytest.fixture
async def up(lab):
    """Makes connected adapters, and clears the switch after the test."""
    made = []

    async def connected(**changes):
        adapter, facts = make_adapter(lab, **changes), Facts()
        made.append(adapter)
        await adapter.connect(facts)
        return adapter, facts

    yield connected
    for adapter in made:
        await adapter.close()
    lab.wait_until_idle()


async def test_the_switch_plays_the_message_when_the_dialer_has_died(lab, up):
    adapter, facts = await up()
    silent, taken = originate(number(SILENT, next(_serials))), originate(number(SILENT, next(_serials)))
    adapter.submit([OpenAgentLeg(19), silent, taken])
    await facts.wait(CallAnswered, silent.call_id)
    answer = (await facts.wait(CallAnswered, taken.call_id)).switch_ns
    await facts.wait(AgentLegUp, 19)
    adapter.submit([ConnectAgent(taken.call_id, 19)])
    await facts.wait(AgentConnected, taken.call_id)
    await adapter.close()  # nobody is there now: connect limit 1 s and a second later the switch acts

    second, told = await up()
    ended = await told.wait(CallEnded, silent.call_id)
    assert 2.4 * NS_PER_S < ended.switch_ns - answer < 10 * NS_PER_S
    kept = await second.kept_results()
    assert [(one.call_id, one.abandon_reason) for one in kept] == [(silent.call_id, AbandonReason.NO_AGENT_IN_TIME)]
    assert 1 <= (kept[0].at_ns - answer) / NS_PER_S < 8
    assert [live.presence for live in await second.snapshot()] == [CallPresence.BRIDGED]
    assert await second.kept_results() == kept  # reading removes nothing
    await second.forget([silent.call_id])
    assert await second.kept_results() == []
    second.submit([HangUp(taken.call_id, 16)])
    await told.wait(CallEnded, taken.call_id)
    assert await second.kept_results() == []


async def test_kill_and_restart_of_the_switch(lab, up):
    adapter, facts = await up(backoff_s=0.1, max_pending=2)
    talking, ringing, answered = (
        originate(number(kind, next(_serials)), campaign=PATIENT.id) for kind in (SILENT, RINGS, SILENT)
    )
    adapter.submit([OpenAgentLeg(18), talking, ringing, answered])
    await facts.wait(AgentLegUp, 18)
    for call in (talking, answered):
        await facts.wait(CallAnswered, call.call_id)
    await facts.wait(CallRinging, ringing.call_id)
    adapter.submit([ConnectAgent(talking.call_id, 18)])
    await facts.wait(AgentConnected, talking.call_id)

    lab.kill_asterisk()
    down = await facts.wait(LinkDown)
    assert "connection" in down.reason
    late = originate(number(SILENT, next(_serials)))
    with pytest.raises(LinkDownError):
        await adapter.snapshot()
    adapter.submit([late, ConnectAgent(talking.call_id, 18), QueryCall(answered.call_id), HangUp(ringing.call_id, 16)])
    assert (await facts.wait(OriginateRefused, late.call_id)).reason is Refusal.LINK_DOWN
    await facts.wait(ConnectFailed, talking.call_id)
    assert adapter.pressure()["link_up"] == 0.0

    lab.start_asterisk()
    await facts.wait(LinkUp, count=2, timeout_s=20)
    await facts.wait(AgentLegLost, 18)
    ends = {call: (await facts.wait(CallEnded, call.call_id)).outcome for call in (talking, ringing, answered)}
    assert list(ends.values()) == [Outcome.NONE, Outcome.LOST, Outcome.NONE]
    assert (await facts.wait(CallQueried, answered.call_id)).presence is CallPresence.GONE
    # and it dials again
    again = originate(number(SILENT, next(_serials)))
    adapter.submit([OpenAgentLeg(18), again])
    await facts.wait(CallAnswered, again.call_id)
    await facts.wait(AgentLegUp, 18, count=2)
    assert adapter.pressure()["reconnects"] == 1.0
    assert lab.dialled()[late.number] == 0
    assert lab.dialled()[talking.number] == 1


async def test_a_switch_that_answers_no_ping_is_down_and_what_happened_meanwhile_is_told(lab, up):
    adapter, facts = await up(ping_s=0.2, stale_s=0.5, backoff_s=0.1, connect_timeout_s=1.0)
    # the switch's own timer must not meet them when it goes on
    left, dropped = (
        originate(number(SILENT, next(_serials), talk_ds=talk_ds), campaign=PATIENT.id) for talk_ds in (12, 0)
    )
    adapter.submit([OpenAgentLeg(17), left, dropped])
    await facts.wait(AgentLegUp, 17)
    await facts.wait(CallAnswered, left.call_id)
    await facts.wait(CallAnswered, dropped.call_id)
    lab.pause_asterisk(on=True)
    try:
        assert "stale: a ping was not answered in 0.5 s" in (await facts.wait(LinkDown)).reason
        adapter.submit([HangUp(dropped.call_id, 16)])
        await asyncio.sleep(0.5)
    finally:
        lab.pause_asterisk(on=False)
    await facts.wait(LinkUp, count=2)
    await facts.wait(AgentLegUp, 17, count=2)
    for call in (left, dropped):
        assert (await facts.wait(CallEnded, call.call_id)).outcome is Outcome.NONE
    assert len(facts.of(CallEnded)) == 2


async def test_people_who_hang_up_while_they_are_connected_free_their_agents(lab, up):
    # they hang up while the switch stands still and the order to connect them waits, so that both come at once
    adapter, facts = await up(ping_s=10.0, stale_s=30.0)
    agents = range(1, 11)
    adapter.submit([OpenAgentLeg(agent) for agent in agents])
    for agent in agents:
        await facts.wait(AgentLegUp, agent)
    for _ in range(12):
        calls = [originate(number(SILENT, next(_serials), talk_ds=6), campaign=PATIENT.id) for _ in agents]
        adapter.submit(calls)
        for call in calls:
            await facts.wait(CallAnswered, call.call_id)
        lab.pause_asterisk(on=True)
        adapter.submit([ConnectAgent(call.call_id, agent) for call, agent in zip(calls, agents, strict=True)])
        await asyncio.sleep(0.75)
        lab.pause_asterisk(on=False)
        for call in calls:
            assert (await facts.wait(CallEnded, call.call_id, timeout_s=20)).hangup_cause == 16
    async with asyncio.timeout(20):  # the agent's side of the bridge may be told of after the call's end
        while any(leg.peer for leg in adapter._mapper.agents.values()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_an_abandonment_while_the_link_was_down_is_told_as_one_that_the_switch_met(lab, up):
    # until the message has been played, some three seconds after the answer, and longer where the switch is slow
    adapter, facts = await up(backoff_s=8.0)
    call = originate(number(SILENT, next(_serials), ring_ds=3))
    adapter.submit([call])
    await facts.wait(CallRinging, call.call_id)
    adapter._link.connection.drop("cut by the test")
    await facts.wait(LinkDown)
    await facts.wait(LinkUp, count=2, timeout_s=30)
    ended = await facts.wait(CallEnded, call.call_id)
    assert facts.about(call.call_id) == ["CallProceeding", "CallRinging", "CallEnded"]
    assert (ended.outcome, ended.hangup_cause) == (Outcome.ABANDONED, 16)
    kept = {one.call_id: one.at_ns for one in await adapter.kept_results()}
    assert kept[call.call_id] == ended.switch_ns
    await adapter.forget([call.call_id])


async def test_what_was_not_heard_is_found_by_reconciling(lab, up):
    adapter, facts = await up(reconcile_s=0.3)
    call = originate(number(SILENT, next(_serials)))
    adapter.submit([call, OpenAgentLeg(16)])
    await facts.wait(CallAnswered, call.call_id)
    await facts.wait(AgentLegUp, 16)
    # as if the events of a hang-up and of a new leg had been lost
    deaf = adapter._mapper.take
    adapter._mapper.take = lambda row, out: None
    lab.cli("channel request hangup all")
    await asyncio.sleep(0.1)
    adapter._mapper.take = deaf
    assert (await facts.wait(CallEnded, call.call_id)).outcome is Outcome.NONE
    await facts.wait(AgentLegLost, 16)


async def test_two_thousand_pending_originates_lose_no_call(lab, up):
    ringing, busy, bound = 2000, 400, 200
    adapter, facts = await up(max_pending=bound)
    # every sixth is busy at once, the others ring until they are cancelled: they all pend together
    calls = [originate(number(486 if n % 6 == 5 else RINGS, next(_serials)), ring_s=120.0) for n in range(2400)]
    most = 0
    adapter.submit(calls)
    async with asyncio.timeout(60):
        while len(facts.of(CallRinging)) < ringing or len(facts.of(CallEnded)) < busy:
            most = max(most, int(adapter.pressure()["originates_pending"]))
            await asyncio.sleep(0.05)
        assert len(await adapter.snapshot()) == adapter.pressure()["calls_live"] == ringing
        adapter.submit([HangUp(call.call_id, 16) for n, call in enumerate(calls) if n % 6 != 5])
        await facts.wait(CallEnded, count=len(calls), timeout_s=60)
    assert facts.of(OriginateRefused) == []
    assert most <= bound
    ended = {fact.call_id: fact.outcome for fact in facts.of(CallEnded)}
    assert len(facts.of(CallEnded)) == len(facts.of(CallProceeding)) == len(ended) == len(calls)
    assert [ended[call.call_id] for call in calls] == ([Outcome.CANCELLED] * 5 + [Outcome.BUSY]) * busy
    dialled = lab.dialled()
    assert all(dialled[call.number] == 1 for call in calls)
    # a ping or a reconciliation may be on its way when the last call ends: actions are answered in their order, and
    # one without an answer would be given up only after ten seconds
    async with asyncio.timeout(5):
        while adapter.pressure()["actions_outstanding"]:
            await adapter.snapshot()
    assert {name: value for name, value in adapter.pressure().items() if value and name != "round_trip_s"} == {
        "link_up": 1.0
    }


async def test_commands_given_in_one_breath_are_carried_out_in_order(lab, up):
    adapter, facts = await up(query_window_s=1.0)  # the switch needs a moment to hang up after it has said so
    call = originate(number(SILENT, next(_serials)))
    adapter.submit([call])
    await facts.wait(CallAnswered, call.call_id)
    adapter.submit([PlayMessage(call.call_id, "vm-goodbye"), QueryCall(call.call_id), HangUp(call.call_id, 16)])
    assert (await facts.wait(CallQueried, call.call_id)).presence is CallPresence.GONE
    assert (await facts.wait(CallEnded, call.call_id)).outcome is Outcome.NONE
