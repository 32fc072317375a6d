"""Reports: figures with their definitions, numerators and denominators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

import msgspec

from outpace.api import roles
from outpace.api.answers import StreamReply
from outpace.api.bodies import AnyId, Moment
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import REPORT
from outpace.api.exports import MEDIA, ROWS, csv_lines
from outpace.api.problems import ProblemError
from outpace.domain.access import Role
from outpace.domain.orders import GetReport
from outpace.domain.resources import ReportView

By = Literal["campaign", "agent", "hour", "outcome"]

routes = Routes("reports", "Figures over a time, each rate with what it divides.")


@routes.add("GET", "/v1/reports/{by}", roles.FIGURES, problems=(404,), example=REPORT)
async def get_report(
    call: Call,
    by: By,
    since: Moment,
    until: Moment,
    campaign_id: AnyId = 0,
) -> ReportView:
    """Figures of the attempts that ended in [since, until), with a total."""
    return await _report(call, GetReport(by=by, since=since, until=until, campaign_id=campaign_id))


@routes.add("GET", "/v1/reports/{by}/export", roles.FIGURES, problems=(404,), answer_media=(MEDIA["csv"],))
async def export_report(
    call: Call,
    by: By,
    since: Moment,
    until: Moment,
    campaign_id: AnyId = 0,
) -> StreamReply:
    """The same report as CSV: a head of names, a row for each of its rows, the total last."""
    report = await _report(call, GetReport(by=by, since=since, until=until, campaign_id=campaign_id))
    plain: list[dict[str, Any]] = msgspec.to_builtins(report.rows)
    names = list(plain[0] if plain else [report.columns[0].name, *report.total])
    rows = [[row.get(name, "") for name in names] for row in [*plain, {names[0]: "total", **report.total}]]
    headers = [
        (b"content-type", MEDIA["csv"].encode()),
        (b"content-disposition", f'attachment; filename="report-by-{by}.csv"'.encode()),
    ]
    return StreamReply(_chunks([names, *rows]), headers)


async def _chunks(rows: Sequence[Sequence[Any]]) -> AsyncIterator[bytes]:
    for start in range(0, len(rows), ROWS):
        yield csv_lines(rows[start : start + ROWS])


async def _report(call: Call, question: GetReport) -> ReportView:
    if call.actor.role is Role.MONITOR and question.by == "agent":
        raise ProblemError("forbidden", "the role monitor reads no figures of single people")
    if question.since > question.until:
        raise ProblemError("invalid", "must not be later than until", field="since")
    return await call.ask(question)
