"""What every request passes before the router sees it: bounds, token, rate limit; and what every answer carries.

Nothing but health and the console's static files (which hold nothing) is reached without a token; not even whether a
path exists.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager

from outpace.api.answers import Headers, reply_of
from outpace.api.asgi import App, Message, Receive, Scope, Send
from outpace.api.auth import bearer_of, bearer_of_subprotocols, header_of
from outpace.api.console import PREFIX, Console
from outpace.api.context import Api
from outpace.api.imports import end_interrupted, prune_rejects
from outpace.api.limits import RateLimit
from outpace.api.problems import ProblemError
from outpace.api.stream import PATH as STREAM
from outpace.api.stream import Streams
from outpace.api.suppression_imports import remove_left
from outpace.api.turns import Turns
from outpace.domain.access import Actor, Role

log = logging.getLogger(__name__)

#: What is reached without a token, beside the console.
OPEN = frozenset({"/health/live", "/health/ready"})
_CONSOLE = ("/", "/console")
_NOBODY = Actor(token_id=0, name="", role=Role.MONITOR)

#: Requests a second and at once with a token that is none, of one address: guessing is slow.
_STRANGERS_PER_S, _STRANGERS_BURST = 5.0, 50

_SAFE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
#: The console is files of our own and talks to this origin; nothing is loaded from elsewhere, nothing is inline.
_CONSOLE_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    b" connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAFE_CONSOLE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-cache"),
    (b"content-security-policy", _CONSOLE_POLICY),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
_TLS = (b"strict-transport-security", b"max-age=31536000")


class Gate:
    """The whole application as a server sees it: the router behind its guard."""

    def __init__(self, app: App, api: Api) -> None:
        self._app = app
        self._api = api
        self._tokens = RateLimit(api.settings.requests_per_s, api.settings.burst)
        self._strangers = RateLimit(_STRANGERS_PER_S, _STRANGERS_BURST)
        self._streams = Streams(api)
        self._console = Console()
        self._turns = Turns()
        self._in_flight = 0
        self._requests = 0
        self._refused = 0
        self._failed = 0
        api.gauges = self._gauges

    async def open(self) -> None:
        """Close what an earlier end has left open."""
        node = self._api.node
        await end_interrupted(node)
        remove_left(node)
        await asyncio.to_thread(prune_rejects, node.folder, self._api.settings.rejects_days)

    async def close(self) -> None:
        """End the jobs."""
        await self._api.jobs.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await self._serve_http(scope, receive, _Safe(scope, send))
        else:
            await self._serve_websocket(scope, receive, send)

    async def _serve_http(self, scope: Scope, receive: Receive, send: _Safe) -> None:
        self._requests += 1
        path = scope["path"]
        try:
            if path in OPEN:
                scope["user"] = _NOBODY
                await self._app(scope, receive, send)
            elif path in _CONSOLE or path.startswith(PREFIX):
                known = header_of(scope["headers"], b"if-none-match", b"")
                await self._console.reply(scope["method"], path, known)(scope, receive, send)
            else:
                with self._place():
                    await self._turns.mine()
                    await self._admit(scope)
                    await self._app(scope, receive, send)
        except Exception as error:
            if send.started:
                # the answer cannot be taken back: the connection breaks off, so that nobody takes it for whole
                log.warning("an answer broke off", extra={"path": path, "reason": str(error)})
                raise
            answer = reply_of(error)
            self._failed += answer.status == 500
            self._refused += answer.status == 429
            await answer(scope, receive, send)

    @contextmanager
    def _place(self) -> Iterator[None]:
        # Bounds who waits for a turn and who was admitted. Files of the console and refusals take no place: whoever
        # leaves those unread keeps nobody out.
        if self._in_flight >= self._api.settings.in_flight_max:
            self._refused += 1
            raise ProblemError("unavailable", "too many requests are under way", headers={"Retry-After": "1"})
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._admit(scope)
            if scope["path"] != STREAM:
                raise ProblemError("not-found", f"the live stream is at {STREAM}")
            await self._streams.serve(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - answered as what it is, before the handshake is done
            await _refuse(scope, receive, send, error)

    async def _admit(self, scope: Scope) -> None:
        token = bearer_of(scope["headers"])
        if not token and scope["type"] == "websocket":
            token = bearer_of_subprotocols(scope["subprotocols"])
        now_ns = self._api.monotonic_ns()
        try:
            session = await self._api.sessions.find(token)
        except ProblemError:
            if token:
                client = scope.get("client")
                self._take(self._strangers, client[0] if client else "", now_ns)
            raise
        self._take(self._tokens, session.actor.token_id, now_ns)
        scope["user"], scope["auth"] = session.actor, session

    def _gauges(self) -> dict[str, float]:
        return {
            "requests_total": float(self._requests),
            "requests_refused_total": float(self._refused),
            "requests_failed_total": float(self._failed),
            "requests_in_flight": float(self._in_flight),
            **self._streams.gauges(),
        }

    def _take(self, limit: RateLimit, key: object, now_ns: int) -> None:
        wait_s = limit.take(key, now_ns)
        if wait_s:
            after = str(math.ceil(wait_s))
            raise ProblemError(
                "too-many-requests", "more requests than the limit allows", headers={"Retry-After": after}
            )


class _Safe:
    # Adds the headers that every answer carries, and remembers whether it has begun.
    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._headers = _SAFE_CONSOLE if scope["path"].startswith("/console") else _SAFE
        if scope["scheme"] == "https":
            self._headers = [*self._headers, _TLS]
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [*message["headers"], *self._headers]
        await self._send(message)


async def _refuse(scope: Scope, receive: Receive, send: Send, error: Exception) -> None:
    # a handshake that is refused is answered like any request, where the server can
    told = reply_of(error)
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    headers = [*told.headers, (b"content-length", b"%d" % len(told.body)), *_SAFE]
    await send({"type": "websocket.http.response.start", "status": told.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": told.body, "more_body": False})
