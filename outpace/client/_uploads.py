"""What is uploaded: a file, bytes, or pieces of bytes as they come; read a piece at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import IO, TypeGuard

#: A path, the bytes themselves, an open file, or pieces as they come.
Source = str | Path | bytes | IO[bytes] | Iterable[bytes]
AsyncSource = Source | AsyncIterable[bytes]

_PIECE = 1 << 18


def is_read_once(source: AsyncSource) -> bool:
    """Whether it cannot be read a second time."""
    return not isinstance(source, str | Path | bytes | list | tuple)


def pieces(source: Source) -> Iterator[bytes]:
    """The bytes, a piece at a time."""
    if isinstance(source, bytes):
        yield source
    elif isinstance(source, str | Path):
        with Path(source).open("rb") as file:
            yield from _read(file)
    elif _is_file(source):
        yield from _read(source)
    else:
        yield from source


async def async_pieces(source: AsyncSource) -> AsyncIterator[bytes]:
    """The same; what may wait for a disk is read in a thread."""
    if isinstance(source, AsyncIterable):
        async for piece in source:
            yield piece
        return
    left = pieces(source)
    while (read := await asyncio.to_thread(_next, left)) is not None:
        yield read


def _next(left: Iterator[bytes]) -> bytes | None:
    return next(left, None)


def _is_file(source: IO[bytes] | Iterable[bytes]) -> TypeGuard[IO[bytes]]:
    return hasattr(source, "read")


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
