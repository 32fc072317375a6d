"""A store that is full or locked while a campaign runs: a clear answer, calls go on, nothing is lost, it recovers."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from outpace.api import uploads
from outpace.runtime import alarms, store_worker
from outpace.runtime import server as server_module
from tests.integration.api.floor import WAIT_S, Floor, node_file, open_floor

C = "/v1/campaigns/1"
LEADS = 150

#: Holds the store's write lock until its stdin ends.
HOLDER = """\
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
db.execute("ROLLBACK")
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setitem(alarms.LASTS_S, "store_behind", 0.1)


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[Floor]:
    """A campaign that dials, with agents in calls."""
    async with open_floor(node_file(tmp_path, talk=0.1)) as floor:
        await floor.campaign(leads=LEADS, agents=4, dispositions=["sale"])
        await floor.post(f"{C}/start")
        await floor.until(f"{C}/board", lambda board: board["connected"] >= 3)
        yield floor


async def fill(floor: Floor) -> sqlite3.Connection:
    """Let the file grow no more, and use up what is free in it; the writer's connection, to give it room again."""

    def limit(store: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = store._db
        db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
        return db

    return await floor.server.write(limit)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the write lock."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.communicate()


async def nothing_was_lost(floor: Floor, leads: int) -> None:
    """Every launch has its attempt, every lead its end."""
    await floor.until(C, lambda view: view["state"] == "completed")
    board = await floor.get(f"{C}/board")
    items, cursor = [], ""
    while cursor is not None:
        page = await floor.get(f"/v1/attempts?limit=1000&cursor={cursor}")
        items, cursor = items + page["items"], page["next_cursor"]
    withdrawn = floor.server._runner.engine.counters()["withdrawn_intents"]  # of a store that was away for long
    assert len({one["call_id"] for one in items}) == len(items) == board["launches"] - withdrawn
    counts = await floor.get(f"{C}/counts")
    assert (counts["total"], counts["dialing"], counts["in_call"]) == (leads, 0, 0)
    assert not [one for one in items if one["outcome"] == "lost"]
    health = await floor.get("/v1/health")
    assert (health["ready"], health["parts"]["store"]) == (True, "ok")


async def test_store_that_another_process_has_locked(
    busy: Floor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_worker, "HOLD_UP_S", 0.3)
    with locked(busy.server.store_path):
        adding = asyncio.create_task(busy.send("POST", f"{C}/leads", json={"number": "+4930777000"}))
        # what is asked is answered at once, and says what is wrong
        async with asyncio.timeout(WAIT_S):
            for path in (C, f"{C}/board", "/v1/agents", "/v1/calls", "/v1/attempts?limit=5"):
                await busy.get(path)
        health = await busy.until("/v1/health", lambda one: not one["ready"])
        assert health["parts"]["store"] == "refuses to write"
        await busy.until("/v1/health", lambda one: "store_refuses" in {each["alarm"] for each in one["alarms"]})
        ready = await busy.http.get("/health/ready")
        assert ready.status_code == 503
        assert ready.headers["retry-after"]
        answer = await adding
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith("the store: another process holds the file")
    await busy.until("/v1/health", lambda one: one["ready"])
    assert (await busy.send("POST", f"{C}/leads", json={"number": "+4930777000"})).status_code == 201
    await busy.until("/v1/health", lambda one: one["ready"] and not one["alarms"])
    await nothing_was_lost(busy, LEADS + 1)
    assert not [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]


async def test_store_that_is_full(busy: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_worker, "HOLD_UP_S", 0.3)
    db = await fill(busy)
    refused, added, note = None, 0, {"note": "x" * 900}
    async with asyncio.timeout(WAIT_S):
        while refused is None:
            lead = {"number": f"+4930777{added:04}", "attributes": note}
            answer = await busy.send("POST", f"{C}/leads", json=lead)
            refused = answer if answer.status_code != 201 else None
            added += answer.status_code == 201
    assert refused.status_code == 503
    assert refused.json()["detail"] == "the store: database or disk is full"
    assert refused.headers["retry-after"] == "1"
    # dialling stops by itself, since no call may begin that is not written down; what is asked is answered
    health = await busy.until("/v1/health", lambda one: not one["ready"])
    assert health["parts"]["store"] == "refuses to write"
    await busy.until("/v1/health", lambda one: "store_refuses" in {each["alarm"] for each in one["alarms"]})
    # whoever had a call in hand is ready again, and has had the one launch that then waits for the store
    await busy.until("/v1/agents", lambda agents: {one["state"] for one in agents} == {"ready"})
    launches = (await busy.get(f"{C}/board"))["launches"]
    answers = await asyncio.gather(*(busy.send("POST", f"{C}/leads", json=lead) for _ in range(20)))
    assert {one.status_code for one in answers} == {503}
    assert (await busy.get(f"{C}/board"))["launches"] == launches
    db.execute("PRAGMA max_page_count = 1000000")
    await busy.until("/v1/health", lambda one: one["ready"] and not one["alarms"])
    await nothing_was_lost(busy, LEADS + added)


async def test_upload_that_finds_no_room_leaves_nothing(busy: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads, "_write", no_room)
    headers = {"Content-Type": "text/csv"}
    answer = await busy.send("POST", f"{C}/imports?name=big", content=b"phone\n+4930777000\n", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:outpace:problem:storage-full")
    assert not list(busy.server.folder.glob("upload-*"))
    assert len((await busy.get("/v1/lists"))["items"]) == 1
