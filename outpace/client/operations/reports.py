"""Figures over a time, each rate with what it divides.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from outpace.client._async_core import AsyncCore, AsyncDownload
from outpace.client._core import Core, Download
from outpace.client.requests import call, part
from outpace.domain.resources import ReportView


class Reports(Core):
    """Figures over a time, each rate with what it divides."""

    def get_report(
        self,
        by: Literal["campaign", "agent", "hour", "outcome"],
        *,
        since: datetime,
        until: datetime,
        campaign_id: int = 0,
    ) -> ReportView:
        """Figures of the attempts that ended in [since, until), with a total.

        Roles: operator, supervisor, integrator, monitor.
        """
        return self._ask(
            call(
                "GET",
                f"/v1/reports/{part(by)}",
                ReportView,
                query={"since": since, "until": until, "campaign_id": campaign_id},
            )
        )

    def export_report(
        self,
        by: Literal["campaign", "agent", "hour", "outcome"],
        *,
        since: datetime,
        until: datetime,
        campaign_id: int = 0,
    ) -> Download:
        """The same report as CSV: a head of names, a row for each of its rows, the total last.

        Roles: operator, supervisor, integrator, monitor.
        """
        return self._download(
            call(
                "GET",
                f"/v1/reports/{part(by)}/export",
                bytes,
                query={"since": since, "until": until, "campaign_id": campaign_id},
            )
        )


class AsyncReports(AsyncCore):
    """Figures over a time, each rate with what it divides."""

    async def get_report(
        self,
        by: Literal["campaign", "agent", "hour", "outcome"],
        *,
        since: datetime,
        until: datetime,
        campaign_id: int = 0,
    ) -> ReportView:
        """Figures of the attempts that ended in [since, until), with a total.

        Roles: operator, supervisor, integrator, monitor.
        """
        return await self._ask(
            call(
                "GET",
                f"/v1/reports/{part(by)}",
                ReportView,
                query={"since": since, "until": until, "campaign_id": campaign_id},
            )
        )

    def export_report(
        self,
        by: Literal["campaign", "agent", "hour", "outcome"],
        *,
        since: datetime,
        until: datetime,
        campaign_id: int = 0,
    ) -> AsyncDownload:
        """The same report as CSV: a head of names, a row for each of its rows, the total last.

        Roles: operator, supervisor, integrator, monitor.
        """
        return self._download(
            call(
                "GET",
                f"/v1/reports/{part(by)}/export",
                bytes,
                query={"since": since, "until": until, "campaign_id": campaign_id},
            )
        )
