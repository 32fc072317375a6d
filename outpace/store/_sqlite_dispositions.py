"""Agents' verdicts in SQLite, and what they do to leads: a callback, a suppressed number."""

from __future__ import annotations

import sqlite3

from outpace.domain.commands import RecordDisposition
from outpace.store._sqlite_leases import Leases
from outpace.store._sqlite_suppression import put
from outpace.store.port import Band
from outpace.store.suppression import of_disposition

_DISPOSE = """
    INSERT INTO dispositions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
    SET disposition = excluded.disposition, set_ns = excluded.set_ns, attributes = excluded.attributes,
        callback_ns = excluded.callback_ns
"""
_CALL_BACK_AFTER = "UPDATE intents SET callback_ns = ? WHERE tenant = ? AND call_id = ? RETURNING number"
_CALL_BACK_AFTER_OTHER = """
    UPDATE intents SET callback_ns = ?3 WHERE tenant = ?1 AND lead_id = ?2
    AND number = (SELECT number FROM leads WHERE tenant = ?1 AND lead_id = ?2)
"""
_ATTEMPT = "SELECT number, lead_id, retry_at_ns FROM attempts WHERE tenant = ? AND call_id = ?"


class Dispositions:
    """Verdicts of one tenant, within a transaction of the caller's."""

    def __init__(self, db: sqlite3.Connection, tenant: int, leases: Leases) -> None:
        self._db = db
        self._tenant = tenant
        self._leases = leases

    def record(self, commands: list[RecordDisposition], now_ns: int) -> None:
        """Write verdicts, in order."""
        for c in commands:
            row = (self._tenant, c.call_id, c.agent_id, c.disposition, now_ns, c.attributes, c.callback_ns)
            self._db.execute(_DISPOSE, row)
            # While the call is open the last word counts, also that there is to be no callback.
            call = self._db.execute(_CALL_BACK_AFTER, (c.callback_ns, self._tenant, c.call_id)).fetchone()
            if call is None and (c.callback_ns or c.suppress):
                call = self._db.execute(_ATTEMPT, (self._tenant, c.call_id)).fetchone()
                if call is not None and c.callback_ns:
                    self._call_back(call[1], call[2], c.callback_ns)
            if call is not None and c.suppress:
                put(self._db, self._tenant, of_disposition(call[0], c.agent_id, now_ns), now_ns)

    def _call_back(self, lead_id: int, retry_at_ns: int, callback_ns: int) -> None:
        # The call has ended. Another one may hold the lead by now: then its end brings the callback.
        if self._db.execute(_CALL_BACK_AFTER_OTHER, (self._tenant, lead_id, callback_ns)).rowcount:
            return
        lead = self._leases.take(lead_id, retry_at_ns)
        if lead is not None:
            self._leases.queue.enqueue([lead._replace(band=Band.CALLBACK, due_ns=callback_ns)])
