"""Lists of leads that were imported into campaigns.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Literal

from outpace.client._async_core import AsyncCore, AsyncDownload, AsyncJob
from outpace.client._core import Core, Download, Job
from outpace.client._uploads import AsyncSource, Source
from outpace.client.requests import Again, call, part
from outpace.domain.resources import JobView, ListView, Page


class Lists(Core):
    """Lists of leads that were imported into campaigns."""

    def list_lists(self, *, campaign_id: int = 0, cursor: str = "", limit: int = 100) -> Page[ListView]:
        """Lists of a campaign or of all, the latest first.

        Roles: operator, supervisor, integrator.
        """
        return self._ask(
            call(
                "GET", "/v1/lists", Page[ListView], query={"campaign_id": campaign_id, "cursor": cursor, "limit": limit}
            )
        )

    def iter_lists(self, *, campaign_id: int = 0, page_size: int = 100) -> Iterator[ListView]:
        """Lists of a campaign or of all, the latest first: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_lists(campaign_id=campaign_id, cursor=cursor, limit=page_size))

    def get_list(self, list_id: int) -> ListView:
        """One list.

        Roles: operator, supervisor, integrator.
        """
        return self._ask(call("GET", f"/v1/lists/{part(list_id)}", ListView))

    def get_rejects(self, list_id: int) -> Download:
        """Rows of a list that could not be dialled: line, reason, row; the head alone where there is none.

        They are kept for a time that the settings of the node say. Who does not see numbers is told line and reason,
        without the row. Roles: operator, supervisor, integrator.
        """
        return self._download(call("GET", f"/v1/lists/{part(list_id)}/rejects", bytes))

    def import_list(
        self,
        campaign_id: int,
        source: Source,
        *,
        name: str,
        region: str = "",
        column: str = "",
        header: bool = True,
        encoding: str = "utf-8",
        delimiter: str = "",
        validation: Literal["valid", "possible"] = "valid",
    ) -> Job:
        """Import a list (CSV) as the body of the request, of any length.

        It is read to its end first, then imported by a job of its own; a body that breaks off leaves nothing behind. An
        import that is run again adds what is missing: numbers of the campaign that are known already count as
        duplicates. Roles: operator, supervisor, integrator.
        """
        return self._start(
            call(
                "POST",
                f"/v1/campaigns/{part(campaign_id)}/imports",
                JobView,
                query={
                    "name": name,
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


class AsyncLists(AsyncCore):
    """Lists of leads that were imported into campaigns."""

    async def list_lists(self, *, campaign_id: int = 0, cursor: str = "", limit: int = 100) -> Page[ListView]:
        """Lists of a campaign or of all, the latest first.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(
            call(
                "GET", "/v1/lists", Page[ListView], query={"campaign_id": campaign_id, "cursor": cursor, "limit": limit}
            )
        )

    def iter_lists(self, *, campaign_id: int = 0, page_size: int = 100) -> AsyncIterator[ListView]:
        """Lists of a campaign or of all, the latest first: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_lists(campaign_id=campaign_id, cursor=cursor, limit=page_size))

    async def get_list(self, list_id: int) -> ListView:
        """One list.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(call("GET", f"/v1/lists/{part(list_id)}", ListView))

    def get_rejects(self, list_id: int) -> AsyncDownload:
        """Rows of a list that could not be dialled: line, reason, row; the head alone where there is none.

        They are kept for a time that the settings of the node say. Who does not see numbers is told line and reason,
        without the row. Roles: operator, supervisor, integrator.
        """
        return self._download(call("GET", f"/v1/lists/{part(list_id)}/rejects", bytes))

    async def import_list(
        self,
        campaign_id: int,
        source: AsyncSource,
        *,
        name: str,
        region: str = "",
        column: str = "",
        header: bool = True,
        encoding: str = "utf-8",
        delimiter: str = "",
        validation: Literal["valid", "possible"] = "valid",
    ) -> AsyncJob:
        """Import a list (CSV) as the body of the request, of any length.

        It is read to its end first, then imported by a job of its own; a body that breaks off leaves nothing behind. An
        import that is run again adds what is missing: numbers of the campaign that are known already count as
        duplicates. Roles: operator, supervisor, integrator.
        """
        return await self._start(
            call(
                "POST",
                f"/v1/campaigns/{part(campaign_id)}/imports",
                JobView,
                query={
                    "name": name,
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
