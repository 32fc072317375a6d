"""The queue, the finished leads and the suppression list in SQLite, within a transaction of the caller's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from outpace.domain.errors import StoreError
from outpace.domain.states import LeadState
from outpace.store.port import Band

_ENQUEUE = """
    INSERT INTO queue (tenant, campaign_id, bucket, band, due_ns, lead_id, number, attempts, features)
    VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?)
"""
_FINISH = "INSERT INTO finished VALUES (?, ?, ?, ?, ?, ?)"
# The LIMIT keeps the subquery and so its order; the length of what is deleted is checked against what was read.
_DUE = """
    SELECT json_group_array(due_ns), json_group_array(lead_id), json_group_array(number), json_group_array(attempts),
           json_group_array(features)
    FROM (
        SELECT due_ns, lead_id, number, attempts, features FROM queue
        WHERE tenant = ? AND campaign_id = ? AND bucket = 0 AND band = ? AND due_ns <= ?
        ORDER BY due_ns, lead_id LIMIT ?
    )
"""
_PRESSING = f"""
    SELECT 1 FROM queue WHERE tenant = ? AND campaign_id = ? AND bucket = 0 AND band < {Band.ORDINARY:d} LIMIT 1
"""
_UNQUEUE = """
    DELETE FROM queue
    WHERE tenant = ? AND campaign_id = ? AND bucket = 0 AND band = ? AND (due_ns, lead_id) <= (?, ?)
"""
_NEXT_DUE = " UNION ALL ".join(
    f"SELECT min(due_ns) AS due_ns FROM queue WHERE tenant = ?1 AND campaign_id = ?2 AND bucket = 0 AND band = {band:d}"
    for band in Band
)
_TAKE_AT = """
    DELETE FROM queue WHERE tenant = ? AND campaign_id = ? AND bucket = 0 AND band = ? AND due_ns = ? AND lead_id = ?
    RETURNING number, attempts, features
"""
_OF_LEAD = "SELECT band, due_ns FROM queue WHERE tenant = ? AND campaign_id = ? AND lead_id = ?"
_FINDS = (  # the first two are lookups, or read a few rows; the last one reads the campaign's whole queue
    # with the + the index of the tried ones is the better one
    "SELECT band, due_ns FROM queue WHERE tenant = ? AND +campaign_id = ? AND lead_id = ? AND attempts > 0",
    f"{_OF_LEAD} AND bucket = 0 AND band IN ({Band.HOT:d}, {Band.CALLBACK:d})",
    _OF_LEAD,
)
_IS_FINISHED = "SELECT 1 FROM finished WHERE tenant = ? AND campaign_id = ? AND lead_id = ?"
_UNFINISH = "DELETE FROM finished WHERE tenant = ? AND campaign_id = ? AND lead_id = ? RETURNING attempts, features"
_LISTED = "SELECT 1 FROM suppression WHERE tenant = ? LIMIT 1"
_SUPPRESSED = """
    SELECT number, campaign_id, expires_ns FROM suppression
    WHERE tenant = ? AND number IN (SELECT value FROM json_each(?)) AND (expires_ns = 0 OR expires_ns > ?)
"""

_ints = msgspec.json.Decoder(list[int]).decode


class Waiting(NamedTuple):
    """A lead in the queue, in the order of its columns."""

    campaign_id: int
    band: int
    due_ns: int
    lead_id: int
    number: int
    attempts: int  # so far
    features: int


#: campaign, lead, state, attempts, features
Finished = tuple[int, int, int, int, int]


class Columns(NamedTuple):
    """Leads field by field."""

    dues: list[int]
    lead_ids: list[int]
    numbers: list[int]
    attempts: list[int]
    features: list[int]


class Suppressed:
    """Entries of the suppression list that are in force for some numbers."""

    def __init__(self, rows: Iterable[tuple[int, int, int]]) -> None:
        self._ends = {(number, campaign_id): expires_ns for number, campaign_id, expires_ns in rows}

    def __bool__(self) -> bool:
        return bool(self._ends)

    def until_ns(self, number: int, campaign_id: int) -> int | None:
        """When the campaign may dial the number again: 0 = never, None = now."""
        ends = [self._ends[key] for key in ((number, 0), (number, campaign_id)) if key in self._ends]
        if not ends:
            return None
        return 0 if 0 in ends else max(ends)


class Queue:
    """The queue and the finished leads of one tenant."""

    def __init__(self, db: sqlite3.Connection, tenant: int) -> None:
        self._db = db
        self._tenant = tenant

    def enqueue(self, leads: Iterable[tuple[int, int, int, int, int, int, int]]) -> None:
        """Let leads (`Waiting`, or plain tuples like it) wait for their turn."""
        self._db.executemany(_ENQUEUE, [(self._tenant, *lead) for lead in leads])

    def finish(self, leads: Iterable[Finished]) -> None:
        """Let leads have no turn any more."""
        self._db.executemany(_FINISH, [(self._tenant, *lead) for lead in leads])

    def take_due(self, campaign_id: int, band: int, now_ns: int, count: int) -> tuple[Columns, Sequence[str]]:
        """Take the first leads of a band out of the queue; also as JSON, field by field."""
        key = (self._tenant, campaign_id, band)
        texts = self._db.execute(_DUE, (*key, now_ns, count)).fetchone()
        columns = Columns(*map(_ints, texts))
        if columns.lead_ids:
            deleted = self._db.execute(_UNQUEUE, (*key, columns.dues[-1], columns.lead_ids[-1])).rowcount
            if deleted != len(columns.lead_ids):
                due = len(columns.lead_ids)
                raise StoreError(f"campaign {campaign_id}: {due} leads due, {deleted} taken from the queue")
        return columns, texts

    def bands(self, campaign_id: int) -> Sequence[Band]:
        """The bands in which anybody may wait, in their order. Mostly nobody does before the ordinary leads."""
        pressing = self._db.execute(_PRESSING, (self._tenant, campaign_id)).fetchone() is not None
        return tuple(Band) if pressing else (Band.ORDINARY,)

    def next_due_ns(self, campaign_id: int) -> int:
        """Earliest due that remains in the queue; at least 1, or 0 where nothing remains."""
        rows = self._db.execute(_NEXT_DUE, (self._tenant, campaign_id)).fetchall()
        return min((max(1, due_ns) for (due_ns,) in rows if due_ns is not None), default=0)

    def take(self, campaign_id: int, lead_id: int, due_ns: int) -> Waiting | None:
        """Take a lead out of the queue, None where it is not there.

        `due_ns` is when it is due, most likely. Those that have been tried are found elsewhere too, and the hot ones;
        for others the campaign's whole queue is searched: see that there is such a lead.
        """
        lead = self.take_at(campaign_id, Band.ORDINARY, due_ns, lead_id)
        if lead is None:
            key = (self._tenant, campaign_id, lead_id)
            found = next((row for find in _FINDS for row in self._db.execute(find, key)), None)
            if found is not None:
                lead = self.take_at(campaign_id, found[0], found[1], lead_id)
        return lead

    def take_at(self, campaign_id: int, band: int, due_ns: int, lead_id: int) -> Waiting | None:
        """Take a lead out of its place in the queue, None where it is not there."""
        place = (campaign_id, band, due_ns, lead_id)
        row = self._db.execute(_TAKE_AT, (self._tenant, *place)).fetchone()
        return None if row is None else Waiting(*place, *row)

    def is_finished(self, campaign_id: int, lead_id: int) -> bool:
        """Whether a lead has no turn any more."""
        return self._db.execute(_IS_FINISHED, (self._tenant, campaign_id, lead_id)).fetchone() is not None

    def unfinish(self, campaign_id: int, lead_id: int) -> tuple[int, int] | None:
        """Attempts and features of a lead that was finished and is so no more; None where it was not."""
        row = self._db.execute(_UNFINISH, (self._tenant, campaign_id, lead_id)).fetchone()
        return None if row is None else (row[0], row[1])

    # ---- suppression -------------------------------------------------------------------------------------------------

    def suppressed(self, numbers: str, now_ns: int) -> Suppressed:
        """What the list says of numbers (a JSON array)."""
        if self._db.execute(_LISTED, (self._tenant,)).fetchone() is None:
            return Suppressed(())
        return Suppressed(self._db.execute(_SUPPRESSED, (self._tenant, numbers, now_ns)))

    def put_away(self, lead: Waiting, until_ns: int) -> None:
        """Let a suppressed lead wait until then, or finish it where that is 0."""
        if until_ns:
            self.enqueue([lead._replace(due_ns=until_ns)])
        else:
            self.finish([(lead.campaign_id, lead.lead_id, LeadState.SUPPRESSED, lead.attempts, lead.features)])
