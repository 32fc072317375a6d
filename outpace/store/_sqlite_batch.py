"""Commands of one transaction against SQLite. Consecutive commands of one kind are carried out set-wise.

Knows nothing of transactions, epochs of other stores or files: `sqlite.py` opens, fences and commits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from outpace.domain.commands import (
    LeaseLeads,
    RecordAttempt,
    RecordDisposition,
    ReleaseLeads,
    RenewLease,
    SaveEstimates,
    StoreCommand,
    WithdrawIntent,
    WriteIntent,
)
from outpace.domain.events import (
    AttemptRecorded,
    Event,
    IntentDurable,
    IntentRefused,
    IntentWithdrawn,
    LeadsLeased,
    LeaseLost,
    LeaseRenewed,
)
from outpace.domain.features import after_attempt
from outpace.domain.outcomes import IntentRefusal
from outpace.store._sqlite_dispositions import Dispositions
from outpace.store._sqlite_file import json_of
from outpace.store._sqlite_leases import Leases
from outpace.store._sqlite_queue import Waiting
from outpace.store.port import NUMBER_OPEN_RETRY_NS, Band, finished_state

_OPEN_CALLS = """
    SELECT call_id, lead_id, number, campaign_id, attempts, features, band, callback_ns FROM intents
    WHERE tenant = ? AND call_id IN (SELECT value FROM json_each(?))
"""
_OPEN_NUMBERS = "SELECT number FROM intents WHERE tenant = ? AND number IN (SELECT value FROM json_each(?))"
_INTEND = "INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
_CLOSE = "DELETE FROM intents WHERE tenant = ? AND call_id IN (SELECT value FROM json_each(?))"
_RECORDED = "SELECT call_id FROM attempts WHERE tenant = ? AND call_id IN (SELECT value FROM json_each(?))"
_LAST_SEQ = "SELECT seq FROM attempts WHERE tenant = ? AND campaign_id = ? ORDER BY seq DESC LIMIT 1"
_APPEND = f"INSERT INTO attempts VALUES ({', '.join('?' * (2 + len(RecordAttempt.__struct_fields__)))})"
_SAVE_ESTIMATES = "INSERT OR REPLACE INTO estimates VALUES (?, ?, ?, ?, ?)"


#: Of an open intent: lead_id, number, campaign_id, attempts and features before it, band as it was in the queue,
#: callback_ns. Plain tuples are made in a tenth of the time, here and for the queue.
Call = tuple[int, int, int, int, int, int, int]


class Batch:
    """One `execute`: the commands in order, their facts in order. `sequence` counts the leases of the epoch."""

    def __init__(self, db: sqlite3.Connection, tenant: int, epoch: int, now_ns: int, lease_ns: int) -> None:
        self._db = db
        self._tenant = tenant
        self._epoch = epoch
        self._now_ns = now_ns
        self._lease_ns = lease_ns
        self._leases = Leases(db, tenant)
        self._queue = self._leases.queue
        self._facts: list[Event] = []
        self.sequence = 0

    def run(self, commands: Sequence[StoreCommand], sequence: int) -> list[Event]:
        """Carry the commands out; lease tokens go on after `sequence`."""
        self.sequence = sequence
        handlers: dict[type, Callable[[list[Any]], None]] = {
            LeaseLeads: self._lease,
            RenewLease: self._renew,
            ReleaseLeads: self._release,
            WriteIntent: self._intend,
            WithdrawIntent: self._withdraw,
            RecordAttempt: self._record,
            RecordDisposition: self._dispose,
            SaveEstimates: self._save_estimates,
        }
        self._leases.expire(self._now_ns)
        for kind, group in groupby(commands, type):
            handlers[kind](list(group))
        return self._facts

    # ---- leases ----------------------------------------------------------------------------------------------------

    def _lease(self, commands: list[LeaseLeads]) -> None:
        deadline_ns = self._now_ns + self._lease_ns
        for command in commands:
            taken = self._leases.begin(command, self._now_ns)
            token = 0
            if taken.size:
                self.sequence += 1
                token = self._epoch << 32 | self.sequence
                self._leases.hold(token, command.campaign_id, deadline_ns, taken)
            columns = taken.columns()
            self._facts.append(
                LeadsLeased(
                    campaign_id=command.campaign_id,
                    token=token,
                    deadline_ns=deadline_ns,
                    lead_ids=columns.lead_ids,
                    numbers=columns.numbers,
                    attempts=columns.attempts,
                    next_due_ns=self._leases.next_due_ns(command.campaign_id),
                    features=columns.features,
                    hot=command.hot,
                    hots=taken.count(Band.HOT),
                    callbacks=taken.count(Band.CALLBACK),
                )
            )

    def _renew(self, commands: list[RenewLease]) -> None:
        deadline_ns = self._now_ns + self._lease_ns
        for command in commands:
            if self._leases.renew(command.token, command.campaign_id, deadline_ns):
                self._facts.append(LeaseRenewed(command.campaign_id, command.token, deadline_ns))
            else:
                self._facts.append(LeaseLost(command.campaign_id, command.token))

    def _release(self, commands: list[ReleaseLeads]) -> None:
        for command in commands:
            self._leases.release(command.token, command.campaign_id)

    # ---- intents ---------------------------------------------------------------------------------------------------

    def _intend(self, commands: list[WriteIntent]) -> None:
        calls = json_of(c.call_id for c in commands)
        wanted = json_of(c.number for c in commands)
        is_open = {call_id: (lead, number) for call_id, lead, number, *_ in self._select(_OPEN_CALLS, calls)}
        recorded = {call_id for (call_id,) in self._select(_RECORDED, calls)}
        numbers = {number for (number,) in self._select(_OPEN_NUMBERS, wanted)}
        suppressed = self._queue.suppressed(wanted, self._now_ns)
        held = self._held(commands)
        gone: dict[int, list[int]] = {}
        written: list[tuple[int, ...]] = []
        queued: list[Waiting] = []
        for c in commands:
            lead = held.get((c.lease_token, c.lead_id))
            if c.call_id >> 32 != self._epoch:
                self._refuse(c.call_id, IntentRefusal.STALE_EPOCH)
            elif is_open.get(c.call_id) == (c.lead_id, c.number):
                self._facts.append(IntentDurable(c.call_id))
            elif (
                c.call_id in is_open
                or c.call_id in recorded
                or lead is None
                or (lead.campaign_id, lead.number) != (c.campaign_id, c.number)
            ):
                self._refuse(c.call_id, IntentRefusal.LEASE_LOST)
            else:
                del held[c.lease_token, c.lead_id]
                gone.setdefault(c.lease_token, []).append(c.lead_id)
                until_ns = suppressed.until_ns(c.number, c.campaign_id) if suppressed else None
                if until_ns is not None:
                    self._queue.put_away(lead, until_ns)
                    self._refuse(c.call_id, IntentRefusal.SUPPRESSED)
                elif c.number in numbers:
                    queued.append(lead._replace(due_ns=self._now_ns + NUMBER_OPEN_RETRY_NS))
                    self._refuse(c.call_id, IntentRefusal.NUMBER_OPEN)
                else:
                    numbers.add(c.number)
                    is_open[c.call_id] = (c.lead_id, c.number)
                    rest = (self._now_ns, lead.attempts, lead.features, lead.band)
                    written.append((self._tenant, *msgspec.structs.astuple(c), *rest))
                    self._facts.append(IntentDurable(c.call_id))
        self._db.executemany(_INTEND, written)
        self._queue.enqueue(queued)
        for token, lead_ids in gone.items():
            self._leases.spend(token, lead_ids)

    def _held(self, commands: list[WriteIntent]) -> dict[tuple[int, int], Waiting]:
        """(token, lead_id) -> the leads that the commands name and their leases hold."""
        wanted: dict[int, set[int]] = {}
        for c in commands:
            wanted.setdefault(c.lease_token, set()).add(c.lead_id)
        return {
            (token, lead_id): lead
            for token, lead_ids in wanted.items()
            for lead_id, lead in self._leases.held(token, lead_ids).items()
        }

    def _refuse(self, call_id: int, reason: IntentRefusal) -> None:
        self._facts.append(IntentRefused(call_id, reason))

    def _withdraw(self, commands: list[WithdrawIntent]) -> None:
        calls = self._close(c.call_id for c in commands)
        queued = []
        for c in commands:
            call = calls.pop(c.call_id, None)
            if call is not None:
                lead_id, number, campaign_id, attempts, features, band, callback_ns = call
                turn = (int(Band.CALLBACK), callback_ns) if callback_ns else (band, c.retry_at_ns)
                queued.append((campaign_id, *turn, lead_id, number, attempts, features))
            self._facts.append(IntentWithdrawn(c.call_id))
        self._queue.enqueue(queued)

    def _close(self, call_ids: Iterable[int]) -> dict[int, Call]:
        calls = json_of(call_ids)
        rows = self._select(_OPEN_CALLS, calls)
        if rows:
            self._db.execute(_CLOSE, (self._tenant, calls))
        return {row[0]: row[1:] for row in rows}

    # ---- endings ---------------------------------------------------------------------------------------------------

    def _record(self, commands: list[RecordAttempt]) -> None:
        recorded = {call_id for (call_id,) in self._select(_RECORDED, json_of(c.call_id for c in commands))}
        fresh: list[RecordAttempt] = []
        for c in commands:
            if c.call_id not in recorded:
                recorded.add(c.call_id)
                fresh.append(c)
            self._facts.append(AttemptRecorded(c.call_id))
        if not fresh:
            return
        calls = self._close(c.call_id for c in fresh)
        self._append(fresh)
        if len(calls) == len(fresh):
            self._turn([(c, calls[c.call_id]) for c in fresh])
            return
        for c in fresh:  # in order: two of them may name one lead
            call = calls.get(c.call_id) or self._take(c.lead_id)
            if call is not None:
                self._turn([(c, call)])

    def _append(self, attempts: list[RecordAttempt]) -> None:
        last: dict[int, int] = {}
        rows = []
        for c in attempts:
            seq = last.get(c.campaign_id)
            if seq is None:
                row = self._db.execute(_LAST_SEQ, (self._tenant, c.campaign_id)).fetchone()
                seq = row[0] if row else 0
            last[c.campaign_id] = seq = seq + 1
            fields = msgspec.to_builtins(c)  # enums as int; the first item is the tag
            fields[0] = seq
            rows.append((self._tenant, *fields))
        self._db.executemany(_APPEND, rows)

    def _turn(self, endings: list[tuple[RecordAttempt, Call]]) -> None:
        """Give each lead its next turn, or none."""
        ordinary, callback = int(Band.ORDINARY), int(Band.CALLBACK)
        queued, finished = [], []
        for c, (lead_id, number, campaign_id, attempts, features, _, callback_ns) in endings:
            now = (attempts + 1, after_attempt(features, c.outcome))
            if callback_ns:
                queued.append((campaign_id, callback, callback_ns, lead_id, number, *now))
            elif c.retry_at_ns > 0:
                queued.append((campaign_id, ordinary, c.retry_at_ns, lead_id, number, *now))
            else:
                finished.append((campaign_id, lead_id, int(finished_state(c.outcome)), *now))
        self._queue.enqueue(queued)
        self._queue.finish(finished)

    def _take(self, lead_id: int) -> Call | None:
        """Take the lead of an attempt that has no intent out of its place; None where there is none."""
        lead = self._leases.take(lead_id)
        if lead is None:
            return None
        return lead_id, lead.number, lead.campaign_id, lead.attempts, lead.features, lead.band, 0

    def _dispose(self, commands: list[RecordDisposition]) -> None:
        Dispositions(self._db, self._tenant, self._leases).record(commands, self._now_ns)

    def _save_estimates(self, commands: list[SaveEstimates]) -> None:
        self._db.executemany(
            _SAVE_ESTIMATES, [(self._tenant, c.campaign_id, c.format, self._now_ns, c.data) for c in commands]
        )

    def _select(self, statement: str, values: str) -> list[Any]:
        return self._db.execute(statement, (self._tenant, values)).fetchall()
