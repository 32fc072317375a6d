"""The Store on one SQLite file: the embedded default.

WAL with synchronous=FULL: what `execute` has answered survives a power cut. Every write is one BEGIN IMMEDIATE
transaction, and those of an engine begin by comparing the pool's epoch (the fence), so that of two processes on one
file only the latest can write. One store object is used by one thread at a time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Self

import msgspec

from outpace.domain.commands import RecordAttempt, StoreCommand
from outpace.domain.errors import StaleEpoch, StoreError
from outpace.domain.events import Event, LedgerSpan
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict
from outpace.domain.states import LeadState
from outpace.domain.units import seconds_to_ns
from outpace.store._sqlite_batch import Batch
from outpace.store._sqlite_leases import Leases
from outpace.store.port import LEASE_S, SPAN_NS, Ledger, NewLead, OpenIntent, Run, SavedEstimates

_APPLICATION_ID = 0x6F757470  # "outp" in the file's header: a store is never written into somebody else's file
_SCHEMA_VERSION = 5
_PAGE = 1000  # attempts read at a time

_FIELDS = ", ".join(RecordAttempt.__struct_fields__)
_ATTEMPTS = f"""
    SELECT seq, {_FIELDS} FROM attempts
    WHERE tenant = ? AND campaign_id = ? AND seq > ? AND ended_ns >= ? ORDER BY seq LIMIT {_PAGE}
"""
_OPEN_INTENTS = f"""
    SELECT {", ".join(OpenIntent.__struct_fields__)} FROM intents JOIN epochs USING (tenant)
    WHERE tenant = ? AND epoch = call_id >> 32 ORDER BY intent_ns, call_id
"""
_TALLY = f"""
    count(*) FILTER (WHERE outcome = {Outcome.CONNECTED:d}),
    count(*) FILTER (WHERE outcome = {Outcome.ABANDONED:d} AND abandon_reason <> {AbandonReason.CALLER_LEFT:d}),
    count(*) FILTER (WHERE outcome = {Outcome.ABANDONED:d} AND abandon_reason = {AbandonReason.CALLER_LEFT:d})
"""
_LEDGER = f"SELECT {_TALLY} FROM attempts WHERE tenant = ? AND campaign_id = ?"
_LEDGER_SPANS = f"""
    SELECT ended_ns / {SPAN_NS} * {SPAN_NS} AS from_ns, {_TALLY},
           count(*) FILTER (
               WHERE outcome = {Outcome.ABANDONED:d} AND abandon_reason = {AbandonReason.CALLER_LEFT:d}
               AND verdict = {Verdict.NONE:d}
           )
    FROM attempts
    WHERE tenant = ? AND campaign_id = ? AND ended_ns >= ?
    AND outcome IN ({Outcome.CONNECTED:d}, {Outcome.ABANDONED:d}) GROUP BY from_ns ORDER BY from_ns
"""
_DISPOSITIONS = """
    SELECT disposition, count(*) FROM attempts JOIN dispositions USING (tenant, call_id)
    WHERE tenant = ? AND campaign_id = ? AND ended_ns >= ? GROUP BY disposition ORDER BY disposition
"""
_COUNTS = f"""
    SELECT CASE WHEN attempts = 0 THEN {LeadState.NEW:d} ELSE {LeadState.RETRY_WAIT:d} END AS state, count(*)
    FROM queue WHERE tenant = ?1 AND campaign_id = ?2 GROUP BY 1
    UNION ALL SELECT {LeadState.LEASED:d}, coalesce(sum(size - (
        SELECT count(*) FROM spent WHERE tenant = ?1 AND token = leases.token
    )), 0) FROM leases JOIN leased USING (tenant, token) WHERE tenant = ?1 AND campaign_id = ?2
    UNION ALL SELECT {LeadState.DIALING:d}, count(*) FROM intents WHERE tenant = ?1 AND campaign_id = ?2
    UNION ALL SELECT state, count(*) FROM finished WHERE tenant = ?1 AND campaign_id = ?2 GROUP BY 1
"""
_ADD = "INSERT INTO leads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ENQUEUE_ADDED = """
    INSERT INTO queue (tenant, campaign_id, bucket, band, due_ns, lead_id, number, attempts, features)
    SELECT tenant, campaign_id, 0, 0, due_ns, lead_id, number, 0, features FROM leads WHERE tenant = ? AND lead_id >= ?
"""


class SqliteStore:
    """A Store in one file.

    Parameters
    ----------
    path : the file; created when it is missing, unless `create` is False.
    tenant : whose rows this object sees.
    lease_s : how long a lease holds, in seconds.
    busy_s : how long to wait for another process's transaction before StoreError, in seconds.

    Raises
    ------
    StoreError : the file cannot be opened or is not a store of this version.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        tenant: int = 0,
        lease_s: float = LEASE_S,
        busy_s: float = 5.0,
        create: bool = True,
    ) -> None:
        self._path = os.fspath(path)
        self._tenant = tenant
        self._lease_ns = seconds_to_ns(lease_s)
        self._pool = ""
        self._epoch = 0
        self._sequence = 0
        if not create and not Path(self._path).exists():
            raise StoreError(f"{self._path}: no such file")
        try:
            # The owner may open here and hand the object on to its writer thread.
            self._db = sqlite3.connect(self._path, timeout=busy_s, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error
        try:
            with self._errors():
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        db = self._db
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            self._create()
        application_id = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if application_id != _APPLICATION_ID:
            raise StoreError(f"{self._path}: an SQLite file, but not a store of outpace")
        if version != _SCHEMA_VERSION:
            raise StoreError(f"{self._path}: store version {version}, this program knows {_SCHEMA_VERSION}")
        mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StoreError(f"{self._path}: the file system gives no write-ahead log (journal mode {mode})")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA cache_size = -65536")  # KiB
        db.execute("PRAGMA temp_store = MEMORY")

    def _create(self) -> None:
        with self._transaction():
            # Looked at again under the lock: two processes may start on a new file at once.
            if self._db.execute("PRAGMA user_version").fetchone()[0] != 0:
                return
            if self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] != 0:
                raise StoreError(f"{self._path}: an SQLite file, but not a store of outpace")
            schema = resources.files("outpace.store").joinpath("schema.sql").read_text("utf-8")
            lines = (line.partition("--")[0] for line in schema.splitlines())
            for statement in "\n".join(lines).split(";"):
                if statement.strip():
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    # ---- transactions ------------------------------------------------------------------------------------------------

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise StoreError(f"{self._path}: another process holds the file ({error})") from error
            raise StoreError(f"{self._path}: {error}") from error
        except (sqlite3.Error, OverflowError) as error:
            raise StoreError(f"{self._path}: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _fenced(self) -> Iterator[None]:
        """A transaction of an engine: only under the pool's current epoch."""
        if not self._epoch:
            raise StoreError(f"{self._path}: no pool is open")
        with self._transaction():
            (current,) = self._db.execute(
                "SELECT epoch FROM pools WHERE tenant = ? AND name = ?", (self._tenant, self._pool)
            ).fetchone()
            if current != self._epoch:
                raise StaleEpoch(f"{self._path}: pool {self._pool!r} is at epoch {current}, we are of {self._epoch}")
            yield

    # ---- the port ----------------------------------------------------------------------------------------------------

    def open_pool(self, pool: str, now_ns: int) -> int:
        """See `Store.open_pool`."""
        with self._transaction():
            (epoch,) = self._db.execute("SELECT coalesce(max(epoch), 0) + 1 FROM pools").fetchone()
            before = self._db.execute(
                "SELECT epoch FROM pools WHERE tenant = ? AND name = ?", (self._tenant, pool)
            ).fetchone()
            if before is not None:
                Leases(self._db, self._tenant).end_epoch(before[0])
            self._db.execute("INSERT OR REPLACE INTO pools VALUES (?, ?, ?, ?)", (self._tenant, pool, epoch, now_ns))
            self._db.execute("INSERT INTO epochs VALUES (?, ?, ?)", (self._tenant, epoch, pool))
        self._pool, self._epoch, self._sequence = pool, int(epoch), 0
        return self._epoch

    def campaign_id(self, name: str) -> int:
        """See `Store.campaign_id`."""
        with self._transaction():
            row = self._db.execute(
                "SELECT campaign_id FROM campaigns WHERE tenant = ? AND name = ?", (self._tenant, name)
            ).fetchone()
            if row is None:
                row = self._db.execute(
                    "INSERT INTO campaigns SELECT ?1, coalesce(max(campaign_id), 0) + 1, ?2 FROM campaigns"
                    " WHERE tenant = ?1 RETURNING campaign_id",
                    (self._tenant, name),
                ).fetchone()
        return int(row[0])

    def campaigns(self) -> dict[str, int]:
        """See `Store.campaigns`."""
        with self._errors():
            rows = self._db.execute(
                "SELECT name, campaign_id FROM campaigns WHERE tenant = ? ORDER BY campaign_id", (self._tenant,)
            ).fetchall()
        return dict(rows)

    def add_leads(self, campaign_id: int, leads: Iterable[NewLead], now_ns: int) -> tuple[int, int]:
        """See `Store.add_leads`."""
        with self._transaction():
            known = self._db.execute(
                "SELECT 1 FROM campaigns WHERE tenant = ? AND campaign_id = ?", (self._tenant, campaign_id)
            ).fetchone()
            if known is None:
                raise StoreError(f"{self._path}: no campaign {campaign_id}")
            (first,) = self._db.execute(
                "SELECT coalesce(max(lead_id), 0) + 1 FROM leads WHERE tenant = ?", (self._tenant,)
            ).fetchone()
            given = 0

            def rows() -> Iterator[tuple[int, int, int, int, int, int, int, str, str]]:
                nonlocal given
                for lead_id, lead in enumerate(leads, first):
                    given += 1
                    rest = (lead.due_ns, now_ns, lead.features, lead.reference, lead.attributes)
                    yield self._tenant, lead_id, campaign_id, lead.number, *rest

            added = self._db.executemany(_ADD, rows()).rowcount
            self._db.execute(_ENQUEUE_ADDED, (self._tenant, first))
        return added, given - added

    def execute(self, commands: Sequence[StoreCommand], now_ns: int) -> list[Event]:
        """See `Store.execute`."""
        with self._fenced():
            batch = Batch(self._db, self._tenant, self._epoch, now_ns, self._lease_ns)
            facts = batch.run(commands, self._sequence)
        self._sequence = batch.sequence
        return facts

    def open_intents(self) -> list[OpenIntent]:
        """See `Store.open_intents`."""
        with self._errors():
            rows = self._db.execute(_OPEN_INTENTS, (self._tenant,)).fetchall()
        return [OpenIntent(*row) for row in rows]

    def ledger(self, campaign_id: int) -> Ledger:
        """See `Store.ledger`."""
        with self._errors():
            row = self._db.execute(_LEDGER, (self._tenant, campaign_id)).fetchone()
        return Ledger(*row)

    def ledger_spans(self, campaign_id: int, since_ns: int) -> list[LedgerSpan]:
        """See `Store.ledger_spans`."""
        key = (self._tenant, campaign_id, since_ns // SPAN_NS * SPAN_NS)
        with self._errors():
            return [LedgerSpan(*row) for row in self._db.execute(_LEDGER_SPANS, key)]

    def estimates(self, campaign_id: int) -> SavedEstimates | None:
        """See `Store.estimates`."""
        with self._errors():
            row = self._db.execute(
                "SELECT format, data, saved_ns FROM estimates WHERE tenant = ? AND campaign_id = ?",
                (self._tenant, campaign_id),
            ).fetchone()
        return None if row is None else SavedEstimates(*row)

    def attempts(self, campaign_id: int, since_ns: int = 0) -> Iterator[RecordAttempt]:
        """See `Store.attempts`. Read in pages: the store may be written meanwhile."""
        seq = 0
        while True:
            with self._errors():
                rows = self._db.execute(_ATTEMPTS, (self._tenant, campaign_id, seq, since_ns)).fetchall()
            for row in rows:
                yield msgspec.convert(("RecordAttempt", *row[1:]), RecordAttempt)
            if len(rows) < _PAGE:
                return
            seq = rows[-1][0]

    def dispositions(self, campaign_id: int, since_ns: int = 0) -> dict[int, int]:
        """See `Store.dispositions`."""
        with self._errors():
            return dict(self._db.execute(_DISPOSITIONS, (self._tenant, campaign_id, since_ns)).fetchall())

    def counts(self, campaign_id: int) -> dict[str, int]:
        """See `Store.counts`. Reads the campaign's rows: for reports, not for every second."""
        with self._errors():
            rows = self._db.execute(_COUNTS, (self._tenant, campaign_id)).fetchall()
        counts = {state.name.lower(): 0 for state in LeadState}
        for state, count in rows:
            counts[LeadState(state).name.lower()] = count
        counts["total"] = sum(counts.values())
        return counts

    def begin_run(self, campaign_id: int, config_digest: str, now_ns: int) -> int:
        """See `Store.begin_run`."""
        with self._fenced():
            row = self._db.execute(
                "INSERT INTO runs SELECT ?1, coalesce(max(run_id), 0) + 1, ?2, ?3, ?4, 0, ?5 FROM runs"
                " WHERE tenant = ?1 RETURNING run_id",
                (self._tenant, campaign_id, self._epoch, now_ns, config_digest),
            ).fetchone()
        return int(row[0])

    def end_run(self, run_id: int, now_ns: int) -> None:
        """See `Store.end_run`."""
        with self._fenced():
            self._db.execute(
                "UPDATE runs SET ended_ns = ? WHERE tenant = ? AND run_id = ? AND ended_ns = 0",
                (now_ns, self._tenant, run_id),
            )

    def last_run(self, campaign_id: int) -> Run | None:
        """See `Store.last_run`."""
        with self._errors():
            row = self._db.execute(
                f"SELECT {', '.join(Run.__struct_fields__)} FROM runs WHERE tenant = ? AND campaign_id = ?"
                " ORDER BY run_id DESC LIMIT 1",
                (self._tenant, campaign_id),
            ).fetchone()
        return None if row is None else Run(*row)

    def close(self) -> None:
        """See `Store.close`."""
        with self._errors():
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
