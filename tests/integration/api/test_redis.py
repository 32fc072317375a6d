"""Nodes that share a Redis, seen through their control APIs: events, rates, presence, and life when it dies."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from outpace.api.settings import ApiSettings
from outpace.runtime import alarms, redis_link
from outpace.runtime import server as server_module
from outpace.runtime.node_file import load
from tests.integration.api.floor import Floor, node_file, open_floor
from tests.integration.peers import RedisServer
from tests.integration.server.house import until, until_asked

pytestmark = pytest.mark.lab

CPS = 100.0
REDIS = '[redis]\nurl = "{url}"\nshared_trunk_groups = ["carrier"]\nnodes = 4\n'


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of 50 ms, words that hold for half a second, alarms at once."""
    monkeypatch.setattr(redis_link, "ROUND_S", 0.05)
    monkeypatch.setattr(redis_link, "TTL_S", 0.5)
    monkeypatch.setattr(redis_link, "TIMEOUT_S", 0.5)
    monkeypatch.setattr(server_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setitem(alarms.LASTS_S, "redis_down", 0.1)


def shared_file(folder: Path, name: str, url: str) -> Any:
    folder.mkdir()
    file = node_file(folder, REDIS.format(url=url), talk=0.1)
    text = file.file.read_text().replace("[node]", f'[node]\nname = "{name}"').replace("cps = 1000.0", f"cps = {CPS}")
    file.file.write_text(text)
    return load(file.file, ApiSettings)


def dialled_by(floor: Floor) -> float:
    """Calls per second that the engine keeps to."""
    return floor.server._runner.engine.pool.trunk_groups[0].cps


def redis_is_down(health: dict[str, Any]) -> bool:
    """Whether the alarm is on; a machine that is slow may raise others of its own."""
    return "redis_down" in {one["alarm"] for one in health["alarms"]}


async def entries(url: str) -> list[dict[str, Any]]:
    """What platforms read from the stream."""
    client = redis.asyncio.Redis.from_url(url, decode_responses=True)
    try:
        return [fields for _, fields in await client.xrange("outpace:events")]
    finally:
        await client.aclose()


async def test_two_nodes_share_and_go_on_alone_when_redis_dies(tmp_path: Path, redis_server: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        east, west = [
            await stack.enter_async_context(open_floor(shared_file(tmp_path / name, name, redis_server.url)))
            for name in ("east", "west")
        ]
        for first, floor in ((49_301_000_000, east), (49_302_000_000, west)):
            await floor.campaign(leads=2000, agents=2, first=first)
            await floor.post("/v1/campaigns/1/start")
        # each has its half, and sees who else is there
        await until(lambda: (dialled_by(east), dialled_by(west)) == (CPS / 2, CPS / 2))
        health = await east.until("/v1/health", lambda one: "agents 2" in one["parts"].get("node west", ""))
        assert health["parts"]["redis"] == "ok"
        assert "campaigns 1" in health["parts"]["node west"]
        await east.until("/v1/attempts", lambda page: len(page["items"]) >= 10)
        await until(lambda: east.server._link.appended >= 10 and west.server._link.appended >= 10)
        told = await entries(redis_server.url)
        assert {one["node"] for one in told} == {"east", "west"}
        assert {one["topic"] for one in told} <= {"attempts", "dispositions", "alarms"}
        assert {json.loads(one["data"])["campaign_id"] for one in told if one["topic"] == "attempts"} == {1}

        redis_server.stop()
        # dialling goes on, by the part that the settings tell; the alarm says why
        alarms = (await east.until("/v1/health", redis_is_down))["alarms"]
        assert [one["severity"] for one in alarms if one["alarm"] == "redis_down"] == ["warning"]
        await until(lambda: dialled_by(east) == CPS / 4)
        seen = (await east.get("/v1/campaigns/1/board"))["launches"]
        await east.until("/v1/campaigns/1/board", lambda board: board["launches"] > seen + 5)
        health = await east.get("/v1/health")
        assert health["ready"]
        assert health["parts"]["redis"] != "ok"
        assert "node west" not in health["parts"]

        redis_server.start()
        # back together, nothing lost that happened meanwhile
        await until(lambda: (dialled_by(east), dialled_by(west)) == (CPS / 2, CPS / 2))
        await east.until("/v1/health", lambda one: one["parts"]["redis"] == "ok" and not redis_is_down(one))
        for floor in (east, west):
            await floor.post("/v1/campaigns/1/pause")
        newest = (await east.get("/v1/attempts?limit=1"))["items"][0]["call_id"]

        async def appended() -> bool:
            return newest in {one["key"] for one in await entries(redis_server.url) if one["node"] == "east"}

        await until_asked(appended)
        assert east.server._link.lost == 0


async def test_agent_is_logged_in_on_one_node_whatever_others_have(tmp_path: Path, redis_server: RedisServer) -> None:
    # nodes have agents of their own: presence tells how many, and nobody is one agent on two nodes
    async with AsyncExitStack() as stack:
        east, west = [
            await stack.enter_async_context(open_floor(shared_file(tmp_path / name, name, redis_server.url)))
            for name in ("east", "west")
        ]
        await east.campaign(agents=1)
        await west.campaign(agents=1)
        await east.until("/v1/health", lambda one: "agents 1" in one["parts"].get("node west", ""))
        await west.post("/v1/agents/1/desk/log-out")
        await east.until("/v1/health", lambda one: "agents 0" in one["parts"].get("node west", ""))
        assert (await east.get("/v1/agents/1"))["state"] == "ready"


async def test_node_without_redis_lives_alone(floor: Floor) -> None:
    health = await floor.get("/v1/health")
    assert "redis" not in health["parts"]
    assert "redis" not in (await floor.send("GET", "/metrics")).text
