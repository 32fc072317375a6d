"""Leases in SQLite: leads leave the queue a range at a time and are kept as one row per lease.

A row per leased lead would cost more than reading and deleting the range. What leaves a lease is noted in `spent`, one
small row at the moment in which the lead's intent is written anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from itertools import compress
from typing import NamedTuple

import msgspec

from outpace.domain.errors import StoreError

# The LIMIT keeps the subquery and so its order; the length of what is deleted is checked against what was read.
_DUE = """
    SELECT json_group_array(due_ns), json_group_array(lead_id), json_group_array(number), json_group_array(attempts),
           json_group_array(features)
    FROM (
        SELECT due_ns, lead_id, number, attempts, features FROM queue
        WHERE tenant = ? AND campaign_id = ? AND bucket = 0 AND band = 0 AND due_ns <= ?
        ORDER BY due_ns, lead_id LIMIT ?
    )
"""
_UNQUEUE = """
    DELETE FROM queue
    WHERE tenant = ? AND campaign_id = ? AND bucket = 0 AND band = 0 AND (due_ns, lead_id) <= (?, ?)
"""
_NEXT_DUE = """
    SELECT due_ns FROM queue WHERE tenant = ? AND campaign_id = ? AND bucket = 0 AND band = 0 ORDER BY due_ns LIMIT 1
"""
_GIVE_BACK = """
    INSERT INTO queue (tenant, campaign_id, bucket, band, due_ns, lead_id, number, attempts, features)
    VALUES (?, ?, 0, 0, ?, ?, ?, ?, ?)
"""
_LEASED = """
    SELECT campaign_id, dues, lead_ids, numbers, attempts, features FROM leases JOIN leased USING (tenant, token)
    WHERE tenant = ? AND token = ?
"""
_SPENT = "SELECT lead_id FROM spent WHERE tenant = ? AND token = ?"
_SPEND = "INSERT INTO spent VALUES (?, ?, ?)"
_LEASES_OF = """
    SELECT token FROM leases JOIN leased USING (tenant, token), json_each(lead_ids)
    WHERE tenant = ?1 AND campaign_id = ?2 AND value = ?3
    AND NOT EXISTS (SELECT 1 FROM spent WHERE tenant = ?1 AND token = leases.token AND lead_id = ?3)
"""
_ONGOING = "SELECT token FROM leases WHERE tenant = ? AND token = ? AND campaign_id = ?"
_EXPIRED = "SELECT token FROM leases WHERE tenant = ? AND deadline_ns <= ?"
_OF_EPOCH = "SELECT token FROM leases WHERE tenant = ? AND token >= ? AND token < ?"
_RENEW = "UPDATE leases SET deadline_ns = ? WHERE tenant = ? AND token = ? AND campaign_id = ?"

_ints = msgspec.json.Decoder(list[int]).decode


class Held(NamedTuple):
    """A lead in its lease."""

    campaign_id: int
    due_ns: int  # as it was in the queue
    number: int
    attempts: int  # so far
    features: int


class Due(NamedTuple):
    """Leads taken from the queue, field by field, in their order of being due."""

    lead_ids: list[int]
    numbers: list[int]
    attempts: list[int]
    features: list[int]


class Leases:
    """The leases of one tenant, within a transaction of the caller's."""

    def __init__(self, db: sqlite3.Connection, tenant: int) -> None:
        self._db = db
        self._tenant = tenant

    def begin(self, token: int, campaign_id: int, count: int, now_ns: int, deadline_ns: int) -> Due:
        """Move the first `count` due leads from the queue into a lease. Nothing due = no lease, and empty lists."""
        key = (self._tenant, campaign_id)
        columns = self._db.execute(_DUE, (*key, now_ns, max(0, count))).fetchone()
        dues, lead_ids, *rest = map(_ints, columns)
        if lead_ids:
            row = (self._tenant, token)
            self._db.execute("INSERT INTO leases VALUES (?, ?, ?, ?)", (*row, campaign_id, deadline_ns))
            self._db.execute("INSERT INTO leased VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, len(lead_ids), *columns))
            deleted = self._db.execute(_UNQUEUE, (*key, dues[-1], lead_ids[-1])).rowcount
            if deleted != len(lead_ids):
                raise StoreError(f"campaign {campaign_id}: {len(lead_ids)} leads due, {deleted} taken from the queue")
        return Due(lead_ids, *rest)

    def next_due_ns(self, campaign_id: int) -> int:
        """Earliest due that remains in the queue; at least 1, or 0 where nothing remains."""
        row = self._db.execute(_NEXT_DUE, (self._tenant, campaign_id)).fetchone()
        return max(1, row[0]) if row else 0

    def renew(self, token: int, campaign_id: int, deadline_ns: int) -> bool:
        """Whether the lease still held; if so it holds until the new deadline."""
        return self._db.execute(_RENEW, (deadline_ns, self._tenant, token, campaign_id)).rowcount > 0

    def held(self, token: int, lead_ids: Collection[int]) -> dict[int, Held]:
        """Those of the leads that the lease still holds."""
        return dict(self._leads(token, lead_ids))

    def spend(self, token: int, lead_ids: Iterable[int]) -> None:
        """Let leads that the lease holds leave it."""
        self._db.executemany(_SPEND, [(self._tenant, token, lead_id) for lead_id in lead_ids])

    def holder(self, campaign_id: int, lead_id: int) -> int:
        """The token under which the lead is leased, 0 = none. Reads every lease of the campaign."""
        row = self._db.execute(_LEASES_OF, (self._tenant, campaign_id, lead_id)).fetchone()
        return int(row[0]) if row else 0

    def release(self, token: int, campaign_id: int) -> None:
        """End one lease, where there is such a one."""
        self._end(_ONGOING, token, campaign_id)

    def expire(self, now_ns: int) -> None:
        """End the leases whose deadline is not later than now."""
        self._end(_EXPIRED, now_ns)

    def end_epoch(self, epoch: int) -> None:
        """End the leases that were begun under an epoch."""
        self._end(_OF_EPOCH, epoch << 32, (epoch + 1) << 32)

    def _end(self, which: str, *parameters: int) -> None:
        """Put what the leases still hold back into the queue, due as before, and forget them."""
        for (token,) in self._db.execute(which, (self._tenant, *parameters)).fetchall():
            leads = [(self._tenant, lead.campaign_id, lead.due_ns, i, *lead[2:]) for i, lead in self._leads(token)]
            self._db.executemany(_GIVE_BACK, leads)
            for table in ("spent", "leased", "leases"):
                self._db.execute(f"DELETE FROM {table} WHERE tenant = ? AND token = ?", (self._tenant, token))

    def _leads(self, token: int, among: Collection[int] | None = None) -> list[tuple[int, Held]]:
        row = self._db.execute(_LEASED, (self._tenant, token)).fetchone()
        if row is None:
            return []
        spent = {lead_id for (lead_id,) in self._db.execute(_SPENT, (self._tenant, token))}
        dues, lead_ids, *columns = map(_ints, row[1:])
        held = [lead_id not in spent and (among is None or lead_id in among) for lead_id in lead_ids]
        leads = compress(zip(lead_ids, dues, *columns, strict=True), held)
        return [(lead_id, Held(row[0], *rest)) for lead_id, *rest in leads]
