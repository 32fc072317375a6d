"""The journal's bytes: records of a file, their framing, and reading them back.

A file is ``OUTPJNL1`` and then records: length (u32, little endian), CRC-32 of the payload (u32), payload (msgpack).
The first record is a `Header`; all others are `Turn`. A file may end in the middle of a record (the process was
killed); what is before is good. Knows no engine.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from outpace.domain.commands import WriteIntent
from outpace.domain.config import Pool
from outpace.domain.errors import OutpaceError
from outpace.domain.events import AnyEvent
from outpace.domain.units import NS_PER_MS

MAGIC = b"OUTPJNL1"
SUFFIX = ".journal"

_FRAME = struct.Struct("<II")
_FRAME_BYTES = _FRAME.size

#: Longer records are taken as damage: a snapshot of the greatest pool is far below.
RECORD_MAX = 1 << 30


class JournalError(OutpaceError):
    """A journal file can't be read: it is none, or of another version."""


class Header(msgspec.Struct, frozen=True, array_like=True):
    """How a file starts: whose engine this is, and its whole state at that moment.

    `number` counts the files of one run from 1; `continues` says that no turn lies between this file and the one of
    the number before.
    """

    version: str
    epoch: int
    number: int
    continues: bool
    now_ns: int
    pool: Pool
    snapshot: bytes
    digest: bytes


class Turn(msgspec.Struct, frozen=True, array_like=True):
    """One turn of the pump: facts handled, then the tick, all at `now_ns`; what was launched; at times the digest.

    `ticked` is false in the last record of a file, which only holds the digest.
    """

    now_ns: int
    facts: list[AnyEvent] = []
    launches: list[WriteIntent] = []
    digest: bytes = b""
    ticked: bool = True


_ENCODER = msgspec.msgpack.Encoder()
_HEADER_DECODER = msgspec.msgpack.Decoder(Header)
_TURN_DECODER = msgspec.msgpack.Decoder(Turn)


def append_record(buffer: bytearray, record: Header | Turn) -> None:
    """Append a framed record to a buffer."""
    start = len(buffer)
    _ENCODER.encode_into(record, buffer, start + _FRAME_BYTES)
    with memoryview(buffer) as view:
        payload = view[start + _FRAME_BYTES :]
        crc = zlib.crc32(payload)
        size = len(payload)
        payload.release()
    _FRAME.pack_into(buffer, start, size, crc)


class JournalFile:
    """A file opened for reading: `header`, then `turns()`; `damaged` is true when the end is torn or spoilt."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = False
        self._data = path.read_bytes()
        if not self._data.startswith(MAGIC):
            raise JournalError(f"{path}: is no journal of this version")
        payload, self._offset = self._record(len(MAGIC))
        if payload is None:
            raise JournalError(f"{path}: ends before its header is complete")
        try:
            self.header = _HEADER_DECODER.decode(payload)
        except msgspec.MsgspecError as error:
            raise JournalError(f"{path}: its header can't be read: {error}") from error

    def turns(self) -> Iterator[Turn]:
        """The turns in order, up to the end or the first damage."""
        offset = self._offset
        while offset < len(self._data):
            payload, offset = self._record(offset)
            if payload is None:
                self.damaged = True
                return
            try:
                yield _TURN_DECODER.decode(payload)
            except msgspec.MsgspecError as error:
                raise JournalError(f"{self.path}: a record at byte {offset} can't be read: {error}") from error

    def _record(self, offset: int) -> tuple[memoryview | None, int]:
        # The payload at an offset and where the next record starts; None when it is torn or its sum is wrong.
        body = offset + _FRAME_BYTES
        if body > len(self._data):
            return None, len(self._data)
        size, crc = _FRAME.unpack_from(self._data, offset)
        if size > RECORD_MAX or body + size > len(self._data):
            return None, len(self._data)
        payload = memoryview(self._data)[body : body + size]
        if zlib.crc32(payload) != crc:
            return None, len(self._data)
        return payload, body + size


def journal_files(path: Path) -> list[Path]:
    """The files of a journal in the order in which they were written: a file itself, or those of a folder."""
    if path.is_dir():
        files = sorted(path.glob(f"*{SUFFIX}"))
        if not files:
            raise JournalError(f"{path}: holds no *{SUFFIX} file")
        return files
    if not path.exists():
        raise JournalError(f"{path}: no such file or folder")
    return [path]


def file_name(opened_ns: int, epoch: int, number: int) -> str:
    """Name of a file: sorts by the run's start, then by number."""
    return f"{opened_ns // NS_PER_MS:014d}-{epoch:06d}-{number:06d}{SUFFIX}"
