"""One AMI connection and the link that keeps one alive: asyncio glue around the codec. Knows no call and no agent.

A connection logs in, waits until Asterisk has booted, asks for the events that are wanted and no others, matches
responses and list events to actions by ActionID, and pings. Events, and responses in their order among them, go to the
handler as they are read; reading is as fast as the handler, so a slow one slows Asterisk down by TCP's own means.
What is written while the transport is full waits here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from outpace.domain.errors import LinkDown, RemoteProtocolError, TelephonyError
from outpace.telephony.asterisk._ami import EventReader, Message, encode_action
from outpace.telephony.asterisk.settings import AsteriskSettings

log = logging.getLogger(__name__)

Fields = Iterable[tuple[str, str]]
Row = tuple[str, ...]
#: Takes an action's response and the rows of its list; None = time or link ran out.
Done = Callable[[Message | None, list[Row]], None]

#: Events in answer to a list action: their first wanted field is the ActionID. The last row's event ends in Complete.
LISTS: dict[str, tuple[str, ...]] = {
    "CoreShowChannel": ("ActionID", "Uniqueid", "Channel", "ChannelState", "BridgeId", "Linkedid"),
    "CoreShowChannelsComplete": ("ActionID",),
    "DAHDIShowStatus": ("ActionID", "Span", "Alarms"),
    "DAHDIShowStatusComplete": ("ActionID",),
    "DBGetTreeResponse": ("ActionID", "Key", "Val"),
    "DBGetTreeComplete": ("ActionID",),
}

_CLASSES = "system,call,user,originate"
_UNWANTED = (
    "!Event: (NewConnectedLine|NewCallerid|NewAccountCode|DialBegin|DialState|DialEnd|SoftHangupRequest"
    "|DeviceStateChange|BridgeCreate|BridgeDestroy|LocalBridge|MusicOnHold.*|RTCP.*|ChannelTalking.*|ContactStatus"
    "|PeerStatus|Registry|Rename|Cdr|TestEvent|Hold|Unhold|AGIExec.*|Dtmf.*|DTMF.*)"
)
_HIGH_WATER = 256 * 1024
_SWEEP_S = 0.25


class Handler(Protocol):
    """Who takes what a link reads."""

    def on_event(self, row: Row) -> None:
        """One wanted event."""

    def on_batch_end(self) -> None:
        """All that was read at once has been handed over."""

    async def on_up(self, connection: AmiConnection) -> None:
        """A connection is ready; the link is up when this returns. Raises LinkDown when it is lost meanwhile."""

    def on_down(self, reason: str) -> None:
        """The link that was up is gone."""


class _Waiting:
    """An action without its answer."""

    __slots__ = ("deadline", "done", "rows", "start")

    def __init__(self, done: Done, deadline: float) -> None:
        self.done = done
        self.deadline = deadline
        self.rows: list[Row] = []
        self.start: Message | None = None  # the response that announced a list


class AmiConnection(asyncio.Protocol):
    """One connection, from the banner to its loss. Made by `open_connection`."""

    def __init__(self, settings: AsteriskSettings, wanted: dict[str, tuple[str, ...]], handler: Handler) -> None:
        self._settings = settings
        self._handler = handler
        self._reader = EventReader(LISTS | wanted | {"FullyBooted": ("Status",)})
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[str, _Waiting] = {}
        self._backlog: deque[bytes] = deque()
        self._sequence = 0
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._next_ping = float("inf")
        self.booted: asyncio.Future[None] = self._loop.create_future()
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self.round_trip_s = 0.0

    # ---- asyncio.Protocol ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit it
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)
        self._timer = self._loop.call_later(_SWEEP_S, self._sweep)

    def data_received(self, data: bytes) -> None:
        try:
            for item in self._reader.feed(data):
                if isinstance(item, Message):
                    self._response(item)
                elif item[0] in LISTS:
                    self._listed(item)
                elif item[0] == "FullyBooted":
                    if not self.booted.done():
                        self.booted.set_result(None)
                else:
                    self._handler.on_event(item)
        except RemoteProtocolError as error:
            self.drop(f"the switch does not speak AMI: {error}")
        self._handler.on_batch_end()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(f"connection lost: {exc}" if exc else "the switch closed the connection")

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        while self._backlog and not self._paused and self._transport is not None:
            self._transport.write(self._backlog.popleft())

    # ---- actions ---------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether the switch reads more slowly than we write."""
        return self._paused

    @property
    def outstanding(self) -> int:
        """Actions without their answer."""
        return len(self._waiting)

    def send(
        self,
        name: str,
        fields: Fields,
        done: Done,
        *,
        action_id: str = "",
        timeout_s: float = 0.0,
    ) -> None:
        """Send an action; `done` gets its response and the rows of its list, or None when time or link ran out.

        Raises LocalProtocolError, and sends nothing, when a value would break the protocol.
        """
        if not action_id:
            self._sequence += 1
            action_id = str(self._sequence)
        data = encode_action(name, fields, action_id)
        deadline = self._loop.time() + (timeout_s or self._settings.action_timeout_s)
        if self.lost.done():
            self._loop.call_soon(done, None, [])
            return
        self._waiting[action_id] = _Waiting(done, deadline)
        if self._paused or self._transport is None:
            self._backlog.append(data)
        else:
            self._transport.write(data)

    async def ask(self, name: str, fields: Fields = (), *, timeout_s: float = 0.0) -> tuple[Message, list[Row]]:
        """Send an action and wait for its response and rows. Raises LinkDown when time or link ran out."""
        answer: asyncio.Future[tuple[Message | None, list[Row]]] = self._loop.create_future()

        def done(message: Message | None, rows: list[Row]) -> None:
            if not answer.done():
                answer.set_result((message, rows))

        self.send(name, fields, done, timeout_s=timeout_s)
        message, rows = await answer
        if message is None:
            raise LinkDown(self.lost.result() if self.lost.done() else f"no answer to {name}")
        return message, rows

    def drop(self, reason: str) -> None:
        """Give the connection up at once."""
        self._finish(reason)
        if self._transport is not None:
            self._transport.abort()

    # ---- inside ----------------------------------------------------------------------------------------------

    def _finish(self, reason: str) -> None:
        if self.lost.done():
            return
        self.lost.set_result(reason)
        if not self.booted.done():
            self.booted.cancel()
        if self._timer is not None:
            self._timer.cancel()
        waiting, self._waiting = self._waiting, {}
        self._backlog.clear()
        for one in waiting.values():
            one.done(None, [])

    def _response(self, message: Message) -> None:
        waiting = self._waiting.get(message.action_id)
        if waiting is None:
            return
        if message.response != "Error" and message.get("EventList") == "start":
            waiting.start = message
            return
        del self._waiting[message.action_id]
        waiting.done(message, [])

    def _listed(self, row: Row) -> None:
        waiting = self._waiting.get(row[1])
        if waiting is None:
            return
        if not row[0].endswith("Complete"):
            waiting.rows.append(row)
            return
        del self._waiting[row[1]]
        waiting.done(waiting.start, waiting.rows)

    def _sweep(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_later(_SWEEP_S, self._sweep)
        for action_id in [key for key, one in self._waiting.items() if one.deadline <= now]:
            one = self._waiting.pop(action_id, None)
            if one is not None:
                one.done(None, [])
        if now >= self._next_ping:
            self._next_ping = now + self._settings.ping_s
            self.send("Ping", (), self._pong(now), timeout_s=self._settings.stale_s)
        self._handler.on_batch_end()

    def start_pings(self) -> None:
        """Ping from now on."""
        self._next_ping = self._loop.time()

    def _pong(self, sent: float) -> Done:
        def done(message: Message | None, _: list[Row]) -> None:
            if message is not None:
                self.round_trip_s = self._loop.time() - sent
            elif not self.lost.done():
                self.drop(f"stale: a ping was not answered in {self._settings.stale_s:g} s")

        return done


async def open_connection(
    settings: AsteriskSettings, wanted: dict[str, tuple[str, ...]], handler: Handler
) -> AmiConnection:
    """Connect, log in, wait for the boot, subscribe. Raises LinkDown with who was refused and why."""
    loop = asyncio.get_running_loop()
    where = f"{settings.host}:{settings.port}"
    try:
        async with asyncio.timeout(settings.connect_timeout_s):
            _, connection = await loop.create_connection(
                lambda: AmiConnection(settings, wanted, handler), settings.host, settings.port
            )
    except (OSError, TimeoutError) as error:
        raise LinkDown(f"no connection to Asterisk at {where}: {str(error) or 'timed out'}") from error
    try:
        await _login(connection, settings, where)
    except (TelephonyError, asyncio.CancelledError) as error:
        connection.drop(str(error))
        raise
    connection.start_pings()
    return connection


async def _login(connection: AmiConnection, settings: AsteriskSettings, where: str) -> None:
    credentials = [("Username", settings.username), ("Secret", settings.secret), ("Events", _CLASSES)]
    answer, _ = await connection.ask("Login", credentials, timeout_s=settings.connect_timeout_s)
    if answer.response != "Success":
        raise LinkDown(f"login as {settings.username!r} at {where} refused: {answer.get('Message')}")
    filtered, _ = await connection.ask("Filter", [("Operation", "Add"), ("Filter", _UNWANTED)])
    if filtered.response != "Success":
        log.warning("%s may not filter events (%s): more are read than needed", where, filtered.get("Message"))
    ends: list[asyncio.Future[Any]] = [connection.booted, connection.lost]
    done, _ = await asyncio.wait(ends, timeout=settings.boot_timeout_s, return_when=asyncio.FIRST_COMPLETED)
    if connection.lost.done():
        raise LinkDown(connection.lost.result())
    if not done:
        raise LinkDown(
            f"{where} has not booted in {settings.boot_timeout_s:g} s (or {settings.username!r} lacks read = system)"
        )


class AmiLink:
    """Keeps one connection alive: connects, hands it over, and after a loss connects again with growing pauses."""

    def __init__(self, settings: AsteriskSettings, wanted: dict[str, tuple[str, ...]], handler: Handler) -> None:
        self._settings = settings
        self._wanted = wanted
        self._handler = handler
        self._task: asyncio.Task[None] | None = None
        self.connection: AmiConnection | None = None
        self.reason = "not connected"
        self.reconnects = 0

    async def open(self) -> None:
        """Make the first connection; raises LinkDown when it can't be made. From then on the link mends itself."""
        await self._connect()
        self._task = asyncio.get_running_loop().create_task(self._keep(), name="asterisk-link")

    async def close(self) -> None:
        """Log off and stop."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.drop("closed")

    async def _connect(self) -> None:
        connection = await open_connection(self._settings, self._wanted, self._handler)
        try:
            await self._handler.on_up(connection)
        except BaseException as error:  # whatever it was: half a link is no link
            connection.drop(str(error))
            raise
        self.connection = connection

    async def _keep(self) -> None:
        pause = self._settings.backoff_s
        while True:
            if self.connection is not None:
                self.reason = await asyncio.shield(self.connection.lost)
                self.connection = None
                self._handler.on_down(self.reason)
            await asyncio.sleep(pause)
            try:
                await self._connect()
                self.reconnects += 1
                pause = self._settings.backoff_s
            except Exception as error:  # a defect in reading the switch must not end the trying
                self.reason = str(error)
                pause = min(2.0 * pause, self._settings.backoff_max_s)
                defect = None if isinstance(error, TelephonyError) else error
                log.warning("%s; again in %g s", error, pause, exc_info=defect)
