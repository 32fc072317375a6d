"""Leases in SQLite: leads leave the queue a range at a time and are kept as one row per lease.

A row per leased lead would cost more than reading and deleting the range. What leaves a lease is noted in `spent`, one
small row at the moment in which the lead's intent is written anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from itertools import compress

import msgspec

from outpace.domain.commands import LeaseLeads
from outpace.store._sqlite_queue import Columns, Queue, Waiting
from outpace.store.port import PRESSING, Band
from outpace.store.suppression import SCRUB_MAX

_LEASED = """
    SELECT campaign_id, hot, hot + callbacks, dues, lead_ids, numbers, attempts, features
    FROM leases JOIN leased USING (tenant, token) WHERE tenant = ? AND token = ?
"""
_SPENT = "SELECT lead_id FROM spent WHERE tenant = ? AND token = ?"
_SPEND = "INSERT INTO spent VALUES (?, ?, ?)"
_HOLDER = """
    SELECT token FROM leases JOIN leased USING (tenant, token), json_each(lead_ids)
    WHERE tenant = ?1 AND campaign_id = ?2 AND value = ?3
    AND NOT EXISTS (SELECT 1 FROM spent WHERE tenant = ?1 AND token = leases.token AND lead_id = ?3)
"""
_LEAD = "SELECT campaign_id, number, due_ns FROM leads WHERE tenant = ? AND lead_id = ?"
_IS_OPEN = "SELECT 1 FROM intents WHERE tenant = ? AND number = ? AND lead_id = ?"
_ALL = "SELECT token FROM leases WHERE tenant = ?"
_ONGOING = "SELECT token FROM leases WHERE tenant = ? AND token = ? AND campaign_id = ?"
_EXPIRED = "SELECT token FROM leases WHERE tenant = ? AND deadline_ns <= ?"
_OF_EPOCH = "SELECT token FROM leases WHERE tenant = ? AND token >= ? AND token < ?"
_FIRST_END = """
    SELECT min(deadline_ns) FROM leases JOIN leased USING (tenant, token) WHERE tenant = ?1 AND campaign_id = ?2
    AND size > (SELECT count(*) FROM spent WHERE tenant = ?1 AND token = leases.token)
"""
_RENEW = "UPDATE leases SET deadline_ns = ? WHERE tenant = ? AND token = ? AND campaign_id = ?"

_ints = msgspec.json.Decoder(list[int]).decode


class Leases:
    """The leases of one tenant, within a transaction of the caller's."""

    def __init__(self, db: sqlite3.Connection, tenant: int) -> None:
        self._db = db
        self._tenant = tenant
        self.queue = Queue(db, tenant)

    def begin(self, command: LeaseLeads, now_ns: int) -> Taken:
        """Take the leads that are asked for, due and free to be dialled, out of the queue, for `hold`."""
        campaign_id, hot = command.campaign_id, command.hot
        taken = Taken()
        scrub = SCRUB_MAX
        for band in PRESSING if hot else self.queue.bands(campaign_id):
            most = taken.size + command.callbacks if hot and band is Band.CALLBACK else command.count
            while (asked := min(most - taken.size, scrub)) > 0:
                columns, texts = self.queue.take_due(campaign_id, band, now_ns, asked)
                if not columns.lead_ids:
                    break
                suppressed = self.queue.suppressed(texts[2], now_ns)
                if not suppressed:
                    taken.extend(band, columns, texts)
                    continue
                kept = Columns([], [], [], [], [])
                for row in zip(*columns, strict=True):
                    lead = Waiting(campaign_id, band, *row)
                    until_ns = suppressed.until_ns(lead.number, campaign_id)
                    if until_ns is None:
                        for column, value in zip(kept, row, strict=True):
                            column.append(value)
                    else:
                        scrub -= 1
                        self.queue.put_away(lead, until_ns)
                taken.extend(band, kept)
        return taken

    def hold(self, token: int, campaign_id: int, deadline_ns: int, taken: Taken) -> None:
        """Hold what was taken under a token."""
        row = (self._tenant, token)
        self._db.execute("INSERT INTO leases VALUES (?, ?, ?, ?)", (*row, campaign_id, deadline_ns))
        counts = (taken.size, taken.count(Band.HOT), taken.count(Band.CALLBACK))
        self._db.execute("INSERT INTO leased VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, *counts, *taken.texts()))

    def renew(self, token: int, campaign_id: int, deadline_ns: int) -> bool:
        """Whether the lease still held; if so it holds until the new deadline."""
        return self._db.execute(_RENEW, (deadline_ns, self._tenant, token, campaign_id)).rowcount > 0

    def held(self, token: int, lead_ids: Collection[int]) -> dict[int, Waiting]:
        """Those of the leads that the lease still holds, as they were in the queue."""
        return {lead.lead_id: lead for lead in self.leads(token, lead_ids)}

    def spend(self, token: int, lead_ids: Iterable[int]) -> None:
        """Let leads that the lease holds leave it."""
        self._db.executemany(_SPEND, [(self._tenant, token, lead_id) for lead_id in lead_ids])

    def holder(self, campaign_id: int, lead_id: int) -> int:
        """The token under which the lead is leased, 0 = none. Reads every lease of the campaign."""
        row = self._db.execute(_HOLDER, (self._tenant, campaign_id, lead_id)).fetchone()
        return int(row[0]) if row else 0

    def take(self, lead_id: int, due_ns: int = 0) -> Waiting | None:
        """Take a lead out of its place; None where there is no such lead or an intent holds it.

        `due_ns` is when it is due, if it waits in the queue: see `Queue.take`; 0 = as it was added.
        """
        row = self._db.execute(_LEAD, (self._tenant, lead_id)).fetchone()
        if row is None:
            return None
        campaign_id, number, first_due_ns = row
        if self._db.execute(_IS_OPEN, (self._tenant, number, lead_id)).fetchone() is not None:
            return None
        token = self.holder(campaign_id, lead_id)
        if token:
            [waiting] = self.leads(token, (lead_id,))
            self.spend(token, [lead_id])
            return waiting
        finished = self.queue.unfinish(campaign_id, lead_id)
        if finished is not None:
            return Waiting(campaign_id, Band.ORDINARY, 0, lead_id, number, *finished)
        return self.queue.take(campaign_id, lead_id, due_ns or first_due_ns)

    def next_due_ns(self, campaign_id: int) -> int:
        """Earliest due in the campaign's queue; where nobody waits, earliest end of a lease that holds leads, or 0."""
        next_ns = self.queue.next_due_ns(campaign_id)
        if next_ns == 0:
            (end_ns,) = self._db.execute(_FIRST_END, (self._tenant, campaign_id)).fetchone()
            next_ns = end_ns or 0
        return next_ns

    def take_waiting(self, campaign_id: int, lead_id: int, number: int, due_ns: int) -> Waiting | None:
        """Take a lead of that number out of the queue, None where it is elsewhere; see `Queue.take`."""
        if (
            self.queue.is_finished(campaign_id, lead_id)
            or self._db.execute(_IS_OPEN, (self._tenant, number, lead_id)).fetchone() is not None
            or self.holder(campaign_id, lead_id)
        ):
            return None
        return self.queue.take(campaign_id, lead_id, due_ns)

    def let_go_suppressed(self, now_ns: int) -> set[tuple[int, int]]:
        """Put leads away that must not be dialled any more; their numbers, each with its campaign."""
        found = set()
        for (token,) in self._db.execute(_ALL, (self._tenant,)).fetchall():
            leads = self.leads(token)
            asked = msgspec.json.encode([lead.number for lead in leads]).decode()
            suppressed = self.queue.suppressed(asked, now_ns)
            for lead in leads if suppressed else ():
                until_ns = suppressed.until_ns(lead.number, lead.campaign_id)
                if until_ns is not None:
                    self.spend(token, [lead.lead_id])
                    self.queue.put_away(lead, until_ns)
                    found.add((lead.number, lead.campaign_id))
        return found

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
            self.queue.enqueue(self.leads(token))
            for table in ("spent", "leased", "leases"):
                self._db.execute(f"DELETE FROM {table} WHERE tenant = ? AND token = ?", (self._tenant, token))

    def leads(self, token: int, among: Collection[int] | None = None) -> list[Waiting]:
        """The leads that a lease still holds, of those named, as they were in the queue."""
        row = self._db.execute(_LEASED, (self._tenant, token)).fetchone()
        if row is None:
            return []
        spent = {lead_id for (lead_id,) in self._db.execute(_SPENT, (self._tenant, token))}
        campaign_id, hot, called_back, *texts = row
        columns = [_ints(text) for text in texts]
        lead_ids = columns[Columns._fields.index("lead_ids")]
        bands = [int(Band.HOT)] * hot + [int(Band.CALLBACK)] * (called_back - hot)
        bands += [int(Band.ORDINARY)] * (len(lead_ids) - len(bands))  # enums are slow to bind
        held = [lead_id not in spent and (among is None or lead_id in among) for lead_id in lead_ids]
        return [Waiting(campaign_id, *lead) for lead in compress(zip(bands, *columns, strict=True), held)]


class Taken:
    """Leads on their way from the queue into a lease, by band, in the order of leasing."""

    def __init__(self) -> None:
        self._parts: list[tuple[Band, Columns]] = []
        self._texts: Sequence[str] = ()  # of the first part, where they are known

    @property
    def size(self) -> int:
        """How many leads."""
        return sum(len(columns.lead_ids) for _, columns in self._parts)

    def extend(self, band: Band, columns: Columns, texts: Sequence[str] = ()) -> None:
        """Add leads; `texts` are the columns as JSON."""
        if columns.lead_ids:
            self._texts = () if self._parts else texts
            self._parts.append((band, columns))

    def count(self, band: Band) -> int:
        """How many are of a band."""
        return sum(len(columns.lead_ids) for of, columns in self._parts if of is band)

    def columns(self) -> Columns:
        """All of them."""
        if len(self._parts) == 1:
            return self._parts[0][1]
        return Columns(*([value for _, part in self._parts for value in part[i]] for i in range(5)))

    def texts(self) -> Sequence[str]:
        """All of them as JSON, field by field."""
        return self._texts or [msgspec.json.encode(column).decode() for column in self.columns()]
