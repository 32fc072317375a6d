"""One SQLite file: opened and checked, its transactions, its errors. What the tables hold is for the other modules.

WAL with synchronous=FULL: what a transaction has committed survives a power cut. Every write is one BEGIN IMMEDIATE
transaction. One object is used by one thread at a time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import msgspec

from outpace.domain.errors import StoreError

_APPLICATION_ID = 0x6F757470  # "outp" in the file's header: a store is never written into somebody else's file
_SCHEMA_VERSION = 6
_TRIES = 50  # to have the write-ahead log


class SqliteFile:
    """The file, open. See `SqliteStore` for the parameters."""

    def __init__(
        self, path: str | os.PathLike[str], *, tenant: int, busy_s: float, create: bool, read_only: bool
    ) -> None:
        self._path = os.fspath(path)
        self._tenant = tenant
        if (read_only or not create) and not Path(self._path).exists():
            raise StoreError(f"{self._path}: no such file")
        try:
            # The owner may open here and hand the object on to its writer thread.
            self._db = sqlite3.connect(self._path, timeout=busy_s, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error
        try:
            with self._errors():
                self._prepare(read_only)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, read_only: bool) -> None:
        db = self._db
        if db.execute("PRAGMA user_version").fetchone()[0] == 0 and not read_only:
            self._create()
        application_id = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if application_id != _APPLICATION_ID:
            raise StoreError(f"{self._path}: an SQLite file, but not a store of outpace")
        if version != _SCHEMA_VERSION:
            raise StoreError(f"{self._path}: store version {version}, this program knows {_SCHEMA_VERSION}")
        mode = self._write_ahead()
        if mode != "wal":
            raise StoreError(f"{self._path}: the file system gives no write-ahead log (journal mode {mode})")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA cache_size = -65536")  # KiB
        db.execute("PRAGMA temp_store = MEMORY")
        if read_only:
            db.execute("PRAGMA query_only = ON")

    def _write_ahead(self) -> str:
        # SQLite does not wait here: of two processes that start on a new file, one is refused at once. It does wait to
        # have the file for itself, and then nobody was in the way for a moment.
        tries = _TRIES
        while True:
            try:
                mode: str = self._db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            except sqlite3.OperationalError as error:
                tries -= 1
                if not tries or not _is_busy(error):
                    raise
                with self._transaction("BEGIN EXCLUSIVE"):
                    pass
            else:
                return mode

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

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise StoreError(f"{self._path}: another process holds the file ({error})") from error
            raise StoreError(f"{self._path}: {error}") from error
        except (sqlite3.Error, OverflowError) as error:
            raise StoreError(f"{self._path}: {error}") from error

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
        with self._errors():
            self._db.execute(begin)
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Several reads of one moment."""
        with self._transaction("BEGIN"):
            yield

    def close(self) -> None:
        """See `Store.close`."""
        with self._errors():
            self._db.close()


def _is_busy(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def json_of(values: Iterable[int]) -> str:
    """Numbers as one parameter: `IN (SELECT value FROM json_each(?))` lets one prepared statement serve all sets."""
    return msgspec.json.encode(list(values)).decode()
