"""What changes on the floor, found by looking at the engine's tables: calls, agents, boards.

The engine gives no notice per call: a feed compares the tables with what it saw before, ten times a second and only
while somebody listens. What changed twice between two looks is told once, as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from outpace.domain.commands import AgentStateChanged, AnyCommand, CampaignStateChanged
from outpace.domain.config import Agent
from outpace.domain.wire import Topic
from outpace.engine.engine import Engine
from outpace.runtime import views
from outpace.runtime.boards import Boards
from outpace.runtime.clock import Clock
from outpace.runtime.hub import Snapshot

#: Takes topic, key and data.
Publish = Callable[[Topic, str, Any], None]

#: Real seconds between two looks at the tables.
LOOK_EVERY_S = 0.1

#: Real seconds in which notices of the engine gather before they are looked at.
SOON_S = 0.01

#: Real seconds between two boards of a campaign.
BOARD_EVERY_S = 1.0


class _Looking:
    # Looks now and then while it is started.
    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._timer: asyncio.TimerHandle | None = None
        self._soon: asyncio.TimerHandle | None = None

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
        """Look in a moment, if it is started."""
        if self._timer is not None and self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(SOON_S, self._on_soon)

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
        for view in views.call_views(views.take_calls(self._engine, now[3][~same])):
            self._publish(Topic.CALLS, view.call_id, msgspec.to_builtins(view))

    def snapshot(self) -> Snapshot:
        """See `outpace.runtime.hub.Feed.snapshot`."""
        self.look()
        calls = views.take_calls(self._engine, self._seen[3])
        return lambda: [(view.call_id, msgspec.to_builtins(view)) for view in views.call_views(calls)]

    def _read(self) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int32], NDArray[np.intp]]:
        # ids in increasing order, states, agents, rows
        rows = views.call_rows(self._engine)
        columns = self._engine.calls.columns
        return columns["life"]["call_id"][rows], columns["state"][rows], columns["agent"][rows], rows


class AgentFeed(_Looking):
    """Agents whose state, leg, next state, call or settings are others; at once, when the engine gives notice."""

    _COLUMNS = ("state", "leg", "wants", "reason", "since_ns", "call")

    def __init__(self, engine: Engine, clock: Clock, publish: Publish, *, every_s: float = LOOK_EVERY_S) -> None:
        super().__init__(every_s)
        self._engine = engine
        self._clock = clock
        self._publish = publish
        self._noticed: set[int] = set()
        self._agents: tuple[Agent, ...] = ()
        self._rows: dict[int, int] = {}
        self.begin()

    def watch(self, command: AnyCommand) -> None:
        """Tell of an agent who is in another state; give as a watcher to the pump."""
        if type(command) is AgentStateChanged:
            self._noticed.add(command.agent_id)
            self.look_soon()

    def begin(self) -> None:
        """See `_Looking.begin`."""
        if self._engine.pool.agents is not self._agents:
            self._agents = self._engine.pool.agents
            self._rows = {agent.id: row for row, agent in enumerate(self._agents)}
        self._seen = self._read()
        self._noticed.clear()

    def look(self) -> None:
        """See `_Looking.look`."""
        before, agents = self._seen, self._agents
        self.begin()
        now = self._seen
        known = min(len(agents), len(self._agents))
        changed = np.ones(len(self._agents), bool)
        changed[:known] = False
        for name, column in now.items():
            changed[:known] |= column[:known] != before[name][:known]
        if agents is not self._agents:
            for row in range(known):
                changed[row] |= self._agents[row] != agents[row]
        self._tell(np.flatnonzero(changed))

    def look_at_noticed(self) -> None:
        """Publish those of whom the engine gave notice: others need not be looked through for them."""
        if self._engine.pool.agents is not self._agents:
            self.look()
            return
        rows = np.fromiter(sorted(self._rows[agent_id] for agent_id in self._noticed), np.intp)
        self._noticed.clear()
        for name, column in self._seen.items():
            column[rows] = self._engine.agents.columns[name][rows]
        self._tell(rows)

    def snapshot(self) -> Snapshot:
        """See `outpace.runtime.hub.Feed.snapshot`."""
        self.look()
        agents = self._take(np.arange(len(self._agents)))
        return lambda: _agents(agents)

    def _on_soon(self) -> None:
        self._soon = None
        if self._noticed:
            self.look_at_noticed()

    def _tell(self, rows: NDArray[np.intp]) -> None:
        if len(rows):
            for key, data in _agents(self._take(rows)):
                self._publish(Topic.AGENTS, key, data)

    def _take(self, rows: NDArray[np.intp]) -> views.AgentRows:
        return views.take_agents(self._engine, rows, self._clock.now_ns())

    def _read(self) -> dict[str, NDArray[Any]]:
        columns = self._engine.agents.columns
        return {name: columns[name][: len(self._agents)].copy() for name in self._COLUMNS}


def _agents(rows: views.AgentRows) -> list[tuple[str, Any]]:
    return [(str(view.agent_id), msgspec.to_builtins(view)) for view in views.agent_views(rows)]


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

    def snapshot(self) -> Snapshot:
        """See `outpace.runtime.hub.Feed.snapshot`."""
        self.look()
        boards = self._boards.all()
        return lambda: [(str(board.campaign_id), msgspec.to_builtins(board)) for board in boards]
