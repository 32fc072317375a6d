"""`outpace run --console`: a campaign file's campaign with the control API and the console beside it, as a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from outpace.cli import browser
from outpace.store.sqlite import SqliteStore

PROJECT = Path(__file__).parents[3]
WAIT_S = 30.0
LEADS = 300

CAMPAIGN = """
[campaign]
name = "tiny"
mode = "ratio"
ratio = 2.0
[list]
file = "list.csv"
validation = "possible"
[store]
path = "{folder}/store.db"
[switch]
kind = "simulated"
speed = {speed}
profile = "carrier.toml"
[[trunk_groups]]
name = "carrier"
channels = 60
cps = 50.0
burst = 10
[[agents]]
name = "agent {{n}}"
count = 5
auto_ready = true
[log]
level = "warning"
"""
CARRIER = 'name = "carrier"\n[mix]\nlive = 0.5\nbusy = 0.5\n[times]\nanswer = 0.5\nbusy = 0.2\ntalk = 4.0\n'


class Attended:
    """The process, and requests with the token of its address."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line)
            if "#/sign-in?token=" in line:
                break
        self.address = self.lines[-1].split()[-1]
        self.url, _, token = self.address.partition("/console/#/sign-in?token=")
        self.http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=WAIT_S)

    def until(self, path: str, true: Callable[[Any], Any]) -> Any:
        """The resource at a path as soon as something is true of it."""
        deadline = time.monotonic() + WAIT_S
        while not true(found := self.http.get(path).raise_for_status().json()):
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found

    def end(self) -> int:
        """What it exits with; its output is in `lines`."""
        out, _ = self.process.communicate(timeout=WAIT_S)
        self.lines += out.splitlines()
        return self.process.returncode


@contextmanager
def attended(folder: Path, *options: str, speed: float = 20.0) -> Iterator[Attended]:
    (folder / "carrier.toml").write_text(CARRIER)
    (folder / "tiny.toml").write_text(CAMPAIGN.format(folder=folder, speed=speed))
    rows = "".join(f"+4930{1_000_000 + n}\n" for n in range(LEADS))
    (folder / "list.csv").write_text("phone\n" + rows)
    process = subprocess.Popen(
        [sys.executable, "-m", "outpace", "run", str(folder / "tiny.toml"), "--console", *options], cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    with process:
        try:
            one = Attended(process)
            with one.http:
                yield one
        finally:
            process.kill()


def report(folder: Path) -> dict[str, Any]:
    words = [
        sys.executable,
        "-m",
        "outpace",
        "report",
        "--json",
        "--store",
        str(folder / "store.db"),
        "--campaign",
        "tiny",
    ]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_campaign_is_steered_while_it_runs_and_ends_by_itself(tmp_path: Path) -> None:
    with attended(tmp_path) as run:
        assert run.http.get("/v1/me").json()["role"] == "operator"
        assert run.http.get("/v1/campaigns/1").json()["settings"]["ratio"] == 2.0
        assert len(run.http.get("/v1/agents").json()) == 5
        run.until("/v1/campaigns/1/board", lambda board: board["connected"] >= 5)
        run.http.post("/v1/campaigns/1/pause").raise_for_status()
        run.until("/v1/calls", lambda calls: not calls)
        assert run.process.poll() is None
        patch = {"json": {"ratio": 3.0}, "headers": {"If-Match": "*"}}
        assert run.http.patch("/v1/campaigns/1", **patch).status_code == 200
        run.http.post("/v1/campaigns/1/resume").raise_for_status()
        assert run.end() == 0, run.lines
    assert "It adds up." in run.lines[-1]
    figures = report(tmp_path)
    assert (figures["adds_up"], figures["leads"], figures["attempts"]) == (True, LEADS, LEADS)
    with SqliteStore(tmp_path / "store.db", create=False) as store:
        assert [token.revoked_ns > 0 for token in store.tokens()] == [True]
        assert [agent.settings.campaigns for agent in store.stored_agents()] == [(1,)] * 5


def test_run_that_was_drained_goes_on_by_the_file(tmp_path: Path) -> None:
    with attended(tmp_path, speed=2.0) as run:
        run.until("/v1/campaigns/1/board", lambda board: board["connected"] >= 2)
        run.http.patch("/v1/campaigns/1", json={"ratio": 1.5}, headers={"If-Match": "*"}).raise_for_status()
        run.process.send_signal(signal.SIGINT)
        assert run.end() == 0, run.lines
    first = report(tmp_path)
    assert (first["adds_up"], first["open"]) == (True, 0)
    assert 0 < first["attempts"] < LEADS
    with attended(tmp_path) as run:
        assert run.http.get("/v1/campaigns/1").json()["settings"]["ratio"] == 2.0
        assert run.end() == 0, run.lines
    assert report(tmp_path)["attempts"] == LEADS - first["attempts"]


def test_second_signal_stops_it_at_once(tmp_path: Path) -> None:
    with attended(tmp_path, speed=1.0) as run:
        run.until("/v1/campaigns/1/board", lambda board: board["calls"].get("talking"))
        run.process.send_signal(signal.SIGINT)
        run.until("/v1/campaigns/1", lambda one: one["state"] == "draining")
        run.process.send_signal(signal.SIGINT)
        assert run.end() == 130, run.lines


def test_port_in_use_falls_to_a_free_one(tmp_path: Path) -> None:
    try:
        holder: socket.socket | None = socket.create_server(("127.0.0.1", 8080))
    except OSError:
        holder = None  # somebody else holds it, which does as well
    with attended(tmp_path) as run:
        assert run.url.startswith("http://127.0.0.1:")
        assert not run.url.endswith(":8080")
        run.until("/v1/campaigns/1/board", lambda board: board["launches"])
    if holder is not None:
        holder.close()


def test_metrics_beside_the_console_are_refused(tmp_path: Path) -> None:
    with attended(tmp_path, "--metrics", "0") as run:
        assert run.end() == 2
    assert "with the console, the control API serves them at /metrics" in run.lines[-1]


# ---- the browser -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("display", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_browser_is_given_a_file_that_nobody_else_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, display: str
) -> None:
    opened: list[str] = []
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(browser.webbrowser, "open", opened.append)
    browser.open_where_seen("http://127.0.0.1:1/console/#/sign-in?token=a&b", tmp_path)
    assert opened == []
    monkeypatch.setenv(display, ":0")
    thread = browser.open_where_seen("http://127.0.0.1:1/console/#/sign-in?token=a&b", tmp_path)
    assert thread is not None
    thread.join(WAIT_S)
    page = tmp_path / "console.html"
    assert opened == [page.as_uri()]
    assert page.stat().st_mode & 0o777 == 0o600
    assert 'url=http://127.0.0.1:1/console/#/sign-in?token=a&amp;b"' in page.read_text()
