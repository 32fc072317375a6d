"""Campaigns: settings with versions, states, the board, decisions and why nothing is dialled."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from outpace.api import roles
from outpace.api.answers import Answer
from outpace.api.bodies import CampaignChanges, Id, NewCampaign, StopBody
from outpace.api.endpoint import MERGE_PATCH, Call, Routes
from outpace.api.examples import BOARD, CAMPAIGN, CHANGES, COUNTS, DECISION, SETTINGS, VERSION, WHY, page_of
from outpace.api.paging import Cursor, Limit
from outpace.api.versions import IfMatch, version_of
from outpace.domain.config import Campaign
from outpace.domain.orders import (
    ArchiveCampaign,
    CampaignVersions,
    ChangeCampaign,
    CountLeads,
    CreateCampaign,
    GetBoard,
    GetCampaign,
    GetDecisions,
    ListCampaigns,
    PauseCampaign,
    StartCampaign,
    StopCampaign,
    WhyNothing,
)
from outpace.domain.resources import BoardView, CampaignView, DecisionView, Page, SettingsVersion, WhyView

routes = Routes("campaigns", "What is dialled, how it is paced, and how it goes.")

ONE = "/v1/campaigns/{campaign_id}"

_DRAIN = StopBody()


def _shown(view: CampaignView) -> Answer[CampaignView]:
    return Answer(view, version=view.version)


@routes.add("GET", "/v1/campaigns", roles.FIGURES, example=page_of(CAMPAIGN))
async def list_campaigns(
    call: Call, archived: bool = False, cursor: Cursor = "", limit: Limit = 100
) -> Page[CampaignView]:
    """All campaigns; archived ones only when asked for."""
    return await call.ask(ListCampaigns(archived=archived, cursor=cursor, limit=limit))


@routes.add(
    "POST",
    "/v1/campaigns",
    roles.OPERATORS,
    status=201,
    problems=(409,),
    headers=("ETag", "Location"),
    example=CAMPAIGN,
    body_as=NewCampaign,
    body_example=SETTINGS,
)
async def create_campaign(call: Call, body: dict[str, Any]) -> Answer[CampaignView]:
    """A new campaign, in draft.

    It dials nothing until it is started.
    """
    view = await call.tell(CreateCampaign(settings=_settings(body)))
    return Answer(view, location=f"/v1/campaigns/{view.campaign_id}", version=view.version)


@routes.add(
    "POST",
    "/v1/campaigns/validate",
    roles.STEERING,
    example={"id": 1, **SETTINGS},
    body_as=NewCampaign,
    body_example=SETTINGS,
    remembered=False,
)
async def validate_campaign(call: Call, body: dict[str, Any]) -> Campaign:
    """Check settings without keeping them.

    Answers them whole, with the defaults of what was left out.
    """
    del call
    return _settings(body)


def _settings(body: dict[str, Any]) -> Campaign:
    return msgspec.convert({"id": 1, **body}, Campaign)


@routes.add("GET", ONE, roles.FIGURES, problems=(404,), headers=("ETag",), example=CAMPAIGN)
async def get_campaign(call: Call, campaign_id: Id) -> Answer[CampaignView]:
    """One campaign.

    The ETag is the version of the settings; a change names it in If-Match.
    """
    return _shown(await call.ask(GetCampaign(campaign_id=campaign_id)))


@routes.add(
    "PATCH",
    ONE,
    roles.STEERING,
    problems=(404, 409, 412, 428),
    headers=("ETag",),
    example=CAMPAIGN,
    body_as=CampaignChanges,
    body_example=CHANGES,
    body_media=MERGE_PATCH,
)
async def change_campaign(
    call: Call, campaign_id: Id, body: dict[str, Any], if_match: IfMatch = ""
) -> Answer[CampaignView]:
    """Change settings, whether the campaign runs or not.

    The body is a JSON merge patch: what it leaves out stays as it is. If-Match names the version that was seen (the
    ETag), so that nobody overwrites what somebody else has changed meanwhile; `*` changes whatever is there.
    """
    order = ChangeCampaign(campaign_id=campaign_id, changes=body, version=version_of(if_match))
    return _shown(await call.tell(order))


@routes.add("POST", ONE + "/start", roles.STEERING, problems=(404, 409), headers=("ETag",), example=CAMPAIGN)
async def start_campaign(call: Call, campaign_id: Id) -> Answer[CampaignView]:
    """Dial."""
    return _shown(await call.tell(StartCampaign(campaign_id=campaign_id)))


@routes.add("POST", ONE + "/pause", roles.STEERING, problems=(404, 409), headers=("ETag",), example=CAMPAIGN)
async def pause_campaign(call: Call, campaign_id: Id) -> Answer[CampaignView]:
    """Launch no more; calls in hand go on."""
    return _shown(await call.tell(PauseCampaign(campaign_id=campaign_id)))


@routes.add("POST", ONE + "/resume", roles.STEERING, problems=(404, 409), headers=("ETag",), example=CAMPAIGN)
async def resume_campaign(call: Call, campaign_id: Id) -> Answer[CampaignView]:
    """Dial again after a pause."""
    return _shown(await call.tell(StartCampaign(campaign_id=campaign_id)))


@routes.add(
    "POST",
    ONE + "/stop",
    roles.STEERING,
    problems=(404, 409),
    headers=("ETag",),
    example=CAMPAIGN,
    body_example={"now": True},
)
async def stop_campaign(call: Call, campaign_id: Id, body: StopBody = _DRAIN) -> Answer[CampaignView]:
    """Launch no more, and let it end.

    Calls in hand go on (drain); with `now` what is unanswered is hung up.
    """
    return _shown(await call.tell(StopCampaign(campaign_id=campaign_id, now=body.now)))


@routes.add("POST", ONE + "/archive", roles.OPERATORS, problems=(404, 409), headers=("ETag",), example=CAMPAIGN)
async def archive_campaign(call: Call, campaign_id: Id) -> Answer[CampaignView]:
    """Put a campaign away that does not run; its attempts stay."""
    return _shown(await call.tell(ArchiveCampaign(campaign_id=campaign_id)))


@routes.add("GET", ONE + "/versions", roles.STEERING, problems=(404,), example=page_of(VERSION))
async def list_campaign_versions(
    call: Call, campaign_id: Id, cursor: Cursor = "", limit: Limit = 100
) -> Page[SettingsVersion]:
    """The history of the settings, the latest first."""
    return await call.ask(CampaignVersions(campaign_id=campaign_id, cursor=cursor, limit=limit))


@routes.add("GET", ONE + "/board", roles.FIGURES, problems=(404,), example=BOARD)
async def get_board(call: Call, campaign_id: Id) -> BoardView:
    """The live figures."""
    return await call.ask(GetBoard(campaign_id=campaign_id))


@routes.add("GET", ONE + "/decisions", roles.FIGURES, problems=(404,), example=[DECISION])
async def list_decisions(
    call: Call, campaign_id: Id, after: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
) -> list[DecisionView]:
    """Why so many calls were launched.

    The last launch decisions (at most 256) with a sequence greater than `after`, the oldest first.
    """
    return await call.ask(GetDecisions(campaign_id=campaign_id, after=after))


@routes.add("GET", ONE + "/why", roles.FIGURES, problems=(404,), example=WHY)
async def why_nothing(call: Call, campaign_id: Id) -> WhyView:
    """Why nothing is dialled now."""
    return await call.ask(WhyNothing(campaign_id=campaign_id))


@routes.add("GET", ONE + "/counts", roles.FIGURES, problems=(404,), example=COUNTS)
async def count_leads(call: Call, campaign_id: Id) -> dict[str, int]:
    """Leads by state.

    With `total`, and `due`: callable now.
    """
    return await call.ask(CountLeads(campaign_id=campaign_id))
