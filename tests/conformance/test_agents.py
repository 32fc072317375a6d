"""Cards 20 to 29: what an adapter tells of agents' legs and bridges."""

from __future__ import annotations

import pytest

from outpace.domain.commands import CloseAgentLeg, ConnectAgent, OpenAgentLeg, QueryCall
from outpace.domain.events import (
    AgentConnected,
    AgentLegLost,
    AgentLegUp,
    AgentReleased,
    CallEnded,
    CallProceeding,
    CallQueried,
    ConnectFailed,
)
from outpace.domain.outcomes import CallPresence
from tests.conformance.harness import Callee, Harness, ended_once

pytestmark = pytest.mark.asyncio


async def test_card_20_a_leg_opens_and_closes(switch: Harness) -> None:
    agent = await switch.agent()
    switch.submit(CloseAgentLeg(agent))
    await switch.fact(AgentLegLost, agent_id=agent)


async def test_card_21_an_open_leg_is_adopted(switch: Harness) -> None:
    agent = await switch.agent()
    switch.submit(OpenAgentLeg(agent))
    await switch.until(
        lambda: sum(isinstance(one, AgentLegUp) and one.agent_id == agent for one in switch.facts) == 2,
        within_s=5.0,
        what="second AgentLegUp",
    )
    assert not any(isinstance(one, AgentLegLost) for one in switch.facts)


async def test_card_22_a_lost_leg_is_told(switch: Harness) -> None:
    agent = await switch.agent()
    await switch.lose_leg(agent)
    await switch.fact(AgentLegLost, agent_id=agent)


async def test_card_23_a_call_is_connected_and_the_agent_released_at_its_end(switch: Harness) -> None:
    agent = await switch.agent()
    for _ in range(2):  # the leg survives the first call
        call = await switch.answered_call()
        switch.submit(ConnectAgent(call, agent))
        connected = await switch.fact(AgentConnected, call_id=call)
        assert connected.agent_id == agent
        await switch.hang_up(call)
        released = await switch.fact(AgentReleased, call_id=call)
        assert released.agent_id == agent
        assert ended_once(switch.facts, call)
    assert not any(isinstance(one, AgentLegLost) for one in switch.facts)


async def test_card_24_a_customer_who_hangs_up_releases_the_agent(switch: Harness) -> None:
    agent = await switch.agent()
    call = await switch.answered_call(stay_s=2.0)
    switch.submit(ConnectAgent(call, agent))
    await switch.fact(AgentConnected, call_id=call)
    await switch.fact(AgentReleased, call_id=call)
    await switch.fact(CallEnded, call_id=call)
    assert ended_once(switch.facts, call)


async def test_card_25_a_bridged_call_says_so(switch: Harness) -> None:
    agent = await switch.agent()
    call = await switch.answered_call()
    switch.submit(ConnectAgent(call, agent))
    await switch.fact(AgentConnected, call_id=call)
    switch.submit(QueryCall(call))
    queried = await switch.fact(CallQueried, call_id=call)
    assert (queried.presence, queried.agent_id) == (CallPresence.BRIDGED, agent)
    await switch.hang_up(call)


async def test_card_26_a_connect_without_a_leg_fails_for_the_leg(switch: Harness) -> None:
    agent = switch.agent_ids[1]
    call = await switch.answered_call()
    switch.submit(ConnectAgent(call, agent))
    failed = await switch.fact(ConnectFailed, call_id=call)
    assert (failed.agent_id, failed.leg_lost) == (agent, True)
    assert "CallEnded" not in switch.kinds(call)
    await switch.hang_up(call)


async def test_card_27_a_connect_of_a_call_that_is_gone_fails_for_the_call(switch: Harness) -> None:
    agent = await switch.agent()
    call = await switch.answered_call()
    await switch.hang_up(call)
    switch.submit(ConnectAgent(call, agent))
    failed = await switch.fact(ConnectFailed, call_id=call)
    assert not failed.leg_lost
    other = await switch.answered_call()
    switch.submit(ConnectAgent(other, agent))
    await switch.fact(AgentConnected, call_id=other)
    await switch.hang_up(other)


async def test_card_28_an_unanswered_call_cannot_be_connected(switch: Harness) -> None:
    agent = await switch.agent()
    call = switch.dial(switch.number(Callee.RINGS))
    await switch.fact(CallProceeding, call_id=call)
    switch.submit(ConnectAgent(call, agent))
    failed = await switch.fact(ConnectFailed, call_id=call)
    assert not failed.leg_lost
    await switch.hang_up(call)


async def test_card_29_a_leg_lost_in_a_conversation_releases_and_ends_it(switch: Harness) -> None:
    agent = await switch.agent()
    call = await switch.answered_call()
    switch.submit(ConnectAgent(call, agent))
    await switch.fact(AgentConnected, call_id=call)
    await switch.lose_leg(agent)
    await switch.fact(AgentLegLost, agent_id=agent)
    await switch.fact(AgentReleased, call_id=call)
    await switch.fact(CallEnded, call_id=call)
