"""Calls that have ended, with all their times, outcome, disposition and cause.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Literal

from outpace.client._async_core import AsyncCore, AsyncDownload
from outpace.client._core import Core, Download
from outpace.client.requests import call
from outpace.domain.resources import AttemptView, Page

OutcomeName = Literal[
    "",
    "connected",
    "abandoned",
    "machine",
    "fax",
    "busy",
    "no_answer",
    "congestion",
    "invalid",
    "rejected",
    "failed",
    "cancelled",
    "overdialled",
    "lost",
    "notified",
]


class Attempts(Core):
    """Calls that have ended, with all their times, outcome, disposition and cause."""

    def list_attempts(
        self,
        *,
        campaign_id: int = 0,
        lead_id: int = 0,
        agent_id: int = 0,
        outcome: OutcomeName = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str = "",
        limit: int = 100,
    ) -> Page[AttemptView]:
        """Attempts that ended in [since, until), the latest first.

        Roles: operator, supervisor, agent, integrator.
        """
        return self._ask(
            call(
                "GET",
                "/v1/attempts",
                Page[AttemptView],
                query={
                    "campaign_id": campaign_id,
                    "lead_id": lead_id,
                    "agent_id": agent_id,
                    "outcome": outcome,
                    "since": since,
                    "until": until,
                    "cursor": cursor,
                    "limit": limit,
                },
            )
        )

    def iter_attempts(
        self,
        *,
        campaign_id: int = 0,
        lead_id: int = 0,
        agent_id: int = 0,
        outcome: OutcomeName = "",
        since: datetime | None = None,
        until: datetime | None = None,
        page_size: int = 100,
    ) -> Iterator[AttemptView]:
        """Attempts that ended in [since, until), the latest first: all of them, a page at a time."""
        return self._pages(
            lambda cursor: self.list_attempts(
                campaign_id=campaign_id,
                lead_id=lead_id,
                agent_id=agent_id,
                outcome=outcome,
                since=since,
                until=until,
                cursor=cursor,
                limit=page_size,
            )
        )

    def export_attempts(
        self,
        *,
        format: Literal["csv", "jsonl"] = "csv",
        campaign_id: int = 0,
        agent_id: int = 0,
        outcome: OutcomeName = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Download:
        """All attempts that ended in [since, until) as CSV or JSON lines, the latest first.

        The answer is a stream of any length; one that ends without its end (chunked coding) is not whole. Roles:
        operator, supervisor, integrator.
        """
        return self._download(
            call(
                "GET",
                "/v1/attempts/export",
                bytes,
                query={
                    "format": format,
                    "campaign_id": campaign_id,
                    "agent_id": agent_id,
                    "outcome": outcome,
                    "since": since,
                    "until": until,
                },
            )
        )


class AsyncAttempts(AsyncCore):
    """Calls that have ended, with all their times, outcome, disposition and cause."""

    async def list_attempts(
        self,
        *,
        campaign_id: int = 0,
        lead_id: int = 0,
        agent_id: int = 0,
        outcome: OutcomeName = "",
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str = "",
        limit: int = 100,
    ) -> Page[AttemptView]:
        """Attempts that ended in [since, until), the latest first.

        Roles: operator, supervisor, agent, integrator.
        """
        return await self._ask(
            call(
                "GET",
                "/v1/attempts",
                Page[AttemptView],
                query={
                    "campaign_id": campaign_id,
                    "lead_id": lead_id,
                    "agent_id": agent_id,
                    "outcome": outcome,
                    "since": since,
                    "until": until,
                    "cursor": cursor,
                    "limit": limit,
                },
            )
        )

    def iter_attempts(
        self,
        *,
        campaign_id: int = 0,
        lead_id: int = 0,
        agent_id: int = 0,
        outcome: OutcomeName = "",
        since: datetime | None = None,
        until: datetime | None = None,
        page_size: int = 100,
    ) -> AsyncIterator[AttemptView]:
        """Attempts that ended in [since, until), the latest first: all of them, a page at a time."""
        return self._pages(
            lambda cursor: self.list_attempts(
                campaign_id=campaign_id,
                lead_id=lead_id,
                agent_id=agent_id,
                outcome=outcome,
                since=since,
                until=until,
                cursor=cursor,
                limit=page_size,
            )
        )

    def export_attempts(
        self,
        *,
        format: Literal["csv", "jsonl"] = "csv",
        campaign_id: int = 0,
        agent_id: int = 0,
        outcome: OutcomeName = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> AsyncDownload:
        """All attempts that ended in [since, until) as CSV or JSON lines, the latest first.

        The answer is a stream of any length; one that ends without its end (chunked coding) is not whole. Roles:
        operator, supervisor, integrator.
        """
        return self._download(
            call(
                "GET",
                "/v1/attempts/export",
                bytes,
                query={
                    "format": format,
                    "campaign_id": campaign_id,
                    "agent_id": agent_id,
                    "outcome": outcome,
                    "since": since,
                    "until": until,
                },
            )
        )
