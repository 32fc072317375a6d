"""Who listens to what: updates are numbered, the last ones kept, and handed to listeners that keep up.

Nothing here waits for a listener: one that does not take its updates is dropped and told so. All listeners read one
log, each from its own place, and are woken together when the loop has come round; those of the same topics that are
equally far get the same list. Topics that cost something to follow (the board, the calls) are followed only while
somebody listens, and a little longer, so that a listener who comes back soon can go on where the link broke.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

from outpace.domain.errors import CapacityError
from outpace.domain.wire import Topic
from outpace.runtime.control import Update

#: Updates kept for listeners who come back; up to twice as many are held.
KEPT_MAX = 8192

#: Updates of its topics that may wait for one listener, beside its snapshot.
WAITING_MAX = 4096

#: Subjects of a topic whose state is kept; the oldest are forgotten.
SUBJECTS_MAX = 1000

#: Listeners at a time.
LISTENERS_MAX = 4096

#: Real seconds that a topic is followed on after its last listener has gone.
LINGER_S = 60.0

#: Real seconds for which a snapshot serves others who come; they get what has changed since behind it.
SNAPSHOT_S = 1.0

#: Takes updates as they are published, on the event loop.
Tap = Callable[[Update], None]

#: Key and data of every subject, as it was when the snapshot was taken; may be called in another thread.
Snapshot = Callable[[], list[tuple[str, Any]]]


class Feed(Protocol):
    """Knows a topic's subjects; publishes what changes of them between `start` and `stop`."""

    def start(self) -> None:
        """Publish changes from now on."""

    def stop(self) -> None:
        """Publish no more."""

    def snapshot(self) -> Snapshot:
        """Every subject as it is now; what has changed up to now is published before."""


class Listener:
    """One subscription; see `outpace.runtime.control.Subscription`."""

    def __init__(
        self, hub: Hub, topics: frozenset[Topic], place: int, first: asyncio.Future[list[Update]] | None
    ) -> None:
        self._hub = hub
        self._first = first
        self._told = asyncio.Event()
        self.is_open = True
        self.topics = topics
        self.place = place  # in the hub's log: what is before it was taken
        self.heard = hub.count_before(topics, place)  # updates of its topics up to there
        self.resumed = first is None
        self._is_first = True
        self.dropped = ""

    def __aiter__(self) -> AsyncIterator[Sequence[Update]]:
        return self

    async def __anext__(self) -> Sequence[Update]:
        if self.is_open and self._is_first:
            self._is_first = False
            if self._first is not None:
                snapshot, self._first = self._first, None
                return await asyncio.shield(snapshot)
            missed = self._hub.take(self)
            if self.is_open:
                return missed
        while self.is_open:
            self._told.clear()
            batch = self._hub.take(self)
            if batch:
                return batch
            await self._told.wait()
        raise StopAsyncIteration

    def wake(self) -> None:
        """There is something to take, or nothing any more."""
        self._told.set()

    def close(self) -> None:
        """Listen no more."""
        if self.is_open:
            self.is_open = False
            self._first = None
            self._told.set()
            self._hub.forget(self)

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
        self._log: list[Update] = []
        self._counts = dict.fromkeys(Topic, 0)
        self._batches: dict[tuple[int, frozenset[Topic]], list[Update]] = {}
        self._waking: asyncio.Handle | None = None
        self._new: set[Topic] = set()
        self._state: dict[Topic, dict[str, Any]] = {}
        self._listeners: set[Listener] = set()
        self._taps: list[tuple[frozenset[Topic], Tap]] = []
        self._users: dict[Topic, int] = {}
        self._since: dict[Topic, int] = {}  # sequence from which every change of a fed topic has been published
        self._stopping: dict[Topic, asyncio.TimerHandle] = {}
        self._snapshots: dict[frozenset[Topic], tuple[int, asyncio.Future[list[Update]], float]] = {}
        self.dropped = 0

    def follow(self, feeds: dict[Topic, Feed]) -> None:
        """Let feeds tell of these topics; to be called once, before anybody listens."""
        self._feeds = feeds

    # ---- what is told ----------------------------------------------------------------------------------------------

    def publish(self, topic: Topic, key: str, data: Any) -> None:  # noqa: ANN401 - any resource
        """Tell whoever listens to the topic."""
        self.sequence += 1
        update = Update(sequence=self.sequence, topic=topic, key=key, data=data)
        if len(self._log) >= 2 * KEPT_MAX:
            del self._log[:KEPT_MAX]
        self._log.append(update)
        self._counts[topic] += 1
        self._batches.clear()
        if self._listeners:
            self._new.add(topic)
            if self._waking is None:
                self._waking = asyncio.get_running_loop().call_soon(self._wake)
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
        resumed = self._is_kept(wanted, after)
        for topic in wanted:
            self._follow(topic)
        place, first = (after, None) if resumed else self._snapshot(wanted)
        listener = Listener(self, wanted, place, first)
        self._listeners.add(listener)
        return listener

    def take(self, listener: Listener) -> list[Update]:
        """What has been published of a listener's topics since it took the last time.

        A listener whose updates are gone from the log in part is dropped, and gets nothing.
        """
        key = listener.place, listener.topics
        batch = self._batches.get(key)
        if batch is None:
            news = self._log[max(0, listener.place - self._before()) :]
            batch = [update for update in news if update.topic in listener.topics]
            self._batches[key] = batch
        count = self.count_of(listener.topics)
        if len(batch) < count - listener.heard:
            listener.drop(_too_slow(count - listener.heard))
            return []
        listener.place = self.sequence
        listener.heard = count
        return batch

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

    def count_of(self, topics: frozenset[Topic]) -> int:
        """Updates of these topics so far."""
        return sum(self._counts[topic] for topic in topics)

    def count_before(self, topics: frozenset[Topic], place: int) -> int:
        """Updates of these topics up to a sequence that is in the log or just before it."""
        later = self._log[place - self._before() :]
        return self.count_of(topics) - sum(update.topic in topics for update in later)

    def close(self, reason: str) -> None:
        """Drop everybody."""
        for listener in tuple(self._listeners):
            listener.drop(reason)
        self._taps.clear()
        for handle in (*self._stopping.values(), self._waking):
            if handle is not None:
                handle.cancel()
        self._waking = None
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

    def _before(self) -> int:
        # the sequence before the first update in the log
        return self.sequence - len(self._log)

    def _wake(self) -> None:
        self._waking = None
        new, self._new = self._new, set()
        for listener in tuple(self._listeners):
            if listener.topics.isdisjoint(new):
                if listener.heard == self.count_of(listener.topics):
                    listener.place = self.sequence  # nothing of its own waits: what is before need not be kept for it
                continue
            waiting = self.count_of(listener.topics) - listener.heard
            if waiting > WAITING_MAX or listener.place < self._before():
                listener.drop(_too_slow(waiting))
            else:
                listener.wake()

    def _is_kept(self, topics: frozenset[Topic], after: int) -> bool:
        # whether all that was published since is in the log
        if not max(self._first, self._before()) <= after <= self.sequence:
            return False
        return all(self._since.get(topic, after + 1) <= after for topic in topics if topic in self._feeds)

    def _snapshot(self, topics: frozenset[Topic]) -> tuple[int, asyncio.Future[list[Update]]]:
        # The sequence of which it is, and what it is: taken here, and put into words in a thread.
        loop = asyncio.get_running_loop()
        known = self._snapshots.get(topics)
        if known is not None and loop.time() < known[2] and self._is_kept(topics, known[0]):
            return known[0], known[1]
        taken = [
            (topic, self._feeds[topic].snapshot() if topic in self._feeds else self._kept(topic))
            for topic in Topic
            if topic in topics
        ]
        sequence = self.sequence  # of now, when all have looked: looking may publish what has changed

        def render() -> list[Update]:
            return [
                Update(sequence=sequence, topic=topic, key=key, data=data)
                for topic, snapshot in taken
                for key, data in snapshot()
            ]

        made = asyncio.ensure_future(asyncio.to_thread(render))
        self._snapshots[topics] = sequence, made, loop.time() + SNAPSHOT_S
        return sequence, made

    def _kept(self, topic: Topic) -> Snapshot:
        subjects = list(self._state.get(topic, {}).items())
        return lambda: subjects

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
        self._snapshots.clear()


def _too_slow(waiting: int) -> str:
    return f"too slow: {waiting} updates wait"
