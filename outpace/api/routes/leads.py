"""Leads: inspect, add one (hot or not), reveal a number, and why one is not dialled."""

from __future__ import annotations

from typing import Literal

import msgspec

from outpace.api import roles
from outpace.api.answers import Answer
from outpace.api.auth import require_own
from outpace.api.bodies import AnyId, AnyNumber, Id, LeadBody, LongId
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import LEAD, NEW_LEAD, REVEALED, WHY, page_of
from outpace.api.paging import Cursor, Limit
from outpace.api.problems import ProblemError
from outpace.domain.access import Role
from outpace.domain.orders import AddLead, GetDesk, GetLead, ListLeads, RevealNumber, WhyNotLead
from outpace.domain.resources import LeadView, Page, WhyView
from outpace.domain.wire import Revealed

routes = Routes("leads", "People to be called: how each stands, and what keeps it from being dialled.")

ONE = "/v1/leads/{lead_id}"

LeadStateName = Literal[
    "",
    "new",
    "leased",
    "dialing",
    "in_call",
    "wrap_up",
    "retry_wait",
    "scheduled",
    "completed",
    "exhausted",
    "suppressed",
    "invalid",
]


@routes.add("GET", "/v1/leads", roles.DATA, example=page_of(LEAD))
async def list_leads(
    call: Call,
    *,
    campaign_id: AnyId = 0,
    list_id: AnyId = 0,
    state: LeadStateName = "",
    number: AnyNumber = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> Page[LeadView]:
    """Leads of a campaign, a list, a state or a number, by id.

    Callbacks are those of the state `scheduled`.
    """
    if not (campaign_id or list_id or number):
        raise ProblemError("invalid", "wants campaign_id, list_id or number", field="campaign_id")
    return await call.ask(
        ListLeads(campaign_id=campaign_id, list_id=list_id, state=state, number=number, cursor=cursor, limit=limit)
    )


@routes.add(
    "POST",
    "/v1/campaigns/{campaign_id}/leads",
    roles.DATA,
    status=201,
    problems=(404, 409),
    headers=("Location",),
    example=LEAD,
    body_example=NEW_LEAD,
)
async def add_lead(call: Call, campaign_id: Id, body: LeadBody) -> Answer[LeadView]:
    """Add one lead.

    With `hot` it is dialled before all others, as soon as pacing launches a call: within milliseconds when an agent
    is ready.
    """
    view = await call.tell(AddLead(campaign_id=campaign_id, **msgspec.structs.asdict(body)))
    return Answer(view, location=f"/v1/leads/{view.lead_id}")


@routes.add("GET", ONE, roles.DATA, problems=(404,), example=LEAD)
async def get_lead(call: Call, lead_id: LongId) -> LeadView:
    """One lead."""
    return await call.ask(GetLead(lead_id=lead_id))


@routes.add("GET", ONE + "/why", roles.DATA, problems=(404,), example=WHY)
async def why_not_lead(call: Call, lead_id: LongId) -> WhyView:
    """Why a lead is not dialled now: every guard that is closed, and when it opens."""
    return await call.ask(WhyNotLead(lead_id=lead_id))


@routes.add("POST", ONE + "/reveal", roles.DATA_OR_OWN, problems=(404,), example=REVEALED)
async def reveal_number(call: Call, lead_id: LongId) -> Revealed:
    """The number of a lead in full.

    It is written to the audit who asked. Agents may ask for that of the call in hand.
    """
    if call.actor.role is Role.AGENT:
        desk = await call.ask(GetDesk(agent_id=call.actor.agent_id))
        require_own(call.actor, call.actor.agent_id if desk.call and desk.call.lead.lead_id == lead_id else 0)
    return Revealed(await call.tell(RevealNumber(lead_id=lead_id)))
