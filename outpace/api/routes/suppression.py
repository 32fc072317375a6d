"""Suppression: numbers that are not dialled."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from outpace.api import roles
from outpace.api.answers import Answer, StreamReply
from outpace.api.bodies import AnyId, AnyNumber, JobId, Moment, Number, Region, SuppressionBody, Text
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import NEW_SUPPRESSION, SUPPRESSION, SUPPRESSION_CSV, SUPPRESSION_JOB, page_of
from outpace.api.exports import rejects
from outpace.api.paging import Cursor, Limit
from outpace.api.suppression_imports import rejects_path, start_suppression
from outpace.api.uploads import uploaded
from outpace.domain.errors import ConfigError
from outpace.domain.orders import GetCampaign, ListSuppression, Suppress, Unsuppress
from outpace.domain.resources import JobView, Page, SuppressionView
from outpace.runtime.views import ns_of
from outpace.store.lead_import import ImportOptions
from outpace.store.suppression_import import Entry

routes = Routes("suppression", "Numbers that are not dialled, by any campaign or by one.")

_Scope = Annotated[int, Meta(ge=0, le=2**31 - 1, description="0 = numbers that no campaign dials.")]


@routes.add("GET", "/v1/suppression", roles.DATA, example=page_of(SUPPRESSION))
async def list_suppression(
    call: Call, campaign_id: AnyId = 0, number: AnyNumber = "", cursor: Cursor = "", limit: Limit = 100
) -> Page[SuppressionView]:
    """Suppressed numbers, by number."""
    places = None if roles.sees_numbers(call.actor) else call.api.hidden_places
    place = cursor if places is None else places.find(cursor)
    page = await call.ask(ListSuppression(campaign_id=campaign_id, number=number, cursor=place, limit=limit))
    if places is None:
        return page
    return msgspec.structs.replace(page, next_cursor=places.hide(page.next_cursor))


@routes.add(
    "POST",
    "/v1/suppression",
    roles.DATA,
    status=201,
    problems=(404,),
    example=SUPPRESSION,
    body_example=NEW_SUPPRESSION,
)
async def suppress(call: Call, body: SuppressionBody) -> SuppressionView:
    """Never dial a number again, from this moment on.

    A call to it that is not answered yet is hung up.
    """
    return await call.tell(Suppress(**msgspec.structs.asdict(body)))


@routes.add(
    "POST",
    "/v1/suppression/imports",
    roles.DATA,
    status=202,
    problems=(404, 413, 507),
    headers=("Location",),
    example=SUPPRESSION_JOB,
    body_media="text/csv",
    body_example=SUPPRESSION_CSV,
)
async def import_suppression(
    call: Call,
    *,
    campaign_id: _Scope = 0,
    reason: Text = "",
    expires_at: Moment | None = None,
    region: Region = "",
    column: Annotated[str, Meta(max_length=200, description="Header name of the number, or its position from 1.")] = "",
    header: Annotated[bool, Meta(description="None: there is one unless the first row holds a number.")] | None = None,
    encoding: Annotated[str, Meta(max_length=40)] = "utf-8",
    delimiter: Annotated[str, Meta(max_length=1, description="None: found out.")] = "",
    validation: Literal["valid", "possible"] = "possible",
) -> Answer[JobView]:
    """Put a do-not-call list of any length on the suppression list: CSV, or one number a line.

    It is read to its end first, then imported by a job of its own; each number is in force as soon as the job has come
    to it, and calls to it that nobody has answered are hung up at the end. An entry that holds for longer already stays
    as it is; a list that is imported again changes nothing.
    """
    node, jobs = call.api.node, call.api.jobs
    options = msgspec.to_builtins(
        ImportOptions(
            region=region,
            column=int(column) if column.isdecimal() else column,
            encoding=encoding,
            delimiter=delimiter,
            validation=validation,
        )
    )
    if header is False and column and not column.isdecimal():
        raise ConfigError("column", f"without a header wants a position, not {column!r}")
    if campaign_id:
        await call.ask(GetCampaign(campaign_id=campaign_id))
    expires_ns = ns_of(expires_at, "expires_at") if expires_at else 0
    if expires_at is not None and expires_ns <= node.now_ns():
        raise ConfigError("expires_at", "lies in the past")
    jobs.require_room()
    entry = Entry(campaign_id=campaign_id, reason=reason, by=call.actor.name, expires_ns=expires_ns)
    async with uploaded(call) as spooled:
        job = await start_suppression(
            node, jobs, spooled, entry=entry, options=options, has_header=header, actor=call.actor
        )
    return Answer(job, location=f"/v1/jobs/{job.job_id}")


@routes.add(
    "GET",
    "/v1/suppression/imports/{job_id}/rejects",
    roles.DATA,
    problems=(404,),
    answer_media=("text/csv; charset=utf-8",),
)
async def get_suppression_rejects(call: Call, job_id: JobId) -> StreamReply:
    """Rows of a do-not-call list that hold no number: line, reason, row; kept until the node starts anew.

    Who does not see numbers is told line and reason, without the row.
    """
    path = rejects_path(call.api.node, call.api.jobs, job_id)
    return rejects(path, job_id, masked=not roles.sees_numbers(call.actor))


@routes.add("DELETE", "/v1/suppression/{number}", roles.DATA, status=204, problems=(404,))
async def unsuppress(call: Call, number: Number, campaign_id: _Scope = 0) -> None:
    """Take a number off the list."""
    await call.tell(Unsuppress(number=number, campaign_id=campaign_id))
