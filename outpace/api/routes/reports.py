"""Reports: figures with their definitions, numerators and denominators."""

from __future__ import annotations

from typing import Literal

from outpace.api import roles
from outpace.api.bodies import AnyId, Moment
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import REPORT
from outpace.api.problems import ProblemError
from outpace.domain.access import Role
from outpace.domain.orders import GetReport
from outpace.domain.resources import ReportView

routes = Routes("reports", "Figures over a time, each rate with what it divides.")


@routes.add("GET", "/v1/reports/{by}", roles.FIGURES, problems=(404,), example=REPORT)
async def get_report(
    call: Call,
    by: Literal["campaign", "agent", "hour", "outcome"],
    since: Moment,
    until: Moment,
    campaign_id: AnyId = 0,
) -> ReportView:
    """Figures of the attempts that ended in [since, until), with a total."""
    if call.actor.role is Role.MONITOR and by == "agent":
        raise ProblemError("forbidden", "the role monitor reads no figures of single people")
    if since > until:
        raise ProblemError("invalid", "must not be later than until", field="since")
    return await call.ask(GetReport(by=by, since=since, until=until, campaign_id=campaign_id))
