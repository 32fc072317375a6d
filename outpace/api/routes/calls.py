"""Calls in flight."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from outpace.api import roles
from outpace.api.auth import require_own
from outpace.api.bodies import AnyId, CallId
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import CALL
from outpace.domain.orders import GetCall, HangUpCall, ListCalls
from outpace.domain.resources import CallView

routes = Routes("calls", "Calls in flight.")

ONE = "/v1/calls/{call_id}"


@routes.add("GET", "/v1/calls", roles.STEERING, problems=(404,), example=[CALL])
async def list_calls(
    call: Call, campaign_id: AnyId = 0, limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000
) -> list[CallView]:
    """Calls in flight, in the order of their launch."""
    return await call.ask(ListCalls(campaign_id=campaign_id, limit=limit))


@routes.add("GET", ONE, roles.FLOOR, problems=(404,), example=CALL)
async def get_call(call: Call, call_id: CallId) -> CallView:
    """One call in flight; agents see their own."""
    view = await call.ask(GetCall(call_id=call_id))
    require_own(call.actor, view.agent_id)
    return view


@routes.add("POST", ONE + "/hang-up", roles.FLOOR, status=204, problems=(404, 409))
async def hang_up_call(call: Call, call_id: CallId) -> None:
    """End a call; agents end their own."""
    view = await call.ask(GetCall(call_id=call_id))
    require_own(call.actor, view.agent_id)
    await call.tell(HangUpCall(call_id=call_id))
