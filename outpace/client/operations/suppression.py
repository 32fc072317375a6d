"""Numbers that are not dialled, by any campaign or by one.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.requests import call, part
from outpace.domain.resources import Page, SuppressionView


class Suppression(Core):
    """Numbers that are not dialled, by any campaign or by one."""

    def list_suppression(
        self, *, campaign_id: int = 0, number: str = "", cursor: str = "", limit: int = 100
    ) -> Page[SuppressionView]:
        """Suppressed numbers, by number.

        Roles: operator, supervisor, integrator.
        """
        return self._ask(
            call(
                "GET",
                "/v1/suppression",
                Page[SuppressionView],
                query={"campaign_id": campaign_id, "number": number, "cursor": cursor, "limit": limit},
            )
        )

    def iter_suppression(
        self, *, campaign_id: int = 0, number: str = "", page_size: int = 100
    ) -> Iterator[SuppressionView]:
        """Suppressed numbers, by number: all of them, a page at a time."""
        return self._pages(
            lambda cursor: self.list_suppression(campaign_id=campaign_id, number=number, cursor=cursor, limit=page_size)
        )

    def suppress(
        self,
        *,
        number: str,
        region: str = "",
        campaign_id: int = 0,
        reason: str = "",
        expires_at: datetime | None = None,
        idempotency_key: str = "",
    ) -> SuppressionView:
        """Never dial a number again, from this moment on.

        A call to it that is not answered yet is hung up. Roles: operator, supervisor, integrator.
        """
        return self._ask(
            call(
                "POST",
                "/v1/suppression",
                SuppressionView,
                body={
                    "number": number,
                    "region": region,
                    "campaign_id": campaign_id,
                    "reason": reason,
                    "expires_at": expires_at,
                },
                key=idempotency_key,
            )
        )

    def unsuppress(self, number: str, *, campaign_id: int = 0) -> None:
        """Take a number off the list.

        Roles: operator, supervisor, integrator.
        """
        return self._ask(
            call("DELETE", f"/v1/suppression/{part(number)}", type(None), query={"campaign_id": campaign_id})
        )


class AsyncSuppression(AsyncCore):
    """Numbers that are not dialled, by any campaign or by one."""

    async def list_suppression(
        self, *, campaign_id: int = 0, number: str = "", cursor: str = "", limit: int = 100
    ) -> Page[SuppressionView]:
        """Suppressed numbers, by number.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(
            call(
                "GET",
                "/v1/suppression",
                Page[SuppressionView],
                query={"campaign_id": campaign_id, "number": number, "cursor": cursor, "limit": limit},
            )
        )

    def iter_suppression(
        self, *, campaign_id: int = 0, number: str = "", page_size: int = 100
    ) -> AsyncIterator[SuppressionView]:
        """Suppressed numbers, by number: all of them, a page at a time."""
        return self._pages(
            lambda cursor: self.list_suppression(campaign_id=campaign_id, number=number, cursor=cursor, limit=page_size)
        )

    async def suppress(
        self,
        *,
        number: str,
        region: str = "",
        campaign_id: int = 0,
        reason: str = "",
        expires_at: datetime | None = None,
        idempotency_key: str = "",
    ) -> SuppressionView:
        """Never dial a number again, from this moment on.

        A call to it that is not answered yet is hung up. Roles: operator, supervisor, integrator.
        """
        return await self._ask(
            call(
                "POST",
                "/v1/suppression",
                SuppressionView,
                body={
                    "number": number,
                    "region": region,
                    "campaign_id": campaign_id,
                    "reason": reason,
                    "expires_at": expires_at,
                },
                key=idempotency_key,
            )
        )

    async def unsuppress(self, number: str, *, campaign_id: int = 0) -> None:
        """Take a number off the list.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(
            call("DELETE", f"/v1/suppression/{part(number)}", type(None), query={"campaign_id": campaign_id})
        )
