"""Cards 30 to 35: the link, the capacity, and what outlives the dialer."""

from __future__ import annotations

import asyncio

import pytest

from outpace.domain.commands import ConnectAgent
from outpace.domain.events import AgentConnected, CallProceeding, LinkUp, TrunkCapacity
from outpace.domain.outcomes import AbandonReason, CallPresence
from tests.conformance.harness import Callee, Harness

pytestmark = pytest.mark.asyncio


async def test_card_30_connect_tells_of_the_link_and_then_of_the_capacity(switch: Harness) -> None:
    assert isinstance(switch.facts[0], LinkUp)
    capacity = await switch.fact(TrunkCapacity, trunk_group_id=switch.trunk_group_id)
    assert capacity.channels == switch.channels


async def test_card_31_the_snapshot_names_every_live_call(switch: Harness) -> None:
    agent = await switch.agent()
    ringing = switch.dial(switch.number(Callee.RINGS))
    await switch.fact(CallProceeding, call_id=ringing)
    waiting = await switch.answered_call()
    talking = await switch.answered_call()
    switch.submit(ConnectAgent(talking, agent))
    await switch.fact(AgentConnected, call_id=talking)
    live = {one.call_id: (one.presence, one.agent_id) for one in await switch.adapter.snapshot()}
    assert live == {
        ringing: (CallPresence.UNANSWERED, 0),
        waiting: (CallPresence.ANSWERED, 0),
        talking: (CallPresence.BRIDGED, agent),
    }
    await switch.hang_up(ringing, waiting, talking)
    assert await switch.adapter.snapshot() == []


async def test_card_32_calls_and_legs_outlive_the_adapter(switch: Harness) -> None:
    agent = await switch.agent()
    call = await switch.answered_call()
    switch.submit(ConnectAgent(call, agent))
    await switch.fact(AgentConnected, call_id=call)
    await switch.restart()
    assert [(one.call_id, one.presence) for one in await switch.adapter.snapshot()] == [(call, CallPresence.BRIDGED)]
    switch.facts.clear()
    assert await switch.agent() == agent
    await switch.hang_up(call)


async def test_card_33_a_restart_tells_of_the_link_again(switch: Harness) -> None:
    switch.facts.clear()
    await switch.restart()
    await switch.fact(LinkUp)
    await switch.fact(TrunkCapacity, trunk_group_id=switch.trunk_group_id)


async def test_card_34_a_person_left_alone_gets_the_message_and_the_result_is_kept(switch: Harness) -> None:
    call = await switch.answered_call()
    await switch.adapter.close()
    await switch.pass_time(switch.dead_man_s + 3.0)
    await switch.start()
    async with asyncio.timeout(20.0):
        while await switch.adapter.snapshot():  # the message may take its time
            await switch.pass_time(0.5)
    (kept,) = await switch.adapter.kept_results()
    assert (kept.call_id, kept.abandon_reason) == (call, AbandonReason.NO_AGENT_IN_TIME)
    assert await switch.adapter.kept_results() == [kept]
    await switch.adapter.forget([call])
    assert await switch.adapter.kept_results() == []
    assert await switch.adapter.snapshot() == []


async def test_card_35_gauges_have_names_and_numbers(switch: Harness) -> None:
    gauges = switch.adapter.pressure()
    assert gauges
    assert all(isinstance(value, float) for value in gauges.values())
