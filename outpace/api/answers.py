"""What a request is answered with: a resource as JSON with a few headers, or a stream of bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

import msgspec

from outpace.api.asgi import Receive, Scope, Send
from outpace.api.problems import MEDIA_TYPE, problem_of

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()
_JSON = (b"content-type", b"application/json")
Headers = list[tuple[bytes, bytes]]


class Answer(Generic[T]):
    """A resource and what is said beside it; None as content is an answer without a body.

    Parameters
    ----------
    content : the resource. location : where what was made is found. version : of settings, becomes the ETag.
    """

    __slots__ = ("content", "headers")

    def __init__(self, content: T, *, location: str = "", version: int = 0) -> None:
        self.content = content
        self.headers: Headers = []
        if version:
            self.headers.append((b"etag", b'"%d"' % version))
        if location:
            self.headers.append((b"location", location.encode()))


class Reply:
    """Encoded bytes on their way out, as an ASGI application. The connection cuts off who does not read."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: Headers) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send it."""
        headers = self.headers
        if self.status not in (204, 304):
            headers = [*headers, (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


class StreamReply:
    """A body of unknown length, sent as it is made and as fast as it is read."""

    __slots__ = ("chunks", "headers")

    def __init__(self, chunks: AsyncIterator[bytes], headers: Headers) -> None:
        self.chunks = chunks
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send it. What fails on the way breaks the connection off, so that nobody takes a part for the whole."""
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        async for chunk in self.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def encode(content: Any) -> bytes:
    """JSON."""
    return _ENCODER.encode(content)


def reply(content: Any, status: int, headers: Headers) -> Reply:
    """An answer as bytes."""
    if content is None:
        return Reply(status, b"", headers)
    return Reply(status, _ENCODER.encode(content), [_JSON, *headers])


def reply_of(error: BaseException) -> Reply:
    """An error as problem details."""
    told, headers = problem_of(error)
    lines = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return Reply(told.status, _ENCODER.encode(told), [(b"content-type", MEDIA_TYPE), *lines])
