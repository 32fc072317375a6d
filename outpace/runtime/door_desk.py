"""Agents, their desks and the calls in flight, by the door."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from outpace.domain import events
from outpace.domain.access import Actor
from outpace.domain.config import Agent
from outpace.domain.errors import ConfigError, StateError, UnknownId
from outpace.domain.orders import (
    DefineAgent,
    GetAgent,
    GetCall,
    GetDesk,
    HangUpCall,
    ListAgents,
    ListCalls,
    LogIn,
    LogOut,
    SetDisposition,
    SetNotReady,
    SetReady,
)
from outpace.domain.resources import AgentView, CallView, DeskCall, DeskView
from outpace.domain.states import AgentState
from outpace.domain.wire import Topic
from outpace.runtime import views
from outpace.runtime.desk import check_answers, zone_of
from outpace.runtime.door_leads import lead_view
from outpace.runtime.door_table import Done, answers, carries_out
from outpace.runtime.house import House
from outpace.runtime.last_calls import LastCall

CALLS_MAX = 10_000

_REASON_MAX = 255


# ---- questions ---------------------------------------------------------------------------------------------------


@answers(ListAgents)
async def list_agents(house: House, question: ListAgents) -> list[AgentView]:
    """The floor."""
    if question.campaign_id:
        house.registry.campaign(question.campaign_id)
    rows = [
        row
        for row, agent in enumerate(house.engine.pool.agents)
        if not question.campaign_id or question.campaign_id in agent.campaigns
    ]
    return await asyncio.to_thread(views.agent_views, views.take_agents(house.engine, rows, house.now_ns()))


@answers(GetAgent)
async def get_agent(house: House, question: GetAgent) -> AgentView:
    """One agent."""
    return agent_view(house, question.agent_id)


@answers(GetDesk)
async def get_desk(house: House, question: GetDesk) -> DeskView:
    """An agent and the call in hand."""
    return await desk_view(house, question.agent_id)


async def desk_view(house: House, agent_id: int) -> DeskView:
    """The desk as it is now, with the record of the call."""
    agent = agent_view(house, agent_id)
    last = house.last_calls.of(agent_id)
    call = None if last is None else await _desk_call(house, last)
    return DeskView(at=views.at(house.now_ns()), agent=agent, call=call)


async def _desk_call(house: House, last: LastCall) -> DeskCall:
    call = last.call
    lead = await house.read(lambda store: store.lead(call.lead_id))
    settings = house.registry.campaign(call.campaign_id).settings
    zone, zone_from = zone_of(last.number, settings.calling_hours)
    return DeskCall(
        call=call,
        campaign=settings.name,
        lead=lead_view(lead),
        script_ref=settings.script,
        dispositions=list(settings.dispositions),
        answers=settings.answers,
        disposition=last.disposition,
        timezone=zone,
        timezone_from=zone_from,
        wrap_up_max_s=settings.wrap_up_max_s,
    )


def agent_view(house: House, agent_id: int) -> AgentView:
    """An agent on the floor. UnknownId."""
    return views.agent_view(house.engine, agent_row(house, agent_id), house.now_ns())


def agent_row(house: House, agent_id: int) -> int:
    """The agent's row in the engine's table. UnknownId."""
    house.registry.agent(agent_id)
    return house.agent_rows()[agent_id]


@answers(ListCalls)
async def list_calls(house: House, question: ListCalls) -> list[CallView]:
    """Calls in flight, in the order of their launch."""
    if not 1 <= question.limit <= CALLS_MAX:
        raise ConfigError("limit", f"must be from 1 to {CALLS_MAX}, not {question.limit}")
    if question.campaign_id:
        house.registry.campaign(question.campaign_id)
    rows = views.call_rows(house.engine, question.campaign_id)[: question.limit]
    return await asyncio.to_thread(views.call_views, views.take_calls(house.engine, rows))


@answers(GetCall)
async def get_call(house: House, question: GetCall) -> CallView:
    """One call in flight."""
    row = views.call_row(house.engine, views.call_id_of(question.call_id))
    if row < 0:
        raise UnknownId(f"no call {question.call_id} is in flight")
    (view,) = views.call_views(views.take_calls(house.engine, [row]))
    return view


# ---- agents ------------------------------------------------------------------------------------------------------


@carries_out(DefineAgent)
async def define_agent(house: House, order: DefineAgent, actor: Actor) -> Done:
    """Add an agent, or change one."""
    async with house.changing:
        agent_id = await _define(house, order.agent_id, order.name, order.leg, tuple(order.campaigns), actor)
    detail = {"name": order.name, "leg": order.leg, "campaigns": order.campaigns}
    return Done(agent_view(house, agent_id), f"agent/{agent_id}", detail)


async def _define(
    house: House, agent_id: int, name: str, leg: str, campaigns: tuple[int, ...], actor: Actor
) -> int:  # fmt: skip
    # under the lock of settings; returns the agent's id
    registry = house.registry
    for campaign_id in campaigns:
        registry.campaign(campaign_id)
    known = registry.agent(agent_id) if agent_id else None
    next_id = agent_id or max(registry.agents, default=0) + 1
    settings = Agent(id=next_id, name=name, leg=leg, campaigns=tuple(dict.fromkeys(campaigns)))
    house.check(registry.pool(house.engine.pool, agent=settings))
    now_ns = house.now_ns()
    if known is None:
        stored = await house.write(lambda store: store.create_agent(settings, actor.name, now_ns))
    else:
        stored = await house.write(lambda store: store.change_agent(agent_id, settings, 0, actor.name, now_ns))
    registry.put_agent(stored)
    await house.apply(registry.pool(house.engine.pool))
    return stored.agent_id


def _state(house: House, agent_id: int) -> AgentState:
    return AgentState(int(house.engine.agents.columns["state"][agent_row(house, agent_id)]))


async def _unless(house: House, fact: events.Event, agent_id: int, *, there: bool) -> None:
    # refused where somebody else was quicker, it has come to what was wanted all the same
    try:
        await house.runner.pump.act(fact)
    except StateError:
        if (_state(house, agent_id) is not AgentState.LOGGED_OUT) != there:
            raise


async def _desk(house: House, agent_id: int, detail: dict[str, Any] | None = None) -> Done:
    return Done(await desk_view(house, agent_id), f"agent/{agent_id}", detail or {})


@carries_out(LogIn)
async def log_in(house: House, order: LogIn, actor: Actor) -> Done:
    """Open the agent's leg, at another address if one is given. A second tab finds the agent logged in."""
    agent_id = order.agent_id
    if order.leg and order.leg != house.registry.agent(agent_id).settings.leg:
        async with house.changing:
            await _move(house, agent_id, order.leg, actor)
    # who talks may be in a conversation that was taken over from an earlier process: after it they were logged out
    if _state(house, agent_id) in (AgentState.LOGGED_OUT, AgentState.TALKING):
        await _unless(house, events.AgentLoggedIn(agent_id), agent_id, there=True)
    return await _desk(house, agent_id, {"leg": order.leg or house.registry.agent(agent_id).settings.leg})


async def _move(house: House, agent_id: int, leg: str, actor: Actor) -> None:
    # under the lock of settings, and by what they are under it: somebody may just have changed them
    settings = house.registry.agent(agent_id).settings
    if leg == settings.leg:
        return
    if _state(house, agent_id) is not AgentState.LOGGED_OUT:
        raise StateError(f"agent {agent_id} is logged in at {settings.leg or 'no leg'}: log out first")
    await _define(house, agent_id, settings.name, leg, settings.campaigns, actor)


@carries_out(LogOut)
async def log_out(house: House, order: LogOut, actor: Actor) -> Done:
    """Log out, now or after the call in hand; nothing happens to an agent who is out."""
    del actor
    if _state(house, order.agent_id) is not AgentState.LOGGED_OUT:
        await _unless(house, events.AgentLoggedOut(order.agent_id), order.agent_id, there=False)
    return await _desk(house, order.agent_id)


@carries_out(SetReady)
async def set_ready(house: House, order: SetReady, actor: Actor) -> Done:
    """Ready for calls."""
    del actor
    house.registry.agent(order.agent_id)
    await house.runner.pump.act(events.AgentReady(order.agent_id))
    return await _desk(house, order.agent_id)


@carries_out(SetNotReady)
async def set_not_ready(house: House, order: SetNotReady, actor: Actor) -> Done:
    """Pause."""
    del actor
    house.registry.agent(order.agent_id)
    if not 0 <= order.reason <= _REASON_MAX:
        raise ConfigError("reason", f"must be from 0 to {_REASON_MAX}, not {order.reason}")
    await house.runner.pump.act(events.AgentNotReady(order.agent_id, order.reason))
    return await _desk(house, order.agent_id, {"reason": order.reason})


@carries_out(SetDisposition)
async def set_disposition(house: House, order: SetDisposition, actor: Actor) -> Done:
    """What the agent says of the call in hand or in wrap-up; may end the wrap-up."""
    del actor
    agent_id = order.agent_id
    house.registry.agent(agent_id)
    last = house.last_calls.of(agent_id)
    if last is None or last.call.call_id != order.call_id:
        raise StateError(f"call {order.call_id} is not the call in hand of agent {agent_id}, nor in wrap-up")
    settings = house.registry.campaign(last.call.campaign_id).settings
    known = settings.dispositions
    if order.disposition not in known:
        raise ConfigError("disposition", f"must be one of {', '.join(known)}, not {order.disposition!r}")
    check_answers(settings.answers, order.attributes)
    callback_ns = views.ns_of(order.callback_at, "callback_at") if order.callback_at is not None else 0
    if order.callback_at is not None and callback_ns <= house.now_ns():
        raise ConfigError("callback_at", "lies in the past")
    fact = events.DispositionSet(
        agent_id,
        int(order.call_id),
        known.index(order.disposition),
        msgspec.json.encode(order.attributes).decode(),
        callback_ns,
        order.suppress,
    )
    await house.runner.pump.act(fact)
    last.disposition = order.disposition
    if order.suppress:
        await house.runner.pump.act(events.NumberSuppressed(last.number, 0))
    if order.ready:
        await house.runner.pump.act(events.AgentReady(agent_id))
    if order.suppress:
        await house.let_go_suppressed()
    # no state has changed, but the agent's other tabs show the disposition as well
    house.hub.publish(Topic.AGENTS, str(agent_id), msgspec.to_builtins(agent_view(house, agent_id)))
    detail = {
        "call_id": order.call_id,
        "disposition": order.disposition,
        "callback_at": order.callback_at.isoformat() if order.callback_at is not None else None,
        "suppress": order.suppress,
        "ready": order.ready,
    }
    return await _desk(house, agent_id, detail)


@carries_out(HangUpCall)
async def hang_up_call(house: House, order: HangUpCall, actor: Actor) -> Done:
    """End a call in flight."""
    del actor
    call_id = views.call_id_of(order.call_id)
    if views.call_row(house.engine, call_id) < 0:
        raise UnknownId(f"no call {order.call_id} is in flight")
    await house.runner.pump.act(events.HangUpCall(call_id))
    return Done(None, f"call/{order.call_id}")
