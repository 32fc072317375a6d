"""One request and what becomes of it, without a socket: how it is written, when it is sent again, what the answer is.

Both clients drive the same `Attempts`; they differ in who waits.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from random import Random
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from outpace.client.errors import NO_PROBLEM, ApiError, BadAnswer, ConnectionFailed, error_of
from outpace.domain.errors import ConfigError
from outpace.domain.version import VERSION

T = TypeVar("T")

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"

_URL, _TOKEN = "OUTPACE_URL", "OUTPACE_TOKEN"
_LOCAL = "http://127.0.0.1:8080"
_IN_PROGRESS = "in-progress"


class Again(Enum):
    """When a request may be sent again.

    ALWAYS: it does no more when it comes twice. UNSENT: only when the node has not acted on it for certain: it was not
    reached, or asked for patience. NEVER: its body cannot be read a second time.
    """

    ALWAYS = "always"
    UNSENT = "unsent"
    NEVER = "never"


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How often a request is sent, and what is waited in between.

    Parameters
    ----------
    attempts : 1 = nothing is sent again.
    first_s, most_s : the wait grows from one to the other, doubling; a random half of it is left out, so that clients
        that failed together do not come back together.
    retry_after_max_s : a node that wants more than this to be waited (`Retry-After`) is not asked again.
    """

    attempts: int = 4
    first_s: float = 0.2
    most_s: float = 10.0
    retry_after_max_s: float = 60.0

    def wait_s(self, attempt: int, random: Random) -> float:
        """Seconds after the attempt, counted from 1."""
        longest: float = min(self.most_s, self.first_s * 2.0 ** min(attempt - 1, 60))
        return longest * (0.5 + 0.5 * random.random())


class Request(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A request: `target` is path and query, `answer` the type of what comes back."""

    method: str
    target: str
    answer: type[T]
    headers: dict[str, str]
    body: bytes | None = None
    again: Again = Again.ALWAYS


class Address(msgspec.Struct, frozen=True):
    """Where the node is, and the token; the token is not shown."""

    url: str
    token: str

    @classmethod
    def of(cls, url: str | None, token: str | None) -> Address:
        """From arguments, else from OUTPACE_URL and OUTPACE_TOKEN. ConfigError: that is no address, no token."""
        found = (url or os.environ.get(_URL) or _LOCAL).rstrip("/")
        parts = urlsplit(found)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ConfigError("url", "wants http:// or https:// with a host, without user and query")
        secret = os.environ.get(_TOKEN, "") if token is None else token
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            raise ConfigError("token", "holds a character that no token has")
        return cls(found, secret)

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        told = {"User-Agent": f"outpace-client/{VERSION}"}
        return {**told, "Authorization": f"Bearer {self.token}"} if self.token else told

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def part(value: object) -> str:
    """A value as a part of a path.

    >>> part("+49301")
    '%2B49301'
    """
    return quote(_text(value), safe="")


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case Enum():
            return str(value.value)
    return str(value)


def call(
    method: str,
    path: str,
    answer: type[T],
    *,
    query: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    media: str = JSON,
    version: int | None = None,
    key: str | None = None,
    again: Again = Again.ALWAYS,
) -> Request[T]:
    """A request.

    Parameters
    ----------
    path : its parts quoted already.
    query : what is None or "" is left out.
    body : to be encoded; what is None is left out unless it is a merge patch. None = there is none, or it is a stream.
    version : of the settings that a change was made on, 0 = whatever is there; None = none is asked for.
    key : idempotency key, "" = one is made; None = none is taken.
    """
    headers = {}
    if version is not None:
        headers["If-Match"] = f'"{version}"' if version else "*"
    if key is not None:
        headers["Idempotency-Key"] = key or secrets.token_hex(16)
    encoded = None
    if body is not None or media != JSON:
        headers["Content-Type"] = media
    if body is not None:
        told = body if media == MERGE_PATCH else {name: value for name, value in body.items() if value is not None}
        encoded = msgspec.json.encode(told)
    wanted = {name: _text(value) for name, value in (query or {}).items() if value is not None and value != ""}
    return Request(
        method=method,
        target=f"{path}?{urlencode(wanted)}" if wanted else path,
        answer=answer,
        headers=headers,
        body=encoded,
        again=again,
    )


class Attempts(Generic[T]):
    """The attempts at one request. `failed` and `answered` say what to wait before the next, or raise."""

    def __init__(self, request: Request[T], retry: Retry, random: Random) -> None:
        self._request = request
        self._retry = retry
        self._random = random
        self._made = 0
        self._in_doubt = False  # whether an attempt before may have been carried out

    def failed(self, error: Exception, *, sent: bool) -> float:
        """Seconds until the next attempt after one that got no answer; `sent`: the node may have read it.

        Raises
        ------
        ConnectionFailed : it is not sent again.
        """
        self._made += 1
        self._in_doubt = self._in_doubt or sent
        again = self._request.again
        if self._made >= self._retry.attempts or again is Again.NEVER or (sent and again is Again.UNSENT):
            what = f"{self._request.method} {self._request.target.partition('?')[0]}"
            raise ConnectionFailed(f"{what}: {str(error) or type(error).__name__}") from error
        return self._retry.wait_s(self._made, self._random)

    def answered(self, status: int, headers: Mapping[str, str], body: bytes) -> float | None:
        """Seconds until the next attempt, None = this is the answer.

        Raises
        ------
        ApiError : the node refused.
        """
        self._made += 1
        if status < 300:
            return None
        if status == 404 and self._request.method == "DELETE" and self._in_doubt:
            return None  # an attempt before has done it
        error = error_of(status, body, seconds(headers.get("retry-after")))
        if not self._may_again(error):
            raise error
        return max(error.retry_after_s or 0.0, self._retry.wait_s(self._made, self._random))

    def decode(self, status: int, body: bytes) -> T:
        """The answer. BadAnswer: it does not fit."""
        if self._request.answer is type(None) or status == 404:
            return cast("T", None)
        return decode(body, self._request.answer)

    def _may_again(self, error: ApiError) -> bool:
        if self._made >= self._retry.attempts or self._request.again is Again.NEVER:
            return False
        if error.retry_after_s is not None and error.status in (429, 503):
            return error.retry_after_s <= self._retry.retry_after_max_s
        # the attempt before is still being carried out; or a proxy got no answer of the node
        doubtful = error.type == _IN_PROGRESS or (error.problem.type == NO_PROBLEM and error.status in (502, 503, 504))
        self._in_doubt = self._in_doubt or doubtful
        return doubtful and self._request.again is Again.ALWAYS


def decode(body: bytes, kind: type[T]) -> T:
    """JSON as a type; `str` is the text itself. BadAnswer: it does not fit."""
    if kind is str:
        return cast("T", body.decode("utf-8", "replace"))
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ConfigError) as error:
        raise BadAnswer(f"an answer that this version ({VERSION}) of the client cannot read: {error}") from error


def seconds(text: str | None) -> float | None:
    """The header Retry-After, None = it says nothing."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None  # a date, which no node writes
