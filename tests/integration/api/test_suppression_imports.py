"""Do-not-call lists through the API: from an upload to a number that nobody dials."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from outpace.domain.access import Role
from tests.integration.api.floor import Floor, node_file, open_floor


async def upload(floor: Floor, body: bytes, query: str = "", role: Role = Role.OPERATOR) -> httpx.Response:
    return await floor.send("POST", f"/v1/suppression/imports{query}", role=role, content=body)


async def imported(floor: Floor, body: bytes, query: str = "") -> Any:
    answer = await upload(floor, body, query)
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['job_id']}"
    assert re.fullmatch("suppress-[0-9a-f]{12}", job["job_id"])
    return await floor.until(f"/v1/jobs/{job['job_id']}", lambda one: one["state"] not in ("queued", "running"))


def numbers(count: int, first: int = 49_301_000_000) -> bytes:
    return b"".join(b"+%d\n" % (first + n) for n in range(count))


async def test_list_is_on_the_suppression_list_and_rejects_are_told(floor: Floor) -> None:
    job = await imported(floor, b"+4930123456\n030 123457\nnobody\n+4930123456\n", "?region=DE&reason=asked")
    assert (job["state"], job["kind"], job["progress"]) == ("done", "suppression-import", 1.0)
    assert job["result"] == {"read": 4, "added": 2, "extended": 0, "known": 1, "rejected": 1}
    kept = (await floor.get("/v1/suppression"))["items"]
    assert [(one["number"], one["reason"], one["added_by"]) for one in kept] == [
        ("+4930123456", "asked", "operator"),
        ("+4930123457", "asked", "operator"),
    ]
    address = f"/v1/suppression/imports/{job['job_id']}/rejects"
    rejects = await floor.send("GET", address)
    assert rejects.text.splitlines() == ["line,reason,row", "3,not a phone number,nobody"]
    assert rejects.headers["content-type"] == "text/csv; charset=utf-8"
    masked = await floor.send("GET", address, role=Role.SUPERVISOR)
    assert masked.text.splitlines() == ["line,reason", "3,not a phone number"]
    again = await imported(floor, b"+4930123456\n+4930123457\n")
    assert again["result"] == {"read": 2, "added": 0, "extended": 0, "known": 2, "rejected": 0}
    empty = await floor.send("GET", f"/v1/suppression/imports/{again['job_id']}/rejects")
    assert empty.text == "line,reason,row\r\n"
    acts = (await floor.get("/v1/audit?subject=suppression"))["items"]
    assert [act["action"] for act in acts] == [
        "end-suppression-import",
        "numbers-suppressed",
        "import-suppression",
    ] * 2
    assert acts[0]["detail"]["result"] == again["result"]
    assert not [path for path in floor.server.folder.iterdir() if not path.name.endswith(".rejects.csv")]


async def test_leads_in_the_hopper_and_calls_that_ring_are_let_go(tmp_path: Path) -> None:
    async with open_floor(node_file(tmp_path, live=1.0, answer=60.0)) as floor:
        campaign_id = await floor.campaign(leads=300, agents=3)
        spared = await floor.campaign(leads=10, first=49_302_000_000)
        one = f"/v1/campaigns/{campaign_id}"
        await floor.post(f"{one}/start")
        await floor.until(f"/v1/calls?campaign_id={campaign_id}", lambda calls: len(calls) == 3)
        assert (await floor.get(f"{one}/counts"))["leased"] > 100
        job = await imported(floor, numbers(300), f"?campaign_id={campaign_id}&reason=asked")
        assert job["result"]["added"] == 300
        await floor.until(f"/v1/calls?campaign_id={campaign_id}", lambda calls: not calls)
        await floor.until(one, lambda view: view["state"] == "completed")  # nobody is left in its hopper
        attempts = (await floor.get(f"/v1/attempts?campaign_id={campaign_id}"))["items"]
        assert {attempt["outcome"] for attempt in attempts} == {"cancelled"}
        assert len(attempts) == 3
        assert (await floor.get(f"/v1/campaigns/{spared}/counts"))["new"] == 10
        (let_go, *_) = (await floor.get("/v1/audit?actor=system&limit=5"))["items"]
        assert let_go["action"] == "numbers-suppressed"
        assert let_go["detail"]["let_go"] > 100


@pytest.mark.parametrize(
    ("body", "query", "status", "field"),
    [
        (b"", "", 400, ""),
        (b"+4930123456\n", "?campaign_id=99", 404, ""),
        (b"+4930123456\n", "?region=XX", 422, "region"),
        (b"+4930123456\n", "?expires_at=2020-01-01T00:00:00Z", 422, "expires_at"),
        (b"+4930123456\n", "?expires_at=9999-01-01T00:00:00Z", 422, "expires_at"),
        (b"+4930123456\n", "?expires_at=tomorrow", 422, "expires_at"),
        (b"+4930123456\n", "?header=false&column=phone", 422, "column"),
        (b"+4930123456\n", "?name=list", 422, "name"),
    ],
)
async def test_import_that_is_asked_wrongly_leaves_nothing(
    floor: Floor, body: bytes, query: str, status: int, field: str
) -> None:
    answer = await upload(floor, body, query)
    assert answer.status_code == status
    assert [one["field"] for one in answer.json().get("errors", [])] == ([field] if field else [])
    assert await floor.get("/v1/jobs") == []
    assert list(floor.server.folder.iterdir()) == []


@pytest.mark.parametrize("role", [Role.AGENT, Role.MONITOR])
async def test_import_is_not_for_every_role(floor: Floor, role: Role) -> None:
    assert (await upload(floor, b"+4930123456\n", role=role)).status_code == 403


async def test_list_that_cannot_be_read_fails_and_says_why(floor: Floor) -> None:
    job = await imported(floor, b"a,b\nc,d\n")
    assert job["state"] == "failed"
    assert "which column holds the number" in job["error"]


async def test_import_that_is_cancelled_keeps_what_was_read(floor: Floor) -> None:
    job_id = (await upload(floor, numbers(300_000))).json()["job_id"]
    await floor.until(f"/v1/jobs/{job_id}", lambda one: one["progress"] > 0.0)
    await floor.post(f"/v1/jobs/{job_id}/cancel")
    job = await floor.until(f"/v1/jobs/{job_id}", lambda one: one["state"] == "cancelled")
    assert job["result"] is None
    assert (await floor.get("/v1/suppression?limit=1"))["items"]
    assert not (floor.server.folder / f"{job_id}.csv").exists()


async def test_rejects_are_those_of_an_import(floor: Floor) -> None:
    assert (await floor.send("GET", "/v1/suppression/imports/suppress-00ff/rejects")).status_code == 404
    campaign_id = await floor.campaign()
    other = await floor.imported(campaign_id, ["+4930123456"])
    assert (await floor.send("GET", f"/v1/suppression/imports/{other['job_id']}/rejects")).status_code == 404


async def test_files_of_the_node_before_are_removed(tmp_path: Path) -> None:
    file = node_file(tmp_path)
    async with open_floor(file) as floor:
        job = await imported(floor, b"nobody\n+4930123456\n", "?header=false")
        assert (floor.server.folder / f"{job['job_id']}.rejects.csv").exists()
        (floor.server.folder / "suppress-0123456789ab.csv").write_bytes(b"+4930123456\n")
    async with open_floor(file) as floor:
        assert list(floor.server.folder.iterdir()) == []
        assert (await floor.get("/v1/suppression"))["items"][0]["number"] == "+4930123456"
