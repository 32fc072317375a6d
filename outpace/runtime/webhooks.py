"""Events posted to platforms: signed, in order, tried again, and kept as dead letters where nobody takes them.

Each webhook has a queue and a task of its own, so that a slow one holds up nobody else. A request carries up to
`BATCH_MAX` events as `{"events": [...]}`, and is signed: the header `Outpace-Signature: t=TIME,v1=HEX` holds
HMAC-SHA256 over `TIME.BODY` under the webhook's secret; TIME is seconds of UTC, so that old requests can be refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from outpace.domain.errors import ConfigError, StateError
from outpace.domain.resources import WebhookView
from outpace.domain.units import NS_PER_S
from outpace.domain.version import VERSION
from outpace.domain.wire import Topic
from outpace.runtime import views
from outpace.runtime.clock import wall_ns
from outpace.runtime.control import Update
from outpace.runtime.hub import Hub
from outpace.runtime.webhook_post import Poster
from outpace.store.access import DEAD_LETTERS_MAX, StoredWebhook

log = logging.getLogger(__name__)

#: Webhooks at a time: each may keep a thread busy.
WEBHOOKS_MAX = 32

#: Events in one request.
BATCH_MAX = 100

#: Events that may wait for one webhook; what is beyond becomes dead letters.
QUEUE_MAX = 10_000

#: Real seconds before each further attempt; after the last one the events are dead letters.
RETRY_AFTER_S = (1.0, 5.0, 30.0, 120.0, 600.0)

#: Real seconds that a request may take.
TIMEOUT_S = 10.0

#: Real seconds between two jobs on the store for what finds the queue full: it may be every event.
BURY_EVERY_S = 1.0

#: Takes events that were not delivered, with the number of attempts and the error; gives what tells whether they are
#: kept by now.
Bury = Callable[[int, Sequence[bytes], int, str], Callable[[], bool]]


class Event(NamedTuple):
    """An event on its way; `letter_id` of the dead letter that it was, else 0."""

    body: bytes
    letter_id: int = 0


def check_url(url: str) -> None:
    """Raise ConfigError for what cannot be posted to."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - looks whether it is a number
    except ValueError as error:
        raise ConfigError("url", str(error)) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise ConfigError("url", "wants http:// or https:// with a host, without user or fragment")
    if not url.isascii() or any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise ConfigError("url", "holds a character that an address must not have")


def origin(url: str) -> str:
    """What may be told of an address: its path and query are often the secret.

    >>> origin("https://platform.example:8443/hooks/T0/B1?key=x")
    'https://platform.example:8443'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def signature(secret: str, now_s: int, body: bytes) -> str:
    """The header `Outpace-Signature` of a body.

    >>> signature("s", 1, b"{}")[:11]
    't=1,v1=b253'
    """
    made = hmac.new(secret.encode(), f"{now_s}.".encode() + body, hashlib.sha256)
    return f"t={now_s},v1={made.hexdigest()}"


def encode(update: Update, now_ns: int) -> bytes:
    """An update as the event that is posted. Its id is the same however often it is sent."""
    at = views.at(now_ns)
    return msgspec.json.encode(
        {"id": update.sequence, "topic": update.topic.value, "key": update.key, "at": at, "data": update.data}
    )


class _Overflow:
    # Events that found the queue full, as many as are kept: they gather, and one job at a time buries them.
    def __init__(self, bury: Callable[[Sequence[bytes]], Callable[[], bool]]) -> None:
        self._bury = bury
        self._gathered: deque[bytes] = deque(maxlen=DEAD_LETTERS_MAX)
        self._timer: asyncio.TimerHandle | None = None
        self._is_written: Callable[[], bool] | None = None

    def add(self, body: bytes) -> None:
        self._gathered.append(body)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BURY_EVERY_S, self._look)

    def take(self) -> list[bytes]:
        # all of them; nothing is buried by itself until another comes
        taken = list(self._gathered)
        self._gathered.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return taken

    def _look(self) -> None:
        if self._is_written is not None and not self._is_written():
            self._timer = asyncio.get_running_loop().call_later(BURY_EVERY_S, self._look)
            return
        self._is_written = self._bury(self.take())


class _Postman:
    # Posts to one webhook, in a thread while the request is under way.
    def __init__(self, webhook: StoredWebhook, threads: ThreadPoolExecutor, office: WebhookSender) -> None:
        self.webhook = webhook
        self._threads = threads
        self._office = office
        self._queue: deque[Event] = deque()
        self._told = asyncio.Event()
        self._in_hand: list[Event] = []
        self._overflow = _Overflow(self._bury_overflow)
        self._attempts = 0
        self.delivered = 0
        self.dead = webhook.dead
        self.last_error = ""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def give(self, event: Event) -> None:
        """Have an event posted."""
        if len(self._queue) >= QUEUE_MAX:
            if not event.letter_id:
                self._count_dead(1)
                self._overflow.add(event.body)
            return
        self._queue.append(event)
        self._told.set()

    def letters(self) -> set[int]:
        """Dead letters that are on their way again."""
        return {event.letter_id for event in (*self._in_hand, *self._queue) if event.letter_id}

    async def close(self, reason: str) -> None:
        """Post no more; what has not been taken is kept, or forgotten when there is no reason."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        left, attempts, overflow = [*self._in_hand, *self._queue], self._attempts, self._overflow.take()
        self._in_hand, self._queue = [], deque()
        if reason:
            self._bury(left, attempts, reason)
            if overflow:
                self._bury_overflow(overflow)

    async def _run(self) -> None:
        while True:
            await self._told.wait()
            while self._queue:
                count = min(len(self._queue), BATCH_MAX)
                self._in_hand = [self._queue.popleft() for _ in range(count)]
                await self._deliver(self._in_hand)
                self._in_hand = []
            self._told.clear()

    async def _deliver(self, batch: list[Event]) -> None:
        body = b'{"events":[' + b",".join(event.body for event in batch) + b"]}"
        loop = asyncio.get_running_loop()
        for attempt in range(len(self._office.retry_after_s) + 1):
            if attempt:
                await asyncio.sleep(self._office.retry_after_s[attempt - 1])
            self._attempts = attempt + 1
            error = await loop.run_in_executor(self._threads, _post, self._office.poster, self.webhook, body)
            if not error:
                self._delivered(batch)
                return
            self.last_error = error
            log.warning("webhook did not take events: %s", error, extra={"webhook_id": self.webhook.webhook_id})
        self._bury(batch, self._attempts, self.last_error)

    def _delivered(self, batch: list[Event]) -> None:
        self.delivered += len(batch)
        self.last_error = ""
        letters = [event.letter_id for event in batch if event.letter_id]
        self._count_dead(-len(letters))
        if letters:
            self._office.forget(letters)

    def _bury(self, events: Sequence[Event], attempts: int, error: str) -> None:
        fresh = [event.body for event in events if not event.letter_id]
        self._count_dead(len(fresh))
        if fresh:
            self._office.bury(self.webhook.webhook_id, fresh, attempts, error)

    def _bury_overflow(self, bodies: Sequence[bytes]) -> Callable[[], bool]:
        return self._office.bury(self.webhook.webhook_id, bodies, 0, f"{QUEUE_MAX} events wait already")

    def _count_dead(self, more: int) -> None:
        # the oldest are dropped beyond what is kept
        self.dead = min(max(0, self.dead + more), DEAD_LETTERS_MAX)


class WebhookSender:
    """Posts what the hub publishes.

    Parameters
    ----------
    hub : whose updates.
    now_ns : engine time.
    bury : keeps what was not taken; forget : drops the letters that were taken after all.
    retry_after_s : real seconds before each further attempt; None = RETRY_AFTER_S.
    """

    def __init__(
        self,
        hub: Hub,
        now_ns: Callable[[], int],
        bury: Bury,
        forget: Callable[[Sequence[int]], None],
        *,
        retry_after_s: Sequence[float] | None = None,
    ) -> None:
        self._hub = hub
        self._now_ns = now_ns
        self.bury = bury
        self.forget = forget
        self.retry_after_s = tuple(RETRY_AFTER_S if retry_after_s is None else retry_after_s)
        self.poster = Poster(TIMEOUT_S)
        self._threads = ThreadPoolExecutor(WEBHOOKS_MAX, thread_name_prefix="outpace-webhook")
        self._postmen: dict[int, tuple[_Postman, Callable[[], None]]] = {}

    def check_room(self) -> None:
        """Raise StateError when there are enough."""
        if len(self._postmen) >= WEBHOOKS_MAX:
            raise StateError(f"there are {WEBHOOKS_MAX} webhooks already")

    def add(self, webhook: StoredWebhook) -> None:
        """Post to a webhook from now on."""
        postman = _Postman(webhook, self._threads, self)

        def take(update: Update) -> None:
            postman.give(Event(encode(update, self._now_ns())))

        end = self._hub.tap([Topic(name) for name in webhook.topics], take)
        self._postmen[webhook.webhook_id] = postman, end

    async def remove(self, webhook_id: int) -> None:
        """Post to a webhook no more; what was on its way is forgotten. Unknown ids are left alone."""
        known = self._postmen.pop(webhook_id, None)
        if known is not None:
            postman, end = known
            end()
            await postman.close("")

    def again(self, webhook_id: int, letters: Sequence[tuple[int, str]]) -> int:
        """Post dead letters (id, event) again that are not on their way; how many. KeyError for an unknown webhook."""
        postman, _ = self._postmen[webhook_id]
        under_way = postman.letters()
        fresh = [Event(event.encode(), letter_id) for letter_id, event in letters if letter_id not in under_way]
        for one in fresh:
            postman.give(one)
        return len(fresh)

    def views(self) -> list[WebhookView]:
        """All webhooks, with what became of their events since the start."""
        return [
            WebhookView(
                webhook_id=webhook_id,
                url=postman.webhook.url,
                topics=list(postman.webhook.topics),
                enabled=True,
                created_at=views.at(postman.webhook.created_ns),
                delivered=postman.delivered,
                dead=postman.dead,
                last_error=postman.last_error,
            )
            for webhook_id, (postman, _) in self._postmen.items()
        ]

    async def close(self) -> None:
        """Stop posting; what was not taken is kept as dead letters. Requests under way are cut, not waited for."""
        for webhook_id in tuple(self._postmen):
            postman, end = self._postmen.pop(webhook_id)
            end()
            await postman.close("the node stopped before it was taken")
        self.poster.close()
        self._threads.shutdown(wait=False)


def _post(poster: Poster, webhook: StoredWebhook, body: bytes) -> str:
    # "" when the other side took it, else why not; in a thread
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"outpace/{VERSION}",
        "Outpace-Signature": signature(webhook.secret, wall_ns() // NS_PER_S, body),
    }
    return poster.post(webhook.url, body, headers)
