"""The suppression list in memory."""

from __future__ import annotations

from collections.abc import Sequence

from outpace.domain.states import LeadState
from outpace.store._memory_state import MemoryState, Place
from outpace.store.suppression import Listed, Suppression, holds_longer


class MemorySuppression(MemoryState):
    """See `SuppressionPort`."""

    def suppress(self, number: int, campaign_id: int, reason: str, by: str, expires_ns: int, now_ns: int) -> None:
        """See `SuppressionPort.suppress`."""
        self._put(Suppression(number, campaign_id, reason, by, now_ns, expires_ns), now_ns)

    def _put(self, entry: Suppression, now_ns: int) -> None:
        self.unsuppress(entry.number, entry.campaign_id, now_ns)
        self._suppressed[entry.number, entry.campaign_id] = entry

    def suppress_many(
        self, numbers: Sequence[int], campaign_id: int, reason: str, by: str, expires_ns: int, now_ns: int
    ) -> Listed:
        """See `SuppressionPort.suppress_many`."""
        added = extended = known = 0
        for number in numbers:
            entry = self._suppressed.get((number, campaign_id))
            if entry is not None and not holds_longer(expires_ns, entry.expires_ns):
                known += 1
                continue
            added += entry is None
            extended += entry is not None
            self._put(Suppression(number, campaign_id, reason, by, now_ns, expires_ns), now_ns)
        return Listed(added, extended, known)

    def let_go_suppressed(self, now_ns: int) -> list[tuple[int, int]]:
        """See `SuppressionPort.let_go_suppressed`."""
        leased = [lead for lead in self._leads.values() if lead.place is Place.LEASED]
        found = {(lead.number, lead.campaign_id) for lead in leased if self._put_away(lead, now_ns)}
        dialled = {(intent.number, intent.campaign_id) for intent in self._intents.values()}
        return sorted(found | {one for one in dialled if any(self._in_force(*one, now_ns))})

    def unsuppress(self, number: int, campaign_id: int, now_ns: int) -> bool:
        """See `SuppressionPort.unsuppress`."""
        entry = self._suppressed.pop((number, campaign_id), None)
        if entry is None:
            return False
        for lead in self._leads.values():
            if lead.number != number or campaign_id not in (0, lead.campaign_id):
                continue
            if lead.state is LeadState.SUPPRESSED:
                self._enqueue(lead, now_ns)
            elif lead.place is Place.QUEUE and lead.due_ns == entry.expires_ns:
                self._unqueue(lead)
                self._enqueue(lead, now_ns, lead.band)
        return True

    def suppressions(self, campaign_id: int, after_number: int, limit: int) -> list[Suppression]:
        """See `SuppressionPort.suppressions`."""
        entries = [e for e in self._suppressed.values() if e.campaign_id == campaign_id and e.number > after_number]
        return sorted(entries, key=lambda entry: entry.number)[:limit]

    def is_suppressed(self, number: int, campaign_id: int, now_ns: int) -> bool:
        """See `SuppressionPort.is_suppressed`."""
        return any(self._in_force(number, campaign_id, now_ns))
