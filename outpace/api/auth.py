"""Bearer tokens: made here, kept hashed in the store, looked up once in a while.

Their times are the wall's, whatever the engine's clock does.

A token is 32 random bytes, so that a plain SHA-256 of it cannot be guessed back. What is looked up is remembered for
`FRESH_NS`: a token that was revoked in another process ends within that time, one that was revoked here at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from outpace.api.node import ApiNode
from outpace.api.problems import ProblemError
from outpace.domain.access import Actor, Role
from outpace.domain.units import NS_PER_S

D = TypeVar("D")

PREFIX = "outpace_"
#: In the list of WebSocket subprotocols a token follows this: browsers can set no other header there.
SUBPROTOCOL = "bearer."

FRESH_NS = 5 * NS_PER_S
_REMEMBERED = 10_000
_LONGEST = 200


class Session(msgspec.Struct, frozen=True):
    """A token that was given out: who it is, its hash, and when it ends (0 = never)."""

    actor: Actor
    key: str
    expires_ns: int


class _Seen(msgspec.Struct, frozen=True):
    session: Session | None  # None = there is no such token
    at_ns: int


def new_token() -> str:
    """A token that nobody has."""
    return PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def header_of(headers: Iterable[tuple[bytes, bytes]], wanted: bytes, default: D) -> bytes | D:
    """The value of a header, or the default where it is not there. `wanted` in lower case."""
    for name, value in headers:
        if name == wanted:
            return value
    return default


def bearer_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The token of a request's headers, "" = none."""
    scheme, _, token = header_of(headers, b"authorization", b"").partition(b" ")
    return token.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""


def bearer_of_subprotocols(subprotocols: list[str]) -> str:
    """The token among a WebSocket's subprotocols, "" = none."""
    found = (one.removeprefix(SUBPROTOCOL) for one in subprotocols if one.startswith(SUBPROTOCOL))
    return next(found, "")


class Sessions:
    """Who a token is.

    Parameters
    ----------
    wall_ns, monotonic_ns : clocks; tests give their own.
    """

    def __init__(self, node: ApiNode, wall_ns: Callable[[], int], monotonic_ns: Callable[[], int]) -> None:
        self._node = node
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._known: OrderedDict[str, _Seen] = OrderedDict()  # by hash
        self._asking: dict[str, asyncio.Future[Session | None]] = {}

    async def find(self, token: str) -> Session:
        """The session of a token. ProblemError `unauthorized`: there is none."""
        if not token:
            raise _refused("a token is needed: Authorization: Bearer TOKEN", "")
        if len(token) > _LONGEST:
            raise _refused("no such token", 'error="invalid_token"')
        session = await self._find(token_hash(token))
        if session is None:
            raise _refused("no such token, or it was revoked", 'error="invalid_token"')
        if self._is_over(session):
            raise _refused("the token has expired", 'error="invalid_token", error_description="expired"')
        return session

    async def holds(self, session: Session) -> bool:
        """Whether a session that was found before still holds."""
        found = await self._find(session.key)
        return found is not None and not self._is_over(found)

    def left_s(self, session: Session) -> float:
        """Seconds until a session's token expires; infinite when it never does."""
        if not session.expires_ns:
            return math.inf
        return max(0.0, (session.expires_ns - self._wall_ns()) / NS_PER_S)

    def forget(self) -> None:
        """Look every token up again: one was revoked."""
        self._known.clear()

    def _is_over(self, session: Session) -> bool:
        return 0 < session.expires_ns <= self._wall_ns()

    async def _find(self, key: str) -> Session | None:
        seen = self._known.get(key)
        if seen is not None and seen.at_ns + FRESH_NS > self._monotonic_ns():
            return seen.session
        return await self._ask(key)

    async def _ask(self, key: str) -> Session | None:
        # many requests of one token at once ask the store once
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.ensure_future(self._look_up(key))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(asking)

    async def _look_up(self, key: str) -> Session | None:
        stored = await self._node.read(lambda store: store.token(key))
        session = None
        if stored is not None and not stored.revoked_ns:
            actor = Actor(token_id=stored.token_id, name=stored.name, role=stored.role, agent_id=stored.agent_id)
            session = Session(actor, key, stored.expires_ns)
        self._known[key] = _Seen(session, self._monotonic_ns())
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return session


def require(actor: Actor, roles: frozenset[Role]) -> None:
    """ProblemError `forbidden` when the actor's role is none of these."""
    if actor.role not in roles:
        wanted = ", ".join(sorted(role.value for role in roles))
        raise ProblemError("forbidden", f"this is for {wanted}, and the token's role is {actor.role.value}")


def require_own(actor: Actor, agent_id: int) -> None:
    """ProblemError `forbidden` when an agent asks for what is another's."""
    if actor.role is Role.AGENT and actor.agent_id != agent_id:
        raise ProblemError("forbidden", "agents see and do what is their own")


def _refused(detail: str, why: str) -> ProblemError:
    challenge = 'Bearer realm="outpace"' + (f", {why}" if why else "")
    return ProblemError("unauthorized", detail, headers={"WWW-Authenticate": challenge})
