"""Lists and leads in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from outpace.domain.errors import StoreError, UnknownId
from outpace.domain.states import LeadState
from outpace.store._sqlite_file import SqliteFile, json_of
from outpace.store._sqlite_leases import Leases
from outpace.store._sqlite_queue import Queue
from outpace.store.lists import Added, ListState, StoredList
from outpace.store.port import Band, NewLead

_CHUNK = 1000  # new leads looked up in the suppression list at a time

_ADD = "INSERT INTO leads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ENQUEUE_ADDED = """
    INSERT INTO queue (tenant, campaign_id, bucket, band, due_ns, lead_id, number, attempts, features)
    SELECT tenant, campaign_id, 0, ?, due_ns, lead_id, number, 0, features FROM leads WHERE tenant = ? AND lead_id >= ?
"""
_KNOWN = "SELECT 1 FROM definitions WHERE tenant = ? AND kind = 'campaign' AND id = ?"
_OF_NUMBER = "SELECT lead_id, due_ns FROM leads WHERE tenant = ? AND campaign_id = ? AND number = ? AND lead_id < ?"
_LIST = f"SELECT {', '.join(StoredList.__struct_fields__)} FROM lists WHERE tenant = ?"
_COUNTS = f"""
    SELECT CASE WHEN band = {Band.CALLBACK:d} THEN {LeadState.SCHEDULED:d} WHEN attempts = 0 THEN {LeadState.NEW:d}
           ELSE {LeadState.RETRY_WAIT:d} END AS state, count(*)
    FROM queue WHERE tenant = ?1 AND campaign_id = ?2 GROUP BY 1
    UNION ALL SELECT {LeadState.LEASED:d}, coalesce(sum(size - (
        SELECT count(*) FROM spent WHERE tenant = ?1 AND token = leases.token
    )), 0) FROM leases JOIN leased USING (tenant, token) WHERE tenant = ?1 AND campaign_id = ?2
    UNION ALL SELECT {LeadState.DIALING:d}, count(*) FROM intents WHERE tenant = ?1 AND campaign_id = ?2
    UNION ALL SELECT state, count(*) FROM finished WHERE tenant = ?1 AND campaign_id = ?2 GROUP BY 1
"""
_DUE_COUNT = f"""
    SELECT count(*) FROM queue WHERE tenant = ? AND campaign_id = ? AND bucket = 0
    AND band IN ({", ".join(f"{band:d}" for band in Band)}) AND due_ns <= ?
"""
_CALLBACKS_DUE = f"""
    SELECT value FROM json_each(?2) WHERE EXISTS (
        SELECT 1 FROM queue
        WHERE tenant = ?1 AND campaign_id = value AND bucket = 0 AND band = {Band.CALLBACK:d} AND due_ns <= ?3
    )
"""


class SqliteLists(SqliteFile):
    """Lists, new leads, counts; see `ListsPort`."""

    def add_leads(
        self, campaign_id: int, leads: Iterable[NewLead], now_ns: int, *, list_id: int = 0, hot: bool = False
    ) -> Added:
        """See `Store.add_leads`."""
        with self._transaction():
            if self._db.execute(_KNOWN, (self._tenant, campaign_id)).fetchone() is None:
                raise StoreError(f"{self._path}: no campaign {campaign_id}")
            if list_id and self._list(list_id).campaign_id != campaign_id:
                raise UnknownId(f"campaign {campaign_id} has no list {list_id}")
            (first,) = self._db.execute(
                "SELECT coalesce(max(lead_id), 0) + 1 FROM leads WHERE tenant = ?", (self._tenant,)
            ).fetchone()
            added = suppressed = given = 0
            rest = iter(leads)
            while chunk := list(islice(rest, _CHUNK)):
                kept = self._not_suppressed(chunk, first + given, campaign_id, now_ns)
                given += len(chunk)
                suppressed += len(chunk) - len(kept)
                key = (campaign_id, list_id)
                rows = [
                    (self._tenant, i, *key, n.number, n.due_ns, now_ns, n.features, n.reference, n.attributes)
                    for i, n in kept
                ]
                added += self._db.executemany(_ADD, rows).rowcount if rows else 0
                if hot:
                    self._heat(campaign_id, first, [lead for _, lead in kept])
            self._db.execute(_ENQUEUE_ADDED, (Band.HOT if hot else Band.ORDINARY, self._tenant, first))
        return Added(added, given - added - suppressed, suppressed)

    def _not_suppressed(
        self, leads: list[NewLead], first: int, campaign_id: int, now_ns: int
    ) -> list[tuple[int, NewLead]]:
        numbered = list(enumerate(leads, first))
        found = Queue(self._db, self._tenant).suppressed(json_of(lead.number for lead in leads), now_ns)
        if not found:
            return numbered
        return [(i, lead) for i, lead in numbered if found.until_ns(lead.number, campaign_id) is None]

    def _heat(self, campaign_id: int, first: int, leads: list[NewLead]) -> None:
        # Those that were there before this import and wait in the queue become hot.
        leases = Leases(self._db, self._tenant)
        for lead in leads:
            row = self._db.execute(_OF_NUMBER, (self._tenant, campaign_id, lead.number, first)).fetchone()
            if row is None:
                continue
            lead_id, first_due_ns = row
            waiting = leases.take_waiting(campaign_id, lead_id, lead.number, first_due_ns)
            if waiting is not None:
                leases.queue.enqueue([waiting._replace(band=Band.HOT, due_ns=lead.due_ns)])

    def counts(self, campaign_id: int) -> dict[str, int]:
        """See `Store.counts`. Reads the campaign's rows: for reports, not for every second."""
        with self._errors():
            rows = self._db.execute(_COUNTS, (self._tenant, campaign_id)).fetchall()
        counts = {state.name.lower(): 0 for state in LeadState}
        for state, count in rows:
            counts[LeadState(state).name.lower()] = count
        counts["total"] = sum(counts.values())
        return counts

    def callbacks_due(self, campaign_ids: Sequence[int], now_ns: int) -> list[int]:
        """See `ListsPort.callbacks_due`."""
        with self._errors():
            rows = self._db.execute(_CALLBACKS_DUE, (self._tenant, json_of(campaign_ids), now_ns)).fetchall()
        return [campaign_id for (campaign_id,) in rows]

    def due_count(self, campaign_id: int, now_ns: int) -> int:
        """See `ListsPort.due_count`."""
        with self._errors():
            return int(self._db.execute(_DUE_COUNT, (self._tenant, campaign_id, now_ns)).fetchone()[0])

    # ---- lists -------------------------------------------------------------------------------------------------------

    def begin_list(self, campaign_id: int, name: str, by: str, now_ns: int) -> int:
        """See `ListsPort.begin_list`."""
        with self._transaction():
            if self._db.execute(_KNOWN, (self._tenant, campaign_id)).fetchone() is None:
                raise UnknownId(f"no campaign {campaign_id}")
            row = self._db.execute(
                "INSERT INTO lists SELECT ?1, coalesce(max(list_id), 0) + 1, ?2, ?3, ?4, 0, 0, 0, 0, ?5, ?6, 0, ''"
                " FROM lists WHERE tenant = ?1 RETURNING list_id",
                (self._tenant, campaign_id, name, ListState.RUNNING.value, now_ns, by),
            ).fetchone()
        return int(row[0])

    def update_list(self, list_id: int, added: int, duplicates: int, rejected: int, suppressed: int) -> None:
        """See `ListsPort.update_list`."""
        with self._transaction():
            self._list(list_id)
            self._db.execute(
                "UPDATE lists SET added = ?, duplicates = ?, rejected = ?, suppressed = ?"
                " WHERE tenant = ? AND list_id = ?",
                (added, duplicates, rejected, suppressed, self._tenant, list_id),
            )

    def end_list(self, list_id: int, state: ListState, error: str, now_ns: int) -> None:
        """See `ListsPort.end_list`."""
        with self._transaction():
            self._list(list_id)
            self._db.execute(
                "UPDATE lists SET state = ?, error = ?, ended_ns = ? WHERE tenant = ? AND list_id = ? AND ended_ns = 0",
                (state.value, error, now_ns, self._tenant, list_id),
            )

    def lists(self, campaign_id: int, before_id: int, limit: int) -> list[StoredList]:
        """See `ListsPort.lists`."""
        which = f"{_LIST} AND (?2 = 0 OR campaign_id = ?2) AND (?3 = 0 OR list_id < ?3) ORDER BY list_id DESC LIMIT ?4"
        with self._errors():
            rows = self._db.execute(which, (self._tenant, campaign_id, before_id, limit)).fetchall()
        return [_list(row) for row in rows]

    def stored_list(self, list_id: int) -> StoredList:
        """See `ListsPort.stored_list`."""
        with self._errors():
            return self._list(list_id)

    def _list(self, list_id: int) -> StoredList:
        row = self._db.execute(f"{_LIST} AND list_id = ?", (self._tenant, list_id)).fetchone()
        if row is None:
            raise UnknownId(f"no list {list_id}")
        return _list(row)


def _list(row: tuple[Any, ...]) -> StoredList:
    fields = dict(zip(StoredList.__struct_fields__, row, strict=True))
    return StoredList(**fields | {"state": ListState(fields["state"])})
