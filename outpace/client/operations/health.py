"""Whether the node works, and its figures for monitoring.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from typing import Any

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.requests import call
from outpace.domain.resources import AlarmView, HealthView
from outpace.domain.wire import Live, Ready


class Health(Core):
    """Whether the node works, and its figures for monitoring."""

    def get_live(self) -> Live:
        """Whether the process lives.

        Needs no token.
        """
        return self._ask(call("GET", "/health/live", Live))

    def get_ready(self) -> Ready:
        """Whether the node can dial; a problem of status 503 when not.

        Needs no token.
        """
        return self._ask(call("GET", "/health/ready", Ready))

    def get_health(self) -> HealthView:
        """The node's parts and alarms.

        Roles: operator, supervisor, monitor.
        """
        return self._ask(call("GET", "/v1/health", HealthView))

    def list_alarms(self) -> list[AlarmView]:
        """Alarms that are on, then the last 500 that were since the node's start.

        Roles: operator, supervisor, integrator, monitor.
        """
        return self._ask(call("GET", "/v1/alarms", list[AlarmView]))

    def get_metrics(self) -> str:
        """Figures for Prometheus; see the page on metrics.

        Roles: operator, supervisor, monitor.
        """
        return self._ask(call("GET", "/metrics", str))

    def get_openapi(self) -> dict[str, Any]:
        """The OpenAPI document itself.

        Roles: any.
        """
        return self._ask(call("GET", "/openapi.json", dict[str, Any]))


class AsyncHealth(AsyncCore):
    """Whether the node works, and its figures for monitoring."""

    async def get_live(self) -> Live:
        """Whether the process lives.

        Needs no token.
        """
        return await self._ask(call("GET", "/health/live", Live))

    async def get_ready(self) -> Ready:
        """Whether the node can dial; a problem of status 503 when not.

        Needs no token.
        """
        return await self._ask(call("GET", "/health/ready", Ready))

    async def get_health(self) -> HealthView:
        """The node's parts and alarms.

        Roles: operator, supervisor, monitor.
        """
        return await self._ask(call("GET", "/v1/health", HealthView))

    async def list_alarms(self) -> list[AlarmView]:
        """Alarms that are on, then the last 500 that were since the node's start.

        Roles: operator, supervisor, integrator, monitor.
        """
        return await self._ask(call("GET", "/v1/alarms", list[AlarmView]))

    async def get_metrics(self) -> str:
        """Figures for Prometheus; see the page on metrics.

        Roles: operator, supervisor, monitor.
        """
        return await self._ask(call("GET", "/metrics", str))

    async def get_openapi(self) -> dict[str, Any]:
        """The OpenAPI document itself.

        Roles: any.
        """
        return await self._ask(call("GET", "/openapi.json", dict[str, Any]))
