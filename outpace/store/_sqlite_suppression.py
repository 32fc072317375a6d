"""The suppression list in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from outpace.domain.states import LeadState
from outpace.store._sqlite_file import SqliteFile
from outpace.store._sqlite_leases import Leases
from outpace.store._sqlite_queue import Queue, Waiting
from outpace.store.port import Band
from outpace.store.suppression import Listed, Suppression, holds_longer

_COLUMNS = "number, campaign_id, reason, added_by, added_ns, expires_ns"
_PUT = "INSERT INTO suppression VALUES (?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM suppression WHERE tenant = ? AND number = ? AND campaign_id = ? RETURNING expires_ns"
_PAGE = f"""
    SELECT {_COLUMNS} FROM suppression
    WHERE tenant = ? AND campaign_id = ? AND number > ? ORDER BY number LIMIT ?
"""
_LEADS_OF_NUMBER = """
    SELECT l.campaign_id, lead_id FROM definitions d CROSS JOIN leads l ON l.tenant = d.tenant AND l.campaign_id = d.id
    WHERE d.tenant = ?1 AND kind = 'campaign' AND number = ?2 AND (?3 = 0 OR l.campaign_id = ?3)
"""
_PUT_AWAY = f"""
    DELETE FROM finished WHERE tenant = ? AND campaign_id = ? AND lead_id = ? AND state = {LeadState.SUPPRESSED:d}
    RETURNING attempts, features
"""


_KNOWN = """
    SELECT number, expires_ns FROM suppression
    WHERE tenant = ? AND campaign_id = ? AND number IN (SELECT value FROM json_each(?))
"""
_INTENTS = "SELECT number, campaign_id FROM intents WHERE tenant = ?"


class SqliteSuppression(SqliteFile):
    """See `SuppressionPort`."""

    def suppress(self, number: int, campaign_id: int, reason: str, by: str, expires_ns: int, now_ns: int) -> None:
        """See `SuppressionPort.suppress`."""
        entry = Suppression(number, campaign_id, reason, by, now_ns, expires_ns)
        with self._transaction():
            put(self._db, self._tenant, entry, now_ns)

    def suppress_many(
        self, numbers: Sequence[int], campaign_id: int, reason: str, by: str, expires_ns: int, now_ns: int
    ) -> Listed:
        """See `SuppressionPort.suppress_many`."""
        wanted = dict.fromkeys(numbers)
        with self._transaction():
            asked = msgspec.json.encode(list(wanted)).decode()
            there = dict(self._db.execute(_KNOWN, (self._tenant, campaign_id, asked)).fetchall())
            longer = [number for number, ends_ns in there.items() if holds_longer(expires_ns, ends_ns)]
            for number in longer:
                put(self._db, self._tenant, Suppression(number, campaign_id, reason, by, now_ns, expires_ns), now_ns)
            rest = (campaign_id, reason, by, now_ns, expires_ns)
            new = [(self._tenant, number, *rest) for number in wanted if number not in there]
            self._db.executemany(_PUT, new)
        return Listed(len(new), len(longer), len(numbers) - len(new) - len(longer))

    def let_go_suppressed(self, now_ns: int) -> list[tuple[int, int]]:
        """See `SuppressionPort.let_go_suppressed`."""
        with self._transaction():
            found = Leases(self._db, self._tenant).let_go_suppressed(now_ns)
            dialled = self._db.execute(_INTENTS, (self._tenant,)).fetchall()
            asked = msgspec.json.encode([number for number, _ in dialled]).decode()
            suppressed = Queue(self._db, self._tenant).suppressed(asked, now_ns)
        return sorted(found | {one for one in dialled if suppressed.until_ns(*one) is not None})

    def unsuppress(self, number: int, campaign_id: int, now_ns: int) -> bool:
        """See `SuppressionPort.unsuppress`."""
        with self._transaction():
            return _lift(self._db, self._tenant, number, campaign_id, now_ns)

    def suppressions(self, campaign_id: int, after_number: int, limit: int) -> list[Suppression]:
        """See `SuppressionPort.suppressions`."""
        with self._errors():
            rows = self._db.execute(_PAGE, (self._tenant, campaign_id, after_number, limit)).fetchall()
        return [Suppression(*row) for row in rows]

    def is_suppressed(self, number: int, campaign_id: int, now_ns: int) -> bool:
        """See `SuppressionPort.is_suppressed`."""
        with self._errors():
            found = Queue(self._db, self._tenant).suppressed(f"[{number:d}]", now_ns)
        return found.until_ns(number, campaign_id) is not None


def put(db: sqlite3.Connection, tenant: int, entry: Suppression, now_ns: int) -> None:
    """Put an entry on the list, in place of the one that was there."""
    _lift(db, tenant, entry.number, entry.campaign_id, now_ns)
    row = (entry.number, entry.campaign_id, entry.reason, entry.added_by, entry.added_ns, entry.expires_ns)
    db.execute(_PUT, (tenant, *row))


def _lift(db: sqlite3.Connection, tenant: int, number: int, campaign_id: int, now_ns: int) -> bool:
    """Delete an entry, and let the leads that it put away be due now; whether there was such an entry."""
    row = db.execute(_DELETE, (tenant, number, campaign_id)).fetchone()
    if row is None:
        return False
    queue = Queue(db, tenant)
    for campaign, lead_id in db.execute(_LEADS_OF_NUMBER, (tenant, number, campaign_id)).fetchall():
        finished = db.execute(_PUT_AWAY, (tenant, campaign, lead_id)).fetchone()
        if finished is not None:
            queue.enqueue([Waiting(campaign, Band.ORDINARY, now_ns, lead_id, number, *finished)])
            continue
        waiting = [queue.take_at(campaign, band, row[0], lead_id) for band in Band]
        queue.enqueue(lead._replace(due_ns=now_ns) for lead in waiting if lead is not None)
    return True
