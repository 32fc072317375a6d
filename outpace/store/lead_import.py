"""Streamed import of lead lists: CSV rows in, E.164 numbers into a store, what cannot be dialled into a rejects file.

Memory is constant: rows go to the store in batches, one transaction each. An import that was broken off is run again:
what is there already counts as duplicate. No row is dropped silently: read = added + duplicates + suppressed +
rejected.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from outpace.domain.errors import ConfigError
from outpace.domain.features import NumberKind, bucket_of, pack_features
from outpace.store._csv_rows import Row, read_rows
from outpace.store.port import NewLead, Store

_NUMBER_NAMES = ("phone", "number", "telephone", "msisdn")
_REFERENCE_NAMES = ("reference", "id")
_SEGMENT_NAME = "segment"
_BATCH_ROWS = 5000
_BATCH_CHARACTERS = 8 << 20
_E164_DIGITS = 15
DIGITS_OF_A_NUMBER = 5  # in what should be a column's name: then the header is missing

# What spreadsheets make of a number that they took for a quantity: 4.93012E+11, 49301234567.0.
_SPREADSHEET = re.compile(r"\d+([.,]\d+)?E\+?\d+|\d{5,}[.,]0", re.IGNORECASE)

_PARSE_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: "no country code that exists, and no region given to dial from",
    NumberParseException.NOT_A_NUMBER: "not a phone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too short",
    NumberParseException.TOO_SHORT_NSN: "too short",
    NumberParseException.TOO_LONG: "too long",
}
_LENGTH_REASONS = {
    ValidationResult.IS_POSSIBLE: "not in a range in use",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "without area code",
    ValidationResult.INVALID_COUNTRY_CODE: "no such country code",
    ValidationResult.TOO_SHORT: "too short",
    ValidationResult.TOO_LONG: "too long",
    ValidationResult.INVALID_LENGTH: "no number there has this length",
}
_KINDS = {
    PhoneNumberType.UNKNOWN: NumberKind.UNKNOWN,
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.FIXED_LINE: NumberKind.FIXED,
}


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a list is read.

    Parameters
    ----------
    region : ISO 3166 code of the country whose national numbers occur, e.g. "DE"; "" = only +49... and 0049... forms.
    column : header name of the number (case does not matter) or its position from 1; "" = the first of phone, number,
        telephone, msisdn, or the only column.
    header : whether the first row holds names. Without it `column` is a position; "" = 1.
    encoding : of the file; a byte order mark overrides it.
    delimiter : "" = the one of comma, semicolon, tab and bar that occurs most often in the first line.
    validation : "valid" = the number lies in a range in use; "possible" = its length is right.
    """

    region: str = ""
    column: str | int = ""
    header: bool = True
    encoding: str = "utf-8"
    delimiter: str = ""
    validation: Literal["valid", "possible"] = "valid"

    def __post_init__(self) -> None:
        if self.region and self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise ConfigError("region", f"no such region: {self.region!r}; wants an ISO 3166 code such as 'DE'")
        if len(self.delimiter) > 1 or self.delimiter in ('"', "\r", "\n"):
            raise ConfigError("delimiter", f"wants one character, not {self.delimiter!r}")
        if self.validation not in ("valid", "possible"):
            raise ConfigError("validation", f"wants 'valid' or 'possible', not {self.validation!r}")
        if not self.header and isinstance(self.column, str) and self.column:
            raise ConfigError("column", f"without a header wants a position, not {self.column!r}")


class ImportReport(msgspec.Struct):
    """What has become of the rows so far. `bytes_total` 0 = unknown (a pipe)."""

    read: int = 0
    added: int = 0
    duplicates: int = 0
    suppressed: int = 0
    rejected: int = 0
    bytes_read: int = 0
    bytes_total: int = 0


Progress = Callable[[ImportReport], None]


def import_csv(
    store: Store,
    campaign_id: int,
    path: str | os.PathLike[str],
    options: ImportOptions,
    now_ns: int,
    *,
    rejects_path: str | os.PathLike[str],
    progress: Progress | None = None,
    list_id: int = 0,
) -> ImportReport:
    """Add the leads of a CSV file to a campaign.

    A column `reference` or `id` becomes the lead's reference; all other columns are kept as its attributes (JSON). What
    the answer model learns from (features.py) is taken from the number's kind, the file's name, and a column `segment`.
    Rejects are written to `rejects_path` as CSV: line, reason, row; without rejects that file is removed.
    `progress` is called after each batch and at the end, with figures that it must not keep. With `list_id` the leads
    belong to that list of the store, which is told the same figures.

    Raises
    ------
    ConfigError : the file cannot be read, or its header or an option is wrong; says where and why. What was read
        before the fault is in the store or among the rejects.
    StoreError : the store failed; the batches before are in.
    """
    name, rejected = os.fspath(path), Path(rejects_path)
    encoding, delimiter = options.encoding, options.delimiter
    try:
        with Path(path).open("rb") as source, closing(read_rows(source, name, encoding, delimiter)) as rows:
            if rejected.exists() and rejected.samefile(path):
                raise ConfigError(str(rejected), "the rejects would overwrite the list")
            first = next(rows, None)
            if first is None:
                raise ConfigError(name, "is empty")
            layout = _layout(first, name, options)
            with rejects_to(rejected) as reject:
                load = _Load(store, _Into(campaign_id, list_id), now_ns, layout, source)
                try:
                    for row in rows if options.header else chain([first], rows):
                        if load.is_full:
                            load.flush(progress)
                        load.take(row, options, reject)
                except ConfigError:
                    load.flush(progress)
                    raise
                load.flush(progress)
    except UnicodeError as error:
        raise ConfigError(name, f"not {options.encoding}: {error}") from error
    except OSError as error:
        raise ConfigError(str(error.filename or name), error.strerror or str(error)) from error
    return load.report


def normalise(text: str, options: ImportOptions) -> int | str:
    """The E.164 digits of a written number, or the reason why it is refused.

    A number is first read as dialled in the region; one that begins with 00 and is nothing there is then read as
    international.
    """
    read = _read_number(text, options)
    return read if isinstance(read, str) else read[0]


def read_lead(
    text: str, options: ImportOptions, *, reference: str = "", attributes: Mapping[str, Any], due_ns: int = 0
) -> NewLead:
    """One lead, as a list's row would give it. ConfigError: the number cannot be dialled; says why."""
    read = _read_number(text, options)
    if isinstance(read, str):
        raise ConfigError("number", read)
    number, kind = read
    features = pack_features(kind, segment_bucket=bucket_of(str(attributes.get(_SEGMENT_NAME, "")).strip().casefold()))
    kept = msgspec.json.encode(attributes).decode()
    return NewLead(number, reference, kept, due_ns=due_ns, features=features)


def _read_number(text: str, options: ImportOptions) -> tuple[int, NumberKind] | str:
    text = text.strip()
    if not text:
        return "no number"
    if _SPREADSHEET.fullmatch(text):
        return "mangled by a spreadsheet: format the column as text"
    read = _parse(text, options.region or None, options.validation)
    if isinstance(read, str) and text.startswith("00"):
        international = _parse(f"+{text[2:]}", None, options.validation)
        return international if isinstance(international, tuple) or not options.region else read
    return read


def _parse(text: str, region: str | None, validation: str) -> tuple[int, NumberKind] | str:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        return _PARSE_REASONS.get(error.error_type, "not a phone number")
    if number.extension:
        return "has an extension"
    line = phonenumbers.number_type(number)  # UNKNOWN for numbers that are not valid, and for no others
    if validation == "possible":
        length = phonenumbers.is_possible_number_with_reason(number)
        good = length == ValidationResult.IS_POSSIBLE
    else:
        good = line != PhoneNumberType.UNKNOWN
        length = ValidationResult.IS_POSSIBLE if good else phonenumbers.is_possible_number_with_reason(number)
    if not good:
        return _LENGTH_REASONS.get(length, "not a phone number")
    digits = phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]
    # a merely possible number may begin with zeros that fall away when it is read again: it would be another number
    if number.italian_leading_zero and phonenumbers.parse(f"+{digits}") != number:
        return "is ambiguous: its leading zeros fall away"
    if len(digits) > _E164_DIGITS:
        return "too long"
    return int(digits), _KINDS.get(line, NumberKind.OTHER)


class _Layout(msgspec.Struct, frozen=True):
    names: tuple[str, ...]
    number: int  # column
    reference: int  # column, -1 = none
    segment: int  # likewise
    attributes: tuple[int, ...]  # the other columns


def _layout(first: Row, name: str, options: ImportOptions) -> _Layout:
    if first.fault:
        raise ConfigError(f"{name}, line {first.line}", first.fault)
    width = len(first.fields)
    if options.header:
        names = tuple(field.strip() or f"column_{i}" for i, field in enumerate(first.fields, 1))
    else:
        names = tuple(f"column_{i}" for i in range(1, width + 1))
    keys = [key.casefold() for key in names]
    for i, key in enumerate(keys):
        if key in keys[:i]:
            raise ConfigError(f"{name}, line {first.line}", f"{_told(names, quoted=True)[i]} occurs twice")
    number = number_column(keys, names, f"{name}, line {first.line}", options)
    if options.header and sum(map(str.isdigit, names[number])) >= DIGITS_OF_A_NUMBER:
        raise ConfigError(f"{name}, line {first.line}", f"no header: column {number + 1} holds a number, not a name")
    references = [keys.index(key) for key in _REFERENCE_NAMES if key in keys and keys.index(key) != number]
    reference = references[0] if references else -1
    segment = keys.index(_SEGMENT_NAME) if _SEGMENT_NAME in keys and keys.index(_SEGMENT_NAME) != number else -1
    attributes = tuple(i for i in range(width) if i not in (number, reference))
    return _Layout(names, number, reference, segment, attributes)


def number_column(keys: list[str], names: tuple[str, ...], where: str, options: ImportOptions) -> int:
    """Which column holds the number. ConfigError: none is like that, or it cannot be told."""
    wanted = options.column
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(keys):
            raise ConfigError(where, f"no column {wanted}, there are {len(keys)}")
        return wanted - 1
    if wanted:
        if wanted.strip().casefold() not in keys:
            raise ConfigError(where, f"no column {wanted!r}; there are {', '.join(_told(names))}")
        return keys.index(wanted.strip().casefold())
    if not options.header or len(keys) == 1:
        return 0
    for key in _NUMBER_NAMES:
        if key in keys:
            return keys.index(key)
    usual, told = ", ".join(_NUMBER_NAMES), ", ".join(_told(names))
    raise ConfigError(where, f"which column holds the number? None is called {usual}; there are {told}")


def _told(names: tuple[str, ...], *, quoted: bool = False) -> tuple[str, ...]:
    # How errors call columns. Where one holds digits of a number the row is nobody's header but somebody's data, and
    # whoever is told of the error need not be one who sees it.
    if any(sum(map(str.isdigit, one)) >= DIGITS_OF_A_NUMBER for one in names):
        return tuple(f"column {i}" for i in range(1, len(names) + 1))
    return tuple(f"column {one!r}" for one in names) if quoted else names


class _Into(NamedTuple):
    campaign_id: int
    list_id: int  # 0 = none


class _Load:
    """Rows on their way into the store."""

    def __init__(self, store: Store, into: _Into, now_ns: int, layout: _Layout, source: io.BufferedReader) -> None:
        self._store = store
        self._into = into
        self._now_ns = now_ns
        self._layout = layout
        self._source = source
        self._list = bucket_of(Path(source.name).name)
        self._leads: list[NewLead] = []
        self._characters = 0
        total = os.fstat(source.fileno()).st_size if source.seekable() else 0
        self.report = ImportReport(bytes_total=total)

    @property
    def is_full(self) -> bool:
        return len(self._leads) >= _BATCH_ROWS or self._characters >= _BATCH_CHARACTERS

    def take(self, row: Row, options: ImportOptions, reject: Callable[[Row, str], None]) -> None:
        layout = self._layout
        self.report.read += 1
        fault = row.fault
        if not fault and len(row.fields) != len(layout.names):
            fault = f"{len(row.fields)} fields, not {len(layout.names)}"
        read = fault or _read_number(row.fields[layout.number], options)
        if isinstance(read, str):
            self.report.rejected += 1
            reject(row, read)
            return
        number, kind = read
        segment = bucket_of(row.fields[layout.segment].strip().casefold()) if layout.segment >= 0 else 0
        features = pack_features(kind, list_bucket=self._list, segment_bucket=segment)
        attributes = {layout.names[i]: row.fields[i] for i in layout.attributes}
        reference = row.fields[layout.reference].strip() if layout.reference >= 0 else ""
        kept = msgspec.json.encode(attributes).decode()
        self._leads.append(NewLead(number, reference, kept, features=features))
        self._characters += len(row.raw)

    def flush(self, progress: Progress | None) -> None:
        if self._leads:
            into = self._into
            added = self._store.add_leads(into.campaign_id, self._leads, self._now_ns, list_id=into.list_id)
            self.report.added += added.added
            self.report.duplicates += added.duplicates
            self.report.suppressed += added.suppressed
            self._leads = []
            self._characters = 0
        if self._into.list_id:
            told = self.report
            self._store.update_list(self._into.list_id, told.added, told.duplicates, told.rejected, told.suppressed)
        if self._source.seekable():
            self.report.bytes_read = self._source.tell()
        if progress is not None:
            progress(self.report)


@contextmanager
def rejects_to(path: Path) -> Iterator[Callable[[Row, str], None]]:
    """Write rows that are refused to a file, each with its reason; without any there is no file."""
    # surrogateescape writes bytes that the list's encoding forbade as they were.
    count = 0
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "reason", "row"))

        def reject(row: Row, reason: str) -> None:
            nonlocal count
            count += 1
            writer.writerow((row.line, reason, row.raw.rstrip("\r\n")))

        yield reject
    if not count and path.is_file():
        path.unlink()
