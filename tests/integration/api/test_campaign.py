"""A campaign from its making to its end, steered through the API alone."""

from __future__ import annotations

import asyncio
import csv
import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from outpace.domain.access import Role
from outpace.domain.commands import RecordAttempt, StoreCommand
from outpace.domain.events import Event
from outpace.runtime import house
from outpace.store.sqlite import SqliteStore
from tests.integration.api.floor import WAIT_S, Floor, node_file, open_floor
from tests.integration.server.house import until


async def test_whole_campaign(floor: Floor) -> None:
    campaign_id = await floor.campaign(leads=150, agents=4, dispositions=["sale", "none"])
    one = f"/v1/campaigns/{campaign_id}"
    assert (await floor.get(f"{one}/counts"))["due"] == 150
    assert (await floor.get(f"{one}/why"))["obstacles"][0]["guard"]
    started = await floor.post(f"{one}/start")
    assert started["state"] == "running"
    talking = await floor.until(f"{one}/board", lambda board: board["connected"] >= 3)
    assert talking["answered"] == talking["connected"] + talking["abandoned"]
    assert sum(talking["outcomes"].values()) <= talking["launches"]
    decisions = await floor.get(f"{one}/decisions?after=1")
    assert decisions
    assert all(decision["sequence"] > 1 and decision["text"] for decision in decisions)

    changed = await floor.patch(one, {"abandonment": {"cap": 0.02}}, etag=f'"{started["version"]}"')
    assert changed["version"] == started["version"] + 1
    assert (await floor.get(f"{one}/board"))["budget"]["cap"] == 0.02
    history = (await floor.get(f"{one}/versions"))["items"]
    assert [version["version"] for version in history] == [2, 1]
    assert history[0]["changes"] == {"abandonment.cap": [0.03, 0.02]}

    done = await floor.until(f"{one}/counts", lambda counts: not counts["new"] and not counts["dialing"])
    assert done["total"] == 150
    await floor.until(one, lambda view: view["state"] == "completed")
    pages = [page async for page in _pages(floor, f"/v1/attempts?campaign_id={campaign_id}&limit=40")]
    attempts = [attempt for page in pages for attempt in page]
    assert [len(page) for page in pages[:-1]] == [40] * (len(pages) - 1)
    assert len({attempt["call_id"] for attempt in attempts}) == len(attempts) >= 150
    board = await floor.get(f"{one}/board")
    assert board["connected"] == sum(attempt["outcome"] == "connected" for attempt in attempts)
    archived = await floor.post(f"{one}/archive")
    assert archived["state"] == "archived"
    assert (await floor.get("/v1/campaigns"))["items"] == []


async def _pages(floor: Floor, path: str):
    cursor = ""
    while cursor is not None:
        page = await floor.get(f"{path}&cursor={cursor}")
        yield page["items"]
        cursor = page["next_cursor"]


async def test_exports_hold_every_attempt(floor: Floor) -> None:
    campaign_id = await floor.campaign(leads=60, agents=3)
    await floor.post(f"/v1/campaigns/{campaign_id}/start")
    told = (await floor.until("/v1/attempts?limit=1000", lambda page: len(page["items"]) == 60))["items"]
    rows = list(csv.DictReader((await floor.send("GET", "/v1/attempts/export?format=csv")).text.splitlines()))
    lines = (await floor.send("GET", "/v1/attempts/export?format=jsonl")).text.splitlines()
    assert [json.loads(line) for line in lines] == told
    assert [row["call_id"] for row in rows] == [one["call_id"] for one in told]
    assert rows[0]["number"] == told[0]["number"]
    since = datetime.now(UTC) - timedelta(hours=1)
    span = f"since={since:%Y-%m-%dT%H:%M:%SZ}&until={since + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    report = await floor.get(f"/v1/reports/campaign?{span}")
    assert report["total"]["attempts"] == len(told)
    for by in ("campaign", "agent", "hour", "outcome"):
        shown = await floor.get(f"/v1/reports/{by}?{span}")
        saved = list(csv.DictReader((await floor.send("GET", f"/v1/reports/{by}/export?{span}")).text.splitlines()))
        assert [row[by] for row in saved] == [*(row[by] for row in shown["rows"]), "total"]
        assert [row["attempts"] for row in saved] == [str(row["attempts"]) for row in [*shown["rows"], shown["total"]]]
    names = {column["name"] for column in report["columns"]}
    assert {
        name for column in report["columns"] for name in (column["numerator"], column["denominator"]) if name
    } <= names


async def test_attempt_is_read_as_soon_as_its_call_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = threading.Event()
    execute = SqliteStore.execute

    def slowly(store: SqliteStore, commands: Sequence[StoreCommand], now_ns: int) -> list[Event]:
        if any(type(command) is RecordAttempt for command in commands):
            disk.wait(WAIT_S)
        return execute(store, commands, now_ns)

    monkeypatch.setattr(SqliteStore, "execute", slowly)
    monkeypatch.setattr(house, "SETTLE_S", WAIT_S)
    async with open_floor(node_file(tmp_path, live=1.0, talk=3.0)) as floor:
        campaign_id = await floor.campaign(leads=1, agents=1)
        await floor.post(f"/v1/campaigns/{campaign_id}/start")
        await floor.until("/v1/calls", lambda calls: calls)
        since = datetime.now(UTC) - timedelta(hours=1)
        span = f"since={since:%Y-%m-%dT%H:%M:%SZ}&until={since + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
        try:
            await floor.until("/v1/calls", lambda calls: not calls)
            asked = ("/v1/attempts", f"/v1/reports/campaign?{span}")
            reads = [asyncio.create_task(floor.get(path)) for path in asked]
            await until(lambda: len(floor.server._runner.worker._waiters) == 2)
            assert not any(read.done() for read in reads)
        finally:
            disk.set()
        page, report = await asyncio.gather(*reads)
        assert len(page["items"]) == report["total"]["attempts"] == 1


async def test_nobody_waits_long_for_a_store_that_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = threading.Event()
    execute = SqliteStore.execute

    def stuck(store: SqliteStore, commands: Sequence[StoreCommand], now_ns: int) -> list[Event]:
        disk.wait(WAIT_S)
        return execute(store, commands, now_ns)

    monkeypatch.setattr(house, "SETTLE_S", 0.1)
    async with open_floor(node_file(tmp_path, live=1.0, talk=600.0)) as floor:
        campaign_id = await floor.campaign(leads=1, agents=1)
        monkeypatch.setattr(SqliteStore, "execute", stuck)
        starting = asyncio.create_task(floor.post(f"/v1/campaigns/{campaign_id}/start"))
        try:
            await until(floor.server._runner.worker.waiting)
            pages = await asyncio.gather(*(floor.get("/v1/attempts") for _ in range(50)))
            assert [page["items"] for page in pages] == [[]] * 50
            assert not starting.done()
        finally:
            disk.set()
        assert (await starting)["state"] == "running"
        await floor.until("/v1/calls", lambda calls: calls)


async def test_hot_lead_is_dialled_at_once(floor: Floor) -> None:
    campaign_id = await floor.campaign(agents=1)
    await floor.post(f"/v1/campaigns/{campaign_id}/start")
    await floor.until(f"/v1/campaigns/{campaign_id}/board", lambda board: board["agents"].get("ready") == 1)
    taken_s = []
    for n in range(5):
        await floor.until("/v1/agents", lambda agents: agents[0]["state"] == "ready")
        body = {"number": f"+4930155500{n}", "hot": True}
        lead = await floor.post(f"/v1/campaigns/{campaign_id}/leads", body)
        page = await floor.until(f"/v1/attempts?lead_id={lead['lead_id']}", lambda page: page["items"])
        added, launched = lead["added_at"], page["items"][0]["launched_at"]
        taken_s.append((datetime.fromisoformat(launched) - datetime.fromisoformat(added)).total_seconds())
    print(f"\nhot lead to launch: median {sorted(taken_s)[2] * 1e3:.0f} ms")
    assert sorted(taken_s)[2] < 1.0


async def test_agent_works_a_call_from_the_desk(tmp_path: Path) -> None:
    async with open_floor(node_file(tmp_path, live=1.0, talk=600.0)) as floor:
        asked = {"dispositions": ["sale", "callback"], "answers": {"amount": "number"}, "wrap_up_max_s": 0.0}
        campaign_id = await floor.campaign(leads=1, agents=1, **asked)
        await floor.post(f"/v1/campaigns/{campaign_id}/start")
        desk = await floor.until(
            "/v1/agents/1/desk",
            lambda desk: desk["call"] and desk["call"]["call"]["state"] == "talking",
            role=Role.AGENT,
        )
        call = desk["call"]["call"]
        assert "*" in call["number"]
        assert desk["call"]["dispositions"] == ["sale", "callback"]
        assert desk["call"]["answers"] == {"amount": "number"}
        assert (desk["call"]["timezone"], desk["call"]["timezone_from"]) == ("Europe/Berlin", "number")
        assert desk["at"] >= call["since"] >= call["launched_at"]
        lead_id = call["lead_id"]
        revealed = await floor.post(f"/v1/leads/{lead_id}/reveal", role=Role.AGENT)
        assert revealed["full_number"] == (await floor.get(f"/v1/leads/{lead_id}"))["number"]

        await floor.post("/v1/agents/1/desk/not-ready", {"reason": 3}, role=Role.AGENT)
        waiting = await floor.get("/v1/agents/1/desk", Role.AGENT)
        assert (waiting["agent"]["state"], waiting["agent"]["next_state"]) == ("talking", "not_ready")
        back = datetime.now(UTC) + timedelta(days=1)
        said = {
            "call_id": call["call_id"],
            "disposition": "callback",
            "attributes": {"mood": "good", "amount": 12.5},
            "callback_at": back.isoformat(),
        }
        await floor.post(f"/v1/calls/{call['call_id']}/hang-up", role=Role.AGENT)
        await floor.until("/v1/agents/1", lambda agent: agent["state"] != "talking", role=Role.AGENT)
        wrong = {**said, "attributes": {"amount": "much"}}
        refused = await floor.send("POST", "/v1/agents/1/desk/disposition", json=wrong, role=Role.AGENT)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "attributes.amount"
        await floor.post("/v1/agents/1/desk/disposition", said, role=Role.AGENT)
        lead = await floor.until(f"/v1/leads/{lead_id}", lambda lead: lead["state"] == "scheduled")
        assert abs(datetime.fromisoformat(lead["due_at"]) - back) < timedelta(seconds=1)
        attempt = (await floor.until("/v1/attempts", lambda page: page["items"]))["items"][0]
        assert (attempt["disposition"], attempt["attributes"]) == ("callback", said["attributes"])
        acts = (await floor.get("/v1/audit?actor=agent"))["items"]
        assert [act["action"] for act in acts] == ["set-disposition", "hang-up-call", "set-not-ready", "reveal-number"]


async def test_suppressed_number_is_not_dialled(floor: Floor) -> None:
    campaign_id = await floor.campaign(leads=3, agents=1)
    lead = (await floor.get(f"/v1/leads?campaign_id={campaign_id}"))["items"][1]
    await floor.post("/v1/suppression", {"number": lead["number"], "reason": "asked"})
    assert (await floor.get("/v1/suppression"))["items"][0]["number"] == lead["number"]
    assert not (await floor.get(f"/v1/leads/{lead['lead_id']}/why"))["dialable"]
    await floor.post(f"/v1/campaigns/{campaign_id}/start")

    counts = await floor.until(f"/v1/campaigns/{campaign_id}/counts", lambda counts: counts["suppressed"] == 1)
    assert counts["total"] == 3
    await floor.until(f"/v1/campaigns/{campaign_id}", lambda view: view["state"] == "completed")
    attempts = (await floor.get("/v1/attempts"))["items"]
    assert lead["number"] not in [attempt["number"] for attempt in attempts]
    gone = await floor.send("DELETE", f"/v1/suppression/{lead['number']}".replace("+", "%2B"))
    assert gone.status_code == 204


async def test_trunk_group_changes_while_it_is_used(floor: Floor) -> None:
    (group,) = await floor.get("/v1/trunk-groups")
    address = f"/v1/trunk-groups/{group['settings']['id']}"
    changed = await floor.patch(address, {"channels": 5, "cps": 3.0}, etag=f'"{group["version"]}"')
    assert (changed["settings"]["channels"], changed["version"]) == (5, group["version"] + 1)
    late = await floor.send("PATCH", address, json={"channels": 6}, headers={"If-Match": f'"{group["version"]}"'})
    assert late.status_code == 412
    made = await floor.post("/v1/trunk-groups", {"name": "second", "channels": 10})
    assert (await floor.get(f"/v1/trunk-groups/{made['settings']['id']}"))["settings"]["name"] == "second"


async def test_node_that_starts_again_goes_on(tmp_path: Path) -> None:
    file = node_file(tmp_path)
    async with open_floor(file) as floor:
        campaign_id = await floor.campaign(leads=50)
        await floor.post(f"/v1/campaigns/{campaign_id}/start")
        tokens = floor.tokens
    async with open_floor(file) as floor:
        floor.tokens = tokens
        view = await floor.get(f"/v1/campaigns/{campaign_id}")
        assert (view["state"], view["settings"]["mode"]) == ("running", "progressive")
        assert (await floor.get(f"/v1/campaigns/{campaign_id}/counts"))["total"] == 50


async def test_metrics_and_health(floor: Floor) -> None:
    text = (await floor.send("GET", "/metrics", role=Role.MONITOR)).text
    assert "outpace_build_info" in text
    assert "outpace_loop_lag_seconds_bucket" in text
    health = await floor.get("/v1/health", Role.MONITOR)
    assert health["ready"]
    assert (await floor.http.get("/health/ready")).status_code == 200


async def test_orders_are_in_the_audit_without_secrets(floor: Floor) -> None:
    hook = {"url": "https://platform.example/hook", "topics": ["attempts"], "secret": "0123456789abcdef-secret"}
    made = await floor.post("/v1/webhooks", hook)
    assert "secret" not in made
    token = await floor.post("/v1/tokens", {"name": "board", "role": "monitor"})
    text = (await floor.send("GET", "/v1/audit")).text
    assert '"create-webhook"' in text
    assert '"create-token"' in text
    assert hook["secret"] not in text
    assert token["token"] not in text
