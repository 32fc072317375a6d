"""Trunk groups: lines to a carrier or a span group."""

from __future__ import annotations

from typing import Any

import msgspec

from outpace.api import roles
from outpace.api.answers import Answer
from outpace.api.bodies import Id, NewTrunkGroup, TrunkGroupChanges
from outpace.api.endpoint import MERGE_PATCH, Call, Routes
from outpace.api.examples import TRUNK_GROUP, TRUNK_SETTINGS
from outpace.api.versions import IfMatch, version_of
from outpace.domain.config import TrunkGroup
from outpace.domain.errors import UnknownId
from outpace.domain.orders import ChangeTrunkGroup, CreateTrunkGroup, ListTrunkGroups
from outpace.domain.resources import TrunkGroupView

routes = Routes("trunk-groups", "Lines to carriers and span groups, and how they are used.")

ONE = "/v1/trunk-groups/{trunk_group_id}"


@routes.add("GET", "/v1/trunk-groups", roles.FIGURES, example=[TRUNK_GROUP])
async def list_trunk_groups(call: Call) -> list[TrunkGroupView]:
    """All trunk groups with their use."""
    return await call.ask(ListTrunkGroups())


@routes.add(
    "POST",
    "/v1/trunk-groups",
    roles.OPERATORS,
    status=201,
    problems=(409,),
    headers=("ETag", "Location"),
    example=TRUNK_GROUP,
    body_as=NewTrunkGroup,
    body_example=TRUNK_SETTINGS,
)
async def create_trunk_group(call: Call, body: dict[str, Any]) -> Answer[TrunkGroupView]:
    """A new trunk group."""
    view = await call.tell(CreateTrunkGroup(settings=msgspec.convert({"id": 1, **body}, TrunkGroup)))
    return Answer(view, location=f"/v1/trunk-groups/{view.settings.id}", version=view.version)


@routes.add("GET", ONE, roles.FIGURES, problems=(404,), headers=("ETag",), example=TRUNK_GROUP)
async def get_trunk_group(call: Call, trunk_group_id: Id) -> Answer[TrunkGroupView]:
    """One trunk group; the ETag is the version of its settings."""
    for view in await call.ask(ListTrunkGroups()):
        if view.settings.id == trunk_group_id:
            return Answer(view, version=view.version)
    raise UnknownId(f"no trunk group {trunk_group_id}")


@routes.add(
    "PATCH",
    ONE,
    roles.OPERATORS,
    problems=(404, 409, 412, 428),
    headers=("ETag",),
    example=TRUNK_GROUP,
    body_as=TrunkGroupChanges,
    body_example={"cps": 20.0},
    body_media=MERGE_PATCH,
)
async def change_trunk_group(
    call: Call, trunk_group_id: Id, body: dict[str, Any], if_match: IfMatch = ""
) -> Answer[TrunkGroupView]:
    """Change a trunk group's settings while it is in use; see the change of a campaign."""
    order = ChangeTrunkGroup(trunk_group_id=trunk_group_id, changes=body, version=version_of(if_match))
    view = await call.tell(order)
    return Answer(view, version=view.version)
