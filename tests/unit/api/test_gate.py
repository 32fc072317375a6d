"""What every answer carries, the console's files, and bounds on what is under way."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from outpace.api import binding, examples, masking, turns
from outpace.api import gate as api_gate
from outpace.api.console import Console
from outpace.api.problems import ProblemError
from outpace.api.settings import ApiSettings
from outpace.domain.access import Role
from outpace.domain.errors import CapacityError, ConfigError, LinkDown
from outpace.domain.resources import AttemptView, Page
from tests.unit.api.conftest import Client
from tests.unit.api.door import MemoryDoor, shown


@pytest.mark.parametrize(
    ("path", "role"), [("/v1/me", Role.MONITOR), ("/v1/me", None), ("/v1/none", Role.MONITOR), ("/health/live", None)]
)
async def test_every_answer_is_safe(api: Client, path: str, role: Role | None) -> None:
    headers = (await api.get(path, role)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


async def test_tls_is_asked_to_stay(api: Client) -> None:
    transport = httpx.ASGITransport(app=api.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://node") as secure:
        assert "max-age" in (await secure.get("/health/live")).headers["strict-transport-security"]
    assert "strict-transport-security" not in (await api.get("/health/live", None)).headers


async def test_console_has_a_strict_policy_and_no_token(api: Client) -> None:
    answer = await api.get("/console/none.js", None)
    assert answer.status_code == 404
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    for path in ("/", "/console"):
        assert (await api.get(path, None)).headers["location"] == "/console/"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "lib" / "app.js").write_text("export {}")
    (tmp_path / "secret.key").write_text("no")
    return tmp_path


def test_console_serves_its_files(folder: Path) -> None:
    console = Console(folder)
    index = console.reply("GET", "/console/", b"")
    assert index.body == b"<!doctype html>"
    script = console.reply("GET", "/console/lib/app.js", b"")
    assert dict(script.headers)[b"content-type"].startswith(b"text/javascript")
    known = console.reply("GET", "/console/lib/app.js", b'"other", W/' + dict(script.headers)[b"etag"])
    assert (known.status, known.body) == (304, b"")
    assert console.reply("HEAD", "/console/lib/app.js", b"").body == b""


@pytest.mark.parametrize(
    "path", ["/console/secret.key", "/console/../secret.key", "/console/lib", "/console//etc/passwd"]
)
def test_console_serves_nothing_else(folder: Path, path: str) -> None:
    with pytest.raises(ProblemError, match="no such file"):
        Console(folder).reply("GET", path, b"")


def test_console_is_only_read(folder: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        Console(folder).reply("POST", "/console/", b"")
    assert caught.value.headers == {"Allow": "GET, HEAD"}


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (CapacityError("full"), 503, "unavailable"),
        (LinkDown("no link"), 503, "unavailable"),
        (ConfigError("a.b", "is wrong"), 422, "invalid"),
        (ZeroDivisionError(), 500, "internal"),
    ],
)
async def test_errors_of_the_node_are_problems(api: Client, error: Exception, status: int, kind: str) -> None:
    api.node.door.broken = error
    answer = await api.get("/v1/agents")
    assert answer.status_code == status
    told = answer.json()
    assert (told["status"], told["type"]) == (status, f"urn:outpace:problem:{kind}")


class TestFewAtOnce:
    """With room for two requests."""

    @pytest.fixture
    def settings(self) -> ApiSettings:
        return ApiSettings(in_flight_max=2)

    async def test_more_are_refused_at_once(self, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        go = asyncio.Event()

        async def slow(self: MemoryDoor, question: object) -> list[object]:
            await go.wait()
            return []

        monkeypatch.setattr(MemoryDoor, "query", slow)
        waiting = [asyncio.create_task(api.get("/v1/agents")) for _ in range(2)]
        await asyncio.sleep(0.05)
        refused = await api.get("/v1/agents")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        go.set()
        assert [(await one).status_code for one in waiting] == [200, 200]
        assert (await api.get("/v1/agents")).status_code == 200

    async def test_who_leaves_answers_unread_keeps_nobody_out(self, api: Client) -> None:
        unread = [asyncio.create_task(never_read(api, path)) for path in ("/console/none.js", "/v1/me") * 3]
        await asyncio.sleep(0.05)
        assert not any(one.done() for one in unread)
        assert (await api.get("/v1/agents")).status_code == 200
        await ended(unread)

    async def test_who_waits_for_a_turn_takes_a_place(self, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(turns.Turns, "_next", lambda _: None)  # no turn ends
        for _ in range(turns.PER_TURN):
            assert (await api.get("/v1/agents")).status_code == 200
        taken = [asyncio.create_task(api.get("/v1/agents")) for _ in range(2)]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(5.0):
            assert (await api.get("/v1/agents")).status_code == 503
        await ended(taken)


async def never_read(api: Client, path: str) -> None:
    """A request without a token of a client that takes nothing."""
    request = httpx.Request("GET", f"http://node{path}")
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": request.headers.raw, "client": ("127.0.0.1", 1)}

    async def nothing(*_: object) -> None:
        await asyncio.Event().wait()

    await api.app(scope, nothing, nothing)  # type: ignore[arg-type]


async def ended(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("items", [binding.LONG, binding.LONG + 1])
async def test_long_pages_are_made_beside_the_loop(api: Client, monkeypatch: pytest.MonkeyPatch, items: int) -> None:
    async def many(self: MemoryDoor, question: object) -> Page[AttemptView]:
        return Page(items=[shown(AttemptView, examples.ATTEMPT)] * items, next_cursor=None)

    made_in = []

    def hide(content: Any) -> Any:
        made_in.append(threading.current_thread() is threading.main_thread())
        return masking.hide(content)

    monkeypatch.setattr(MemoryDoor, "query", many)
    monkeypatch.setattr(binding, "hide", hide)
    answer = await api.get("/v1/attempts?limit=1000", Role.SUPERVISOR)
    assert len(answer.json()["items"]) == items
    assert made_in == [items <= binding.LONG]


async def test_answer_that_breaks_off_is_not_finished(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def half(self: MemoryDoor, question: object) -> Page[AttemptView]:
        if question.cursor:  # type: ignore[attr-defined]
            raise CapacityError("the store went away")
        return Page(items=[shown(AttemptView, examples.ATTEMPT)], next_cursor="2")

    monkeypatch.setattr(MemoryDoor, "query", half)
    with pytest.raises(CapacityError):
        await api.get("/v1/attempts/export?format=jsonl")


async def test_not_ready_is_a_problem(api: Client) -> None:
    assert (await api.get("/health/ready", None)).json() == {"ready": True}
    api.node.door.ready = False
    answer = await api.get("/health/ready", None)
    assert answer.status_code == 503
    assert (await api.get("/health/live", None)).status_code == 200


async def test_query_of_any_bytes_is_a_problem_or_an_answer(api: Client) -> None:
    for raw in (b"%", b"a=%ff", b"&&&", b"limit=%31", b"=", b"x" * 5000, b"a=1&" * 100):
        scope_path = httpx.URL("http://node/v1/campaigns", query=raw)
        answer = await api.http.get(scope_path, headers={"Authorization": f"Bearer {api.tokens[Role.OPERATOR]}"})
        assert answer.status_code in (200, 400, 422), raw
        json.loads(answer.content)


@pytest.mark.parametrize(
    "settings",
    [
        {"port": 70_000},
        {"burst": 0},
        {"requests_per_s": 0.0},
        {"tls_cert": "a.pem"},
        {"in_flight_max": 0},
        {"agent_legs": "("},
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        ApiSettings(**settings)  # type: ignore[arg-type]
    assert caught.value.where in (*settings, "tls_key")


def test_strangers_are_fewer_than_those_we_know() -> None:
    assert ApiSettings().requests_per_s > api_gate._STRANGERS_PER_S
