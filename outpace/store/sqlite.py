"""The Store on one SQLite file: the embedded default.

Writes of an engine begin by comparing the pool's epoch (the fence), so that of two processes on one file only the
latest can write. This module is the engine's side; what operators need is in the classes that the store is made of.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from outpace.domain.commands import StoreCommand
from outpace.domain.errors import StaleEpoch, StoreError
from outpace.domain.events import Event
from outpace.domain.units import seconds_to_ns
from outpace.store._sqlite_access import SqliteAccess
from outpace.store._sqlite_batch import Batch
from outpace.store._sqlite_history import SqliteHistory
from outpace.store._sqlite_leads import SqliteLeads
from outpace.store._sqlite_leases import Leases
from outpace.store._sqlite_lists import SqliteLists
from outpace.store._sqlite_settings import SqliteSettings
from outpace.store._sqlite_suppression import SqliteSuppression
from outpace.store.port import LEASE_S, OpenIntent, Run, SavedEstimates

_OPEN_INTENTS = f"""
    SELECT {", ".join(OpenIntent.__struct_fields__)} FROM intents JOIN epochs USING (tenant)
    WHERE tenant = ? AND epoch = call_id >> 32 ORDER BY intent_ns, call_id
"""


class SqliteStore(SqliteSettings, SqliteLists, SqliteLeads, SqliteSuppression, SqliteHistory, SqliteAccess):
    """A Store in one file.

    Parameters
    ----------
    path : the file; created when it is missing, unless `create` is False.
    tenant : whose rows this object sees.
    lease_s : how long a lease holds, in seconds.
    busy_s : how long to wait for another process's transaction before StoreError, in seconds.
    read_only : write nothing, and see what another object commits: for reading beside the writer.

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
        read_only: bool = False,
    ) -> None:
        super().__init__(path, tenant=tenant, busy_s=busy_s, create=create, read_only=read_only)
        self._lease_ns = seconds_to_ns(lease_s)
        self._pool = ""
        self._epoch = 0
        self._sequence = 0

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

    def estimates(self, campaign_id: int) -> SavedEstimates | None:
        """See `Store.estimates`."""
        with self._errors():
            row = self._db.execute(
                "SELECT format, data, saved_ns FROM estimates WHERE tenant = ? AND campaign_id = ?",
                (self._tenant, campaign_id),
            ).fetchone()
        return None if row is None else SavedEstimates(*row)

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
