"""CSV rows with their line numbers and their original text; a malformed row costs itself, not its followers."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Generator, Iterator

import msgspec

from outpace.domain.errors import ConfigError

#: Longer lines are faults; their rest is skipped.
MAX_LINE = 1 << 20

_DELIMITERS = ",;\t|"


class Row(msgspec.Struct, frozen=True):
    """One row: the line it starts on (from 1), its text as in the file, its fields; or a fault and no fields."""

    line: int
    raw: str
    fields: list[str]
    fault: str = ""


def read_rows(source: io.BufferedReader, name: str, encoding: str, delimiter: str) -> Generator[Row, None, None]:
    """Rows of a binary file, blank lines left out.

    Bytes that the encoding forbids become lone surrogates, so that the row can be written out again as it was, and
    the row has a fault. `delimiter` "" = the most frequent of comma, semicolon, tab and bar in the first line.

    Raises
    ------
    ConfigError : no such encoding, or text that cannot be decoded any further.
    """
    lines = _Lines(source, name, encoding)
    try:
        yield from _read(lines, delimiter or max(_DELIMITERS, key=lines.peek().count))
    finally:
        lines.detach()


def _read(lines: _Lines, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = lines.begin_row()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # An unclosed quote has swallowed the lines behind it: only the first is lost, the others are read again.
            raw = lines.back_to_first()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            yield Row(line, raw, [], f"malformed: {error}")
            continue
        raw = lines.taken()
        if fields:
            fault = _fault(raw, lines.encoding)
            yield Row(line, raw, [] if fault else fields, fault)


def _fault(raw: str, encoding: str) -> str:
    if "\0" in raw:
        return "holds a NUL character"
    if not raw.isascii():
        try:
            raw.encode()
        except UnicodeEncodeError:
            return f"not {encoding}"
    return ""


class _Lines:
    """Lines of a file as csv.reader wants them, with memory of those that the current row has taken."""

    def __init__(self, source: io.BufferedReader, name: str, encoding: str) -> None:
        head = source.peek(4)[:4]
        if head.startswith(b"\xef\xbb\xbf"):
            encoding = "utf-8-sig"
        elif head.startswith((b"\xff\xfe", b"\xfe\xff")):
            encoding = "utf-16"
        try:
            self._stream = io.TextIOWrapper(source, encoding=encoding, errors="surrogateescape", newline="")
        except (LookupError, ValueError) as error:
            raise ConfigError("encoding", str(error)) from error
        self.encoding = encoding
        self._name = name
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._line = 0  # lines handed out

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self._line += 1
        self._row.append(line)
        if len(line) >= MAX_LINE and line[-1] not in "\r\n":
            while (rest := self._read()) and rest[-1] not in "\r\n":
                pass
            raise csv.Error(f"line longer than {MAX_LINE} characters, shortened here")
        return line

    def _read(self) -> str:
        try:
            return self._stream.readline(MAX_LINE)
        except UnicodeError as error:
            where = f"{self._name}, line {self._line + 1} or soon after"
            raise ConfigError(where, f"not {self.encoding} ({error})") from error

    def peek(self) -> str:
        if not self._again:
            self._again.append(self._read())
        return self._again[0]

    def detach(self) -> None:
        """Leave the source to its owner, open."""
        self._stream.detach()

    def begin_row(self) -> int:
        self._row.clear()
        return self._line + 1

    def taken(self) -> str:
        return "".join(self._row)

    def back_to_first(self) -> str:
        first = self._row[0]
        self._again.extendleft(reversed(self._row[1:]))
        self._line -= len(self._row) - 1
        return first
