"""Lists and leads in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from outpace.domain.errors import StoreError, UnknownId
from outpace.domain.states import LeadState
from outpace.store._definitions import Definitions, Kind
from outpace.store._memory_state import Lead, MemoryState, Place
from outpace.store.lists import Added, ListState, StoredLead, StoredList
from outpace.store.port import Band, NewLead


class MemoryLists(MemoryState, Definitions):
    """See `ListsPort`."""

    def __init__(self) -> None:
        super().__init__()
        self._lists: dict[int, StoredList] = {}
        self._last_lead_id = 0

    def add_leads(
        self, campaign_id: int, leads: Iterable[NewLead], now_ns: int, *, list_id: int = 0, hot: bool = False
    ) -> Added:
        """See `Store.add_leads`."""
        if not self._defined(Kind.CAMPAIGN, campaign_id):
            raise StoreError(f"no campaign {campaign_id}")
        if list_id and self.stored_list(list_id).campaign_id != campaign_id:
            raise UnknownId(f"campaign {campaign_id} has no list {list_id}")
        band = Band.HOT if hot else Band.ORDINARY
        added = duplicates = suppressed = 0
        first = self._last_lead_id + 1
        for lead_id, new in enumerate(leads, first):
            known = self._by_number.get((campaign_id, new.number))
            if any(self._in_force(new.number, campaign_id, now_ns)):
                suppressed += 1
            elif known is None:
                rest = (list_id, new.number, new.reference, new.attributes, now_ns, new.features)
                lead = self._leads[lead_id] = self._by_number[campaign_id, new.number] = Lead(
                    lead_id, campaign_id, *rest
                )
                self._enqueue(lead, new.due_ns, band)
                self._last_lead_id = lead_id
                added += 1
            else:
                duplicates += 1
                if hot and known.place is Place.QUEUE and known.lead_id < first:
                    self._unqueue(known)
                    self._enqueue(known, new.due_ns, band)
        return Added(added, duplicates, suppressed)

    def counts(self, campaign_id: int) -> dict[str, int]:
        """See `Store.counts`."""
        counts = {state.name.lower(): 0 for state in LeadState}
        for lead in self._leads.values():
            if lead.campaign_id == campaign_id:
                counts[lead.state.name.lower()] += 1
        counts["total"] = sum(counts.values())
        return counts

    def callbacks_due(self, campaign_ids: Sequence[int], now_ns: int) -> list[int]:
        """See `ListsPort.callbacks_due`."""
        firsts = {one: min(self._queues.get((one, Band.CALLBACK), []), default=None) for one in campaign_ids}
        return [one for one, first in firsts.items() if first is not None and first[0] <= now_ns]

    def due_count(self, campaign_id: int, now_ns: int) -> int:
        """See `ListsPort.due_count`."""
        queues = (self._queues.get((campaign_id, band), []) for band in Band)
        return sum(due_ns <= now_ns for queue in queues for due_ns, _ in queue)

    # ---- lists -------------------------------------------------------------------------------------------------------

    def begin_list(self, campaign_id: int, name: str, by: str, now_ns: int) -> int:
        """See `ListsPort.begin_list`."""
        self._one(Kind.CAMPAIGN, campaign_id)
        list_id = len(self._lists) + 1
        self._lists[list_id] = StoredList(
            list_id=list_id,
            campaign_id=campaign_id,
            name=name,
            state=ListState.RUNNING,
            added=0,
            duplicates=0,
            rejected=0,
            suppressed=0,
            created_ns=now_ns,
            created_by=by,
            ended_ns=0,
            error="",
        )
        return list_id

    def update_list(self, list_id: int, added: int, duplicates: int, rejected: int, suppressed: int) -> None:
        """See `ListsPort.update_list`."""
        figures = {"added": added, "duplicates": duplicates, "rejected": rejected, "suppressed": suppressed}
        self._lists[list_id] = msgspec.structs.replace(self.stored_list(list_id), **figures)

    def end_list(self, list_id: int, state: ListState, error: str, now_ns: int) -> None:
        """See `ListsPort.end_list`."""
        found = self.stored_list(list_id)
        if found.ended_ns == 0:
            self._lists[list_id] = msgspec.structs.replace(found, state=state, error=error, ended_ns=now_ns)

    def lists(self, campaign_id: int, before_id: int, limit: int) -> list[StoredList]:
        """See `ListsPort.lists`."""
        found = [one for one in self._lists.values() if campaign_id in (0, one.campaign_id)]
        return [one for one in reversed(found) if not before_id or one.list_id < before_id][:limit]

    def stored_list(self, list_id: int) -> StoredList:
        """See `ListsPort.stored_list`."""
        if list_id not in self._lists:
            raise UnknownId(f"no list {list_id}")
        return self._lists[list_id]

    # ---- leads -------------------------------------------------------------------------------------------------------

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
        """See `ListsPort.leads`."""
        found = [
            _stored_lead(lead)
            for lead in self._leads.values()
            if campaign_id in (0, lead.campaign_id)
            and list_id in (0, lead.list_id)
            and state in (None, lead.state)
            and number in (0, lead.number)
            and lead.lead_id > after_id
        ]
        return found[:limit]

    def lead(self, lead_id: int) -> StoredLead:
        """See `ListsPort.lead`."""
        if lead_id not in self._leads:
            raise UnknownId(f"no lead {lead_id}")
        return _stored_lead(self._leads[lead_id])


def _stored_lead(lead: Lead) -> StoredLead:
    return StoredLead(
        lead_id=lead.lead_id,
        campaign_id=lead.campaign_id,
        list_id=lead.list_id,
        number=lead.number,
        reference=lead.reference,
        attributes=lead.attributes,
        state=lead.state,
        attempts=lead.attempts,
        due_ns=lead.due_ns if lead.place is Place.QUEUE else None,
        hot=lead.band is Band.HOT and lead.place in (Place.QUEUE, Place.LEASED),
        added_ns=lead.added_ns,
    )
