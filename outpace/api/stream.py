"""The live stream: a snapshot, then what changes, over a WebSocket that a slow client cannot hold up.

A client begins with a subscription of its own: it wants a snapshot, or what it has missed. As soon as it has heard what
all have, one subscription feeds it together with all who listen to the same, with the same bytes. A client that does
not read leaves them; it is waited for here alone, goes on from what it has heard, and when nothing is read for
`STALLED_S`, or what it missed is not kept any more, it is told and let go, or begins anew with a snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from outpace.api.asgi import Receive, Scope, Send
from outpace.api.auth import Session
from outpace.api.connections import EXTENSION, Frames
from outpace.api.context import Api
from outpace.api.frames import FrameCache, opening, texts_of
from outpace.api.problems import ProblemError
from outpace.api.roles import sees_numbers
from outpace.domain.access import Actor, Role
from outpace.domain.errors import CapacityError
from outpace.domain.wire import Topic
from outpace.runtime.control import ControlPort, Subscription, Update

log = logging.getLogger(__name__)

PATH = "/v1/stream"
PROTOCOL = "outpace.v1"

#: What a role may listen to.
TOPICS: dict[Role, frozenset[Topic]] = {
    Role.OPERATOR: frozenset(Topic),
    Role.SUPERVISOR: frozenset(Topic),
    Role.INTEGRATOR: frozenset({Topic.CAMPAIGNS, Topic.ATTEMPTS, Topic.DISPOSITIONS, Topic.ALARMS, Topic.JOBS}),
    Role.AGENT: frozenset({Topic.AGENTS, Topic.CALLS}),
    Role.MONITOR: frozenset({Topic.CAMPAIGNS, Topic.ALARMS}),
}

#: Close codes: those of RFC 6455, and our own from 4000 on.
GOING_AWAY, POLICY, FAILED = 1001, 1008, 1011
UNAUTHORIZED, TOO_SLOW = 4401, 4408

#: Seconds without a byte read by a client whose buffer is full.
STALLED_S = 20.0

#: Seconds between two looks at whether the token still holds.
LOOK_S = 5.0

#: Seconds in which updates gather before a group is told of them: a write to a client costs more than an update.
GATHER_S = 0.02

#: Clients that are written to before the loop does other things.
_CLIENTS_A_TURN = 64

#: Updates of a first message beyond which it is made beside the loop.
_LONG = 200

_ENDS = "the node ends the stream"
_STALLED = "nothing was read for too long"


class _Own:
    # Lets an agent's own updates through: their state, and the calls that are or were theirs.
    def __init__(self, agent_id: int) -> None:
        self._agent_id = agent_id
        self._calls: set[str] = set()

    def __call__(self, update: Update) -> bool:
        if update.topic is Topic.AGENTS:
            return update.key == str(self._agent_id)
        if update.data is not None and update.data.get("agent_id") == self._agent_id:
            self._calls.add(update.key)
            return True
        if update.key in self._calls:
            if update.data is None:
                self._calls.discard(update.key)
            return True
        return False


def filter_of(actor: Actor) -> Callable[[Update], bool] | None:
    """What lets an actor's updates through, None = all of them."""
    return _Own(actor.agent_id) if actor.role is Role.AGENT else None


def _wanted(scope: Scope) -> tuple[list[Topic], int]:
    # topics and resume point of the query; without topics all that the role may listen to
    given = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    allowed = TOPICS[scope["user"].role]
    known = {topic.value: topic for topic in Topic}
    names = given.pop("topics", ",".join(topic.value for topic in Topic if topic in allowed)).split(",")
    after = given.pop("after", "0")
    for name in given:
        raise ProblemError("invalid", f"there is no parameter {name!r} here", field=name)
    if not after.isdecimal() or len(after) > 18:
        raise ProblemError("invalid", "wants the sequence of the last update that was seen", field="after")
    for name in names:
        if name not in known:
            raise ProblemError("invalid", f"no topic {name!r}; there are {', '.join(known)}", field="topics")
        if known[name] not in allowed:
            raise ProblemError("forbidden", f"the token's role may not listen to {name}")
    return list(dict.fromkeys(known[name] for name in names)), int(after)


class _Socket:
    # One WebSocket connection.
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send

    async def accept(self) -> None:
        await self.receive()  # that it wants to connect
        chosen = PROTOCOL if PROTOCOL in self.scope["subprotocols"] else None
        await self.send({"type": "websocket.accept", "subprotocol": chosen, "headers": []})


class _Client:
    # One stream: what it may hear, what it has heard, and where it is fed from.
    def __init__(self, socket: _Socket, topics: Sequence[Topic]) -> None:
        actor: Actor = socket.scope["user"]
        self.socket = socket
        self.topics = topics
        self.masked = not sees_numbers(actor)
        self.wanted = filter_of(actor)
        self.out = _Out(socket)
        self.last = 0  # sequence of the last update that it was sent
        self.is_open = False  # whether the first message was sent
        self.left: asyncio.Future[str] = asyncio.get_running_loop().create_future()


class _Group:
    # Clients who listen to the same and keep up: one subscription feeds them all, with the same bytes.
    def __init__(self, door: ControlPort, frames: FrameCache, topics: Sequence[Topic], *, masked: bool) -> None:
        self._door = door
        self._frames = frames
        self._topics = topics
        self._masked = masked
        self._members: dict[_Client, None] = {}
        self._last = 0  # sequence of the last update that it has heard
        self.users = 0
        self.task = asyncio.create_task(self._run(), name="streams")

    def join(self, client: _Client) -> bool:
        """Feed a client from now on, if it has heard what the group has; `left` tells when that ends."""
        if not 0 < self._last <= client.last or self.task.done():
            return False
        client.left = asyncio.get_running_loop().create_future()
        self._members[client] = None
        return True

    def leave(self, client: _Client, why: str) -> None:
        """Feed a client no more."""
        if client in self._members:
            del self._members[client]
            if not client.left.done():
                client.left.set_result(why)

    async def _run(self) -> None:
        subscription = await self._door.subscribe(self._topics)
        try:
            first = True
            async for batch in subscription:
                if batch and not first:  # the snapshot everybody has had for themselves
                    await self._tell(batch)
                    await asyncio.sleep(GATHER_S)
                first = False
            why = subscription.dropped or _ENDS
        finally:
            subscription.close()
        for client in tuple(self._members):
            self.leave(client, why)

    async def _tell(self, batch: Sequence[Update]) -> None:
        self._last = batch[-1].sequence
        frames = self._frames.of(batch, masked=self._masked)
        for place, client in enumerate(tuple(self._members), start=1):
            if client in self._members and client.last < self._last:
                news = frames
                if client.last >= batch[0].sequence:
                    heard = client.last
                    news = self._frames.of([one for one in batch if one.sequence > heard], masked=self._masked)
                client.last = self._last
                if not client.out.write(news):
                    self.leave(client, "")
            if place % _CLIENTS_A_TURN == 0:
                await asyncio.sleep(0)


class Streams:
    """All live streams of the application."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._frames = FrameCache()
        self._groups: dict[tuple[frozenset[Topic], bool], _Group] = {}
        self._open = 0
        self._dropped = 0

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Feed one client until it goes, its token ends, or it is too slow.

        Raises what refuses the handshake; after it nothing.
        """
        socket = _Socket(scope, receive, send)
        topics, after = _wanted(scope)
        if self._open >= self._api.settings.streams_max:
            raise CapacityError(f"{self._open} streams are open")
        self._open += 1
        try:
            subscription = await self._api.node.door.subscribe(topics, after=after)
            try:
                await socket.accept()
                await self._converse(_Client(socket, topics), subscription)
            finally:
                subscription.close()
        finally:
            self._open -= 1

    def gauges(self) -> dict[str, float]:
        """What monitoring shows of the streams."""
        return {"streams": float(self._open), "streams_dropped_total": float(self._dropped)}

    async def _converse(self, client: _Client, subscription: Subscription) -> None:
        tasks = [
            asyncio.create_task(self._feed(client, subscription)),
            asyncio.create_task(_listen(client.socket)),
            asyncio.create_task(self._watch_token(client.socket)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            code, reason = next(iter(done)).result()
        except Exception:
            log.exception("a live stream failed")
            code, reason = FAILED, "the node failed"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._dropped += code == TOO_SLOW
        if code:
            await _close(client.socket, code, reason)

    async def _feed(self, client: _Client, subscription: Subscription) -> tuple[int, str]:
        if client.wanted is not None or not client.out.is_direct:
            return await self._feed_alone(client, subscription, None) or (GOING_AWAY, _ENDS)
        key = frozenset(client.topics), client.masked
        group = self._groups.get(key)
        if group is None:
            group = _Group(self._api.node.door, self._frames, client.topics, masked=client.masked)
            self._groups[key] = group
        group.users += 1
        try:
            while True:
                ended = await self._feed_alone(client, subscription, group)
                if ended is not None:
                    return ended
                subscription.close()
                why = await client.left
                if why:
                    return TOO_SLOW, why
                if not await client.out.drained():
                    return TOO_SLOW, _STALLED
                subscription = await self._api.node.door.subscribe(client.topics, after=client.last)
        finally:
            subscription.close()
            group.leave(client, _ENDS)
            group.users -= 1
            if not group.users:
                del self._groups[key]
                group.task.cancel()

    async def _feed_alone(
        self, client: _Client, subscription: Subscription, group: _Group | None
    ) -> tuple[int, str] | None:
        # from a subscription of its own, until the group takes it (None) or it ends
        first = True
        async for batch in subscription:
            shown = batch if client.wanted is None else [update for update in batch if client.wanted(update)]
            if first and not (client.is_open and subscription.resumed):
                frames = await _opening(shown, resumed=subscription.resumed, masked=client.masked)
                client.is_open = True
            else:
                frames = self._frames.of(shown, masked=client.masked) if shown else b""
            first = False
            if not (client.out.write(frames) or await client.out.drained()):
                return TOO_SLOW, _STALLED
            if batch:
                client.last = batch[-1].sequence
                if group is not None and group.join(client):
                    return None
        return (TOO_SLOW, subscription.dropped) if subscription.dropped else (GOING_AWAY, _ENDS)

    async def _watch_token(self, socket: _Socket) -> tuple[int, str]:
        session: Session = socket.scope["auth"]
        while True:
            await asyncio.sleep(min(LOOK_S, self._api.sessions.left_s(session)))
            if not await self._api.sessions.holds(session):
                return UNAUTHORIZED, "the token has expired or was revoked"


class _Out:
    # Writes frames: straight to the connection where the server lets us, else as messages when it is drained.
    def __init__(self, socket: _Socket) -> None:
        self._frames = _frames_of(socket)
        self._socket = socket
        self._waiting = b""
        self.is_direct = self._frames is not None

    def write(self, frames: bytes) -> bool:
        """Write; False = call `drained` before writing more."""
        if self._frames is not None:
            return self._frames.write(frames)
        self._waiting += frames
        return False

    async def drained(self) -> bool:
        """Wait until there is room again; False when the client has not read for too long."""
        try:
            async with asyncio.timeout(STALLED_S):
                if self._frames is not None:
                    await self._frames.drained()
                for text in texts_of(self._waiting):
                    await self._socket.send({"type": "websocket.send", "text": text})
        except TimeoutError:
            return False
        self._waiting = b""
        return True


async def _opening(shown: Sequence[Update], *, resumed: bool, masked: bool) -> bytes:
    # a busy floor's takes tens of milliseconds: beside the loop
    if len(shown) <= _LONG:
        return opening(shown, resumed=resumed, masked=masked)
    return await asyncio.to_thread(opening, shown, resumed=resumed, masked=masked)


def _frames_of(socket: _Socket) -> Frames | None:
    extensions: dict[str, Any] = socket.scope.get("extensions") or {}
    return extensions.get(EXTENSION)


async def _listen(socket: _Socket) -> tuple[int, str]:
    # There is nothing that a client could say here: it ends its stream, or is ended.
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return 0, ""
        if message["type"] == "websocket.receive":
            return POLICY, "this stream only tells"


async def _close(socket: _Socket, code: int, reason: str) -> None:
    frames = _frames_of(socket)
    if code == TOO_SLOW and frames is not None:
        frames.give_up(code, reason)
    else:
        await socket.send({"type": "websocket.close", "code": code, "reason": reason})
