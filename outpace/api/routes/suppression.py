"""Suppression: numbers that are not dialled."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from outpace.api import roles
from outpace.api.bodies import AnyId, AnyNumber, Number, SuppressionBody
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import NEW_SUPPRESSION, SUPPRESSION, page_of
from outpace.api.paging import Cursor, Limit
from outpace.domain.orders import ListSuppression, Suppress, Unsuppress
from outpace.domain.resources import Page, SuppressionView

routes = Routes("suppression", "Numbers that are not dialled, by any campaign or by one.")

_Scope = Annotated[int, Meta(ge=0, le=2**31 - 1, description="0 = numbers that no campaign dials.")]


@routes.add("GET", "/v1/suppression", roles.DATA, example=page_of(SUPPRESSION))
async def list_suppression(
    call: Call, campaign_id: AnyId = 0, number: AnyNumber = "", cursor: Cursor = "", limit: Limit = 100
) -> Page[SuppressionView]:
    """Suppressed numbers, by number."""
    return await call.ask(ListSuppression(campaign_id=campaign_id, number=number, cursor=cursor, limit=limit))


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


@routes.add("DELETE", "/v1/suppression/{number}", roles.DATA, status=204, problems=(404,))
async def unsuppress(call: Call, number: Number, campaign_id: _Scope = 0) -> None:
    """Take a number off the list."""
    await call.tell(Unsuppress(number=number, campaign_id=campaign_id))
