"""Agents: the floor, and the desk of one of them. Agents see and do what is their own."""

from __future__ import annotations

import msgspec

from outpace.api import roles
from outpace.api.answers import Answer
from outpace.api.auth import require_own
from outpace.api.bodies import AgentBody, AnyId, DispositionBody, Id, LogInBody, NotReadyBody
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import AGENT, DESK, DISPOSITION, NEW_AGENT
from outpace.api.problems import ProblemError
from outpace.domain.access import Role
from outpace.domain.orders import (
    DefineAgent,
    GetAgent,
    GetDesk,
    ListAgents,
    LogIn,
    LogOut,
    SetDisposition,
    SetNotReady,
    SetReady,
)
from outpace.domain.resources import AgentView, DeskView

routes = Routes("agents", "Who talks to people: the floor, and each agent's desk.")

ONE = "/v1/agents/{agent_id}"
DESK_OF = ONE + "/desk"

_OWN_LEG = LogInBody()
_NO_REASON = NotReadyBody()


@routes.add("GET", "/v1/agents", roles.STEERING, problems=(404,), example=[AGENT])
async def list_agents(call: Call, campaign_id: AnyId = 0) -> list[AgentView]:
    """The floor: all agents, or those of a campaign."""
    return await call.ask(ListAgents(campaign_id=campaign_id))


@routes.add(
    "POST",
    "/v1/agents",
    roles.OPERATORS,
    status=201,
    problems=(404, 409),
    headers=("Location",),
    example=AGENT,
    body_example=NEW_AGENT,
)
async def create_agent(call: Call, body: AgentBody) -> Answer[AgentView]:
    """A new agent."""
    view = await call.tell(DefineAgent(**msgspec.structs.asdict(body)))
    return Answer(view, location=f"/v1/agents/{view.agent_id}")


@routes.add("GET", ONE, roles.FLOOR, problems=(404,), example=AGENT)
async def get_agent(call: Call, agent_id: Id) -> AgentView:
    """One agent."""
    require_own(call.actor, agent_id)
    return await call.ask(GetAgent(agent_id=agent_id))


@routes.add("PUT", ONE, roles.OPERATORS, problems=(404, 409), example=AGENT, body_example=NEW_AGENT)
async def change_agent(call: Call, agent_id: Id, body: AgentBody) -> AgentView:
    """Change an agent's name, leg and campaigns; calls in hand are not touched."""
    return await call.tell(DefineAgent(agent_id=agent_id, **msgspec.structs.asdict(body)))


@routes.add("GET", DESK_OF, roles.FLOOR, problems=(404,), example=DESK)
async def get_desk(call: Call, agent_id: Id) -> DeskView:
    """An agent's desk: their state, and the call in hand with its record."""
    require_own(call.actor, agent_id)
    return await call.ask(GetDesk(agent_id=agent_id))


@routes.add(
    "POST", DESK_OF + "/log-in", roles.FLOOR, problems=(404, 409), example=DESK, body_example={"leg": "PJSIP/agent7"}
)
async def log_in(call: Call, agent_id: Id, body: LogInBody = _OWN_LEG) -> DeskView:
    """Open the agent's leg.

    The agent is not ready until said so. Agents name no other leg than the one that is set for them, unless the node's
    `agent_legs` matches it.
    """
    require_own(call.actor, agent_id)
    leg = body.leg
    if leg and call.actor.role is Role.AGENT and not call.api.settings.may_agents_name(leg):
        if leg != (await call.ask(GetAgent(agent_id=agent_id))).leg:
            raise ProblemError("forbidden", "agents log in at the leg that is set for them", field="leg")
        leg = ""  # the one that is set, whatever it is by now
    return await call.tell(LogIn(agent_id=agent_id, leg=leg))


@routes.add("POST", DESK_OF + "/log-out", roles.FLOOR, problems=(404, 409), example=DESK)
async def log_out(call: Call, agent_id: Id) -> DeskView:
    """Log out: now, or after the call in hand."""
    require_own(call.actor, agent_id)
    return await call.tell(LogOut(agent_id=agent_id))


@routes.add("POST", DESK_OF + "/ready", roles.FLOOR, problems=(404, 409), example=DESK)
async def set_ready(call: Call, agent_id: Id) -> DeskView:
    """Ready for calls; ends a wrap-up."""
    require_own(call.actor, agent_id)
    return await call.tell(SetReady(agent_id=agent_id))


@routes.add("POST", DESK_OF + "/not-ready", roles.FLOOR, problems=(404, 409), example=DESK, body_example={"reason": 3})
async def set_not_ready(call: Call, agent_id: Id, body: NotReadyBody = _NO_REASON) -> DeskView:
    """Pause with a reason: now, or after the call in hand."""
    require_own(call.actor, agent_id)
    return await call.tell(SetNotReady(agent_id=agent_id, reason=body.reason))


@routes.add("POST", DESK_OF + "/disposition", roles.FLOOR, problems=(404, 409), example=DESK, body_example=DISPOSITION)
async def set_disposition(call: Call, agent_id: Id, body: DispositionBody) -> DeskView:
    """The agent's verdict on the call in hand or in wrap-up.

    `callback_at` schedules the lead again, `suppress` never dials the number again, `ready` ends the wrap-up.
    """
    require_own(call.actor, agent_id)
    return await call.tell(SetDisposition(agent_id=agent_id, **msgspec.structs.asdict(body)))
