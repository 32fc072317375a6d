"""What is dialled, how it is paced, and how it goes.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Unpack

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.operations.settings import CampaignChanges, NewCampaign
from outpace.client.requests import MERGE_PATCH, Again, call, part
from outpace.domain.config import Campaign
from outpace.domain.resources import BoardView, CampaignView, DecisionView, Page, SettingsVersion, WhyView


class Campaigns(Core):
    """What is dialled, how it is paced, and how it goes."""

    def list_campaigns(self, *, archived: bool = False, cursor: str = "", limit: int = 100) -> Page[CampaignView]:
        """All campaigns; archived ones only when asked for.

        Roles: operator, supervisor, integrator, monitor.
        """
        return self._ask(
            call(
                "GET",
                "/v1/campaigns",
                Page[CampaignView],
                query={"archived": archived, "cursor": cursor, "limit": limit},
            )
        )

    def iter_campaigns(self, *, archived: bool = False, page_size: int = 100) -> Iterator[CampaignView]:
        """All campaigns; archived ones only when asked for: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_campaigns(archived=archived, cursor=cursor, limit=page_size))

    def create_campaign(self, *, idempotency_key: str = "", **settings: Unpack[NewCampaign]) -> CampaignView:
        """A new campaign, in draft.

        It dials nothing until it is started. Roles: operator.
        """
        return self._ask(call("POST", "/v1/campaigns", CampaignView, body=settings, key=idempotency_key))

    def validate_campaign(self, **settings: Unpack[NewCampaign]) -> Campaign:
        """Check settings without keeping them.

        Answers them whole, with the defaults of what was left out. Roles: operator, supervisor.
        """
        return self._ask(call("POST", "/v1/campaigns/validate", Campaign, body=settings))

    def get_campaign(self, campaign_id: int) -> CampaignView:
        """One campaign.

        The ETag is the version of the settings; a change names it in If-Match. Roles: operator, supervisor, integrator,
        monitor.
        """
        return self._ask(call("GET", f"/v1/campaigns/{part(campaign_id)}", CampaignView))

    def change_campaign(self, campaign_id: int, *, version: int, **changes: Unpack[CampaignChanges]) -> CampaignView:
        """Change settings, whether the campaign runs or not.

        The body is a JSON merge patch: what it leaves out stays as it is. If-Match names the version that was seen (the
        ETag), so that nobody overwrites what somebody else has changed meanwhile; `*` changes whatever is there. Roles:
        operator, supervisor.
        """
        return self._ask(
            call(
                "PATCH",
                f"/v1/campaigns/{part(campaign_id)}",
                CampaignView,
                body=changes,
                media=MERGE_PATCH,
                version=version,
                again=Again.UNSENT,
            )
        )

    def start_campaign(self, campaign_id: int, *, idempotency_key: str = "") -> CampaignView:
        """Dial.

        Roles: operator, supervisor.
        """
        return self._ask(call("POST", f"/v1/campaigns/{part(campaign_id)}/start", CampaignView, key=idempotency_key))

    def pause_campaign(self, campaign_id: int, *, idempotency_key: str = "") -> CampaignView:
        """Launch no more; calls in hand go on.

        Roles: operator, supervisor.
        """
        return self._ask(call("POST", f"/v1/campaigns/{part(campaign_id)}/pause", CampaignView, key=idempotency_key))

    def resume_campaign(self, campaign_id: int, *, idempotency_key: str = "") -> CampaignView:
        """Dial again after a pause.

        Roles: operator, supervisor.
        """
        return self._ask(call("POST", f"/v1/campaigns/{part(campaign_id)}/resume", CampaignView, key=idempotency_key))

    def stop_campaign(self, campaign_id: int, *, now: bool = False, idempotency_key: str = "") -> CampaignView:
        """Launch no more, and let it end.

        Calls in hand go on (drain); with `now` what is unanswered is hung up. Roles: operator, supervisor.
        """
        return self._ask(
            call(
                "POST", f"/v1/campaigns/{part(campaign_id)}/stop", CampaignView, body={"now": now}, key=idempotency_key
            )
        )

    def archive_campaign(self, campaign_id: int, *, idempotency_key: str = "") -> CampaignView:
        """Put a campaign away that does not run; its attempts stay.

        Roles: operator.
        """
        return self._ask(call("POST", f"/v1/campaigns/{part(campaign_id)}/archive", CampaignView, key=idempotency_key))

    def list_campaign_versions(self, campaign_id: int, *, cursor: str = "", limit: int = 100) -> Page[SettingsVersion]:
        """The history of the settings, the latest first.

        Roles: operator, supervisor.
        """
        return self._ask(
            call(
                "GET",
                f"/v1/campaigns/{part(campaign_id)}/versions",
                Page[SettingsVersion],
                query={"cursor": cursor, "limit": limit},
            )
        )

    def iter_campaign_versions(self, campaign_id: int, *, page_size: int = 100) -> Iterator[SettingsVersion]:
        """The history of the settings, the latest first: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_campaign_versions(campaign_id, cursor=cursor, limit=page_size))

    def get_board(self, campaign_id: int) -> BoardView:
        """The live figures.

        Roles: operator, supervisor, integrator, monitor.
        """
        return self._ask(call("GET", f"/v1/campaigns/{part(campaign_id)}/board", BoardView))

    def list_decisions(self, campaign_id: int, *, after: int = 0) -> list[DecisionView]:
        """Why so many calls were launched.

        The last launch decisions (at most 256) with a sequence greater than `after`, the oldest first. Roles: operator,
        supervisor, integrator, monitor.
        """
        return self._ask(
            call("GET", f"/v1/campaigns/{part(campaign_id)}/decisions", list[DecisionView], query={"after": after})
        )

    def why_nothing(self, campaign_id: int) -> WhyView:
        """Why nothing is dialled now.

        Roles: operator, supervisor, integrator, monitor.
        """
        return self._ask(call("GET", f"/v1/campaigns/{part(campaign_id)}/why", WhyView))

    def count_leads(self, campaign_id: int) -> dict[str, int]:
        """Leads by state.

        With `total`, and `due`: callable now. Roles: operator, supervisor, integrator, monitor.
        """
        return self._ask(call("GET", f"/v1/campaigns/{part(campaign_id)}/counts", dict[str, int]))


class AsyncCampaigns(AsyncCore):
    """What is dialled, how it is paced, and how it goes."""

    async def list_campaigns(self, *, archived: bool = False, cursor: str = "", limit: int = 100) -> Page[CampaignView]:
        """All campaigns; archived ones only when asked for.

        Roles: operator, supervisor, integrator, monitor.
        """
        return await self._ask(
            call(
                "GET",
                "/v1/campaigns",
                Page[CampaignView],
                query={"archived": archived, "cursor": cursor, "limit": limit},
            )
        )

    def iter_campaigns(self, *, archived: bool = False, page_size: int = 100) -> AsyncIterator[CampaignView]:
        """All campaigns; archived ones only when asked for: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_campaigns(archived=archived, cursor=cursor, limit=page_size))

    async def create_campaign(self, *, idempotency_key: str = "", **settings: Unpack[NewCampaign]) -> CampaignView:
        """A new campaign, in draft.

        It dials nothing until it is started. Roles: operator.
        """
        return await self._ask(call("POST", "/v1/campaigns", CampaignView, body=settings, key=idempotency_key))

    async def validate_campaign(self, **settings: Unpack[NewCampaign]) -> Campaign:
        """Check settings without keeping them.

        Answers them whole, with the defaults of what was left out. Roles: operator, supervisor.
        """
        return await self._ask(call("POST", "/v1/campaigns/validate", Campaign, body=settings))

    async def get_campaign(self, campaign_id: int) -> CampaignView:
        """One campaign.

        The ETag is the version of the settings; a change names it in If-Match. Roles: operator, supervisor, integrator,
        monitor.
        """
        return await self._ask(call("GET", f"/v1/campaigns/{part(campaign_id)}", CampaignView))

    async def change_campaign(
        self, campaign_id: int, *, version: int, **changes: Unpack[CampaignChanges]
    ) -> CampaignView:
        """Change settings, whether the campaign runs or not.

        The body is a JSON merge patch: what it leaves out stays as it is. If-Match names the version that was seen (the
        ETag), so that nobody overwrites what somebody else has changed meanwhile; `*` changes whatever is there. Roles:
        operator, supervisor.
        """
        return await self._ask(
            call(
                "PATCH",
                f"/v1/campaigns/{part(campaign_id)}",
                CampaignView,
                body=changes,
                media=MERGE_PATCH,
                version=version,
                again=Again.UNSENT,
            )
        )

    async def start_campaign(self, campaign_id: int, *, idempotency_key: str = "") -> CampaignView:
        """Dial.

        Roles: operator, supervisor.
        """
        return await self._ask(
            call("POST", f"/v1/campaigns/{part(campaign_id)}/start", CampaignView, key=idempotency_key)
        )

    async def pause_campaign(self, campaign_id: int, *, idempotency_key: str = "") -> CampaignView:
        """Launch no more; calls in hand go on.

        Roles: operator, supervisor.
        """
        return await self._ask(
            call("POST", f"/v1/campaigns/{part(campaign_id)}/pause", CampaignView, key=idempotency_key)
        )

    async def resume_campaign(self, campaign_id: int, *, idempotency_key: str = "") -> CampaignView:
        """Dial again after a pause.

        Roles: operator, supervisor.
        """
        return await self._ask(
            call("POST", f"/v1/campaigns/{part(campaign_id)}/resume", CampaignView, key=idempotency_key)
        )

    async def stop_campaign(self, campaign_id: int, *, now: bool = False, idempotency_key: str = "") -> CampaignView:
        """Launch no more, and let it end.

        Calls in hand go on (drain); with `now` what is unanswered is hung up. Roles: operator, supervisor.
        """
        return await self._ask(
            call(
                "POST", f"/v1/campaigns/{part(campaign_id)}/stop", CampaignView, body={"now": now}, key=idempotency_key
            )
        )

    async def archive_campaign(self, campaign_id: int, *, idempotency_key: str = "") -> CampaignView:
        """Put a campaign away that does not run; its attempts stay.

        Roles: operator.
        """
        return await self._ask(
            call("POST", f"/v1/campaigns/{part(campaign_id)}/archive", CampaignView, key=idempotency_key)
        )

    async def list_campaign_versions(
        self, campaign_id: int, *, cursor: str = "", limit: int = 100
    ) -> Page[SettingsVersion]:
        """The history of the settings, the latest first.

        Roles: operator, supervisor.
        """
        return await self._ask(
            call(
                "GET",
                f"/v1/campaigns/{part(campaign_id)}/versions",
                Page[SettingsVersion],
                query={"cursor": cursor, "limit": limit},
            )
        )

    def iter_campaign_versions(self, campaign_id: int, *, page_size: int = 100) -> AsyncIterator[SettingsVersion]:
        """The history of the settings, the latest first: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_campaign_versions(campaign_id, cursor=cursor, limit=page_size))

    async def get_board(self, campaign_id: int) -> BoardView:
        """The live figures.

        Roles: operator, supervisor, integrator, monitor.
        """
        return await self._ask(call("GET", f"/v1/campaigns/{part(campaign_id)}/board", BoardView))

    async def list_decisions(self, campaign_id: int, *, after: int = 0) -> list[DecisionView]:
        """Why so many calls were launched.

        The last launch decisions (at most 256) with a sequence greater than `after`, the oldest first. Roles: operator,
        supervisor, integrator, monitor.
        """
        return await self._ask(
            call("GET", f"/v1/campaigns/{part(campaign_id)}/decisions", list[DecisionView], query={"after": after})
        )

    async def why_nothing(self, campaign_id: int) -> WhyView:
        """Why nothing is dialled now.

        Roles: operator, supervisor, integrator, monitor.
        """
        return await self._ask(call("GET", f"/v1/campaigns/{part(campaign_id)}/why", WhyView))

    async def count_leads(self, campaign_id: int) -> dict[str, int]:
        """Leads by state.

        With `total`, and `due`: callable now. Roles: operator, supervisor, integrator, monitor.
        """
        return await self._ask(call("GET", f"/v1/campaigns/{part(campaign_id)}/counts", dict[str, int]))
