"""The live stream: a snapshot, then what changes, over a WebSocket that a slow client cannot hold up.

Each update is encoded and framed once, however many listen: the frame of a server is the same for everybody who may
see the same. A client that does not read is waited for only here; meanwhile its updates gather in the door's bounded
queue, and when that overflows, or nothing is read for `STALLED_S`, the client is told and let go.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from outpace.api.asgi import Receive, Scope, Send
from outpace.api.auth import Session
from outpace.api.connections import EXTENSION, Frames
from outpace.api.context import Api
from outpace.api.masking import hide_plain
from outpace.api.problems import ProblemError
from outpace.api.roles import sees_numbers
from outpace.domain.access import Actor, Role
from outpace.domain.errors import CapacityError
from outpace.domain.units import NS_PER_S
from outpace.runtime.control import Subscription, Topic, Update

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

_FRAMES_KEPT = 4096
_ENCODER = msgspec.json.Encoder()


def frame(text: bytes) -> bytes:
    """A text message as a server's WebSocket frame (RFC 6455 section 5.2): final, not masked."""
    length = len(text)
    if length < 126:
        return struct.pack("!BB", 0x81, length) + text
    if length < 1 << 16:
        return struct.pack("!BBH", 0x81, 126, length) + text
    return struct.pack("!BBQ", 0x81, 127, length) + text


class FrameCache:
    """Frames of the last updates, one for those who see numbers and one for those who do not."""

    def __init__(self) -> None:
        self._frames: tuple[dict[int, tuple[Update, bytes]], ...] = ({}, {})
        self._last: list[tuple[Sequence[Update], bytes]] = [((), b""), ((), b"")]

    def of(self, batch: Sequence[Update], *, masked: bool) -> bytes:
        """The frames of a batch; the door gives the same one to all who listen to the same and keep up."""
        known, frames = self._last[masked]
        if known is not batch:
            frames = b"".join([self._one(update, masked=masked) for update in batch])
            self._last[masked] = batch, frames
        return frames

    def _one(self, update: Update, *, masked: bool) -> bytes:
        frames = self._frames[masked]
        known = frames.get(id(update))
        if known is None:
            shown = msgspec.structs.replace(update, data=_hidden(update.data)) if masked else update
            known = update, frame(b'{"type":"update",' + _ENCODER.encode(shown)[1:])
            frames[id(update)] = known  # which keeps the update, and so its id
            if len(frames) > _FRAMES_KEPT:
                del frames[next(iter(frames))]
        return known[1]


def _hidden(data: Any) -> Any:
    return hide_plain(msgspec.to_builtins(data))


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


class Streams:
    """All live streams of the application."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._frames = FrameCache()
        self._open = 0

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
                await self._converse(socket, subscription)
            finally:
                subscription.close()
        finally:
            self._open -= 1

    async def _converse(self, socket: _Socket, subscription: Subscription) -> None:
        tasks = [
            asyncio.create_task(self._feed(socket, subscription)),
            asyncio.create_task(_listen(socket)),
            asyncio.create_task(self._watch_token(socket)),
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
        if code:
            await _close(socket, code, reason)

    async def _feed(self, socket: _Socket, subscription: Subscription) -> tuple[int, str]:
        out = _Out(socket)
        actor = socket.scope["user"]
        masked, wanted = not sees_numbers(actor), filter_of(actor)
        first = True
        async for batch in subscription:
            shown = batch if wanted is None else [update for update in batch if wanted(update)]
            if first:
                sent = await out.send(self._opening(shown, resumed=subscription.resumed, masked=masked))
                first = False
            elif shown:
                sent = await out.send(self._frames.of(shown, masked=masked))
            if not sent:
                return TOO_SLOW, f"nothing was read for {STALLED_S:.0f} s"
        return (TOO_SLOW, subscription.dropped) if subscription.dropped else (GOING_AWAY, "the node ends the stream")

    def _opening(self, updates: Sequence[Update], *, resumed: bool, masked: bool) -> bytes:
        # the first message: all there is, or what was missed
        told = [msgspec.structs.replace(one, data=_hidden(one.data)) if masked else one for one in updates]
        return frame(_ENCODER.encode({"type": "resumed" if resumed else "snapshot", "updates": told}))

    async def _watch_token(self, socket: _Socket) -> tuple[int, str]:
        session: Session = socket.scope["auth"]
        while True:
            wait_s = LOOK_S
            if session.expires_ns:
                left_s = (session.expires_ns - self._api.node.now_ns()) / NS_PER_S
                wait_s = min(wait_s, max(left_s, 0.0))
            await asyncio.sleep(wait_s)
            if not await self._api.sessions.holds(session):
                return UNAUTHORIZED, "the token has expired or was revoked"


class _Out:
    # Writes frames: straight to the connection where the server lets us, else as messages.
    def __init__(self, socket: _Socket) -> None:
        self._frames = _frames_of(socket)
        self._socket = socket

    async def send(self, frames: bytes) -> bool:
        """Send; False when the client has not read for too long."""
        if self._frames is not None:
            if self._frames.write(frames):
                return True
            return await _in_time(self._frames.drained())
        for text in _texts(frames):
            if not await _in_time(self._socket.send({"type": "websocket.send", "text": text})):
                return False
        return True


def _frames_of(socket: _Socket) -> Frames | None:
    extensions: dict[str, Any] = socket.scope.get("extensions") or {}
    return extensions.get(EXTENSION)


async def _in_time(sending: Any) -> bool:
    try:
        await asyncio.wait_for(sending, STALLED_S)
    except TimeoutError:
        return False
    return True


def _texts(frames: bytes) -> list[str]:
    # the texts of frames that were made by `frame`
    texts, place = [], 0
    while place < len(frames):
        length, place = frames[place + 1], place + 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length, place = int.from_bytes(frames[place : place + size], "big"), place + size
        texts.append(frames[place : place + length].decode())
        place += length
    return texts


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
