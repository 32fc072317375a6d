"""Who listens to what: updates are numbered, the last ones kept, and handed to listeners that keep up.

Nothing here waits for a listener: one that does not take its updates is dropped and told so. Topics that cost
something to follow (the board, the calls) are followed only while somebody listens, and a little longer, so that a
listener who comes back soon can go on where the link broke.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, Protocol

from outpace.domain.errors import CapacityError
from outpace.runtime.control import Topic, Update

#: Updates kept for listeners who come back.
KEPT_MAX = 8192

#: Updates that may wait for one listener, beside its snapshot.
WAITING_MAX = 4096

#: Subjects of a topic whose state is kept; the oldest are forgotten.
SUBJECTS_MAX = 1000

#: Listeners at a time.
LISTENERS_MAX = 4096

#: Real seconds that a topic is followed on after its last listener has gone.
LINGER_S = 60.0

#: Takes updates as they are published, on the event loop.
Tap = Callable[[Update], None]


class Feed(Protocol):
    """Knows a topic's subjects; publishes what changes of them between `start` and `stop`."""

    def start(self) -> None:
        """Publish changes from now on."""

    def stop(self) -> None:
        """Publish no more."""

    def snapshot(self) -> Iterable[tuple[str, Any]]:
        """Key and data of every subject as it is now; what has changed up to now is published before."""


class Listener:
    """One subscription; see `outpace.runtime.control.Subscription`."""

    def __init__(self, hub: Hub, topics: frozenset[Topic], first: list[Update], *, resumed: bool) -> None:
        self._hub = hub
        self._waiting: list[Update] = first
        self._room = WAITING_MAX + len(first)
        self._told = asyncio.Event()
        self._told.set()
        self._open = True
        self.topics = topics
        self.resumed = resumed
        self.dropped = ""

    def __aiter__(self) -> AsyncIterator[Sequence[Update]]:
        return self

    async def __anext__(self) -> Sequence[Update]:
        await self._told.wait()
        if not self._open:
            raise StopAsyncIteration
        self._told.clear()
        batch, self._waiting = self._waiting, []
        self._room = WAITING_MAX
        return batch

    def close(self) -> None:
        """Listen no more."""
        if self._open:
            self._open = False
            self._waiting = []
            self._told.set()
            self._hub.forget(self)

    def give(self, update: Update) -> None:
        """Have an update wait for the listener; drops it when it has too many."""
        if len(self._waiting) >= self._room:
            self.drop(f"too slow: {len(self._waiting)} updates wait")
            return
        self._waiting.append(update)
        self._told.set()

    def drop(self, reason: str) -> None:
        """Close it from this side."""
        self.dropped = reason
        self.close()


class Hub:
    """Numbers what is published and hands it on.

    Topics with a feed are followed on demand; the others are just published, with `keep` where there is a state.

    Parameters
    ----------
    first : sequence before the first update; greater than any that an earlier process may have told.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self.sequence = first
        self._feeds: dict[Topic, Feed] = {}
        self._kept: deque[Update] = deque(maxlen=KEPT_MAX)
        self._state: dict[Topic, dict[str, Any]] = {}
        self._listeners: set[Listener] = set()
        self._taps: list[tuple[frozenset[Topic], Tap]] = []
        self._users: dict[Topic, int] = {}
        self._since: dict[Topic, int] = {}  # sequence from which every change of a fed topic has been published
        self._stopping: dict[Topic, asyncio.TimerHandle] = {}
        self.dropped = 0

    def follow(self, feeds: dict[Topic, Feed]) -> None:
        """Let feeds tell of these topics; to be called once, before anybody listens."""
        self._feeds = feeds

    # ---- what is told ----------------------------------------------------------------------------------------------

    def publish(self, topic: Topic, key: str, data: Any) -> None:  # noqa: ANN401 - any resource
        """Tell whoever listens to the topic."""
        self.sequence += 1
        update = Update(sequence=self.sequence, topic=topic, key=key, data=data)
        self._kept.append(update)
        for listener in tuple(self._listeners):
            if topic in listener.topics:
                listener.give(update)
        for topics, tap in self._taps:
            if topic in topics:
                tap(update)

    def keep(self, topic: Topic, key: str, data: Any) -> None:  # noqa: ANN401 - any resource
        """Publish the state of a subject, None = it is gone, and keep it for those who listen later."""
        subjects = self._state.setdefault(topic, {})
        if data is None:
            subjects.pop(key, None)
        else:
            subjects[key] = data
            if len(subjects) > SUBJECTS_MAX:
                del subjects[next(iter(subjects))]
        self.publish(topic, key, data)

    # ---- who listens -----------------------------------------------------------------------------------------------

    def subscribe(self, topics: Sequence[Topic], *, after: int = 0) -> Listener:
        """See `outpace.runtime.control.ControlPort.subscribe`. CapacityError: too many listen."""
        if len(self._listeners) >= LISTENERS_MAX:
            raise CapacityError(f"{LISTENERS_MAX} listeners are connected")
        wanted = frozenset(topics)
        missed = self._missed(wanted, after)
        for topic in wanted:
            self._follow(topic)
        listener = Listener(
            self, wanted, missed if missed is not None else self._snapshot(wanted), resumed=missed is not None
        )  # fmt: skip
        self._listeners.add(listener)
        return listener

    def tap(self, topics: Sequence[Topic], take: Tap) -> Callable[[], None]:
        """Have every update of the topics handed over as it comes, without a snapshot; returns how to end it."""
        entry = (frozenset(topics), take)
        self._taps.append(entry)
        for topic in entry[0]:
            self._follow(topic)

        def end() -> None:
            if entry in self._taps:
                self._taps.remove(entry)
                for topic in entry[0]:
                    self._leave(topic)

        return end

    def forget(self, listener: Listener) -> None:
        """A listener has closed."""
        self._listeners.remove(listener)
        self.dropped += bool(listener.dropped)
        for topic in listener.topics:
            self._leave(topic)

    def close(self, reason: str) -> None:
        """Drop everybody."""
        for listener in tuple(self._listeners):
            listener.drop(reason)
        self._taps.clear()
        for timer in self._stopping.values():
            timer.cancel()
        for topic in tuple(self._since):
            self._stop(topic)

    def gauges(self) -> dict[str, float]:
        """What monitoring shows of the live stream."""
        return {
            "listeners": float(len(self._listeners)),
            "listeners_dropped_total": float(self.dropped),
            "updates_total": float(self.sequence - self._first),
        }

    # ---- within ----------------------------------------------------------------------------------------------------

    def _missed(self, topics: frozenset[Topic], after: int) -> list[Update] | None:
        # what was published since, None when that is not known any more
        oldest = self._kept[0].sequence if self._kept else self.sequence + 1
        if not max(self._first, oldest - 1) <= after <= self.sequence:
            return None
        if any(topic in self._feeds and self._since.get(topic, after + 1) > after for topic in topics):
            return None
        return [update for update in self._kept if update.sequence > after and update.topic in topics]

    def _snapshot(self, topics: frozenset[Topic]) -> list[Update]:
        subjects = {
            topic: list(self._feeds[topic].snapshot() if topic in self._feeds else self._state.get(topic, {}).items())
            for topic in Topic
            if topic in topics
        }
        # numbered when all have looked: looking may publish what has changed
        return [
            Update(sequence=self.sequence, topic=topic, key=key, data=data)
            for topic, items in subjects.items()
            for key, data in items
        ]

    def _follow(self, topic: Topic) -> None:
        if topic not in self._feeds:
            return
        self._users[topic] = self._users.get(topic, 0) + 1
        timer = self._stopping.pop(topic, None)
        if timer is not None:
            timer.cancel()
        if topic not in self._since:
            self._feeds[topic].start()
            self._since[topic] = self.sequence

    def _leave(self, topic: Topic) -> None:
        if topic not in self._feeds:
            return
        self._users[topic] -= 1
        if not self._users[topic]:
            self._stopping[topic] = asyncio.get_running_loop().call_later(LINGER_S, self._stop, topic)

    def _stop(self, topic: Topic) -> None:
        self._stopping.pop(topic, None)
        del self._since[topic]
        self._feeds[topic].stop()
