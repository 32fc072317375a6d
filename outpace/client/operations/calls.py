"""Calls in flight.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.requests import call, part
from outpace.domain.resources import CallView


class Calls(Core):
    """Calls in flight."""

    def list_calls(self, *, campaign_id: int = 0, limit: int = 1000) -> list[CallView]:
        """Calls in flight, in the order of their launch.

        Roles: operator, supervisor.
        """
        return self._ask(call("GET", "/v1/calls", list[CallView], query={"campaign_id": campaign_id, "limit": limit}))

    def get_call(self, call_id: str) -> CallView:
        """One call in flight; agents see their own.

        Roles: operator, supervisor, agent.
        """
        return self._ask(call("GET", f"/v1/calls/{part(call_id)}", CallView))

    def hang_up_call(self, call_id: str, *, idempotency_key: str = "") -> None:
        """End a call; agents end their own.

        Roles: operator, supervisor, agent.
        """
        return self._ask(call("POST", f"/v1/calls/{part(call_id)}/hang-up", type(None), key=idempotency_key))


class AsyncCalls(AsyncCore):
    """Calls in flight."""

    async def list_calls(self, *, campaign_id: int = 0, limit: int = 1000) -> list[CallView]:
        """Calls in flight, in the order of their launch.

        Roles: operator, supervisor.
        """
        return await self._ask(
            call("GET", "/v1/calls", list[CallView], query={"campaign_id": campaign_id, "limit": limit})
        )

    async def get_call(self, call_id: str) -> CallView:
        """One call in flight; agents see their own.

        Roles: operator, supervisor, agent.
        """
        return await self._ask(call("GET", f"/v1/calls/{part(call_id)}", CallView))

    async def hang_up_call(self, call_id: str, *, idempotency_key: str = "") -> None:
        """End a call; agents end their own.

        Roles: operator, supervisor, agent.
        """
        return await self._ask(call("POST", f"/v1/calls/{part(call_id)}/hang-up", type(None), key=idempotency_key))
