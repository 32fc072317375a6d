"""Imports by HTTP: whole ones, wrong ones, such as break off, and such as are cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from outpace.api.imports import INTERRUPTED
from outpace.domain.access import Role
from tests.integration.api.floor import Floor, node_file, open_floor


async def upload(floor: Floor, campaign_id: int, body: bytes, query: str = "") -> httpx.Response:
    path = f"/v1/campaigns/{campaign_id}/imports?name=march{query}"
    return await floor.send("POST", path, content=body, headers={"Content-Type": "text/csv"})


async def ended(floor: Floor, job_id: str) -> dict:
    return await floor.until(f"/v1/jobs/{job_id}", lambda one: one["state"] not in ("queued", "running"))


async def test_import_tells_figures_rejects_and_where_it_went(floor: Floor) -> None:
    campaign_id = await floor.campaign()
    rows = b"phone,id,city\n030 123456,A1,Berlin\n030 123456,A2,Berlin\nnone,A3,Bonn\n0171 1234567,A4,Ulm\n"
    answer = await upload(floor, campaign_id, rows, "&region=DE&validation=possible")
    assert answer.status_code == 202
    job = await ended(floor, answer.json()["job_id"])
    assert answer.headers["location"] == f"/v1/jobs/{job['job_id']}"
    assert (job["state"], job["progress"]) == ("done", 1.0)
    assert job["result"] == {"read": 4, "added": 2, "duplicates": 1, "suppressed": 0, "rejected": 1}
    (one,) = (await floor.get(f"/v1/lists?campaign_id={campaign_id}"))["items"]
    assert (one["state"], one["added"], one["rejected"], one["job_id"]) == ("done", 2, 1, job["job_id"])
    leads = (await floor.get(f"/v1/leads?list_id={one['list_id']}"))["items"]
    assert [(lead["number"], lead["reference"]) for lead in leads] == [("+4930123456", "A1"), ("+491711234567", "A4")]
    assert leads[0]["attributes"] == {"city": "Berlin"}
    rejects = await floor.send("GET", f"/v1/lists/{one['list_id']}/rejects")
    assert rejects.text.splitlines() == ["line,reason,row", '4,not a phone number,"none,A3,Bonn"']
    masked = await floor.send("GET", f"/v1/lists/{one['list_id']}/rejects", role=Role.SUPERVISOR)
    assert masked.text.splitlines() == ["line,reason", "4,not a phone number"]
    assert [path.name for path in floor.server.folder.iterdir()] == [f"import-{one['list_id']}.rejects.csv"]


async def test_rejects_are_kept_for_a_time(tmp_path: Path) -> None:
    file = node_file(tmp_path)
    async with open_floor(file) as floor:
        campaign_id = await floor.campaign()
        jobs = [await floor.imported(campaign_id, ["none", f"+4930123400{n}"]) for n in range(2)]
        folder, paths = floor.server.folder, [f"/v1/lists/{job['job_id'].partition('-')[2]}/rejects" for job in jobs]
        long_ago = time.time() - file.api.rejects_days * 86_400 - 60
        os.utime(folder / f"{jobs[0]['job_id']}.rejects.csv", (long_ago, long_ago))
        assert (await floor.send("GET", paths[0])).status_code == 200
        await floor.imported(campaign_id, ["+4930123405"])
        gone, there = [await floor.send("GET", path) for path in paths]
        assert gone.status_code == 404
        assert "kept for 90 days" in gone.json()["detail"]
        assert there.text.splitlines()[1] == "2,not a phone number,none"
        os.utime(folder / f"{jobs[1]['job_id']}.rejects.csv", (long_ago, long_ago))
    async with open_floor(file) as floor:
        assert not list(folder.iterdir())


async def test_import_again_adds_what_is_missing(floor: Floor) -> None:
    campaign_id = await floor.campaign(leads=10)
    job = await floor.imported(campaign_id, (f"+{49_301_000_000 + n}" for n in range(15)))
    assert (job["result"]["added"], job["result"]["duplicates"]) == (5, 10)
    assert (await floor.get(f"/v1/lists/{job['job_id'].removeprefix('import-')}"))["added"] == 5


@pytest.mark.parametrize(
    ("body", "query", "status", "field"),
    [
        (b"", "", 400, ""),
        (b"phone\n+4930123456\n", "&region=XX", 422, "region"),
        (b"phone\n+4930123456\n", "&validation=never", 422, "validation"),
        (b"phone\n+4930123456\n", "&delimiter=ab", 422, "delimiter"),
        (b"phone\n+4930123456\n", "&header=false&column=phone", 422, "column"),
    ],
)
async def test_import_that_is_asked_wrongly_begins_no_list(
    floor: Floor, body: bytes, query: str, status: int, field: str
) -> None:
    campaign_id = await floor.campaign()
    answer = await upload(floor, campaign_id, body, query)
    assert answer.status_code == status
    assert [one["field"] for one in answer.json().get("errors", [])] == ([field] if field else [])
    assert (await floor.get("/v1/lists"))["items"] == []
    assert list(floor.server.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "query", "reason"),
    [
        (b"name,city\nAda,Ulm\n", "", "which column holds the number"),
        (b"a,a\n1,2\n", "", "occurs twice"),
        (b"phone\n+4930123456\n", "&column=number", "no column 'number'"),
        (b"phone\n+4930123456\n", "&encoding=klingon", "unknown encoding"),
    ],
)
async def test_import_of_a_list_that_is_wrong_fails_and_says_why(
    floor: Floor, body: bytes, query: str, reason: str
) -> None:
    campaign_id = await floor.campaign()
    job = await ended(floor, (await upload(floor, campaign_id, body, query)).json()["job_id"])
    assert job["state"] == "failed"
    assert reason in job["error"]
    (one,) = (await floor.get("/v1/lists"))["items"]
    assert (one["state"], one["error"]) == ("failed", job["error"])


async def test_import_into_nowhere_is_refused(floor: Floor) -> None:
    assert (await upload(floor, 99, b"phone\n+4930123456\n")).status_code == 404


async def test_upload_that_breaks_off_leaves_nothing(floor: Floor) -> None:
    campaign_id = await floor.campaign()

    async def half() -> AsyncIterator[bytes]:
        yield b"phone\n" + b"+4930123456\n" * 10_000
        await asyncio.sleep(0.1)
        raise RuntimeError("the client dies")

    path = f"/v1/campaigns/{campaign_id}/imports?name=half"
    with pytest.raises(RuntimeError, match="dies"):
        await floor.send("POST", path, content=half())
    async with asyncio.timeout(5):
        while list(floor.server.folder.iterdir()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
    assert (await floor.get("/v1/lists"))["items"] == []
    assert (await floor.get("/v1/health"))["ready"]


async def test_import_that_is_cancelled_keeps_what_was_read(floor: Floor) -> None:
    campaign_id = await floor.campaign()
    rows = b"phone\n" + b"".join(b"+%d\n" % (49_301_000_000 + n) for n in range(200_000))
    job_id = (await upload(floor, campaign_id, rows, "&validation=possible")).json()["job_id"]
    await floor.until(f"/v1/jobs/{job_id}", lambda one: one["progress"] > 0.0)
    await floor.post(f"/v1/jobs/{job_id}/cancel")
    job = await ended(floor, job_id)
    assert job["state"] == "cancelled"
    (one,) = (await floor.get("/v1/lists"))["items"]
    assert one["state"] == "cancelled"
    assert 0 < one["added"] < 200_000
    assert (await floor.get(f"/v1/campaigns/{campaign_id}/counts"))["total"] == one["added"]
    assert (await floor.send("POST", f"/v1/jobs/{job_id}/cancel")).status_code == 409
    assert not (floor.server.folder / f"{job_id}.csv").exists()
    assert workers() == []


async def test_import_whose_worker_dies_has_failed_and_the_next_one_runs(floor: Floor) -> None:
    campaign_id = await floor.campaign()
    rows = b"phone\n" + b"".join(b"+%d\n" % (49_301_000_000 + n) for n in range(200_000))
    job_id = (await upload(floor, campaign_id, rows, "&validation=possible")).json()["job_id"]
    await floor.until(f"/v1/jobs/{job_id}", lambda one: one["progress"] > 0.0)
    (worker,) = workers()
    os.kill(worker, signal.SIGKILL)
    job = await ended(floor, job_id)
    assert (job["state"], job["error"].partition(" (")[0]) == ("failed", "the worker ended without a result")
    (one,) = (await floor.get("/v1/lists"))["items"]
    assert (one["state"], one["error"]) == ("failed", job["error"])
    assert (await floor.imported(campaign_id, ["+12025550123"]))["state"] == "done"


def workers() -> list[int]:
    """Processes of workers that are ours."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            parent = int((path.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == os.getpid() and b"outpace.api.worker" in path.read_bytes():
                found.append(int(path.parent.name))
    return found


async def test_import_that_ends_with_the_node_is_told_at_the_next_start(tmp_path: Path) -> None:
    file = node_file(tmp_path)
    async with open_floor(file) as floor:
        campaign_id = await floor.campaign()
        list_id = await floor.server.write(lambda store: store.begin_list(campaign_id, "cut", "ada", 1))
        (floor.server.folder / f"import-{list_id}.csv").write_text("phone\n")
        (floor.server.folder / "upload-1.part").write_text("phone\n")
    async with open_floor(file) as floor:
        one = await floor.get(f"/v1/lists/{list_id}")
        assert (one["state"], one["error"]) == ("failed", INTERRUPTED)
        assert list(floor.server.folder.iterdir()) == []


async def test_jobs_wait_for_their_turn_and_are_told_live(floor: Floor) -> None:
    campaign_id = await floor.campaign()
    async with floor.stream("?topics=jobs") as stream:
        await stream.recv()
        ids = [
            (await upload(floor, campaign_id, b"phone\n+493012345%d\n" % n, "&validation=possible")).json()["job_id"]
            for n in range(3)
        ]
        for job_id in ids:
            assert (await ended(floor, job_id))["state"] == "done"
        told: list[str] = []
        async with asyncio.timeout(5):
            while sum('"state":"done"' in one for one in told) < 3:
                told.append(str(await stream.recv()))
    assert [one["job_id"] for one in await floor.get("/v1/jobs")] == ids[::-1]
    assert sum('"state":"queued"' in one for one in told) == 3


async def test_what_if_compares_two_settings(floor: Floor) -> None:
    campaign_id = await floor.campaign(agents=1)
    body = {
        "campaign_id": campaign_id,
        "changes": {"mode": "predictive", "abandonment": {"cap": 0.05}},
        "agents": 10,
        "hours": 0.25,
        "seeds": 2,
        "live": 0.3,
        "talk_s": 60.0,
    }
    made = await floor.post("/v1/simulations", body)
    job = await ended(floor, made["job_id"])
    assert job["state"] == "done", job["error"]
    result = job["result"]
    assert result["assumed"]["agents"] == 10
    assert result["assumed"]["live"] == 0.3
    for name, figure in result["difference"].items():
        assert figure["mean"] is None or figure["low"] <= figure["mean"] <= figure["high"], name
        difference = result["changed"][name]["mean"] - result["now"][name]["mean"]
        assert figure["mean"] == pytest.approx(difference, abs=1e-9)
    assert result["changed"]["occupancy"]["mean"] > result["now"]["occupancy"]["mean"]


@pytest.mark.parametrize(
    ("change", "field"), [({"mode": "magic"}, "mode"), ({"abandonment": {"cap": 7}}, "abandonment.cap")]
)
async def test_what_if_of_settings_that_cannot_be_is_refused(floor: Floor, change: dict, field: str) -> None:
    campaign_id = await floor.campaign()
    answer = await floor.send("POST", "/v1/simulations", json={"campaign_id": campaign_id, "changes": change})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
