"""People to be called: how each stands, and what keeps it from being dialled.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.requests import call, part
from outpace.domain.resources import LeadView, Page, WhyView
from outpace.domain.wire import Revealed

StateName = Literal[
    "",
    "new",
    "leased",
    "dialing",
    "in_call",
    "wrap_up",
    "retry_wait",
    "scheduled",
    "completed",
    "exhausted",
    "suppressed",
    "invalid",
]


class Leads(Core):
    """People to be called: how each stands, and what keeps it from being dialled."""

    def list_leads(
        self,
        *,
        campaign_id: int = 0,
        list_id: int = 0,
        state: StateName = "",
        number: str = "",
        cursor: str = "",
        limit: int = 100,
    ) -> Page[LeadView]:
        """Leads of a campaign, a list, a state or a number, by id.

        Callbacks are those of the state `scheduled`. Roles: operator, supervisor, integrator.
        """
        return self._ask(
            call(
                "GET",
                "/v1/leads",
                Page[LeadView],
                query={
                    "campaign_id": campaign_id,
                    "list_id": list_id,
                    "state": state,
                    "number": number,
                    "cursor": cursor,
                    "limit": limit,
                },
            )
        )

    def iter_leads(
        self, *, campaign_id: int = 0, list_id: int = 0, state: StateName = "", number: str = "", page_size: int = 100
    ) -> Iterator[LeadView]:
        """Leads of a campaign, a list, a state or a number, by id: all of them, a page at a time."""
        return self._pages(
            lambda cursor: self.list_leads(
                campaign_id=campaign_id, list_id=list_id, state=state, number=number, cursor=cursor, limit=page_size
            )
        )

    def add_lead(
        self,
        campaign_id: int,
        *,
        number: str,
        region: str = "",
        reference: str = "",
        attributes: Mapping[str, Any] | None = None,
        due_at: datetime | None = None,
        hot: bool = False,
        idempotency_key: str = "",
    ) -> LeadView:
        """Add one lead.

        With `hot` it is dialled before all others, as soon as pacing launches a call: within milliseconds when an agent
        is ready. Roles: operator, supervisor, integrator.
        """
        return self._ask(
            call(
                "POST",
                f"/v1/campaigns/{part(campaign_id)}/leads",
                LeadView,
                body={
                    "number": number,
                    "region": region,
                    "reference": reference,
                    "attributes": attributes,
                    "due_at": due_at,
                    "hot": hot,
                },
                key=idempotency_key,
            )
        )

    def get_lead(self, lead_id: int) -> LeadView:
        """One lead.

        Roles: operator, supervisor, integrator.
        """
        return self._ask(call("GET", f"/v1/leads/{part(lead_id)}", LeadView))

    def why_not_lead(self, lead_id: int) -> WhyView:
        """Why a lead is not dialled now: every guard that is closed, and when it opens.

        Roles: operator, supervisor, integrator.
        """
        return self._ask(call("GET", f"/v1/leads/{part(lead_id)}/why", WhyView))

    def reveal_number(self, lead_id: int, *, idempotency_key: str = "") -> Revealed:
        """The number of a lead in full.

        It is written to the audit who asked. Agents may ask for that of the call in hand. Roles: operator, supervisor,
        agent, integrator.
        """
        return self._ask(call("POST", f"/v1/leads/{part(lead_id)}/reveal", Revealed, key=idempotency_key))


class AsyncLeads(AsyncCore):
    """People to be called: how each stands, and what keeps it from being dialled."""

    async def list_leads(
        self,
        *,
        campaign_id: int = 0,
        list_id: int = 0,
        state: StateName = "",
        number: str = "",
        cursor: str = "",
        limit: int = 100,
    ) -> Page[LeadView]:
        """Leads of a campaign, a list, a state or a number, by id.

        Callbacks are those of the state `scheduled`. Roles: operator, supervisor, integrator.
        """
        return await self._ask(
            call(
                "GET",
                "/v1/leads",
                Page[LeadView],
                query={
                    "campaign_id": campaign_id,
                    "list_id": list_id,
                    "state": state,
                    "number": number,
                    "cursor": cursor,
                    "limit": limit,
                },
            )
        )

    def iter_leads(
        self, *, campaign_id: int = 0, list_id: int = 0, state: StateName = "", number: str = "", page_size: int = 100
    ) -> AsyncIterator[LeadView]:
        """Leads of a campaign, a list, a state or a number, by id: all of them, a page at a time."""
        return self._pages(
            lambda cursor: self.list_leads(
                campaign_id=campaign_id, list_id=list_id, state=state, number=number, cursor=cursor, limit=page_size
            )
        )

    async def add_lead(
        self,
        campaign_id: int,
        *,
        number: str,
        region: str = "",
        reference: str = "",
        attributes: Mapping[str, Any] | None = None,
        due_at: datetime | None = None,
        hot: bool = False,
        idempotency_key: str = "",
    ) -> LeadView:
        """Add one lead.

        With `hot` it is dialled before all others, as soon as pacing launches a call: within milliseconds when an agent
        is ready. Roles: operator, supervisor, integrator.
        """
        return await self._ask(
            call(
                "POST",
                f"/v1/campaigns/{part(campaign_id)}/leads",
                LeadView,
                body={
                    "number": number,
                    "region": region,
                    "reference": reference,
                    "attributes": attributes,
                    "due_at": due_at,
                    "hot": hot,
                },
                key=idempotency_key,
            )
        )

    async def get_lead(self, lead_id: int) -> LeadView:
        """One lead.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(call("GET", f"/v1/leads/{part(lead_id)}", LeadView))

    async def why_not_lead(self, lead_id: int) -> WhyView:
        """Why a lead is not dialled now: every guard that is closed, and when it opens.

        Roles: operator, supervisor, integrator.
        """
        return await self._ask(call("GET", f"/v1/leads/{part(lead_id)}/why", WhyView))

    async def reveal_number(self, lead_id: int, *, idempotency_key: str = "") -> Revealed:
        """The number of a lead in full.

        It is written to the audit who asked. Agents may ask for that of the call in hand. Roles: operator, supervisor,
        agent, integrator.
        """
        return await self._ask(call("POST", f"/v1/leads/{part(lead_id)}/reveal", Revealed, key=idempotency_key))
