"""What pacing has learned outlives the process: it goes to the store every minute, and comes back at the next start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from outpace.domain.commands import SaveEstimates, StoreCommand
from outpace.domain.config import Pool
from outpace.engine.engine import ESTIMATES_FORMAT
from outpace.runtime.clock import Clock

#: Real seconds between two savings: a process that dies loses so much of what it learned.
SAVE_EVERY_S = 60.0


class Learned(Protocol):
    """What the keeper needs of an engine."""

    @property
    def pool(self) -> Pool: ...
    def dump_estimates(self, campaign_id: int) -> bytes: ...


class Sink(Protocol):
    """Takes commands to the store."""

    def submit(self, commands: Sequence[StoreCommand], now_ns: int) -> None: ...


class EstimateKeeper:
    """Saves the estimates of all of an engine's campaigns.

    Parameters
    ----------
    engine, clock : whose estimates, and its time.
    store : where the commands go.
    every_s : real seconds between two savings.
    """

    def __init__(
        self,
        engine: Learned,
        store: Sink,
        clock: Clock,
        *,
        every_s: float = SAVE_EVERY_S,
    ) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._every_s = every_s
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Save from now on; on the event loop."""
        self._timer = asyncio.get_running_loop().call_later(self._every_s, self._on_timer)

    def save(self) -> None:
        """Hand what is known now to the store."""
        self._store.submit(
            [
                SaveEstimates(campaign.id, ESTIMATES_FORMAT, self._engine.dump_estimates(campaign.id))
                for campaign in self._engine.pool.campaigns
            ],
            self._clock.now_ns(),
        )

    def close(self) -> None:
        """Save no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _on_timer(self) -> None:
        self.save()
        self.start()
