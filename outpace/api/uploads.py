"""Uploads: a request's body into a file, in constant memory, off the loop."""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from outpace.api.binding import pieces
from outpace.api.endpoint import Call
from outpace.api.problems import ProblemError

#: Bytes that gather before they are written.
_CHUNK = 1 << 20


@asynccontextmanager
async def uploaded(call: Call) -> AsyncIterator[Path]:
    """A request's body as a file of the node, which is there until the context ends, unless somebody has moved it.

    Raises
    ------
    ProblemError : as `spool`; `malformed` for one without a byte; `too-many-requests` of the token's uploads.
    """
    path = call.api.node.folder / f"upload-{secrets.token_hex(8)}.part"
    with call.api.uploads.one(call.actor.token_id):
        size = await spool(pieces(call.receive), path, most=call.api.settings.upload_max_mb * 1_000_000)
    try:
        if not size:
            raise ProblemError("malformed", "the list is empty")
        yield path
    finally:
        await discard(path)


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
        await discard(path)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ProblemError("storage-full", "the disk of the node is full; nothing was kept") from error
        raise
    except BaseException:
        await discard(path)
        raise


async def discard(path: Path) -> None:
    """Remove a file, if it is there; beside the loop, for a large one takes its time."""
    await asyncio.to_thread(path.unlink, missing_ok=True)


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
