"""Every operation, asked by every role on a real node: who may, who may not, and what each gets to see."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from outpace.api import gate
from outpace.api.tokens import make_token
from outpace.domain.access import Role
from outpace.domain.units import NS_PER_S
from outpace.runtime.clock import wall_ns
from outpace.runtime.node_file import load
from tests.integration.api.floor import Floor, node_file, open_floor

#: In the table: o = operator, s = supervisor, a = agent (what is their own), i = integrator, m = monitor.
LETTERS = {"o": Role.OPERATOR, "s": Role.SUPERVISOR, "a": Role.AGENT, "i": Role.INTEGRATOR, "m": Role.MONITOR}
EVERYBODY = "osaim"
SECRET = "only-the-platform-knows-this"
SPAN = "since=2026-01-01T00:00:00Z&until=2099-01-01T00:00:00Z"
CSV = {"content": b"phone\n+4930999888777\n", "headers": {"Content-Type": "text/csv"}}


class Entry(NamedTuple):
    """How an operation is asked, by whom, and with which statuses it answers those who may.

    Parameters
    ----------
    path, body : with `{...}` of `Scene.values`; `{n}` is another number for every request.
    foreign : the same of another agent's, which an agent may not.
    more : of the request.
    """

    path: str
    may: str
    ok: set[int]
    body: Any = None
    foreign: str = ""
    more: dict[str, Any] = {}  # noqa: RUF012 - never changed


C = "/v1/campaigns/1"
DESK = "/v1/agents/1/desk"
DESK_2 = "/v1/agents/2/desk"

TABLE: dict[str, Entry] = {
    "list_campaigns": Entry("/v1/campaigns", "osim", {200}),
    "create_campaign": Entry("/v1/campaigns", "o", {201}, {"name": "made {n}"}),
    "validate_campaign": Entry("/v1/campaigns/validate", "os", {200}, {"name": "made {n}"}),
    "get_campaign": Entry(C, "osim", {200}),
    "change_campaign": Entry(C, "os", {200}, {"reserve": 0}, more={"headers": {"If-Match": "*"}}),
    "start_campaign": Entry("/v1/campaigns/2/start", "os", {200}),
    "pause_campaign": Entry("/v1/campaigns/2/pause", "os", {200, 409}),
    "resume_campaign": Entry("/v1/campaigns/2/resume", "os", {200}),
    "stop_campaign": Entry("/v1/campaigns/2/stop", "os", {200, 409}),
    "archive_campaign": Entry("/v1/campaigns/3/archive", "o", {200}),
    "list_campaign_versions": Entry(C + "/versions", "os", {200}),
    "get_board": Entry(C + "/board", "osim", {200}),
    "list_decisions": Entry(C + "/decisions", "osim", {200}),
    "why_nothing": Entry(C + "/why", "osim", {200}),
    "count_leads": Entry(C + "/counts", "osim", {200}),
    "list_lists": Entry("/v1/lists", "osi", {200}),
    "get_list": Entry("/v1/lists/1", "osi", {200}),
    "get_rejects": Entry("/v1/lists/1/rejects", "osi", {200}),
    "import_list": Entry(C + "/imports?name=more", "osi", {202}, more=CSV),
    "list_leads": Entry("/v1/leads?campaign_id=1", "osi", {200}),
    "add_lead": Entry(C + "/leads", "osi", {201}, {"number": "+49309998{n}"}),
    "get_lead": Entry("/v1/leads/{lead}", "osi", {200}),
    "why_not_lead": Entry("/v1/leads/{lead}/why", "osi", {200}),
    "reveal_number": Entry("/v1/leads/{lead}/reveal", "osai", {200}, foreign="/v1/leads/{other_lead}/reveal"),
    "list_suppression": Entry("/v1/suppression", "osi", {200}),
    "suppress": Entry("/v1/suppression", "osi", {201}, {"number": "+49309997{n}"}),
    "import_suppression": Entry("/v1/suppression/imports", "osi", {202}, more=CSV),
    "get_suppression_rejects": Entry("/v1/suppression/imports/{suppression_job}/rejects", "osi", {200}),
    "unsuppress": Entry("/v1/suppression/+4930999700", "osi", {204, 404}),
    "list_agents": Entry("/v1/agents", "os", {200}),
    "create_agent": Entry("/v1/agents", "o", {201}, {"name": "made {n}", "leg": "SIM/9", "campaigns": [2]}),
    "get_agent": Entry("/v1/agents/1", "osa", {200}, foreign="/v1/agents/2"),
    "change_agent": Entry("/v1/agents/3", "o", {200}, {"name": "third", "leg": "SIM/3", "campaigns": [2]}),
    "get_desk": Entry(DESK, "osa", {200}, foreign=DESK_2),
    "log_in": Entry(DESK + "/log-in", "osa", {200}, foreign=DESK_2 + "/log-in"),
    "set_ready": Entry(DESK + "/ready", "osa", {200}, foreign=DESK_2 + "/ready"),
    "set_not_ready": Entry(DESK + "/not-ready", "osa", {200}, foreign=DESK_2 + "/not-ready"),
    "set_disposition": Entry(
        DESK + "/disposition",
        "osa",
        {200},
        {"call_id": "{call}", "disposition": "done"},
        foreign=DESK_2 + "/disposition",
    ),
    "list_calls": Entry("/v1/calls", "os", {200}),
    "get_call": Entry("/v1/calls/{call}", "osa", {200}, foreign="/v1/calls/{other_call}"),
    "list_attempts": Entry("/v1/attempts", "osai", {200}, foreign="/v1/attempts?agent_id=2"),
    "export_attempts": Entry("/v1/attempts/export", "osi", {200}),
    "list_trunk_groups": Entry("/v1/trunk-groups", "osim", {200}),
    "create_trunk_group": Entry("/v1/trunk-groups", "o", {201}, {"name": "made {n}", "channels": 1}),
    "get_trunk_group": Entry("/v1/trunk-groups/1", "osim", {200}),
    "change_trunk_group": Entry("/v1/trunk-groups/1", "o", {200}, {"cps": 99.0}, more={"headers": {"If-Match": "*"}}),
    "get_report": Entry(f"/v1/reports/hour?{SPAN}", "osim", {200}),
    "export_report": Entry(f"/v1/reports/hour/export?{SPAN}", "osim", {200}),
    "simulate": Entry("/v1/simulations", "os", {202}, {"campaign_id": 1, "hours": 0.25, "seeds": 2}),
    "list_jobs": Entry("/v1/jobs", "osi", {200}),
    "get_job": Entry("/v1/jobs/import-1", "osi", {200}),
    "cancel_job": Entry("/v1/jobs/import-1/cancel", "osi", {409}),
    "list_webhooks": Entry("/v1/webhooks", "oi", {200}),
    "create_webhook": Entry(
        "/v1/webhooks", "oi", {201}, {"url": "http://127.0.0.1:9/{n}", "topics": ["jobs"], "secret": SECRET}
    ),
    "list_dead_letters": Entry("/v1/webhooks/1/dead-letters", "oi", {200}),
    "retry_dead_letters": Entry("/v1/webhooks/1/dead-letters/retry", "oi", {200}),
    "delete_webhook": Entry("/v1/webhooks/1", "oi", {204, 404}),
    "get_me": Entry("/v1/me", EVERYBODY, {200}),
    "list_audit": Entry("/v1/audit", "os", {200}),
    "list_tokens": Entry("/v1/tokens", "o", {200}),
    "create_token": Entry("/v1/tokens", "o", {201}, {"name": "made {n}", "role": "monitor"}),
    "revoke_token": Entry("/v1/tokens/{spare_token}", "o", {204}),
    "get_live": Entry("/health/live", EVERYBODY, {200}),
    "get_ready": Entry("/health/ready", EVERYBODY, {200}),
    "get_health": Entry("/v1/health", "osm", {200}),
    "list_alarms": Entry("/v1/alarms", "osim", {200}),
    "get_metrics": Entry("/metrics", "osm", {200}),
    "get_openapi": Entry("/openapi.json", EVERYBODY, {200}),
    # the last: they end what the others look at
    "hang_up_call": Entry("/v1/calls/{call}/hang-up", "aos", {204, 404}, foreign="/v1/calls/{other_call}/hang-up"),
    "log_out": Entry(DESK + "/log-out", "osa", {200, 409}, foreign=DESK_2 + "/log-out"),
}

#: Operations whose answers hold numbers of people: in full for those who may see them, else masked.
NUMBERED = {
    *("list_leads", "add_lead", "get_lead", "list_suppression", "suppress", "get_desk", "set_ready", "set_not_ready"),
    *("log_in", "set_disposition", "list_calls", "get_call", "list_audit"),
}
#: A number in full, and one that is masked.
FULL, MASKED = re.compile(r"\+49\d{8,}"), re.compile(r"\+49\d\*+\d\d")


class Scene:
    """The node with everything that the table names."""

    def __init__(self, floor: Floor, values: dict[str, str], refused: dict[str, str]) -> None:
        self.floor = floor
        self.values = values
        self.refused = refused  # tokens that nobody may use, by why
        self.asked = 0
        self.answers: list[tuple[str, Role | None, httpx.Response]] = []

    async def ask(self, name: str, method: str, token: str, *, path: str = "") -> httpx.Response:
        """Ask for an operation as the table has it."""
        entry, self.asked = TABLE[name], self.asked + 1
        values = {**self.values, "n": f"{self.asked:04}"}
        headers = {**entry.more.get("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        body = {"json": _filled(entry.body, values)} if entry.body is not None else {}
        more = {**entry.more, **body, "headers": headers}
        return await self.floor.http.request(method, _filled(path or entry.path, values), **more)


def _filled(template: Any, values: dict[str, str]) -> Any:
    if isinstance(template, str):
        return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], template)
    if isinstance(template, dict):
        return {key: _filled(value, values) for key, value in template.items()}
    return template


@pytest.fixture
async def scene(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    """Agents 1 and 2 talk to somebody for long; agent 3 is elsewhere."""
    monkeypatch.setattr(gate, "_STRANGERS_BURST", 100_000)  # else who guesses tokens is soon told to wait
    caplog.set_level(logging.DEBUG, "outpace")
    async with open_floor(node_file(tmp_path, live=1.0, talk=600.0)) as floor:
        await floor.campaign(leads=40, agents=2)
        for name in ("second", "third"):
            await floor.post("/v1/campaigns", {"name": name})
        await floor.post("/v1/agents", {"name": "third", "leg": "SIM/3", "campaigns": [2]})
        await floor.post("/v1/suppression", {"number": "+4930999700"})
        listed = await floor.post("/v1/suppression/imports", content=b"none\n", headers=CSV["headers"])
        await floor.until(f"/v1/jobs/{listed['job_id']}", lambda job: job["state"] not in ("queued", "running"))
        await floor.post("/v1/webhooks", {"url": "http://127.0.0.1:9/", "topics": ["jobs"], "secret": SECRET})
        await floor.post(f"{C}/start")
        desks = [
            await floor.until(f"/v1/agents/{n}/desk", lambda one: one["agent"]["state"] == "talking") for n in (1, 2)
        ]
        spare = await floor.post("/v1/tokens", {"name": "spare", "role": "monitor"})
        values = {
            "call": desks[0]["call"]["call"]["call_id"],
            "lead": str(desks[0]["call"]["lead"]["lead_id"]),
            "other_call": desks[1]["call"]["call"]["call_id"],
            "other_lead": str(desks[1]["call"]["lead"]["lead_id"]),
            "suppression_job": listed["job_id"],
            "spare_token": str(spare["view"]["token_id"]),
        }
        yield Scene(floor, values, {"": "none", **await _dead_tokens(floor)})


async def _dead_tokens(floor: Floor) -> dict[str, str]:
    # one that has expired, one that was revoked, one that never was
    past_ns = wall_ns() - 2 * NS_PER_S
    expired, _ = await floor.server.write(
        lambda store: make_token(
            store, name="past", role=Role.OPERATOR, agent_id=0, expires_ns=past_ns + NS_PER_S, now_ns=past_ns
        )
    )
    revoked = await floor.post("/v1/tokens", {"name": "revoked", "role": "operator"})
    assert (await floor.send("DELETE", f"/v1/tokens/{revoked['view']['token_id']}")).status_code == 204
    return {expired: "expired", revoked["token"]: "revoked", expired[:-1] + "x": "unknown"}


async def test_every_operation_for_every_role(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    document = (await scene.floor.send("GET", "/openapi.json")).json()
    operations = {
        one["operationId"]: (method.upper(), one)
        for path in document["paths"].values()
        for method, one in path.items()
    }  # fmt: skip
    assert set(operations) == set(TABLE), "the table knows every operation, and no other"
    wrong = []
    for name, entry in TABLE.items():
        method, told = operations[name]
        assert set(told["x-roles"]) == {LETTERS[one].value for one in entry.may}, name
        is_open = told.get("security") == []
        for token, why in scene.refused.items():
            status = (await scene.ask(name, method, token)).status_code
            if status not in ({200} if is_open else {401}):
                wrong.append(f"{name} with a token that is {why}: {status}")
        if entry.foreign:
            answer = await scene.ask(name, method, scene.floor.tokens[Role.AGENT], path=entry.foreign)
            if answer.status_code != 403:
                wrong.append(f"{name} of another agent: {answer.status_code} {answer.text}")
        # those who may not come first, so that they would find what is there; then agents, whose own calls these are
        for letter in sorted(EVERYBODY, key=lambda one: (one in entry.may, one)):
            answer = await scene.ask(name, method, scene.floor.tokens[LETTERS[letter]])
            scene.answers.append((name, LETTERS[letter], answer))
            if name == "simulate" and answer.is_success:  # nobody waits for what comes of it
                cancelled = await scene.floor.send("POST", f"/v1/jobs/{answer.json()['job_id']}/cancel")
                assert cancelled.is_success or cancelled.status_code == 409, cancelled.text  # it may be over already
            if answer.status_code not in (entry.ok if letter in entry.may else {403}):
                wrong.append(f"{name} by {LETTERS[letter].value}: {answer.status_code} {answer.text[:300]}")
    assert not wrong, "\n".join(wrong)
    _numbers_are_seen_by_those_who_may(scene)
    await _who_was_told_a_number_is_in_the_audit(scene)
    await _secrets_are_nowhere(scene, caplog)
    assert (await scene.floor.get("/v1/health"))["ready"]
    assert not [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]


def _numbers_are_seen_by_those_who_may(scene: Scene) -> None:
    seen = set()
    for name, role, answer in scene.answers:
        if name == "get_openapi":
            continue  # the numbers of its examples are nobody's
        if not answer.is_success:
            assert not FULL.search(answer.text), (name, role, answer.text)
        elif role in (Role.OPERATOR, Role.INTEGRATOR):
            seen |= {name} if FULL.search(answer.text) else set()
        elif name != "reveal_number":
            assert not FULL.search(answer.text), (name, role, answer.text)
            if name in NUMBERED and role in (Role.SUPERVISOR, Role.AGENT):
                assert MASKED.search(answer.text), (name, role, answer.text)
    assert seen - {"reveal_number", "export_attempts", "list_attempts"} == NUMBERED


async def _who_was_told_a_number_is_in_the_audit(scene: Scene) -> None:
    told = [role for name, role, answer in scene.answers if name == "reveal_number" and answer.is_success]
    assert sorted(role.value for role in told) == ["agent", "integrator", "operator", "supervisor"]
    subject = f"lead/{scene.values['lead']}"
    entries = (await scene.floor.get(f"/v1/audit?subject={subject}&limit=1000"))["items"]
    revealed = [one["role"] for one in entries if "reveal" in one["action"]]
    assert sorted(revealed) == sorted(role.value for role in told)


async def _secrets_are_nowhere(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    # tokens are told once, by who makes them; secrets never
    made = [answer.json()["token"] for name, _, answer in scene.answers if name == "create_token" and answer.is_success]
    secrets = [*scene.floor.tokens.values(), *filter(None, scene.refused), *made, SECRET]
    assert len(made) == 1
    places = {f"{name} by {role}": answer.text for name, role, answer in scene.answers if name != "create_token"}
    places["audit"] = (await scene.floor.send("GET", "/v1/audit?limit=1000")).text
    places["metrics"] = (await scene.floor.send("GET", "/metrics")).text
    places["log"] = "\n".join(f"{one.getMessage()} {vars(one)}" for one in caplog.records)
    found = [(place, secret) for place, text in places.items() for secret in secrets if secret in text]
    assert not found


async def test_report_of_single_people_is_not_for_the_monitor(scene: Scene) -> None:
    await asyncio.sleep(0)
    for role, status in ((Role.MONITOR, 403), (Role.SUPERVISOR, 200)):
        assert (await scene.floor.send("GET", f"/v1/reports/agent?{SPAN}", role=role)).status_code == status


async def test_agents_name_no_leg_but_their_own(tmp_path: Path) -> None:
    desk = "/v1/agents/1/desk"
    for more, status in (("", 403), ('agent_legs = "SIM/[0-9]"', 200)):
        folder = tmp_path / str(status)
        folder.mkdir()
        file = node_file(folder)
        path = folder / "node.toml"
        path.write_text(path.read_text().replace("[api]", f"[api]\n{more}"))
        async with open_floor(load(path, type(file.api))) as floor:
            await floor.post("/v1/campaigns", {"name": "first"})
            await floor.post("/v1/agents", {"name": "first", "leg": "SIM/1", "campaigns": [1]})

            async def named(leg: str, role: Role, floor: Floor = floor) -> tuple[int, str]:
                answer = await floor.send("POST", f"{desk}/log-in", role=role, json={"leg": leg})
                if answer.status_code == 403:
                    assert answer.json()["errors"][0]["field"] == "leg"
                await floor.post(f"{desk}/log-out")
                return answer.status_code, (await floor.get("/v1/agents/1"))["leg"]

            assert (await floor.get("/v1/me", Role.AGENT))["names_legs"] == bool(more)
            assert await named("SIM/9\u2028x", Role.AGENT) == (403, "SIM/1")
            assert await named("SIM/99", Role.AGENT) == (403, "SIM/1")
            assert await named("SIM/9", Role.AGENT) == (status, "SIM/9" if more else "SIM/1")
            assert await named("SIM/99", Role.SUPERVISOR) == (200, "SIM/99")
            assert await named("SIM/99", Role.AGENT) == (200, "SIM/99")


async def test_cursors_tell_no_number(scene: Scene) -> None:
    for n in range(3):
        await scene.floor.post("/v1/suppression", {"number": f"+493099960{n}"})

    async def pages(role: Role) -> tuple[list[str], list[str]]:
        numbers, cursors = [], [""]
        while cursors[-1] is not None:
            query = f"limit=1&cursor={cursors[-1]}"
            found = (await scene.floor.send("GET", f"/v1/suppression?{query}", role=role)).json()
            numbers += [one["number"] for one in found["items"]]
            cursors.append(found["next_cursor"])
        return numbers, cursors[1:-1]

    everything, places = await pages(Role.OPERATOR)
    masked, hidden = await pages(Role.SUPERVISOR)
    assert [one[-2:] for one in masked] == [one[-2:] for one in everything]
    assert len(hidden) == len(places) == 3
    assert not set(hidden) & {one.removeprefix("+") for one in everything}
    guessed = await scene.floor.send("GET", f"/v1/suppression?cursor={places[0]}", role=Role.SUPERVISOR)
    assert (guessed.status_code, guessed.json()["errors"][0]["field"]) == (422, "cursor")
