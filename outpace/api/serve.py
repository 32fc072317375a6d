"""A node with its control API: what `outpace serve` runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from outpace.api.server import serving
from outpace.api.settings import ApiSettings
from outpace.runtime import logs
from outpace.runtime.node_file import NodeFile
from outpace.runtime.server import Server
from outpace.runtime.supervision import supervised


async def serve(
    file: NodeFile[ApiSettings],
    told: Callable[[str, int], None],
    *,
    speed: float | None = None,
    seed: int | None = None,
) -> None:
    """Serve until the process is asked to stop.

    Parameters
    ----------
    file : the node file. speed, seed : instead of the simulated switch's own.
    told : called when requests are answered, with the base URL and the number of tokens that there are.

    Raises
    ------
    ConfigError, StoreError, LinkDown : it could not be started; else the error after which nothing could be dialled.
    """
    log_file = Path(file.log.file) if file.log.file else None
    handler = logs.configure(file.log.level, style=file.log.format, file=log_file, behind=True)
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.handlers, uvicorn.level, uvicorn.propagate = [handler], logging.WARNING, False
    server = Server(file, speed=speed, seed=seed)

    @asynccontextmanager
    async def beside() -> AsyncIterator[None]:
        async with serving(server, file.api) as url, supervised():
            told(url, len(await server.read(lambda store: store.tokens())))
            yield

    try:
        await server.run(beside())
    finally:
        await asyncio.to_thread(handler.close)
