"""Numbers that are not dialled, by any campaign or by one.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Literal

from outpace.client._async_core import AsyncCore, AsyncDownload, AsyncJob
from outpace.client._core import Core, Download, Job
from outpace.client._uploads import AsyncSource, Source
from outpace.client.requests import Again, call, part
from outpace.domain.resources import JobView, Page, SuppressionView


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

    def import_suppression(
        self,
        source: Source,
        *,
        campaign_id: int = 0,
        reason: str = "",
        expires_at: datetime | None = None,
        region: str = "",
        column: str = "",
        header: bool | None = None,
        encoding: str = "utf-8",
        delimiter: str = "",
        validation: Literal["valid", "possible"] = "possible",
    ) -> Job:
        """Put a do-not-call list of any length on the suppression list: CSV, or one number a line.

        It is read to its end first, then imported by a job of its own; each number is in force as soon as the job has
        come to it, and calls to it that nobody has answered are hung up at the end. An entry that holds for longer
        already stays as it is; a list that is imported again changes nothing. Roles: operator, supervisor, integrator.
        """
        return self._start(
            call(
                "POST",
                "/v1/suppression/imports",
                JobView,
                query={
                    "campaign_id": campaign_id,
                    "reason": reason,
                    "expires_at": expires_at,
                    "region": region,
                    "column": column,
                    "header": header,
                    "encoding": encoding,
                    "delimiter": delimiter,
                    "validation": validation,
                },
                media="text/csv",
                again=Again.UNSENT,
            ),
            source,
        )

    def get_suppression_rejects(self, job_id: str) -> Download:
        """Rows of a do-not-call list that hold no number: line, reason, row; kept until the node starts anew.

        Who does not see numbers is told line and reason, without the row. Roles: operator, supervisor, integrator.
        """
        return self._download(call("GET", f"/v1/suppression/imports/{part(job_id)}/rejects", bytes))

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

    async def import_suppression(
        self,
        source: AsyncSource,
        *,
        campaign_id: int = 0,
        reason: str = "",
        expires_at: datetime | None = None,
        region: str = "",
        column: str = "",
        header: bool | None = None,
        encoding: str = "utf-8",
        delimiter: str = "",
        validation: Literal["valid", "possible"] = "possible",
    ) -> AsyncJob:
        """Put a do-not-call list of any length on the suppression list: CSV, or one number a line.

        It is read to its end first, then imported by a job of its own; each number is in force as soon as the job has
        come to it, and calls to it that nobody has answered are hung up at the end. An entry that holds for longer
        already stays as it is; a list that is imported again changes nothing. Roles: operator, supervisor, integrator.
        """
        return await self._start(
            call(
                "POST",
                "/v1/suppression/imports",
                JobView,
                query={
                    "campaign_id": campaign_id,
                    "reason": reason,
                    "expires_at": expires_at,
                    "region": region,
                    "column": column,
                    "header": header,
                    "encoding": encoding,
                    "delimiter": delimiter,
                    "validation": validation,
                },
                media="text/csv",
                again=Again.UNSENT,
            ),
            source,
        )

    def get_suppression_rejects(self, job_id: str) -> AsyncDownload:
        """Rows of a do-not-call list that hold no number: line, reason, row; kept until the node starts anew.

        Who does not see numbers is told line and reason, without the row. Roles: operator, supervisor, integrator.
        """
        return self._download(call("GET", f"/v1/suppression/imports/{part(job_id)}/rejects", bytes))

    async def unsuppress(self, number: str, *, campaign_id: int = 0) -> None:
        """Take a number off the list.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(
            call("DELETE", f"/v1/suppression/{part(number)}", type(None), query={"campaign_id": campaign_id})
        )
