"""Lines to carriers and span groups, and how they are used.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from typing import Unpack

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.operations.settings import NewTrunkGroup, TrunkGroupChanges
from outpace.client.requests import MERGE_PATCH, Again, call, part
from outpace.domain.resources import TrunkGroupView


class TrunkGroups(Core):
    """Lines to carriers and span groups, and how they are used."""

    def list_trunk_groups(self) -> list[TrunkGroupView]:
        """All trunk groups with their use.

        Roles: operator, supervisor, integrator, monitor.
        """
        return self._ask(call("GET", "/v1/trunk-groups", list[TrunkGroupView]))

    def create_trunk_group(self, *, idempotency_key: str = "", **settings: Unpack[NewTrunkGroup]) -> TrunkGroupView:
        """A new trunk group.

        Roles: operator.
        """
        return self._ask(call("POST", "/v1/trunk-groups", TrunkGroupView, body=settings, key=idempotency_key))

    def get_trunk_group(self, trunk_group_id: int) -> TrunkGroupView:
        """One trunk group; the ETag is the version of its settings.

        Roles: operator, supervisor, integrator, monitor.
        """
        return self._ask(call("GET", f"/v1/trunk-groups/{part(trunk_group_id)}", TrunkGroupView))

    def change_trunk_group(
        self, trunk_group_id: int, *, version: int, **changes: Unpack[TrunkGroupChanges]
    ) -> TrunkGroupView:
        """Change a trunk group's settings while it is in use; see the change of a campaign.

        Roles: operator.
        """
        return self._ask(
            call(
                "PATCH",
                f"/v1/trunk-groups/{part(trunk_group_id)}",
                TrunkGroupView,
                body=changes,
                media=MERGE_PATCH,
                version=version,
                again=Again.UNSENT,
            )
        )


class AsyncTrunkGroups(AsyncCore):
    """Lines to carriers and span groups, and how they are used."""

    async def list_trunk_groups(self) -> list[TrunkGroupView]:
        """All trunk groups with their use.

        Roles: operator, supervisor, integrator, monitor.
        """
        return await self._ask(call("GET", "/v1/trunk-groups", list[TrunkGroupView]))

    async def create_trunk_group(
        self, *, idempotency_key: str = "", **settings: Unpack[NewTrunkGroup]
    ) -> TrunkGroupView:
        """A new trunk group.

        Roles: operator.
        """
        return await self._ask(call("POST", "/v1/trunk-groups", TrunkGroupView, body=settings, key=idempotency_key))

    async def get_trunk_group(self, trunk_group_id: int) -> TrunkGroupView:
        """One trunk group; the ETag is the version of its settings.

        Roles: operator, supervisor, integrator, monitor.
        """
        return await self._ask(call("GET", f"/v1/trunk-groups/{part(trunk_group_id)}", TrunkGroupView))

    async def change_trunk_group(
        self, trunk_group_id: int, *, version: int, **changes: Unpack[TrunkGroupChanges]
    ) -> TrunkGroupView:
        """Change a trunk group's settings while it is in use; see the change of a campaign.

        Roles: operator.
        """
        return await self._ask(
            call(
                "PATCH",
                f"/v1/trunk-groups/{part(trunk_group_id)}",
                TrunkGroupView,
                body=changes,
                media=MERGE_PATCH,
                version=version,
                again=Again.UNSENT,
            )
        )
