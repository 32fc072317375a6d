"""uvicorn's connections with what a public door needs: bounded heads, and frames made once for many clients."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

#: Bytes of a request's first line and headers, and seconds that they may take to come.
HEAD_MAX = 32 * 1024
HEAD_S = 20.0

#: Seconds that a client may leave an answer unread.
STALLED_S = 60.0

#: Key of the connection's `Frames` in the extensions of the ASGI scope.
EXTENSION = "outpace.frames"

#: Bytes that may wait for a client to read them; then the writer waits.
BUFFER_MAX = 256 * 1024

#: Seconds that a client has to take the last words before it is cut off.
_LAST_WORDS_S = 2.0


class Frames(Protocol):
    """Writes finished frames."""

    def write(self, frames: bytes) -> bool:
        """Write; False when the client does not keep up: wait for `drained` before writing more."""

    async def drained(self) -> None:
        """Return when there is room again, or the client is gone."""

    def give_up(self, code: int, reason: str) -> None:
        """Tell the client why, if it still reads, and end the connection soon in any case."""


class StreamProtocol(WebSocketsSansIOProtocol):
    """A WebSocket connection; give it to uvicorn as `ws`. Extensions that change frames must be off."""

    def handle_connect(self, event: Request) -> None:
        """Offer the extension to the application."""
        super().handle_connect(event)
        if not self.close_sent:
            self.transport.set_write_buffer_limits(BUFFER_MAX)
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self  # the application's task has not begun yet

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of what leads back here: else all of it, and the transport's buffers, waited for a full collection."""
        super().connection_lost(exc)
        if hasattr(self, "scope"):  # the handshake was whole
            self.scope["extensions"].pop(EXTENSION, None)
        self.conn.parser.close()

    def keepalive_timeout(self) -> None:
        """End the connection of who answers no ping, soon also if they do not read."""
        was_sent = self.close_sent
        super().keepalive_timeout()
        if self.close_sent and not was_sent:
            self.close_timer = self.loop.call_later(_LAST_WORDS_S, self.transport.abort)

    async def send(self, message: ASGISendEvent) -> None:
        """Send, if the client is still there; a handshake that was refused with a whole answer is complete."""
        if self.close_sent:
            return  # the last word was said while the application had more to say
        try:
            await super().send(message)
        except ClientDisconnected:
            return  # no fault of anybody's; `receive` tells of it
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def send_receive_event_to_app(self) -> None:
        """Tell that a message came; what it says is not read, so that it need not be text either."""
        self.curr_msg_data_type = "bytes"
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer a ping; who sends them and reads no answers is cut off."""
        if self.transport.get_write_buffer_size() > BUFFER_MAX:
            self.transport.abort()
            return
        super().handle_ping()

    def write(self, frames: bytes) -> bool:
        """See `Frames`."""
        if not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(frames)
        return self.writable.is_set()

    async def drained(self) -> None:
        """See `Frames`."""
        await self.writable.wait()

    def give_up(self, code: int, reason: str) -> None:
        """See `Frames`."""
        if self.close_sent or self.disconnected:
            return
        self.stop_keepalive()
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.close_timer = self.loop.call_later(_LAST_WORDS_S, self.transport.abort)


class HttpProtocol(HttpToolsProtocol):
    """An HTTP connection whose client has to say what it wants, in few words and soon; give it to uvicorn as `http`."""

    _in_head = True
    _head = 0
    _late: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEAD_S, self._close_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        self._stop_looking()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Let answers wait for a client that does not read, not for ever."""
        super().pause_writing()
        if self._stalled is None:
            self._look_later()

    def resume_writing(self) -> None:
        """Go on."""
        self._stop_looking()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that is too long ends the connection."""
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > HEAD_MAX and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        if self._late is None:
            self._late = self.loop.call_later(HEAD_S, self._close_late)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head has ended; what follows is counted by who reads it."""
        self._in_head = False
        self._head = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes now is the next head."""
        self._in_head = True
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to `StreamProtocol`; nobody tells this one when it is lost."""
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # as uvicorn does it when a connection is lost: it leads back here

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _look_later(self) -> None:
        self._stalled = self.loop.call_later(STALLED_S, self._look, self.transport.get_write_buffer_size())

    def _look(self, before: int) -> None:
        # A long answer that is written may take its time while it is read. One that cannot be written ends: what waits
        # to write it would else wait until the client goes.
        self._stalled = None
        cycle: Any = self.cycle  # None before the first request
        is_written = cycle is None or cycle.response_complete
        if is_written and self.transport.get_write_buffer_size() < before:
            self._look_later()
        else:
            self.transport.abort()

    def _stop_looking(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _close_late(self) -> None:
        self._late = None
        self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()
