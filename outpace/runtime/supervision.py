"""What a service manager is told over its socket: that the node is ready, that its loop turns, that it stops.

The protocol is systemd's sd_notify: datagrams to NOTIFY_SOCKET. Without that variable nothing is told.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

log = logging.getLogger(__name__)

_US_PER_S = 1e6


@asynccontextmanager
async def supervised(environ: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """Be ready inside, and tell twice in every time of the watchdog that the event loop turns; stopping at the end."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        yield
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.setblocking(False)
        try:
            told.connect("\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            log.warning("the service manager cannot be told: %s", error)
            yield
            return
        _tell(told, "READY=1")
        every_s = _watchdog_s(environ) / 2
        pulse = asyncio.create_task(_pulse(told, every_s), name="watchdog") if every_s else None
        try:
            yield
        finally:
            if pulse is not None:
                pulse.cancel()
            _tell(told, "STOPPING=1")


def _watchdog_s(environ: Mapping[str, str]) -> float:
    # 0 = nobody watches; a child that has inherited the variables is not the one that is watched
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    with suppress(ValueError):
        return max(0.0, float(environ.get("WATCHDOG_USEC", "0")) / _US_PER_S)
    return 0.0


async def _pulse(told: socket.socket, every_s: float) -> None:
    while True:
        _tell(told, "WATCHDOG=1")
        await asyncio.sleep(every_s)


def _tell(told: socket.socket, text: str) -> None:
    with suppress(OSError):  # it is busy or gone; the next word comes soon
        told.send(text.encode())
