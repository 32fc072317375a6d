"""Lists as they were imported, and leads as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, Protocol

import msgspec

from outpace.domain.states import LeadState


class ListState(Enum):
    """How far the import of a list has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Added(NamedTuple):
    """What became of leads that were given to `add_leads`; suppressed ones are neither added nor duplicates."""

    added: int
    duplicates: int
    suppressed: int


class StoredList(msgspec.Struct, frozen=True, kw_only=True):
    """A list, with the figures that its import has told so far. `ended_ns` 0 = the import goes on."""

    list_id: int
    campaign_id: int
    name: str
    state: ListState
    added: int
    duplicates: int
    rejected: int
    suppressed: int
    created_ns: int
    created_by: str
    ended_ns: int
    error: str


class StoredLead(msgspec.Struct, frozen=True, kw_only=True):
    """A lead as it stands. `due_ns` None = it waits for no turn: it is leased, being dialled, or finished.

    The state is as the store knows it: DIALING until the attempt is recorded; that the number was suppressed since
    shows when the lead's turn has come. `hot`: it waits, or is leased, before all that are not.
    """

    lead_id: int
    campaign_id: int
    list_id: int
    number: int
    reference: str
    attributes: str
    state: LeadState
    attempts: int
    due_ns: int | None
    hot: bool
    added_ns: int


class ListsPort(Protocol):
    """Lists and leads. UnknownId for a list, lead or campaign that there is not. Pages end at `limit`."""

    def begin_list(self, campaign_id: int, name: str, by: str, now_ns: int) -> int:
        """Note that the import of a list begins; returns the list's id."""

    def update_list(self, list_id: int, added: int, duplicates: int, rejected: int, suppressed: int) -> None:
        """Note what has become of the list's rows so far: totals, not increments."""

    def end_list(self, list_id: int, state: ListState, error: str, now_ns: int) -> None:
        """Note how the import ended. The first ending stands."""

    def lists(self, campaign_id: int, before_id: int, limit: int) -> list[StoredList]:
        """Lists of a campaign (0 = of all) with ids less than `before_id` (0 = all), latest first."""

    def stored_list(self, list_id: int) -> StoredList:
        """One list."""

    def leads(
        self,
        campaign_id: int,
        *,
        list_id: int = 0,
        state: LeadState | None = None,
        number: int = 0,
        after_id: int = 0,
        limit: int = 100,
    ) -> list[StoredLead]:
        """Leads of a campaign (0 = of all) with ids greater than `after_id`, by id; of one list, state or number.

        A page may read the campaign's whole queue: some ten milliseconds for a million leads that wait.
        """

    def lead(self, lead_id: int) -> StoredLead:
        """One lead."""

    def callbacks_due(self, campaign_ids: Sequence[int], now_ns: int) -> list[int]:
        """Those of the campaigns in which callbacks wait for their turn that are due."""

    def due_count(self, campaign_id: int, now_ns: int) -> int:
        """How many leads of the campaign wait for their turn and may be leased now."""
