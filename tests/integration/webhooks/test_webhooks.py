"""Webhooks against a real HTTP server on loopback: signed, in order, tried again, kept where nobody takes them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest

from outpace.domain.errors import ConfigError
from outpace.domain.wire import Topic
from outpace.runtime import webhooks as module
from outpace.runtime.hub import Hub
from outpace.runtime.webhooks import WebhookSender, check_url
from outpace.store.access import StoredWebhook
from tests.integration.peers import Platform
from tests.integration.server.house import until

SECRET = "a secret of the platform"


class Office:
    """A sender, its hub, and where dead letters go."""

    def __init__(self, *retry_after_s: float) -> None:
        self.hub = Hub(0)
        self.dead: list[tuple[int, list[bytes], int, str]] = []
        self.kept = True
        self.forgotten: list[int] = []
        self.sender = WebhookSender(
            self.hub, lambda: 1_767_225_600_000_000_000, self._bury, self.forgotten.extend, retry_after_s=retry_after_s
        )

    def _bury(self, webhook_id: int, events: Sequence[bytes], attempts: int, error: str) -> Callable[[], bool]:
        self.dead.append((webhook_id, list(events), attempts, error))
        return lambda: self.kept

    def buried(self) -> list[list[str]]:
        return [[json.loads(event)["key"] for event in events] for _, events, _, _ in self.dead]

    def add(self, url: str, *topics: str, webhook_id: int = 1) -> None:
        self.sender.add(
            StoredWebhook(
                webhook_id=webhook_id,
                url=url,
                topics=topics or ("attempts",),
                secret=SECRET,
                created_ns=0,
                dead=0,
            )
        )

    def tell(self, *keys: str, topic: Topic = Topic.ATTEMPTS) -> None:
        for key in keys:
            self.hub.publish(topic, key, {"outcome": "busy"})


def delivered(office: Office) -> Callable[[], int]:
    return lambda: office.sender.views()[0].delivered


async def test_events_come_in_order_signed_with_the_secret(platform: Platform) -> None:
    office = Office()
    office.add(platform.url)
    office.tell("1", "2")
    office.tell("x", topic=Topic.ALARMS)
    office.tell("3")
    await until(lambda: delivered(office)() == 3)
    await office.sender.close()
    assert [event["key"] for event in platform.events()] == ["1", "2", "3"]
    assert platform.events()[0] == {
        "id": 1, "topic": "attempts", "key": "1", "at": "2026-01-01T00:00:00Z", "data": {"outcome": "busy"},
    }  # fmt: skip
    for headers, body in platform.requests:
        at, _, made = headers["Outpace-Signature"].partition(",v1=")
        expected = hmac.new(SECRET.encode(), at.removeprefix("t=").encode() + b"." + body, hashlib.sha256)
        assert hmac.compare_digest(made, expected.hexdigest())
    assert office.dead == []


async def test_what_was_not_taken_is_sent_again_before_what_came_later(platform: Platform) -> None:
    platform.answers = [500, 429]
    office = Office(0.01, 0.01)
    office.add(platform.url)
    office.tell("1")
    await until(lambda: len(platform.requests) >= 1)
    office.tell("2")
    await until(lambda: delivered(office)() == 2)
    await office.sender.close()
    assert [event["key"] for event in platform.events()] == ["1", "1", "1", "2"]
    assert len({event["id"] for event in platform.events()}) == 2
    assert office.dead == []


async def test_what_nobody_takes_becomes_dead_letters_and_the_rest_goes_on(platform: Platform) -> None:
    platform.answers = [503, 503]
    office = Office(0.01)
    office.add(platform.url)
    office.tell("1")
    await until(lambda: office.dead)
    office.tell("2")
    await until(lambda: delivered(office)() == 1)
    await office.sender.close()
    ((webhook_id, (event,), attempts, error),) = office.dead
    assert (webhook_id, json.loads(event)["key"], attempts, error) == (1, "1", 2, "answered 503")
    assert office.sender.views() == []


async def test_a_dead_letter_that_is_taken_after_all_is_forgotten(platform: Platform) -> None:
    office = Office()
    office.add(platform.url)
    assert office.sender.again(1, [(41, '{"key":"1"}'), (42, '{"key":"2"}')]) == 2
    assert office.sender.again(1, [(42, '{"key":"2"}')]) == 0
    await until(lambda: delivered(office)() == 2)
    await office.sender.close()
    assert sorted(office.forgotten) == [41, 42]
    assert [event["key"] for event in platform.events()] == ["1", "2"]


async def test_a_dead_letter_that_is_refused_again_stays_where_it_is(platform: Platform) -> None:
    platform.answers = [500]
    office = Office()
    office.add(platform.url)
    office.sender.again(1, [(41, '{"key":"1"}')])
    await until(lambda: office.sender.views()[0].last_error)
    await office.sender.close()
    assert (office.dead, office.forgotten) == ([], [])


async def test_many_events_share_requests(platform: Platform) -> None:
    platform.held.clear()
    office = Office()
    office.add(platform.url)
    office.tell(*(str(n) for n in range(250)))
    platform.held.set()
    await until(lambda: delivered(office)() == 250)
    await office.sender.close()
    assert [event["key"] for event in platform.events()] == [str(n) for n in range(250)]
    assert len(platform.requests) <= 4


async def test_a_slow_webhook_holds_up_no_other(platform: Platform) -> None:
    slow = Platform()
    slow.held.clear()
    office = Office()
    office.add(slow.url, webhook_id=1)
    office.add(platform.url, webhook_id=2)
    office.tell("1")
    await until(lambda: office.sender.views()[1].delivered == 1)
    assert office.sender.views()[0].delivered == 0
    slow.held.set()
    await until(lambda: office.sender.views()[0].delivered == 1)
    await office.sender.close()
    slow.close()


async def test_what_is_on_its_way_at_the_end_is_kept(platform: Platform) -> None:
    port = platform.server.server_port
    platform.close()
    office = Office(60.0)
    office.add(f"http://127.0.0.1:{port}/")
    office.tell("1")
    await until(lambda: office.sender.views()[0].last_error)
    office.tell("2")
    await office.sender.close()
    ((_, events, attempts, error),) = office.dead
    assert [json.loads(event)["key"] for event in events] == ["1", "2"]
    assert attempts == 1
    assert "stopped" in error


async def test_what_finds_the_queue_full_is_buried_together(
    monkeypatch: pytest.MonkeyPatch, platform: Platform
) -> None:
    monkeypatch.setattr(module, "QUEUE_MAX", 3)
    monkeypatch.setattr(module, "BURY_EVERY_S", 0.05)
    platform.held.clear()
    office = Office()
    office.add(platform.url)
    office.tell("1")
    await until(lambda: platform.asked)  # it is in hand, and the queue empty
    office.kept = False
    office.tell("2", "3", "4", "5", "6")
    assert office.dead == []
    await until(lambda: office.buried() == [["5", "6"]])
    office.tell("7")
    await asyncio.sleep(0.15)
    office.tell("8")
    assert office.buried() == [["5", "6"]]  # the store has not taken the first ones yet
    office.kept = True
    await until(lambda: office.buried() == [["5", "6"], ["7", "8"]])
    office.tell("9")
    assert office.sender.views()[0].dead == 5
    await office.sender.close()
    assert office.buried() == [["5", "6"], ["7", "8"], ["1", "2", "3", "4"], ["9"]]
    assert {error for _, _, attempts, error in office.dead if not attempts} == {"3 events wait already"}


async def test_a_receiver_that_draws_its_answer_out_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.3)
    with _drawling() as (url, _):
        office = Office()
        office.add(url)
        office.tell("1")
        await until(lambda: office.dead)  # who draws it out does so for ever
        assert office.dead[0][3] == "no answer within 0.3 s"
        await office.sender.close()


async def test_no_receiver_keeps_a_node_from_stopping() -> None:
    with _drawling() as (url, taken):
        office = Office()
        office.add(url)
        office.tell("1")
        await until(taken.is_set)  # a request that never came would leave the receiver waiting, and the test with it
        async with asyncio.timeout(module.TIMEOUT_S / 2):
            await office.sender.close()
            await until(lambda: not any(one.name.startswith("outpace-webhook") for one in threading.enumerate()))
        assert office.buried() == [["1"]]


@contextmanager
def _drawling() -> Iterator[tuple[str, threading.Event]]:
    # a receiver that takes every event, a byte of its headers at a time; its address, and whether somebody has come
    over, taken = threading.Event(), threading.Event()

    def serve(listening: socket.socket) -> None:
        with suppress(OSError), listening.accept()[0] as line:
            taken.set()
            line.sendall(b"HTTP/1.1 204 No Content\r\nX: ")
            while not over.wait(0.05):
                line.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", taken
        over.set()
        thread.join()


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "ftp://h/", "http://", "http://u:p@h/", "http://h:x/", "http://h/#f", "http://h/a b", "http://h/ä"),
        *("http://[x/", "http://[::g]/"),
    ],
)
def test_addresses_that_cannot_be_posted_to_are_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check_url(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x?y=1", "https://platform.example/hooks"])
def test_addresses_that_can_be_posted_to(url: str) -> None:
    check_url(url)
