"""Uploads: a request's body into a file, in constant memory, off the loop."""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from outpace.api.problems import ProblemError

#: Bytes that gather before they are written.
_CHUNK = 1 << 20


@asynccontextmanager
async def uploaded(body: AsyncIterator[bytes], folder: Path, *, most: int) -> AsyncIterator[Path]:
    """A body as a file of the folder, which is there until the context ends, unless somebody has moved it.

    Raises
    ------
    ProblemError : as `spool`; `malformed` for one without a byte.
    """
    path = folder / f"upload-{secrets.token_hex(8)}.part"
    size = await spool(body, path, most=most)
    try:
        if not size:
            raise ProblemError("malformed", "the list is empty")
        yield path
    finally:
        discard(path)


async def spool(body: AsyncIterator[bytes], path: Path, *, most: int) -> int:
    """Write a body to a new file and return its length; a body that does not come whole leaves no file.

    Raises
    ------
    ProblemError : `too-large` beyond `most` bytes, `storage-full` without room.
    """
    try:
        with await asyncio.to_thread(path.open, "xb") as file:
            return await _write(body, file, most)
    except OSError as error:
        discard(path)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ProblemError("storage-full", "the disk of the node is full; nothing was kept") from error
        raise
    except BaseException:
        discard(path)
        raise


def discard(path: Path) -> None:
    """Remove a file, if it is there."""
    path.unlink(missing_ok=True)


async def _write(body: AsyncIterator[bytes], file: IO[bytes], most: int) -> int:
    waiting, size = bytearray(), 0
    async for chunk in body:
        size += len(chunk)
        if size > most:
            raise ProblemError("too-large", f"a list may have {most / 1e6:g} MB at most")
        waiting += chunk
        if len(waiting) >= _CHUNK:
            await asyncio.to_thread(file.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(file.write, bytes(waiting))
    await asyncio.to_thread(file.flush)
    return size
