"""Streamed import of do-not-call lists: CSV rows, or one number a line, onto the suppression list.

Memory is constant: numbers go to the store in batches, one transaction each, and are in force from then on. An import
that was broken off is run again. No row is dropped silently: read = added + extended + known + rejected.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from itertools import chain
from pathlib import Path

import msgspec

from outpace.domain.errors import ConfigError
from outpace.store._csv_rows import Row, read_rows
from outpace.store.lead_import import DIGITS_OF_A_NUMBER, ImportOptions, normalise, number_column, rejects_to
from outpace.store.port import Store

_BATCH = 5000


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What the list is to say of each number; see `SuppressionPort.suppress`."""

    campaign_id: int = 0
    reason: str = ""
    by: str
    expires_ns: int = 0


class SuppressionReport(msgspec.Struct):
    """What has become of the rows so far.

    added : were not on the list. extended : were, until an earlier time. known : are, for at least as long.
    """

    read: int = 0
    added: int = 0
    extended: int = 0
    known: int = 0
    rejected: int = 0
    bytes_read: int = 0
    bytes_total: int = 0


Progress = Callable[[SuppressionReport], None]


def import_suppression(
    store: Store,
    path: str | os.PathLike[str],
    options: ImportOptions,
    entry: Entry,
    now_ns: int,
    *,
    has_header: bool | None = None,
    rejects_path: str | os.PathLike[str],
    progress: Progress | None = None,
) -> SuppressionReport:
    """Put the numbers of a file on the suppression list.

    `has_header` None = it has one unless the first row holds a number; `options.header` is not looked at. Other columns
    than that of the number say nothing. Rejects are written to `rejects_path` as CSV: line, reason, row; without
    rejects that file is removed.

    Raises
    ------
    ConfigError : the file cannot be read, or an option is wrong. What was read before the fault is on the list or
        among the rejects. StoreError : the store failed; the batches before are in.
    """
    name, rejected = os.fspath(path), Path(rejects_path)
    try:
        with (
            Path(path).open("rb") as source,
            closing(read_rows(source, name, options.encoding, options.delimiter)) as rows,
        ):
            first = next(rows, None)
            if first is None:
                raise ConfigError(name, "is empty")
            header = _is_header(first) if has_header is None else has_header
            column = _column(first, name, options, header=header)
            with rejects_to(rejected) as reject:
                load = _Load(store, entry, now_ns)
                load.report.bytes_total = os.fstat(source.fileno()).st_size
                try:
                    for row in rows if header else chain([first], rows):
                        if load.is_full:
                            load.flush()
                            load.tell(source.tell(), progress)
                        load.take(row, column, options, reject)
                except ConfigError:
                    load.flush()
                    raise
                load.flush()
                load.tell(source.tell(), progress)
    except UnicodeError as error:
        raise ConfigError(name, f"not {options.encoding}: {error}") from error
    except OSError as error:
        raise ConfigError(str(error.filename or name), error.strerror or str(error)) from error
    return load.report


def _is_header(first: Row) -> bool:
    return not any(sum(map(str.isdigit, field)) >= DIGITS_OF_A_NUMBER for field in first.fields)


def _column(first: Row, name: str, options: ImportOptions, *, header: bool) -> int:
    where = f"{name}, line {first.line}"
    if header and first.fault:
        raise ConfigError(where, first.fault)
    if not header and isinstance(options.column, str) and options.column:
        raise ConfigError("column", f"without a header wants a position, not {options.column!r}")
    names = tuple(field.strip() for field in first.fields)
    wanted = msgspec.structs.replace(options, header=header, column=options.column or ("" if header else 1))
    return number_column([one.casefold() for one in names], names, where, wanted)


class _Load:
    # numbers on their way onto the list
    def __init__(self, store: Store, entry: Entry, now_ns: int) -> None:
        self._store = store
        self._entry = entry
        self._now_ns = now_ns
        self._numbers: list[int] = []
        self.report = SuppressionReport()

    @property
    def is_full(self) -> bool:
        return len(self._numbers) >= _BATCH

    def take(self, row: Row, column: int, options: ImportOptions, reject: Callable[[Row, str], None]) -> None:
        self.report.read += 1
        read: int | str = row.fault or "no number"
        if not row.fault and column < len(row.fields):
            read = normalise(row.fields[column], options)
        if isinstance(read, str):
            self.report.rejected += 1
            reject(row, read)
        else:
            self._numbers.append(read)

    def flush(self) -> None:
        if self._numbers:
            entry = self._entry
            listed = self._store.suppress_many(
                self._numbers, entry.campaign_id, entry.reason, entry.by, entry.expires_ns, self._now_ns
            )
            self.report.added += listed.added
            self.report.extended += listed.extended
            self.report.known += listed.known
            self._numbers = []

    def tell(self, place: int, progress: Progress | None) -> None:
        self.report.bytes_read = place
        if progress is not None:
            progress(self.report)
