from __future__ import annotations

import asyncio
from typing import Any

import pytest

from outpace.domain.errors import CapacityError
from outpace.domain.wire import Topic
from outpace.runtime import hub as module
from outpace.runtime.control import Update
from outpace.runtime.hub import Hub, Listener, Snapshot

FIRST = 7 << 32


class Feed:
    """Subjects that a test changes; tells whether it is followed."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.subjects: dict[str, Any] = {}
        self.on = False
        self.starts = self.snapshots = 0

    def start(self) -> None:
        self.on = True
        self.starts += 1

    def stop(self) -> None:
        self.on = False

    def set(self, key: str, data: Any) -> None:
        self.subjects[key] = data
        if self.on:
            self.hub.publish(Topic.CALLS, key, data)

    def snapshot(self) -> Snapshot:
        self.snapshots += 1
        subjects = list(self.subjects.items())
        return lambda: subjects


def hub_and_feed() -> tuple[Hub, Feed]:
    hub = Hub(FIRST)
    feed = Feed(hub)
    hub.follow({Topic.CALLS: feed})
    return hub, feed


async def batch(listener: Listener) -> list[tuple[str, Any]]:
    updates = await asyncio.wait_for(anext(aiter(listener)), 10.0)
    return [(update.key, update.data) for update in updates]


async def test_a_snapshot_comes_first_and_then_what_changes() -> None:
    hub, feed = hub_and_feed()
    feed.set("1", "ringing")
    listener = hub.subscribe([Topic.CALLS])
    assert not listener.resumed
    assert await batch(listener) == [("1", "ringing")]
    feed.set("1", "talking")
    feed.set("2", "ringing")
    assert await batch(listener) == [("1", "talking"), ("2", "ringing")]
    listener.close()
    with pytest.raises(StopAsyncIteration):
        await anext(aiter(listener))


async def test_an_empty_snapshot_is_told_too() -> None:
    hub, _ = hub_and_feed()
    assert await batch(hub.subscribe([Topic.CALLS, Topic.ATTEMPTS])) == []


async def test_a_listener_who_comes_back_gets_what_was_missed() -> None:
    hub, feed = hub_and_feed()
    first = hub.subscribe([Topic.CALLS])
    await batch(first)
    feed.set("1", "ringing")
    (update,) = await anext(aiter(first))
    assert update == Update(sequence=FIRST + 1, topic=Topic.CALLS, key="1", data="ringing")
    first.close()
    feed.set("1", "talking")
    again = hub.subscribe([Topic.CALLS], after=update.sequence)
    assert again.resumed
    assert await batch(again) == [("1", "talking")]


@pytest.mark.parametrize("after", [0, 5, FIRST - 1, FIRST + 99, -1, 2**70])
async def test_a_sequence_that_was_never_given_here_gets_a_snapshot(after: int) -> None:
    hub, feed = hub_and_feed()
    hub.subscribe([Topic.CALLS])
    feed.set("1", "ringing")
    again = hub.subscribe([Topic.CALLS], after=after)
    assert not again.resumed
    assert [*await batch(again), *await batch(again)] == [("1", "ringing")]


async def test_what_is_kept_no_longer_gets_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_MAX", 4)
    hub, feed = hub_and_feed()
    hub.subscribe([Topic.CALLS])
    for n in range(10):
        feed.set("1", n)
    assert hub.subscribe([Topic.CALLS], after=FIRST + 4).resumed
    assert not hub.subscribe([Topic.CALLS], after=FIRST + 3).resumed


async def test_a_topic_nobody_followed_meanwhile_gets_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_S", 0.0)
    hub, feed = hub_and_feed()
    listener = hub.subscribe([Topic.CALLS])
    assert feed.on
    listener.close()
    await asyncio.sleep(0.01)
    assert not feed.on
    feed.set("1", "ringing")
    hub.publish(Topic.ATTEMPTS, "9", "ended")
    again = hub.subscribe([Topic.CALLS], after=FIRST)
    assert not again.resumed
    assert await batch(again) == [("1", "ringing")]
    assert hub.subscribe([Topic.ATTEMPTS], after=FIRST).resumed


async def test_a_topic_is_followed_once_however_many_listen() -> None:
    hub, feed = hub_and_feed()
    listeners = [hub.subscribe([Topic.CALLS]) for _ in range(3)]
    for listener in listeners:
        listener.close()
        listener.close()
    hub.subscribe([Topic.CALLS])
    assert (feed.starts, feed.on) == (1, True)
    hub.close("over")
    assert not feed.on


async def test_what_was_missed_is_told_though_others_publish_before_it_is_asked_for() -> None:
    hub, feed = hub_and_feed()
    feed.set("1", "ringing")
    early = hub.subscribe([Topic.CALLS])
    feed.set("1", "talking")
    hub.publish(Topic.ATTEMPTS, "8", "missed")
    await asyncio.sleep(0)
    resumed = hub.subscribe([Topic.ATTEMPTS], after=FIRST)
    late = hub.subscribe([Topic.CALLS])  # gets the snapshot of the first one
    assert (resumed.resumed, feed.snapshots) == (True, 1)
    hub.publish(Topic.ALARMS, "a", "on")
    await asyncio.sleep(0)
    assert await batch(resumed) == [("8", "missed")]
    for listener in (early, late):
        assert await batch(listener) == [("1", "ringing")]
        assert await batch(listener) == [("1", "talking")]


@pytest.mark.parametrize("asked", [False, True])
async def test_a_listener_whose_updates_go_before_it_takes_them_is_dropped(
    monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    monkeypatch.setattr(module, "KEPT_MAX", 4)
    hub, _ = hub_and_feed()
    for n in range(3):
        hub.publish(Topic.ATTEMPTS, str(n), n)
    listener = hub.subscribe([Topic.ATTEMPTS], after=FIRST)
    others = hub.subscribe([Topic.ALARMS], after=FIRST)
    if asked:
        assert len(await batch(listener)) == 3
    for n in range(20):  # in one turn of the loop: nobody is woken meanwhile
        hub.publish(Topic.ATTEMPTS, str(n), n)
    with pytest.raises(StopAsyncIteration):
        await anext(aiter(listener))
    assert "too slow" in listener.dropped
    assert await batch(others) == []  # nothing of its own is gone


async def test_a_slow_listener_is_dropped_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 10)
    hub, feed = hub_and_feed()
    feed.set("0", 0)
    slow, quick = hub.subscribe([Topic.CALLS]), hub.subscribe([Topic.CALLS])
    other = hub.subscribe([Topic.ALARMS])
    await batch(slow)
    await batch(quick)
    seen = []
    for n in range(30):
        feed.set("1", n)
        await asyncio.sleep(0)
        if n % 5 == 4:
            seen += await batch(quick)
    assert seen == [("1", n) for n in range(30)]
    assert "too slow" in slow.dropped
    assert (quick.dropped, other.dropped) == ("", "")
    with pytest.raises(StopAsyncIteration):
        await anext(aiter(slow))
    assert hub.gauges() == {"listeners": 2.0, "listeners_dropped_total": 1.0, "updates_total": 30.0}


async def test_a_snapshot_longer_than_the_queue_is_no_reason_to_drop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 10)
    hub, feed = hub_and_feed()
    for n in range(50):
        feed.set(str(n), n)
    listener = hub.subscribe([Topic.CALLS])
    feed.set("1", "new")
    assert len(await batch(listener)) == 50
    assert await batch(listener) == [("1", "new")]


async def test_a_kept_state_is_in_the_snapshot_until_it_is_gone() -> None:
    hub = Hub(FIRST)
    hub.keep(Topic.ALARMS, "a", {"text": "one"})
    hub.keep(Topic.ALARMS, "b", {"text": "two"})
    hub.keep(Topic.ALARMS, "a", None)
    assert await batch(hub.subscribe([Topic.ALARMS])) == [("b", {"text": "two"})]


async def test_listeners_hear_their_topics_only_and_taps_hear_at_once() -> None:
    hub, feed = hub_and_feed()
    heard: list[str] = []
    end = hub.tap([Topic.CALLS], lambda update: heard.append(update.key))
    listener = hub.subscribe([Topic.ATTEMPTS])
    await batch(listener)
    feed.set("1", "ringing")
    hub.publish(Topic.ATTEMPTS, "2", "ended")
    assert heard == ["1"]
    assert await batch(listener) == [("2", "ended")]
    end()
    end()
    feed.set("3", "ringing")
    assert heard == ["1"]


async def test_too_many_listeners_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LISTENERS_MAX", 2)
    hub, _ = hub_and_feed()
    for _ in range(2):
        hub.subscribe([Topic.CALLS])
    with pytest.raises(CapacityError):
        hub.subscribe([Topic.CALLS])


async def test_everybody_is_told_when_the_node_stops() -> None:
    hub, _ = hub_and_feed()
    listener = hub.subscribe([Topic.CALLS])
    hub.close("the node stops")
    assert listener.dropped == "the node stops"
    with pytest.raises(StopAsyncIteration):
        await anext(aiter(listener))


async def test_a_listener_whose_updates_are_gone_from_the_log_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_MAX", 4)
    hub, feed = hub_and_feed()
    slow, idle = hub.subscribe([Topic.CALLS, Topic.ALARMS]), hub.subscribe([Topic.ALARMS])
    await batch(slow)
    await batch(idle)
    hub.keep(Topic.ALARMS, "a", "on")
    await asyncio.sleep(0)
    assert await batch(idle) == [("a", "on")]
    for n in range(20):
        feed.set("1", n)
        await asyncio.sleep(0)
    assert "too slow" in slow.dropped
    assert idle.dropped == ""
    hub.keep(Topic.ALARMS, "a", None)
    assert await batch(idle) == [("a", None)]


async def test_listeners_who_are_equally_far_share_what_they_get() -> None:
    hub, feed = hub_and_feed()
    listeners = [hub.subscribe([Topic.CALLS]) for _ in range(3)]
    for listener in listeners:
        await batch(listener)
    feed.set("1", "ringing")
    first, second, third = [await anext(aiter(listener)) for listener in listeners]
    assert first is second is third


async def test_those_who_come_together_share_a_snapshot_and_get_what_changed_since() -> None:
    hub, feed = hub_and_feed()
    feed.set("1", "ringing")
    one = hub.subscribe([Topic.CALLS])
    feed.set("1", "talking")
    other = hub.subscribe([Topic.CALLS])
    assert (feed.snapshots, other.resumed) == (1, False)
    for listener in (one, other):
        assert await batch(listener) == [("1", "ringing")]
        assert await batch(listener) == [("1", "talking")]


async def test_a_snapshot_is_taken_anew_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SNAPSHOT_S", 0.0)
    hub, feed = hub_and_feed()
    for n in range(3):
        feed.set("1", n)
        assert await batch(hub.subscribe([Topic.CALLS])) == [("1", n)]
    assert feed.snapshots == 3
