"""A share of the loop's turns for requests: the dialer and its calls come first.

A turn of the loop runs everything that is ready. Fifty requests that arrive at once would take one turn of tens of
milliseconds, and a person who answers would wait for all of them. So only `PER_TURN` of them begin in a turn, in the
order in which they came; between two turns the loop takes what the switch has told.
"""

from __future__ import annotations

import asyncio
from collections import deque

#: Requests that begin in one turn of the loop. Each takes about half a millisecond.
PER_TURN = 2


class Turns:
    """Lets so many begin in each turn of the running loop."""

    def __init__(self, per_turn: int = PER_TURN) -> None:
        self._per_turn = per_turn
        self._begun = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_counting = False

    async def mine(self) -> None:
        """Return in the first turn that has room, behind all who came before."""
        if self._begun >= self._per_turn or self._waiting:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
            return
        self._begin()

    def _begin(self) -> None:
        self._begun += 1
        if not self._is_counting:
            self._is_counting = True
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        # a turn later
        self._begun, self._is_counting = 0, False
        while self._waiting and self._begun < self._per_turn:
            future = self._waiting.popleft()
            if not future.done():  # who waits for it may be gone
                future.set_result(None)
                self._begin()
