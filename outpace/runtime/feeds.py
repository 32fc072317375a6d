"""What changes on the floor, found by looking at the engine's tables: calls, agents, boards.

The engine gives no notice per call: a feed compares the tables with what it saw before, a few times a second and only
while somebody listens. What changed twice between two looks is told once, as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from outpace.domain.commands import AgentStateChanged, AnyCommand, CampaignStateChanged
from outpace.engine.engine import Engine
from outpace.runtime import views
from outpace.runtime.boards import Boards
from outpace.runtime.clock import Clock
from outpace.runtime.control import Topic

#: Takes topic, key and data.
Publish = Callable[[Topic, str, Any], None]

#: Real seconds between two looks at the tables.
LOOK_EVERY_S = 0.25

#: Real seconds between two boards of a campaign.
BOARD_EVERY_S = 1.0


class _Looking:
    # Looks now and then while it is started.
    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._timer: asyncio.TimerHandle | None = None
        self._soon: asyncio.Handle | None = None

    def start(self) -> None:
        """See `outpace.runtime.hub.Feed.start`."""
        self.begin()
        self._timer = asyncio.get_running_loop().call_later(self._every_s, self._on_timer)

    def stop(self) -> None:
        """See `outpace.runtime.hub.Feed.stop`."""
        for handle in (self._timer, self._soon):
            if handle is not None:
                handle.cancel()
        self._timer = self._soon = None

    def look_soon(self) -> None:
        """Look when the turn of the pump is over, if it is started."""
        if self._timer is not None and self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self._on_soon)

    def begin(self) -> None:
        """Remember how things are."""
        raise NotImplementedError

    def look(self) -> None:
        """Publish what has changed."""
        raise NotImplementedError

    def _on_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every_s, self._on_timer)
        self.look()

    def _on_soon(self) -> None:
        self._soon = None
        self.look()


class CallFeed(_Looking):
    """Calls in flight: those that are new, in another state, or gone."""

    def __init__(self, engine: Engine, publish: Publish, *, every_s: float = LOOK_EVERY_S) -> None:
        super().__init__(every_s)
        self._engine = engine
        self._publish = publish
        self._seen = self._read()

    def begin(self) -> None:
        """See `_Looking.begin`."""
        self._seen = self._read()

    def look(self) -> None:
        """See `_Looking.look`."""
        before, now = self._seen, self._read()
        if not len(before[0]) and not len(now[0]):
            return
        self._seen = now
        for call_id in np.setdiff1d(before[0], now[0], assume_unique=True).tolist():
            self._publish(Topic.CALLS, str(call_id), None)
        at = np.searchsorted(before[0], now[0])
        at[at == len(before[0])] = 0
        same = np.zeros(len(now[0]), bool)
        if len(before[0]):
            same = (before[0][at] == now[0]) & (before[1][at] == now[1]) & (before[2][at] == now[2])
        for view in views.call_views(self._engine, now[3][~same]):
            self._publish(Topic.CALLS, view.call_id, msgspec.to_builtins(view))

    def snapshot(self) -> Iterator[tuple[str, Any]]:
        """See `outpace.runtime.hub.Feed.snapshot`."""
        self.look()
        for view in views.call_views(self._engine, self._seen[3]):
            yield view.call_id, msgspec.to_builtins(view)

    def _read(self) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int32], NDArray[np.intp]]:
        # ids in increasing order, states, agents, rows
        rows = views.call_rows(self._engine)
        columns = self._engine.call_columns
        return columns["life"]["call_id"][rows], columns["state"][rows], columns["agent"][rows], rows


class AgentFeed(_Looking):
    """Agents whose state, leg, next state, call or settings are others; at once, when the engine gives notice."""

    _COLUMNS = ("state", "leg", "wants", "reason", "since_ns", "call")

    def __init__(self, engine: Engine, clock: Clock, publish: Publish, *, every_s: float = LOOK_EVERY_S) -> None:
        super().__init__(every_s)
        self._engine = engine
        self._clock = clock
        self._publish = publish
        self.begin()

    def watch(self, command: AnyCommand) -> None:
        """Look as soon as an agent is in another state; give as a watcher to the pump."""
        if type(command) is AgentStateChanged:
            self.look_soon()

    def begin(self) -> None:
        """See `_Looking.begin`."""
        self._agents = self._engine.pool.agents
        self._seen = self._read()

    def look(self) -> None:
        """See `_Looking.look`."""
        now, agents = self._read(), self._engine.pool.agents
        known = min(len(self._seen), len(now))
        changed = np.ones(len(now), bool)
        changed[:known] = (now[:known] != self._seen[:known]).any(axis=1)
        if agents is not self._agents:
            for row, (one, before) in enumerate(zip(agents, self._agents, strict=False)):
                changed[row] |= one is not before and one != before
        self._seen, self._agents = now, agents
        for key, data in self._views(np.flatnonzero(changed)):
            self._publish(Topic.AGENTS, key, data)

    def snapshot(self) -> Iterator[tuple[str, Any]]:
        """See `outpace.runtime.hub.Feed.snapshot`."""
        self.look()
        return self._views(np.arange(len(self._agents)))

    def _views(self, rows: NDArray[np.intp]) -> Iterator[tuple[str, Any]]:
        for view in views.agent_views(self._engine, rows.tolist(), self._clock.now_ns()):
            yield str(view.agent_id), msgspec.to_builtins(view)

    def _read(self) -> NDArray[np.int64]:
        columns, count = self._engine.agent_columns, len(self._engine.pool.agents)
        return np.stack([columns[name][:count].astype(np.int64) for name in self._COLUMNS], axis=1)


class BoardFeed(_Looking):
    """The boards, every second where something has changed, and at once when a campaign's state has."""

    def __init__(self, boards: Boards, publish: Publish, *, every_s: float = BOARD_EVERY_S) -> None:
        super().__init__(every_s)
        self._boards = boards
        self._publish = publish
        self._seen: dict[int, Any] = {}

    def watch(self, command: AnyCommand) -> None:
        """Look as soon as a campaign is in another state; give as a watcher to the pump."""
        if type(command) is CampaignStateChanged:
            self.look_soon()

    def begin(self) -> None:
        """See `_Looking.begin`."""
        self._seen.clear()

    def look(self) -> None:
        """See `_Looking.look`."""
        for board in self._boards.all():
            timeless = msgspec.structs.replace(board, at=views.at(0), elapsed_s=0.0)
            if self._seen.get(board.campaign_id) != timeless:
                self._seen[board.campaign_id] = timeless
                self._publish(Topic.CAMPAIGNS, str(board.campaign_id), msgspec.to_builtins(board))

    def snapshot(self) -> Iterator[tuple[str, Any]]:
        """See `outpace.runtime.hub.Feed.snapshot`."""
        self.look()
        for board in self._boards.all():
            yield str(board.campaign_id), msgspec.to_builtins(board)
