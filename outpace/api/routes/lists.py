"""Lists: import one as a stream, see how far it came, fetch what was rejected."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from outpace.api import roles
from outpace.api.answers import Answer, StreamReply
from outpace.api.bodies import AnyId, Id, Name, Region
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import JOB, LIST, LIST_CSV, page_of
from outpace.api.exports import rejects
from outpace.api.imports import job_id_of, rejects_path, start_import
from outpace.api.paging import Cursor, Limit
from outpace.api.problems import ProblemError
from outpace.api.uploads import uploaded
from outpace.domain.orders import GetCampaign, GetList, ListLists
from outpace.domain.resources import JobView, ListView, Page
from outpace.store.lead_import import ImportOptions

routes = Routes("lists", "Lists of leads that were imported into campaigns.")

ONE = "/v1/lists/{list_id}"


def _with_job(call: Call, view: ListView) -> ListView:
    job_id = job_id_of(view.list_id)
    return msgspec.structs.replace(view, job_id=job_id) if call.api.jobs.knows(job_id) else view


@routes.add("GET", "/v1/lists", roles.DATA, example=page_of(LIST))
async def list_lists(call: Call, campaign_id: AnyId = 0, cursor: Cursor = "", limit: Limit = 100) -> Page[ListView]:
    """Lists of a campaign or of all, the latest first."""
    page = await call.ask(ListLists(campaign_id=campaign_id, cursor=cursor, limit=limit))
    return Page(items=[_with_job(call, view) for view in page.items], next_cursor=page.next_cursor)


@routes.add("GET", ONE, roles.DATA, problems=(404,), example=LIST)
async def get_list(call: Call, list_id: Id) -> ListView:
    """One list."""
    return _with_job(call, await call.ask(GetList(list_id=list_id)))


@routes.add("GET", ONE + "/rejects", roles.DATA, problems=(404,), answer_media=("text/csv; charset=utf-8",))
async def get_rejects(call: Call, list_id: Id) -> StreamReply:
    """Rows of a list that could not be dialled: line, reason, row; the head alone where there is none.

    They are kept for a time that the settings of the node say. Who does not see numbers is told line and reason,
    without the row.
    """
    view = await call.ask(GetList(list_id=list_id))
    path = rejects_path(call.api.node, list_id)
    if view.rejected and view.state != "running" and not await asyncio.to_thread(path.exists):
        raise ProblemError(
            "not-found", f"no rejects of this list are here: they are kept for {call.api.settings.rejects_days} days"
        )
    return rejects(path, f"list-{list_id}", masked=not roles.sees_numbers(call.actor))


@routes.add(
    "POST",
    "/v1/campaigns/{campaign_id}/imports",
    roles.DATA,
    status=202,
    problems=(404, 413, 507),
    headers=("Location",),
    example=JOB,
    body_media="text/csv",
    body_example=LIST_CSV,
)
async def import_list(
    call: Call,
    *,
    campaign_id: Id,
    name: Name,
    region: Region = "",
    column: Annotated[str, Meta(max_length=200, description="Header name of the number, or its position from 1.")] = "",
    header: bool = True,
    encoding: Annotated[str, Meta(max_length=40)] = "utf-8",
    delimiter: Annotated[str, Meta(max_length=1, description="None: found out.")] = "",
    validation: Literal["valid", "possible"] = "valid",
) -> Answer[JobView]:
    """Import a list (CSV) as the body of the request, of any length.

    It is read to its end first, then imported by a job of its own; a body that breaks off leaves nothing behind. An
    import that is run again adds what is missing: numbers of the campaign that are known already count as duplicates.
    """
    options = msgspec.to_builtins(
        ImportOptions(
            region=region,
            column=int(column) if column.isdecimal() else column,
            header=header,
            encoding=encoding,
            delimiter=delimiter,
            validation=validation,
        )
    )
    await call.ask(GetCampaign(campaign_id=campaign_id))
    node, jobs = call.api.node, call.api.jobs
    jobs.require_room()
    async with uploaded(call) as spooled:
        job = await start_import(
            node,
            jobs,
            spooled,
            campaign_id=campaign_id,
            name=name,
            options=options,
            actor=call.actor,
            rejects_days=call.api.settings.rejects_days,
        )
    return Answer(job, location=f"/v1/jobs/{job.job_id}")
