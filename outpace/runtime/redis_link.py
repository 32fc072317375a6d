"""What nodes share by Redis: who is there, the calls per second of common trunk groups, and the stream of events.

Nothing per call waits for Redis: once a second a node says that it is there and gets its part of each common rate, and
events are appended in batches. Without a link the node goes on: its part of a rate is then the rate over the number of
nodes that the settings tell, and events wait in memory as far as there is room.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from outpace.domain.units import NS_PER_S
from outpace.runtime.clock import monotonic_ns
from outpace.runtime.control import Update
from outpace.runtime.hub import Hub
from outpace.runtime.node_file import RedisSettings

log = logging.getLogger(__name__)

#: Real seconds between two rounds, and for how long a node's word holds.
ROUND_S = 1.0
TTL_S = 5.0

#: Real seconds that Redis may take for an answer.
TIMEOUT_S = 2.0

#: Events in one round trip, and those that may wait while there is no link; older ones are dropped beyond.
BATCH_MAX = 500
WAITING_MAX = 100_000

#: Real seconds that a batch gathers.
GATHER_S = 0.05

#: A rate that no engine can do without: one call in a hundred seconds.
LEAST_CPS = 0.01


class RedisLink:
    """One node's link.

    Parameters
    ----------
    settings : the link's, and what is shared.
    node : the node's name; two nodes of one name are kept apart, and the second is told.
    presence : what others may know of this node, as plain data.
    rates : calls per second of each shared trunk group as configured, and whether this node dials on it.
    on_parts : called when `part_of` has changed.
    """

    def __init__(
        self,
        settings: RedisSettings,
        node: str,
        *,
        presence: Callable[[], dict[str, Any]],
        rates: Callable[[], Mapping[str, tuple[float, bool]]],
        on_parts: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._node = node
        self._instance = secrets.token_hex(8)
        self._presence = presence
        self._rates = rates
        self._on_parts = on_parts
        self._redis = redis.asyncio.Redis.from_url(
            settings.url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            client_name=f"outpace-{node}".replace(" ", "-"),
        )
        script = resources.files("outpace.runtime").joinpath("share.lua").read_text("utf-8")
        self._share = self._redis.register_script(script)
        self._events: deque[Update] = deque(maxlen=WAITING_MAX)
        self._told = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._end_tap: Callable[[], None] = _nothing
        self._closing = False
        self._heard_ns = 0
        self._parts: dict[str, float] = {}
        self.up = False
        self.text = "not reached yet"
        self.nodes: dict[str, dict[str, Any]] = {}
        self.appended = 0
        self.lost = 0

    async def join(self) -> None:
        """Try once to reach Redis, so that the first calls keep to this node's part of the rates."""
        await self._round()

    def start(self, hub: Hub) -> None:
        """Begin to follow, and to append what the hub publishes."""
        self._end_tap = hub.tap(self._settings.topics, self._take)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._rounds()), loop.create_task(self._append())]

    async def close(self) -> None:
        """Append what waits if Redis is there, give the parts back, and end the link."""
        self._end_tap()
        self._closing = True  # a task that loses its cancelling to an answer of the same moment ends by itself
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        try:
            if self.up:
                await self._append_batches()
                await self._leave()
        except (RedisError, OSError) as error:
            log.warning("Redis was not told of the end: %s", error)
        await self._redis.aclose()

    def gauges(self) -> dict[str, float]:
        """What monitoring shows of the link."""
        return {
            "up": float(self.up),
            "nodes": float(len(self.nodes) + self.up),
            "events_total": float(self.appended),
            "events_lost_total": float(self.lost),
            "events_waiting": float(len(self._events)),
        }

    def part_of(self, group: str, cps: float) -> float:
        """Our part of a trunk group's calls per second; all of it where it is not shared."""
        if group not in self._settings.shared_trunk_groups:
            return cps
        known = self._parts.get(group)
        return max(LEAST_CPS, min(cps, cps / self._settings.nodes if known is None else known))

    # ---- presence and rates ----------------------------------------------------------------------------------------

    async def _rounds(self) -> None:
        while not self._closing:
            await asyncio.sleep(ROUND_S)
            await self._round()

    async def _round(self) -> None:
        try:
            await self._ask()
        except (RedisError, OSError) as error:
            self._out_of_reach(f"{type(error).__name__}: {error}")
        if not self.up and self._parts and monotonic_ns() - self._heard_ns > TTL_S * NS_PER_S:
            await self._set_parts({})  # our word holds no longer: back to what the settings say

    async def _ask(self) -> None:
        rates = {name: rate for name, rate in self._rates().items() if name in self._settings.shared_trunk_groups}
        prefix = self._settings.prefix
        arguments: list[str | float] = [self._node, self._instance, _text(self._presence()), round(TTL_S * 1000)]
        for cps, dials in rates.values():
            arguments += [cps, int(dials)]
        keys = [f"{prefix}:nodes", *(f"{prefix}:cps:{name}" for name in rates)]
        clash, parts, nodes = await self._share(keys=keys, args=arguments)
        self._heard_ns = monotonic_ns()
        if not self.up:
            log.info("Redis is there", extra={"redis": repr(self._settings)})
        self.up = True
        self.nodes = {name.decode(): msgspec.json.decode(text) for name, text in nodes}
        if clash:
            self.text = f"another node is called {self._node!r}: this one has no part in what is shared"
            return
        self.text = ""
        await self._set_parts({name: float(part) for name, part in zip(rates, parts, strict=True)})

    async def _set_parts(self, parts: dict[str, float]) -> None:
        if parts != self._parts:
            self._parts = parts
            if self._tasks:
                await self._on_parts()

    async def _leave(self) -> None:
        # others get our parts at once, not when our word has run out
        prefix = self._settings.prefix
        async with self._redis.pipeline(transaction=False) as pipe:
            _queue(pipe.hdel(f"{prefix}:nodes", self._node))
            for name in self._settings.shared_trunk_groups:
                _queue(pipe.hdel(f"{prefix}:cps:{name}", self._node))
            await pipe.execute()

    def _out_of_reach(self, reason: str) -> None:
        if self.up:
            log.warning("Redis is out of reach: %s", reason)
        self.up = False
        self.text = reason
        self.nodes = {}

    # ---- the stream ------------------------------------------------------------------------------------------------

    def _take(self, update: Update) -> None:
        self.lost += len(self._events) == WAITING_MAX
        self._events.append(update)
        self._told.set()

    async def _append(self) -> None:
        while not self._closing:
            await self._told.wait()
            await asyncio.sleep(GATHER_S)
            self._told.clear()
            try:
                await self._append_batches()
            except (RedisError, OSError) as error:
                self._out_of_reach(f"{type(error).__name__}: {error}")
                await asyncio.sleep(ROUND_S)
                self._told.set()

    async def _append_batches(self) -> None:
        stream = f"{self._settings.prefix}:events"
        while self._events:
            batch = [self._events[place] for place in range(min(len(self._events), BATCH_MAX))]
            async with self._redis.pipeline(transaction=False) as pipe:
                for update in batch:
                    fields: dict[Any, Any] = {
                        "node": self._node,
                        "sequence": update.sequence,
                        "topic": update.topic.value,
                        "key": update.key,
                        "data": msgspec.json.encode(update.data),
                    }
                    _queue(pipe.xadd(stream, fields, maxlen=self._settings.stream_max, approximate=True))
                await pipe.execute()
            self.appended += len(batch)
            for update in batch:
                if self._events and self._events[0] is update:  # else it was dropped for room meanwhile
                    self._events.popleft()


def _text(presence: dict[str, Any]) -> str:
    return msgspec.json.encode(presence).decode()


def _queue(command: object) -> None:
    """A pipeline only gathers commands: what a call gives back is not to be awaited."""
    del command


def _nothing() -> None:
    """No tap is open."""
