"""What nodes share, on a real redis-server: presence, calls per second, the stream of events; and life without it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio

from outpace.domain.wire import Topic
from outpace.runtime import redis_link as module
from outpace.runtime.hub import Hub
from outpace.runtime.node_file import RedisSettings
from outpace.runtime.redis_link import LEAST_CPS, RedisLink
from tests.integration.peers import RedisServer
from tests.integration.server.house import until

pytestmark = pytest.mark.lab

CPS = 10.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of 50 ms; words that a machine which stands still for a moment does not let run out."""
    monkeypatch.setattr(module, "ROUND_S", 0.05)
    monkeypatch.setattr(module, "TTL_S", 30.0)
    monkeypatch.setattr(module, "GATHER_S", 0.01)


class Node:
    """A node as the link sees it."""

    def __init__(self, url: str, name: str, **settings: Any) -> None:
        self.dials = True
        self.changes = 0
        self.hub = Hub(0)
        self.link = RedisLink(
            RedisSettings(url=url, shared_trunk_groups=("carrier",), **settings),
            name,
            presence=lambda: {"campaigns": 1},
            rates=lambda: {"carrier": (CPS, self.dials), "own": (5.0, True)},
            on_parts=self._changed,
        )

    async def _changed(self) -> None:
        self.changes += 1

    @property
    def part(self) -> float:
        return self.link.part_of("carrier", CPS)


@contextlib.asynccontextmanager
async def joined(url: str, name: str, **settings: Any) -> AsyncIterator[Node]:
    node = Node(url, name, **settings)
    await node.link.join()
    node.link.start(node.hub)
    try:
        yield node
    finally:
        await node.link.close()


async def test_nodes_share_a_rate_and_never_pass_it(redis_server: RedisServer) -> None:
    async with joined(redis_server.url, "a") as a:
        assert a.part == CPS
        assert a.link.part_of("own", 5.0) == 5.0
        async with joined(redis_server.url, "b") as b:
            assert a.part + b.part <= CPS + LEAST_CPS
            await until(lambda: b.part == CPS / 2)
            assert a.part == CPS / 2
            async with joined(redis_server.url, "c") as c:
                await until(lambda: c.part == pytest.approx(CPS / 3, abs=1e-4))
                assert a.part + b.part + c.part <= CPS + 1e-3
            await until(lambda: a.part == b.part == CPS / 2)
        # who goes gives back at once; who is left has all of it after a round
        await until(lambda: a.part == CPS)
        assert a.changes >= 3


async def test_who_does_not_dial_leaves_the_rate_to_the_others(redis_server: RedisServer) -> None:
    async with joined(redis_server.url, "a") as a, joined(redis_server.url, "b") as b:
        await until(lambda: a.part == b.part == CPS / 2)
        b.dials = False
        await until(lambda: a.part == CPS)
        assert b.part == LEAST_CPS
        b.dials = True
        await until(lambda: a.part == b.part == CPS / 2)


async def test_nodes_see_each_other_while_they_live(redis_server: RedisServer) -> None:
    async with joined(redis_server.url, "a") as a:
        async with joined(redis_server.url, "b"):
            await until(lambda: a.link.nodes == {"b": {"campaigns": 1}})
            assert a.link.gauges()["nodes"] == 2.0
        await until(lambda: a.link.nodes == {})


async def test_a_node_that_dies_leaves_its_part_when_its_word_has_run_out(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TTL_S", 3.0)  # long enough to be seen before it has run out
    async with joined(redis_server.url, "a") as a:
        dead = Node(redis_server.url, "b")
        await dead.link.join()
        await until(lambda: a.part == CPS / 2)
        await until(lambda: a.part == CPS)
        await dead.link._redis.aclose()


async def test_a_link_ends_though_its_round_does_not_hear_that_it_is_cancelled(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # asyncio.wait_for, before Python 3.12, gives the answer instead when both come at once
    asked, answered = asyncio.Event(), asyncio.Event()

    async def ask() -> None:
        assert not asked.is_set(), "the link goes on"
        asked.set()
        try:
            await asyncio.sleep(60.0)
        except asyncio.CancelledError:
            answered.set()

    async with joined(redis_server.url, "a") as a:
        monkeypatch.setattr(a.link, "_ask", ask)
        await asked.wait()
    assert answered.is_set()


async def test_a_second_node_of_the_same_name_is_told(redis_server: RedisServer) -> None:
    async with joined(redis_server.url, "a"):
        twin = Node(redis_server.url, "a")
        await twin.link.join()
        assert twin.link.up
        assert "another node is called 'a'" in twin.link.text
        assert twin.part == CPS / 2  # as if there were no link
        await twin.link._redis.aclose()


async def entries(url: str, count: int) -> list[dict[str, str]]:
    client = redis.asyncio.Redis.from_url(url, decode_responses=True)
    try:
        async with asyncio.timeout(10):
            while await client.xlen("outpace:events") < count:  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(0.01)
        return [fields for _, fields in await client.xrange("outpace:events")]
    finally:
        await client.aclose()


async def test_events_are_appended_in_order(redis_server: RedisServer) -> None:
    async with joined(redis_server.url, "a") as a:
        for n in range(1200):
            a.hub.publish(Topic.ATTEMPTS, str(n), {"outcome": "busy", "number": "+12025550100"})
        a.hub.publish(Topic.JOBS, "x", {})
        found = await entries(redis_server.url, 1200)
        assert [int(one["key"]) for one in found] == list(range(1200))
        assert found[0] | {"data": ""} == {"node": "a", "sequence": "1", "topic": "attempts", "key": "0", "data": ""}
        assert json.loads(found[0]["data"]) == {"outcome": "busy", "number": "+12025550100"}
        # Redis has them before its answer, by which they are counted, is here
        await until(lambda: a.link.gauges()["events_total"] == 1200.0)


async def test_without_redis_a_node_goes_on_and_catches_up(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TTL_S", 1.0)
    async with joined(redis_server.url, "a", nodes=4) as a:
        assert a.part == CPS
        redis_server.stop()
        a.hub.publish(Topic.ATTEMPTS, "1", {})
        await until(lambda: not a.link.up)
        assert a.link.text
        # our word holds for a while yet, and then nobody may count on it
        await until(lambda: a.part == CPS / 4)
        redis_server.start()
        await until(lambda: a.link.up and a.part == CPS)
        assert [one["key"] for one in await entries(redis_server.url, 1)] == ["1"]


async def test_a_node_starts_where_there_is_no_redis(redis_server: RedisServer) -> None:
    redis_server.stop()
    async with joined(redis_server.url, "a") as a:
        assert not a.link.up
        assert a.part == CPS / 2
        redis_server.start()
        await until(lambda: a.part == CPS)


async def test_events_beyond_the_room_push_out_the_oldest(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 5)
    redis_server.stop()
    async with joined(redis_server.url, "a") as a:
        for n in range(8):
            a.hub.publish(Topic.ATTEMPTS, str(n), {})
        assert a.link.gauges()["events_lost_total"] == 3.0
        redis_server.start()
        assert [one["key"] for one in await entries(redis_server.url, 5)] == ["3", "4", "5", "6", "7"]
