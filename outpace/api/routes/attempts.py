"""Attempts that have ended: page by page, or all at once as a stream."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from outpace.api import roles
from outpace.api.answers import StreamReply
from outpace.api.bodies import AnyId, Moment
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import ATTEMPT, page_of
from outpace.api.exports import MEDIA, export
from outpace.api.paging import LIMIT_MAX, Limit, LongCursor
from outpace.api.problems import ProblemError
from outpace.domain.access import Role
from outpace.domain.orders import ListAttempts
from outpace.domain.resources import AttemptView, Page

routes = Routes("attempts", "Calls that have ended, with all their times, outcome, disposition and cause.")

OutcomeName = Literal[
    "",
    "connected",
    "abandoned",
    "machine",
    "fax",
    "busy",
    "no_answer",
    "congestion",
    "invalid",
    "rejected",
    "failed",
    "cancelled",
    "overdialled",
    "lost",
    "notified",
]
_LeadOrAny = Annotated[int, Meta(ge=0, le=2**63 - 1, description="0 = any.")]


def _own(call: Call, agent_id: int) -> int:
    # agents see their own attempts, and need not say so
    if call.actor.role is not Role.AGENT:
        return agent_id
    if agent_id not in (0, call.actor.agent_id):
        raise ProblemError("forbidden", "agents see what is their own")
    return call.actor.agent_id


def _check(since: datetime | None, until: datetime | None) -> None:
    if since is not None and until is not None and since > until:
        raise ProblemError("invalid", "must not be later than until", field="since")


@routes.add("GET", "/v1/attempts", roles.DATA_OR_OWN, example=page_of(ATTEMPT))
async def list_attempts(
    call: Call,
    *,
    campaign_id: AnyId = 0,
    lead_id: _LeadOrAny = 0,
    agent_id: AnyId = 0,
    outcome: OutcomeName = "",
    since: Moment | None = None,
    until: Moment | None = None,
    cursor: LongCursor = "",
    limit: Limit = 100,
) -> Page[AttemptView]:
    """Attempts that ended in [since, until), the latest first."""
    _check(since, until)
    return await call.ask(
        ListAttempts(
            campaign_id=campaign_id,
            lead_id=lead_id,
            agent_id=_own(call, agent_id),
            outcome=outcome,
            since=since,
            until=until,
            cursor=cursor,
            limit=limit,
        )
    )


@routes.add("GET", "/v1/attempts/export", roles.DATA, answer_media=tuple(MEDIA.values()))
async def export_attempts(
    call: Call,
    *,
    format: Literal["csv", "jsonl"] = "csv",  # noqa: A002 - the parameter's name in the address
    campaign_id: AnyId = 0,
    agent_id: AnyId = 0,
    outcome: OutcomeName = "",
    since: Moment | None = None,
    until: Moment | None = None,
) -> StreamReply:
    """All attempts that ended in [since, until) as CSV or JSON lines, the latest first.

    The answer is a stream of any length; one that ends without its end (chunked coding) is not whole.
    """
    _check(since, until)

    async def page(cursor: str) -> Page[AttemptView]:
        return await call.ask(
            ListAttempts(
                campaign_id=campaign_id,
                agent_id=agent_id,
                outcome=outcome,
                since=since,
                until=until,
                cursor=cursor,
                limit=LIMIT_MAX,
            )
        )

    return await export(page, AttemptView, format, "attempts", masked=not roles.sees_numbers(call.actor))
