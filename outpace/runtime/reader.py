"""Reads of any size, off the event loop and past the writer: a thread with a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from outpace.domain.errors import CapacityError, StateError
from outpace.store.port import Store

T = TypeVar("T")

#: Reads that may wait; what is beyond is refused, so that nobody waits for long.
WAITING_MAX = 1000


class StoreReader:
    """Answers questions to a store, one after the other.

    Parameters
    ----------
    open_store : makes the store; called in the thread.
    """

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._open_store = open_store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outpace-reader")
        self._store: Store | None = None
        self.waiting = 0
        self.reads = 0

    async def start(self) -> None:
        """Open the store. Raises StoreError."""
        self._store = await asyncio.get_running_loop().run_in_executor(self._thread, self._open_store)

    async def call(self, job: Callable[[Store], T]) -> T:
        """Run a function that only reads; returns or raises what it does. CapacityError: too many wait."""
        if self._store is None:
            raise StateError("the node does not run")
        if self.waiting >= WAITING_MAX:
            raise CapacityError(f"{self.waiting} reads wait for the store")
        self.waiting += 1
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._thread, job, self._store)
        finally:
            self.waiting -= 1
        self.reads += 1
        return answer

    async def close(self) -> None:
        """Answer what waits, and close the store."""
        store, self._store = self._store, None
        if store is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, store.close)
        self._thread.shutdown()  # it has done all, but for a store that a cancelled start still opens

    def gauges(self) -> dict[str, float]:
        """What monitoring shows of the reads."""
        return {"waiting": float(self.waiting), "reads_total": float(self.reads)}
