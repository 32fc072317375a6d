"""Who talks to people: the floor, and each agent's desk.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.requests import call, part
from outpace.domain.resources import AgentView, DeskView


class Agents(Core):
    """Who talks to people: the floor, and each agent's desk."""

    def list_agents(self, *, campaign_id: int = 0) -> list[AgentView]:
        """The floor: all agents, or those of a campaign.

        Roles: operator, supervisor.
        """
        return self._ask(call("GET", "/v1/agents", list[AgentView], query={"campaign_id": campaign_id}))

    def create_agent(self, *, name: str, leg: str, campaigns: Sequence[int], idempotency_key: str = "") -> AgentView:
        """A new agent.

        Roles: operator.
        """
        return self._ask(
            call(
                "POST",
                "/v1/agents",
                AgentView,
                body={"name": name, "leg": leg, "campaigns": campaigns},
                key=idempotency_key,
            )
        )

    def get_agent(self, agent_id: int) -> AgentView:
        """One agent.

        Roles: operator, supervisor, agent.
        """
        return self._ask(call("GET", f"/v1/agents/{part(agent_id)}", AgentView))

    def change_agent(self, agent_id: int, *, name: str, leg: str, campaigns: Sequence[int]) -> AgentView:
        """Change an agent's name, leg and campaigns; calls in hand are not touched.

        Roles: operator.
        """
        return self._ask(
            call(
                "PUT",
                f"/v1/agents/{part(agent_id)}",
                AgentView,
                body={"name": name, "leg": leg, "campaigns": campaigns},
            )
        )

    def get_desk(self, agent_id: int) -> DeskView:
        """An agent's desk: their state, and the call in hand with its record.

        Roles: operator, supervisor, agent.
        """
        return self._ask(call("GET", f"/v1/agents/{part(agent_id)}/desk", DeskView))

    def log_in(self, agent_id: int, *, leg: str = "", idempotency_key: str = "") -> DeskView:
        """Open the agent's leg.

        The agent is not ready until said so. Agents name no other leg than the one that is set for them, unless the
        node's `agent_legs` matches it. Roles: operator, supervisor, agent.
        """
        return self._ask(
            call("POST", f"/v1/agents/{part(agent_id)}/desk/log-in", DeskView, body={"leg": leg}, key=idempotency_key)
        )

    def log_out(self, agent_id: int, *, idempotency_key: str = "") -> DeskView:
        """Log out: now, or after the call in hand.

        Roles: operator, supervisor, agent.
        """
        return self._ask(call("POST", f"/v1/agents/{part(agent_id)}/desk/log-out", DeskView, key=idempotency_key))

    def set_ready(self, agent_id: int, *, idempotency_key: str = "") -> DeskView:
        """Ready for calls; ends a wrap-up.

        Roles: operator, supervisor, agent.
        """
        return self._ask(call("POST", f"/v1/agents/{part(agent_id)}/desk/ready", DeskView, key=idempotency_key))

    def set_not_ready(self, agent_id: int, *, reason: int = 0, idempotency_key: str = "") -> DeskView:
        """Pause with a reason: now, or after the call in hand.

        Roles: operator, supervisor, agent.
        """
        return self._ask(
            call(
                "POST",
                f"/v1/agents/{part(agent_id)}/desk/not-ready",
                DeskView,
                body={"reason": reason},
                key=idempotency_key,
            )
        )

    def set_disposition(
        self,
        agent_id: int,
        *,
        call_id: str,
        disposition: str,
        attributes: Mapping[str, Any] | None = None,
        callback_at: datetime | None = None,
        suppress: bool = False,
        ready: bool = False,
        idempotency_key: str = "",
    ) -> DeskView:
        """The agent's verdict on the call in hand or in wrap-up.

        `callback_at` schedules the lead again, `suppress` never dials the number again, `ready` ends the wrap-up.
        Roles: operator, supervisor, agent.
        """
        return self._ask(
            call(
                "POST",
                f"/v1/agents/{part(agent_id)}/desk/disposition",
                DeskView,
                body={
                    "call_id": call_id,
                    "disposition": disposition,
                    "attributes": attributes,
                    "callback_at": callback_at,
                    "suppress": suppress,
                    "ready": ready,
                },
                key=idempotency_key,
            )
        )


class AsyncAgents(AsyncCore):
    """Who talks to people: the floor, and each agent's desk."""

    async def list_agents(self, *, campaign_id: int = 0) -> list[AgentView]:
        """The floor: all agents, or those of a campaign.

        Roles: operator, supervisor.
        """
        return await self._ask(call("GET", "/v1/agents", list[AgentView], query={"campaign_id": campaign_id}))

    async def create_agent(
        self, *, name: str, leg: str, campaigns: Sequence[int], idempotency_key: str = ""
    ) -> AgentView:
        """A new agent.

        Roles: operator.
        """
        return await self._ask(
            call(
                "POST",
                "/v1/agents",
                AgentView,
                body={"name": name, "leg": leg, "campaigns": campaigns},
                key=idempotency_key,
            )
        )

    async def get_agent(self, agent_id: int) -> AgentView:
        """One agent.

        Roles: operator, supervisor, agent.
        """
        return await self._ask(call("GET", f"/v1/agents/{part(agent_id)}", AgentView))

    async def change_agent(self, agent_id: int, *, name: str, leg: str, campaigns: Sequence[int]) -> AgentView:
        """Change an agent's name, leg and campaigns; calls in hand are not touched.

        Roles: operator.
        """
        return await self._ask(
            call(
                "PUT",
                f"/v1/agents/{part(agent_id)}",
                AgentView,
                body={"name": name, "leg": leg, "campaigns": campaigns},
            )
        )

    async def get_desk(self, agent_id: int) -> DeskView:
        """An agent's desk: their state, and the call in hand with its record.

        Roles: operator, supervisor, agent.
        """
        return await self._ask(call("GET", f"/v1/agents/{part(agent_id)}/desk", DeskView))

    async def log_in(self, agent_id: int, *, leg: str = "", idempotency_key: str = "") -> DeskView:
        """Open the agent's leg.

        The agent is not ready until said so. Agents name no other leg than the one that is set for them, unless the
        node's `agent_legs` matches it. Roles: operator, supervisor, agent.
        """
        return await self._ask(
            call("POST", f"/v1/agents/{part(agent_id)}/desk/log-in", DeskView, body={"leg": leg}, key=idempotency_key)
        )

    async def log_out(self, agent_id: int, *, idempotency_key: str = "") -> DeskView:
        """Log out: now, or after the call in hand.

        Roles: operator, supervisor, agent.
        """
        return await self._ask(call("POST", f"/v1/agents/{part(agent_id)}/desk/log-out", DeskView, key=idempotency_key))

    async def set_ready(self, agent_id: int, *, idempotency_key: str = "") -> DeskView:
        """Ready for calls; ends a wrap-up.

        Roles: operator, supervisor, agent.
        """
        return await self._ask(call("POST", f"/v1/agents/{part(agent_id)}/desk/ready", DeskView, key=idempotency_key))

    async def set_not_ready(self, agent_id: int, *, reason: int = 0, idempotency_key: str = "") -> DeskView:
        """Pause with a reason: now, or after the call in hand.

        Roles: operator, supervisor, agent.
        """
        return await self._ask(
            call(
                "POST",
                f"/v1/agents/{part(agent_id)}/desk/not-ready",
                DeskView,
                body={"reason": reason},
                key=idempotency_key,
            )
        )

    async def set_disposition(
        self,
        agent_id: int,
        *,
        call_id: str,
        disposition: str,
        attributes: Mapping[str, Any] | None = None,
        callback_at: datetime | None = None,
        suppress: bool = False,
        ready: bool = False,
        idempotency_key: str = "",
    ) -> DeskView:
        """The agent's verdict on the call in hand or in wrap-up.

        `callback_at` schedules the lead again, `suppress` never dials the number again, `ready` ends the wrap-up.
        Roles: operator, supervisor, agent.
        """
        return await self._ask(
            call(
                "POST",
                f"/v1/agents/{part(agent_id)}/desk/disposition",
                DeskView,
                body={
                    "call_id": call_id,
                    "disposition": disposition,
                    "attributes": attributes,
                    "callback_at": callback_at,
                    "suppress": suppress,
                    "ready": ready,
                },
                key=idempotency_key,
            )
        )
