"""What would happen, before it is done: the same engine on simulated days.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outpace.client._async_core import AsyncCore, AsyncJob
from outpace.client._core import Core, Job
from outpace.client.requests import call
from outpace.domain.resources import JobView


class Simulations(Core):
    """What would happen, before it is done: the same engine on simulated days."""

    def simulate(
        self,
        *,
        campaign_id: int,
        changes: Mapping[str, Any] | None = None,
        agents: int | None = None,
        hours: float = 2.0,
        seeds: int = 4,
        live: float | None = None,
        talk_s: float | None = None,
        wrap_up_s: float | None = None,
        idempotency_key: str = "",
    ) -> Job:
        """What if a campaign had other settings.

        A job plays the campaign as it is and with the changes, on the same simulated days with the engine's own pacing;
        its result compares them, each figure with its 95 % interval. Roles: operator, supervisor.
        """
        return self._start(
            call(
                "POST",
                "/v1/simulations",
                JobView,
                body={
                    "campaign_id": campaign_id,
                    "changes": changes,
                    "agents": agents,
                    "hours": hours,
                    "seeds": seeds,
                    "live": live,
                    "talk_s": talk_s,
                    "wrap_up_s": wrap_up_s,
                },
                key=idempotency_key,
            )
        )


class AsyncSimulations(AsyncCore):
    """What would happen, before it is done: the same engine on simulated days."""

    async def simulate(
        self,
        *,
        campaign_id: int,
        changes: Mapping[str, Any] | None = None,
        agents: int | None = None,
        hours: float = 2.0,
        seeds: int = 4,
        live: float | None = None,
        talk_s: float | None = None,
        wrap_up_s: float | None = None,
        idempotency_key: str = "",
    ) -> AsyncJob:
        """What if a campaign had other settings.

        A job plays the campaign as it is and with the changes, on the same simulated days with the engine's own pacing;
        its result compares them, each figure with its 95 % interval. Roles: operator, supervisor.
        """
        return await self._start(
            call(
                "POST",
                "/v1/simulations",
                JobView,
                body={
                    "campaign_id": campaign_id,
                    "changes": changes,
                    "agents": agents,
                    "hours": hours,
                    "seeds": seeds,
                    "live": live,
                    "talk_s": talk_s,
                    "wrap_up_s": wrap_up_s,
                },
                key=idempotency_key,
            )
        )
