"""Resources of any number as a stream of CSV or JSON lines, a page at a time: memory does not grow with the export."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from outpace.api.answers import StreamReply
from outpace.api.masking import hide
from outpace.domain.resources import Page

R = TypeVar("R", bound=msgspec.Struct)

Format = Literal["csv", "jsonl"]
MEDIA: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}

#: Rows that are encoded at a time, between which the loop does other things.
ROWS = 200

#: Bytes of a file that are read at a time.
_PIECE = 1 << 16

#: Line and reason of a rejected row.
_REJECT = re.compile(rb'(\d+,(?:"(?:[^"]|"")*"|[^",]*)),')


async def export(
    page: Callable[[str], Awaitable[Page[R]]], kind: type[R], form: Format, name: str, *, masked: bool
) -> StreamReply:
    """A stream of all pages. The first is read before the answer begins, so that what it refuses is a problem."""
    first = await page("")
    headers = [
        (b"content-type", MEDIA[form].encode()),
        (b"content-disposition", f'attachment; filename="{name}.{form}"'.encode()),
    ]
    return StreamReply(_chunks(first, page, kind, form, masked=masked), headers)


def rejects(path: Path, name: str, *, masked: bool) -> StreamReply:
    """A file of rows that an import has refused; the head alone where there is none.

    `masked`: line and reason without the row, for who does not see numbers.
    """
    told = f'attachment; filename="{name}.rejects.csv"'.encode()
    headers = [(b"content-type", MEDIA["csv"].encode()), (b"content-disposition", told)]
    return StreamReply(_rowless(path) if masked else _file(path), headers)


async def _file(path: Path) -> AsyncIterator[bytes]:
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except FileNotFoundError:
        yield b"line,reason,row\r\n"
        return
    with file:
        while chunk := await asyncio.to_thread(file.read, _PIECE):
            yield chunk


async def _rowless(path: Path) -> AsyncIterator[bytes]:
    yield b"line,reason\r\n"
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except FileNotFoundError:
        return
    with file:
        await asyncio.to_thread(file.readline)
        in_row = False  # a row that is quoted may go over several lines
        while lines := await asyncio.to_thread(file.readlines, _PIECE):
            heads = []
            for line in lines:
                if not in_row and (head := _REJECT.match(line)):
                    heads.append(head[1] + b"\r\n")
                in_row ^= bool(line.count(b'"') % 2)
            yield b"".join(heads)


async def _chunks(
    first: Page[R], page: Callable[[str], Awaitable[Page[R]]], kind: type[R], form: Format, *, masked: bool
) -> AsyncIterator[bytes]:
    encode = _csv if form == "csv" else _json_lines
    if form == "csv":
        yield csv_lines([kind.__struct_fields__])
    current = first
    while True:
        for start in range(0, len(current.items), ROWS):
            rows: Sequence[Any] = current.items[start : start + ROWS]
            yield encode([hide(row) for row in rows] if masked else rows)
        if current.next_cursor is None:
            return
        current = await page(current.next_cursor)


def _json_lines(rows: Sequence[Any]) -> bytes:
    return msgspec.json.Encoder().encode_lines(rows)


def _csv(rows: Sequence[Any]) -> bytes:
    plain: list[dict[str, Any]] = msgspec.to_builtins(rows)
    return csv_lines([[_cell(value) for value in row.values()] for row in plain])


def _cell(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


def csv_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
