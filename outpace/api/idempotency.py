"""Idempotency keys: a POST that is sent again with the same key is answered as the first time and done once.

Only what succeeded is remembered: a request that was refused has changed nothing and may be sent again. The store
forgets an answer after a day. While the first request is under way the key is taken. A node that dies, or whose store
takes nothing, between the act and the remembering, does not know the key afterwards; what may not happen twice (a call
to one number, a second lead, campaign or agent of the same name) the store itself forbids.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable

from outpace.api.answers import Reply
from outpace.api.node import ApiNode
from outpace.api.problems import ProblemError
from outpace.domain.access import Actor
from outpace.domain.errors import StoreError

log = logging.getLogger(__name__)

KEY_MAX = 200


def digest_of(*parts: bytes) -> str:
    """What tells one request from another."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:" % len(part))
        whole.update(part)
    return whole.hexdigest()


class Idempotency:
    """Remembers answers by key and token."""

    def __init__(self, node: ApiNode) -> None:
        self._node = node
        self._running: set[tuple[str, str]] = set()

    async def once(self, key: str, actor: Actor, digest: str, run: Callable[[], Awaitable[Reply]]) -> Reply:
        """The remembered answer, or that of `run`.

        Raises
        ------
        ProblemError : `key-reused` for another request under the key, `in-progress` while the first is under way.
        """
        if not 1 <= len(key) <= KEY_MAX or not key.isascii() or not key.isprintable():
            raise ProblemError("invalid", f"wants 1 to {KEY_MAX} printable characters", field="Idempotency-Key")
        mine = (f"token:{actor.token_id}", key)
        if mine in self._running:
            raise ProblemError("in-progress", "the same key is being worked on", headers={"Retry-After": "1"})
        self._running.add(mine)
        try:
            asked_ns = self._node.now_ns()
            known = await self._node.read(lambda store: store.answer_of(key, mine[0], asked_ns))
            if known is not None:
                if known.digest != digest:
                    raise ProblemError("key-reused", "it was sent with another request", field="Idempotency-Key")
                return _again(known.status, known.body)
            answer = await run()
            if answer.status < 300:
                await self._remember(key, mine[0], digest, answer)
            return answer
        finally:
            self._running.discard(mine)

    async def _remember(self, key: str, actor: str, digest: str, answer: Reply) -> None:
        # it is done, whatever the store says now: who is told otherwise would do it again
        body, now_ns = _kept(answer), self._node.now_ns()
        try:
            await self._node.write(lambda store: store.remember_answer(key, actor, digest, answer.status, body, now_ns))
        except StoreError as error:
            log.warning("an answer could not be remembered: %s", error, extra={"actor": actor})


def _kept(answer: Reply) -> bytes:
    # headers, a blank line, the body: as it goes over the wire
    lines = b"".join(b"%s: %s\r\n" % line for line in answer.headers)
    return lines + b"\r\n" + answer.body


def _again(status: int, kept: bytes) -> Reply:
    head, _, body = kept.partition(b"\r\n\r\n") if not kept.startswith(b"\r\n") else (b"", b"", kept[2:])
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in head.split(b"\r\n") if line)]
    return Reply(status, body, [*headers, (b"idempotent-replayed", b"true")])
