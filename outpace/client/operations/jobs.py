"""Long work: imports and simulations.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.requests import call, part
from outpace.domain.resources import JobView


class Jobs(Core):
    """Long work: imports and simulations."""

    def list_jobs(self) -> list[JobView]:
        """Jobs of this node since its start, the latest first.

        Roles: operator, supervisor, integrator.
        """
        return self._ask(call("GET", "/v1/jobs", list[JobView]))

    def get_job(self, job_id: str) -> JobView:
        """One job; its result when it is done.

        Roles: operator, supervisor, integrator.
        """
        return self._ask(call("GET", f"/v1/jobs/{part(job_id)}", JobView))

    def cancel_job(self, job_id: str, *, idempotency_key: str = "") -> JobView:
        """End a job; what it has done so far stays.

        Roles: operator, supervisor, integrator.
        """
        return self._ask(call("POST", f"/v1/jobs/{part(job_id)}/cancel", JobView, key=idempotency_key))


class AsyncJobs(AsyncCore):
    """Long work: imports and simulations."""

    async def list_jobs(self) -> list[JobView]:
        """Jobs of this node since its start, the latest first.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(call("GET", "/v1/jobs", list[JobView]))

    async def get_job(self, job_id: str) -> JobView:
        """One job; its result when it is done.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(call("GET", f"/v1/jobs/{part(job_id)}", JobView))

    async def cancel_job(self, job_id: str, *, idempotency_key: str = "") -> JobView:
        """End a job; what it has done so far stays.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(call("POST", f"/v1/jobs/{part(job_id)}/cancel", JobView, key=idempotency_key))
