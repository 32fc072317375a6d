"""Jobs: imports and simulations, how far they are, and their end."""

from __future__ import annotations

from outpace.api import roles
from outpace.api.bodies import JobId
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import JOB
from outpace.domain.resources import JobView

routes = Routes("jobs", "Long work: imports and simulations.")


@routes.add("GET", "/v1/jobs", roles.DATA, example=[JOB])
async def list_jobs(call: Call) -> list[JobView]:
    """Jobs of this node since its start, the latest first."""
    return call.api.jobs.all()


@routes.add("GET", "/v1/jobs/{job_id}", roles.DATA, problems=(404,), example=JOB)
async def get_job(call: Call, job_id: JobId) -> JobView:
    """One job; its result when it is done."""
    return call.api.jobs.get(job_id)


@routes.add("POST", "/v1/jobs/{job_id}/cancel", roles.DATA, problems=(404, 409), example=JOB)
async def cancel_job(call: Call, job_id: JobId) -> JobView:
    """End a job; what it has done so far stays."""
    return call.api.jobs.cancel(job_id)
