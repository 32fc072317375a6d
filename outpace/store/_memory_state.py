"""What the store in memory knows of leads, and how leads move."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from enum import IntEnum

import msgspec

from outpace.domain.commands import RecordAttempt, RecordDisposition
from outpace.domain.states import LeadState
from outpace.store.port import Band, OpenIntent
from outpace.store.suppression import Suppression


class Place(IntEnum):
    """Where a lead is."""

    QUEUE = 0
    LEASED = 1
    INTENT = 2
    FINISHED = 3


class Lead(msgspec.Struct):
    """A lead; `due_ns` and `band` are those of the queue, also while it is leased."""

    lead_id: int
    campaign_id: int
    list_id: int
    number: int
    reference: str
    attributes: str
    added_ns: int
    features: int
    due_ns: int = 0
    band: Band = Band.ORDINARY
    attempts: int = 0
    place: Place = Place.QUEUE
    token: int = 0  # while LEASED
    finished: LeadState = LeadState.NEW  # while FINISHED

    @property
    def state(self) -> LeadState:
        """As operators see it."""
        match self.place:
            case Place.QUEUE if self.band is Band.CALLBACK:
                return LeadState.SCHEDULED
            case Place.QUEUE:
                return LeadState.RETRY_WAIT if self.attempts else LeadState.NEW
            case Place.LEASED:
                return LeadState.LEASED
            case Place.INTENT:
                return LeadState.DIALING
            case Place.FINISHED:
                return self.finished


class MemoryState:
    """Leads, the queue, open intents, attempts, and the suppression list."""

    def __init__(self) -> None:
        super().__init__()
        self._leads: dict[int, Lead] = {}
        self._by_number: dict[tuple[int, int], Lead] = {}  # (campaign, number)
        self._queues: dict[tuple[int, Band], list[tuple[int, int]]] = {}  # heaps of (due, lead)
        self._intents: dict[int, OpenIntent] = {}
        self._callbacks: dict[int, int] = {}  # open call -> when its lead is to be called again
        self._open_numbers: set[int] = set()
        self._attempts: dict[int, RecordAttempt] = {}
        self._dispositions: dict[tuple[int, int], RecordDisposition] = {}  # (call, agent)
        self._suppressed: dict[tuple[int, int], Suppression] = {}  # (number, campaign)

    def _enqueue(self, lead: Lead, due_ns: int, band: Band = Band.ORDINARY) -> None:
        lead.place = Place.QUEUE
        lead.due_ns = due_ns
        lead.band = band
        heapq.heappush(self._queues.setdefault((lead.campaign_id, band), []), (due_ns, lead.lead_id))

    def _unqueue(self, lead: Lead) -> None:
        queue = self._queues[lead.campaign_id, lead.band]
        queue.remove((lead.due_ns, lead.lead_id))
        heapq.heapify(queue)

    def _finish(self, lead: Lead, state: LeadState) -> None:
        lead.place = Place.FINISHED
        lead.finished = state

    def _put_away(self, lead: Lead, now_ns: int) -> bool:
        """Whether the lead's number is suppressed; then it waits until it is so no more, or is finished."""
        ends = [entry.expires_ns for entry in self._in_force(lead.number, lead.campaign_id, now_ns)]
        if 0 in ends:
            self._finish(lead, LeadState.SUPPRESSED)
        elif ends:
            self._enqueue(lead, max(ends), lead.band)
        return bool(ends)

    def _in_force(self, number: int, campaign_id: int, now_ns: int) -> Iterator[Suppression]:
        for key in {(number, 0), (number, campaign_id)}:
            entry = self._suppressed.get(key)
            if entry is not None and (entry.expires_ns == 0 or entry.expires_ns > now_ns):
                yield entry
