"""A node that serves in a process of its own, and the console in a real browser, for tests."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from axe_playwright_python.async_playwright import Axe
from PIL import Image
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response, Route

CHROMIUM = os.environ.get("OUTPACE_CHROMIUM", "/usr/bin/chromium")

#: Where screenshots go; none are taken without it.
SCREENSHOTS = os.environ.get("OUTPACE_SCREENSHOTS", "")

DESKTOP, TABLET = (1280, 800), (768, 1024)
#: How long anything is waited for; a what-if, which plays days of a campaign beside a node that dials, takes longer.
WAIT_S, WHAT_IF_S = 60.0, 180.0

NODE = """
[node]
folder = "{folder}/node"
[store]
path = "{folder}/store.db"
[switch]
kind = "simulated"
profile = "carrier.toml"
speed = {speed}
seed = 7
[log]
level = "warning"
[api]
port = 0
requests_per_s = 2000
burst = 4000
[[trunk_groups]]
name = "carrier"
channels = 90
cps = 20
burst = 5
"""
CARRIER = """
name = "carrier"
[mix]
live = 0.5
busy = 0.2
no_answer = 0.3
[times]
answer = { kind = "lognormal", mean = 8.0, cv = 0.4, clip = [2.0, 20.0] }
talk = { kind = "lognormal", mean = 50.0, cv = 0.4, clip = [25.0, 90.0] }
"""
#: Agents that the node plays: they log in, and are ready again after the wrap-up.
STAND_INS = """
[[agents]]
name = "agent {{n}}"
count = {count}
auto_ready = true
wrap_up = {{ kind = "lognormal", mean = 5.0, cv = 0.5, clip = [1.0, 15.0] }}
"""


#: What the browser itself tells of requests and handshakes that the API refuses; the console shows it to people.
REFUSED = re.compile(r"^Failed to load resource|^WebSocket connection .*HTTP Authentication failed")


class Node:
    """The process, its address, and a client."""

    def __init__(self, file: Path, url: str) -> None:
        self.file = file
        self.url = url
        self._tokens: dict[tuple[str, int], str] = {}

    def token(self, role: str = "operator", agent_id: int = 0) -> str:
        """A token of a role, made by the command line as people make it."""
        key = role, agent_id
        if key not in self._tokens:
            whose = ["--agent", str(agent_id)] if agent_id else []
            made = outpace("token", "create", self.file, f"{role} {agent_id or ''}".strip(), "--role", role, *whose)
            self._tokens[key] = made.strip()
        return self._tokens[key]

    def send(self, method: str, path: str, *, role: str = "operator", **more: Any) -> Any:
        """What a request that succeeds is answered."""
        headers = {"Authorization": f"Bearer {self.token(role)}", **more.pop("headers", {})}
        answer = httpx.request(method, self.url + path, headers=headers, timeout=WAIT_S, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self.send("POST", path, json=body)

    def patch(self, path: str, changes: dict[str, Any]) -> Any:
        return self.send("PATCH", path, json=changes, headers={"If-Match": "*"})

    def until(self, path: str, true: Callable[[Any], Any]) -> Any:
        """The resource at a path as soon as something is true of it."""
        ends = time.monotonic() + WAIT_S
        while not true(found := self.get(path)):
            assert time.monotonic() < ends, found
            time.sleep(0.05)
        return found

    def imported(self, campaign_id: int, count: int, *, first: int = 493_012_000_000) -> None:
        """A list of so many numbers, imported."""
        body = "\n".join(["phone", *(f"+{first + n}" for n in range(count))]) + "\n"
        path = f"/v1/campaigns/{campaign_id}/imports?name=list.csv&validation=possible"
        job = self.send("POST", path, content=body.encode(), headers={"Content-Type": "text/csv"})
        done = self.until(f"/v1/jobs/{job['job_id']}", lambda one: one["state"] not in ("queued", "running"))
        assert done["state"] == "done", done


def outpace(*args: object) -> str:
    """What a command prints."""
    return subprocess.run(
        [sys.executable, "-m", "outpace", *map(str, args)], check=True, capture_output=True, text=True
    ).stdout


@contextmanager
def served(folder: Path, *, speed: float, more: str = "", carrier: str = CARRIER) -> Iterator[Node]:
    """A node on a simulated carrier, `speed` times faster than time; `more` is appended to its file."""
    (folder / "carrier.toml").write_text(carrier)
    file = folder / "node.toml"
    file.write_text(NODE.format(folder=folder, speed=speed) + more)
    process = subprocess.Popen([sys.executable, "-m", "outpace", "serve", str(file)], stdout=subprocess.PIPE, text=True)
    try:
        yield Node(file, _address(process))
    finally:
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)  # the second one: do not wait for calls
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], WAIT_S)
    line = process.stdout.readline() if readable else ""
    found = re.search(r"https?://[^/\s]+", line)
    assert found, f"the node did not say where it serves: {line!r}"
    return found.group()


class Consoles:
    """Opens the console in a browser, and remembers what went wrong in it."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.faults: list[str] = []
        self._contexts: list[BrowserContext] = []

    async def open(
        self,
        node: Node,
        route: str = "/",
        *,
        role: str = "operator",
        agent_id: int = 0,
        language: str = "en",
        theme: str = "light",
        size: tuple[int, int] = DESKTOP,
    ) -> Page:
        """A page of the console, signed in."""
        token = node.token(role, agent_id)
        page = await self.blank(language=language, theme=theme, size=size)
        await page.add_init_script(f"sessionStorage.setItem('outpace.token', {json.dumps(token)})")
        await page.goto(f"{node.url}/console/#{route}")
        await page.locator("header.top").wait_for()
        return page

    async def blank(self, *, language: str = "en", theme: str = "light", size: tuple[int, int] = DESKTOP) -> Page:
        """A page where nobody has signed in."""
        context = await self._browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-GB")
        self._contexts.append(context)
        kept = {"outpace.language": language, "outpace.theme": theme}
        for key, value in kept.items():
            await context.add_init_script(f"localStorage.getItem('{key}') ?? localStorage.setItem('{key}', '{value}')")
        page = await context.new_page()
        page.set_default_timeout(WAIT_S * 1000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._on_console)
        page.on("response", self._on_response)
        return page

    async def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            await context.close()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not REFUSED.search(message.text):
            self.faults.append(message.text)

    def _on_response(self, response: Response) -> None:
        is_missing_file = response.status == HTTPStatus.NOT_FOUND and "/console/" in response.url
        if response.status == HTTPStatus.INTERNAL_SERVER_ERROR or is_missing_file:
            self.faults.append(f"{response.status} {response.request.method} {response.url}")


@asynccontextmanager
async def held(page: Page, address: str) -> AsyncIterator[None]:
    """The page's requests to an address wait until the end of the block, so that what it shows meanwhile stays."""
    over = asyncio.Event()

    async def hold(route: Route) -> None:
        await over.wait()
        await route.continue_()

    await page.route(address, hold)
    try:
        yield
    finally:
        over.set()


async def report_on_days_around(page: Page) -> None:
    """Have the page of reports tell of the days around this one: at speed the node's midnight is not the browser's."""
    for place, days in enumerate((-1, 2)):
        wall = f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M}"
        await page.locator("main input[type=datetime-local]").nth(place).fill(wall)


async def check_accessible(page: Page) -> None:
    """No serious finding of axe on the page as it is."""
    found = await Axe().run(page, options={"resultTypes": ["violations"]})
    serious = [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes']]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious, "\n".join(serious)


async def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page, when asked for by OUTPACE_SCREENSHOTS=FOLDER."""
    if SCREENSHOTS:
        taken = Image.open(io.BytesIO(await page.screenshot(animations="disabled")))
        taken.quantize(128).save(Path(SCREENSHOTS) / f"{name}.png", optimize=True)
