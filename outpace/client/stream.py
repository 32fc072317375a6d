"""The live stream as a plain iterable: it survives a node that starts anew, and says what was missed.

`Following` holds what both clients share and touches no socket: where to go on, what to wait, when to give up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from random import Random
from types import TracebackType
from typing import Any, Self

import websockets.asyncio.client
import websockets.sync.client
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from outpace.client.errors import ApiError, ConnectionFailed, error_of, refusal
from outpace.client.messages import Interrupted, Message, Snapshot, Update, messages_of
from outpace.client.requests import Address, Retry, call, seconds
from outpace.domain.wire import Problem, Topic

PATH = "/v1/stream"

#: Close codes after which the node would only say the same again: kind of problem, status and title.
_ENDS = {4401: ("unauthorized", 401, "No valid token"), 1008: ("forbidden", 403, "The stream only tells")}
_MESSAGE_MAX = 64 << 20
_PASSING = (429, 502, 503, 504)

#: The library writes the headers of the handshake, and so the token, at the level DEBUG: they do not get through.
_log = logging.getLogger("outpace.client.stream")
_log.addFilter(lambda record: record.levelno > logging.DEBUG)

#: Errors of a connection that is not there, or not any more.
BROKEN = (OSError, TimeoutError, EOFError, InvalidHandshake, InvalidMessage, ConnectionClosed)


class Following:
    """Where a stream stands.

    Parameters
    ----------
    topics : none = all that the role may listen to. after : sequence of the last update that was told, 0 = none.
    give_up_s : longest wait for the stream to come back before ConnectionFailed, None = for ever. A node that was
        never there is tried as often as any request.
    """

    def __init__(
        self,
        address: Address,
        topics: Iterable[Topic | str],
        *,
        after: int,
        retry: Retry,
        random: Random,
        give_up_s: float | None,
    ) -> None:
        self._address = address
        self._topics = ",".join(topic.value if isinstance(topic, Topic) else topic for topic in topics)
        self._retry = retry
        self._random = random
        self._give_up_s = give_up_s
        self._failures = 0
        self._waited_s = 0.0
        self._was_there = False
        self.last = after

    @property
    def address(self) -> str:
        """Where to connect now."""
        query = {"topics": self._topics, "after": self.last or None}
        return "ws" + self._address.url.removeprefix("http") + call("GET", PATH, object, query=query).target

    def options(self, timeout_s: float, verify: ssl.SSLContext | bool) -> dict[str, Any]:
        """How to connect."""
        secure = ssl_context(verify) if self._address.url.startswith("https") else None
        return {
            "additional_headers": self._address.headers,
            "user_agent_header": None,
            "open_timeout": timeout_s,
            "close_timeout": 1.0,
            "max_size": _MESSAGE_MAX,
            "compression": None,
            "logger": _log,
            "ssl": secure,
        }

    def heard(self, text: str | bytes) -> list[Message]:
        """Messages of a frame, each to be given to `tell` in its turn: the caller may leave half-way."""
        messages = messages_of(text)
        self._failures, self._waited_s, self._was_there = 0, 0.0, True
        return messages

    def tell(self, message: Message) -> Message:
        """The message, as the last that was told."""
        if isinstance(message, Update):
            self.last = message.sequence
        elif isinstance(message, Snapshot) and message.updates:
            self.last = message.updates[-1].sequence
        return message

    def broken(self, error: Exception) -> tuple[Interrupted | None, float]:
        """What to tell of a stream that broke off or did not come about, and the seconds until the next attempt.

        Raises
        ------
        ApiError : the node wants no more of it: the token has ended, a topic is not for the role.
        ConnectionFailed : it has been away for longer than it may.
        """
        refused = _refused(error)
        if refused is not None and refused.status not in _PASSING:
            raise refused from error
        self._failures += 1
        told = None
        if self._failures == 1:
            end = error.rcvd if isinstance(error, ConnectionClosed) else None
            told = Interrupted(
                code=end.code if end else None, reason=(end.reason if end else "") or str(refused or error)
            )  # fmt: skip
        wait_s = self._retry.wait_s(self._failures, self._random)
        if refused is not None and refused.retry_after_s is not None:
            wait_s = max(wait_s, min(refused.retry_after_s, self._retry.retry_after_max_s))
        gone = self._give_up_s is not None and self._waited_s + wait_s > self._give_up_s
        if gone or (not self._was_there and self._failures >= self._retry.attempts):
            raise ConnectionFailed(f"no live stream: {refused or error}") from error
        self._waited_s += wait_s
        return told, wait_s


def ssl_context(verify: ssl.SSLContext | bool) -> ssl.SSLContext:
    """How the node's certificate is checked; False = not at all."""
    if isinstance(verify, ssl.SSLContext):
        return verify
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _refused(error: Exception) -> ApiError | None:
    # the node's own word, where it has said one
    if isinstance(error, InvalidStatus):
        response = error.response
        after_s = seconds(response.headers.get("Retry-After"))
        return error_of(response.status_code, bytes(response.body or b""), after_s)
    end = error.rcvd if isinstance(error, ConnectionClosed) else None
    if end is None or end.code not in _ENDS:
        return None
    slug, status, title = _ENDS[end.code]
    return refusal(Problem(type=f"urn:outpace:problem:{slug}", title=title, status=status, detail=end.reason))


class Stream:
    """The live stream for one thread: iterate over it; `close`, from any thread, ends it."""

    def __init__(self, following: Following, timeout_s: float, verify: ssl.SSLContext | bool) -> None:
        self._following = following
        self._timeout_s = timeout_s
        self._verify = verify
        self._closed = threading.Event()
        self._connection: websockets.sync.client.ClientConnection | None = None

    @property
    def last(self) -> int:
        """Sequence of the last update that was told; `after` of a stream that is to go on there."""
        return self._following.last

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._closed.set()
        connection = self._connection
        if connection is not None:
            connection.close()

    def __iter__(self) -> Iterator[Message]:
        while not self._closed.is_set():
            options = self._following.options(self._timeout_s, self._verify)
            try:
                with websockets.sync.client.connect(self._following.address, **options) as connection:
                    self._connection = connection
                    while not self._closed.is_set():
                        for message in self._following.heard(connection.recv()):
                            yield self._following.tell(message)
            except BROKEN as error:
                if self._closed.is_set():
                    return
                told, wait_s = self._following.broken(error)
            finally:
                self._connection = None
            if told is not None:
                yield told
            self._closed.wait(wait_s)


class AsyncStream:
    """The live stream for a task: iterate over it; leaving its context, or `close`, ends it."""

    def __init__(self, following: Following, timeout_s: float, verify: ssl.SSLContext | bool) -> None:
        self._following = following
        self._timeout_s = timeout_s
        self._verify = verify
        self._closed = asyncio.Event()
        self._connection: websockets.asyncio.client.ClientConnection | None = None

    @property
    def last(self) -> int:
        """Sequence of the last update that was told; `after` of a stream that is to go on there."""
        return self._following.last

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End it."""
        self._closed.set()
        connection = self._connection
        if connection is not None:
            await connection.close()

    async def __aiter__(self) -> AsyncIterator[Message]:
        while not self._closed.is_set():
            options = self._following.options(self._timeout_s, self._verify)
            try:
                async with websockets.asyncio.client.connect(self._following.address, **options) as connection:
                    self._connection = connection
                    while not self._closed.is_set():
                        for message in self._following.heard(await connection.recv()):
                            yield self._following.tell(message)
            except BROKEN as error:
                if self._closed.is_set():
                    return
                told, wait_s = self._following.broken(error)
            finally:
                self._connection = None
            if told is not None:
                yield told
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), wait_s)
