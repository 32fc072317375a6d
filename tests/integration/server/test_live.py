"""Whoever listens: boards, agents and calls as they change, resumed after a break; webhooks, Redis, alarms, metrics."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
import redis.asyncio
from prometheus_client.parser import text_string_to_metric_families

from outpace.domain.config import TrunkGroup, TrunkKind
from outpace.domain.errors import ConfigError, StateError, UnknownId
from outpace.domain.orders import (
    ChangeTrunkGroup,
    CreateTrunkGroup,
    CreateWebhook,
    DeleteWebhook,
    GetHealth,
    ListAudit,
    ListCampaigns,
    ListDeadLetters,
    ListTrunkGroups,
    ListWebhooks,
    PauseCampaign,
    RetryDeadLetters,
    StartCampaign,
)
from outpace.domain.wire import Topic
from outpace.runtime import redis_link, webhooks
from outpace.runtime.control import Subscription, Update
from outpace.runtime.metrics import HELP, exposition
from outpace.runtime.server import Server
from tests.integration.peers import Platform, RedisServer
from tests.integration.server.house import AGENTS, BOSS, CAMPAIGN, add_leads, node_file, serving, until, until_asked


async def first_batch(subscription: Subscription) -> list[Update]:
    return list(await asyncio.wait_for(anext(aiter(subscription)), 10.0))


async def gather(subscription: Subscription, enough) -> list[Update]:
    """Updates until there are enough."""
    found: list[Update] = []
    async with asyncio.timeout(30.0):
        async for batch in subscription:
            found += batch
            if enough(found):
                return found
    raise AssertionError(subscription.dropped)


async def test_a_board_is_followed_from_a_snapshot_over_every_change(tmp_path: Path) -> None:
    async with serving(node_file(tmp_path, more=CAMPAIGN + AGENTS)) as server:
        door = server.door
        add_leads(tmp_path, 1, 120)
        listener = await door.subscribe([Topic.CAMPAIGNS, Topic.AGENTS, Topic.CALLS])
        snapshot = await first_batch(listener)
        assert sorted((one.topic.value, one.key) for one in snapshot) == sorted(
            [("agents", str(n)) for n in range(1, 11)] + [("campaigns", "1")]
        )
        await door.command(StartCampaign(campaign_id=1), BOSS)
        seen = await gather(listener, lambda found: _state_of(found) == "completed" and not _calls_left(found))
        sequences = [one.sequence for one in seen]
        assert sequences == sorted(set(sequences))
        calls = [one for one in seen if one.topic is Topic.CALLS]
        assert {one.data["state"] for one in calls if one.data} >= {"ringing", "talking"}
        agents = {one.data["state"] for one in seen if one.topic is Topic.AGENTS}
        assert agents >= {"ready", "talking", "wrap_up"}
        boards = [one.data for one in seen if one.topic is Topic.CAMPAIGNS]
        assert boards[0]["state"] == "running"
        assert boards[-1]["leads_left"] == 0
        assert max(one["launches_per_minute"] for one in boards) > 0
        # what comes after a break is what was missed
        half = sequences[len(sequences) // 2]
        again = await door.subscribe([Topic.CAMPAIGNS, Topic.AGENTS, Topic.CALLS], after=half)
        assert again.resumed
        missed = [one for one in seen if one.sequence > half]
        # agents still write up their last calls: what they do now may come behind it
        assert (await first_batch(again))[: len(missed)] == missed
        assert not (await door.subscribe([Topic.CALLS], after=half - 10**9)).resumed


def _state_of(found: list[Update]) -> str:
    boards = [one.data for one in found if one.topic is Topic.CAMPAIGNS]
    return boards[-1]["state"] if boards else ""


def _calls_left(found: list[Update]) -> set[str]:
    last = {one.key: one.data for one in found if one.topic is Topic.CALLS}
    return {key for key, data in last.items() if data is not None}


async def test_listeners_are_told_when_the_node_stops(tmp_path: Path) -> None:
    async with serving(node_file(tmp_path)) as server:
        listener = await server.door.subscribe([Topic.CALLS])
        await first_batch(listener)
    assert listener.dropped == "the node stops"
    with pytest.raises(StateError):
        await server.door.query(ListCampaigns())
    with pytest.raises(StateError):
        await server.door.subscribe([Topic.CALLS])


async def test_attempts_reach_a_webhook_and_dead_letters_are_kept(
    tmp_path: Path,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhooks, "RETRY_AFTER_S", ())
    platform.answers = [500]
    async with serving(node_file(tmp_path, more=CAMPAIGN + AGENTS)) as server:
        door = server.door
        for wrong in (
            {"url": "x"},
            {"topics": ["x"]},
            {"topics": []},
            {"secret": "short"},
        ):
            with pytest.raises(ConfigError) as raised:
                await door.command(
                    CreateWebhook(**({"url": platform.url, "topics": ["attempts"], "secret": "s" * 16} | wrong)), BOSS
                )
            assert raised.value.where in wrong
        made = await door.command(CreateWebhook(url=platform.url, topics=["attempts"], secret="s" * 16), BOSS)
        add_leads(tmp_path, 1, 30)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        dead = await until_asked(lambda: _dead(server))
        assert dead[0].event["topic"] == "attempts"
        assert dead[0].error == "answered 500"
        await until_asked(lambda: _alarmed(server, f"webhook {made.webhook_id}"))
        await until_asked(lambda: _delivered(server, 30 - len(dead)))
        assert await door.command(RetryDeadLetters(webhook_id=made.webhook_id), BOSS) == len(dead)
        await until_asked(lambda: _delivered(server, 30))
        await until_asked(lambda: _nothing_dead(server))
        events = platform.events()
        outcomes = {str(event["key"]): event["data"]["outcome"] for event in events}
        assert len(outcomes) == 30
        assert set(outcomes.values()) <= {"connected", "abandoned", "busy", "no_answer"}
        alarms = (await door.query(GetHealth())).alarms
        assert "dead_letters" not in [one.alarm for one in alarms] or alarms
    async with serving(node_file(tmp_path, more=CAMPAIGN + AGENTS)) as server:
        (kept,) = await server.door.query(ListWebhooks())
        assert (kept.webhook_id, kept.url, kept.topics) == (made.webhook_id, platform.url, ["attempts"])
        await server.door.command(DeleteWebhook(webhook_id=kept.webhook_id), BOSS)
        acts = (await server.door.query(ListAudit(subject=f"webhook/{kept.webhook_id}"))).items
        told = {one.action: one.detail.get("url") for one in acts}
        host = platform.url.partition("/events")[0]  # the rest of an address may be its secret
        assert told == {"create-webhook": host, "retry-dead-letters": None, "delete-webhook": host}
        assert await server.door.query(ListWebhooks()) == []
        for order in (DeleteWebhook(webhook_id=9), RetryDeadLetters(webhook_id=9)):
            with pytest.raises(UnknownId):
                await server.door.command(order, BOSS)


async def _alarmed(server: Server, subject: str):
    alarms = (await server.door.query(GetHealth())).alarms
    return ("dead_letters", subject) in [(one.alarm, one.subject) for one in alarms]


async def _dead(server: Server):
    return (await server.door.query(ListDeadLetters(webhook_id=1))).items


async def _nothing_dead(server: Server):
    return not await _dead(server)


async def _delivered(server: Server, count: int):
    (view,) = await server.door.query(ListWebhooks())
    return view.delivered == count


async def test_trunk_groups_change_while_calls_are_on_them(tmp_path: Path) -> None:
    async with serving(node_file(tmp_path, more=CAMPAIGN + AGENTS)) as server:
        door = server.door
        add_leads(tmp_path, 1, 300)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        await until_asked(lambda: _used(server))
        changed = await door.command(
            ChangeTrunkGroup(trunk_group_id=1, changes={"channels": 3, "cps": 50}, version=1), BOSS
        )
        assert (changed.version, changed.settings.channels, changed.settings.cps) == (2, 3, 50.0)
        await until_asked(lambda: _channels(server, 3))
        await until_asked(lambda: _at_most(server, 3))
        more = await door.command(CreateTrunkGroup(settings=TrunkGroup(id=1, name="more", channels=5)), BOSS)
        assert (more.settings.id, more.launches) == (2, 0)
        with pytest.raises(ConfigError):
            await door.command(CreateTrunkGroup(settings=TrunkGroup(id=1, name="more")), BOSS)
        with pytest.raises(ConfigError) as raised:
            await door.command(ChangeTrunkGroup(trunk_group_id=2, changes={"kind": "isdn_pri"}), BOSS)
        assert raised.value.where == "kind"
        assert [one.settings.kind for one in await door.query(ListTrunkGroups())] == [TrunkKind.SIP] * 2
        health = await until_asked(lambda: _health_without_alarm(server))
        assert health.ready


async def _used(server: Server):
    return (await server.door.query(ListTrunkGroups()))[0].used > 5


async def _channels(server: Server, count: int):
    return (await server.door.query(ListTrunkGroups()))[0].channels == count


async def _at_most(server: Server, count: int):
    return (await server.door.query(ListTrunkGroups()))[0].used <= count


async def _health_without_alarm(server: Server):
    health = await server.door.query(GetHealth())
    return health if health.ready and not health.alarms else None


async def test_metrics_and_health_tell_of_every_part(tmp_path: Path) -> None:
    more = CAMPAIGN + AGENTS + f'[journal]\npath = "{tmp_path / "journal"}"\n'
    async with serving(node_file(tmp_path, more=more)) as server:
        add_leads(tmp_path, 1, 20)
        await server.door.command(StartCampaign(campaign_id=1), BOSS)
        await until_asked(lambda: _used_or_done(server))
        text = (await asyncio.to_thread(exposition, server.reading())).decode()
        families = {one.name: one for one in text_string_to_metric_families(text)}
        page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text("utf-8")
        assert [name for name in families if f"`{name}`" not in page and f"`{name}_total`" not in page] == []
        assert {"outpace_hub_listeners", "outpace_loop_lag_seconds", "outpace_alarms"} <= set(families)
        assert set(HELP) >= {"hub_listeners", "loop_lag_seconds", "alarms", "build_info"}
        health = await server.door.query(GetHealth())
        assert health.parts == {"engine": "ok", "switch": "ok", "store": "ok", "journal": "ok"}
        assert health.ready


async def _used_or_done(server: Server):
    return (await server.door.query(ListTrunkGroups()))[0].launches > 3


@pytest.mark.lab
async def test_two_nodes_share_their_calls_per_second_by_redis(
    tmp_path: Path,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_link, "ROUND_S", 0.05)
    files = []
    for name in ("east", "west"):
        folder = tmp_path / name
        folder.mkdir()
        table = f'[redis]\nurl = "{redis_server.url}"\nshared_trunk_groups = ["carrier"]\n'
        files.append(node_file(folder, speed=5.0, node=f'name = "{name}"', more=CAMPAIGN + table))
    async with serving(files[0]) as east:
        add_leads(tmp_path / "east", 1, 3)
        await east.door.command(StartCampaign(campaign_id=1), BOSS)
        await until(lambda: _cps(east) == 100.0)
        async with serving(files[1]) as west:
            add_leads(tmp_path / "west", 1, 3)
            await west.door.command(StartCampaign(campaign_id=1), BOSS)
            await until(lambda: (_cps(east), _cps(west)) == (50.0, 50.0))
            # the settings are what they were: only what the node dials by is another
            (group,) = await east.door.query(ListTrunkGroups())
            assert (group.settings.cps, group.version) == (100.0, 1)
            health = await east.door.query(GetHealth())
            assert health.parts["redis"] == "ok"
            assert "campaigns 1" in health.parts["node west"]
            await west.door.command(PauseCampaign(campaign_id=1), BOSS)
            await until(lambda: _cps(east) == 100.0)
        client = redis.asyncio.Redis.from_url(redis_server.url)
        assert await client.hkeys("outpace:nodes") == [b"east"]
        await client.aclose()


def _cps(server: Server) -> float:
    return server._runner.engine.pool.trunk_groups[0].cps


def test_updates_are_plain_data() -> None:
    update = Update(sequence=1, topic=Topic.CALLS, key="1", data={"a": None})
    assert json.loads(msgspec.json.encode(update)) == {"sequence": 1, "topic": "calls", "key": "1", "data": {"a": None}}
