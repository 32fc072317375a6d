"""`outpace serve` on the lab's switch as a process of its own, steered over HTTP; and a listener of its live stream."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.integration.e2e.rig import SERIALS, figures_of
from tests.lab.lab import COUNTRY, PROJECT, SECRET, free_ports

WAIT_S = 60.0
ENVIRON = os.environ | {"PYTHONPATH": str(PROJECT)}


def write_node(folder: Path, ami_port: int) -> Path:
    """A node file on the lab's switch without campaigns and agents: the control API makes them."""
    (port,) = free_ports(1)
    tables: dict[str, dict[str, object]] = {
        "node": {"folder": str(folder / "node")},
        "store": {"path": str(folder / "store.db")},
        "journal": {"path": str(folder / "journal")},
        "log": {"file": str(folder / "log"), "format": "json"},
        "switch": {"kind": "asterisk", "port": ami_port, "secret": SECRET, "backoff_s": 0.1, "backoff_max_s": 0.5},
        "api": {"port": port},
        "[trunk_groups]": {"name": "carrier", "channels": 60, "cps": 60.0, "burst": 10, "strip": COUNTRY},
    }
    lines = []
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), ""]
    path = folder / "node.toml"
    path.write_text("\n".join(lines), "utf-8")
    return path


def list_of(numbers: Iterable[int], more: Iterable[int] = ()) -> str:
    """A list to upload."""
    rows = [f"+{digits},customer {n}" for n, digits in enumerate((*numbers, *more))]
    return "\n".join(["phone,reference", *rows, ""])


class Served:
    """`outpace serve` of a node file; leaving the context kills it. Requests are an operator's.

    Parameters
    ----------
    token : one of an earlier process on the same store; "" = `outpace token create` makes one.
    """

    def __init__(self, file: Path, token: str = "") -> None:
        self.folder = file.parent
        self.token = token or outpace("token", "create", str(file), "boss", "--role", "operator").strip()
        self._out = self.folder / f"out-{next(SERIALS)}"
        with self._out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "outpace", "serve", str(file)], cwd=PROJECT, env=ENVIRON,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.url = self._wait_for_url()
        self._http = httpx.Client(base_url=self.url, timeout=WAIT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self.kill()

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """End it in good order; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)

    def said(self) -> str:
        """What it has written to its terminal."""
        return self._out.read_text("utf-8")

    def log(self) -> list[dict[str, Any]]:
        """The log's lines, of earlier processes in the same folder too."""
        return [json.loads(line) for line in (self.folder / "log").read_text("utf-8").splitlines()]

    def _wait_for_url(self) -> str:
        deadline = time.monotonic() + WAIT_S
        while " at http" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)
        return self.said().partition(" at ")[2].partition("/v1")[0]

    # ---- requests --------------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, *, token: str = "", **more: Any) -> httpx.Response:
        """A request, by default with the operator's token."""
        headers = {"Authorization": f"Bearer {token or self.token}", **more.pop("headers", {})}
        return self._http.request(method, path, headers=headers, **more)

    def get(self, path: str, *, token: str = "", **query: Any) -> Any:
        """The resource at a path."""
        answer = self.send("GET", path, token=token, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, *, token: str = "") -> Any:
        """What a POST that succeeds is answered."""
        answer = self.send("POST", path, token=token, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def patch(self, path: str, changes: Mapping[str, Any]) -> Any:
        """A change of the settings as they are now."""
        etag = self.send("GET", path).headers["etag"]
        answer = self.send("PATCH", path, json=changes, headers={"If-Match": etag})
        assert answer.is_success, answer.text
        return answer.json()

    def pages(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All items of a list of pages."""
        items, cursor = [], ""
        while cursor is not None:
            page = self.get(path, **query, cursor=cursor)
            items += page["items"]
            cursor = page["next_cursor"]
        return items

    def until(self, path: str, true: Callable[[Any], Any], *, token: str = "", timeout_s: float = WAIT_S) -> Any:
        """The resource at a path as soon as something is true of it."""
        deadline = time.monotonic() + timeout_s
        while not true(found := self.get(path, token=token)):
            assert time.monotonic() < deadline, f"waited in vain; {path} is {json.dumps(found)[:3000]}"
            time.sleep(0.03)
        return found

    def finish(self, campaign_id: int, timeout_s: float = 120.0) -> None:
        """Wait until a campaign is complete."""
        deadline = time.monotonic() + timeout_s
        while self.get(f"/v1/campaigns/{campaign_id}")["state"] != "completed":
            if time.monotonic() > deadline:
                paths = ("/v1/calls", "/v1/agents", f"/v1/campaigns/{campaign_id}/board")
                raise AssertionError("not complete: " + "\n".join(json.dumps(self.get(path)) for path in paths))
            time.sleep(0.1)

    def metrics(self) -> dict[str, float]:
        """A scrape, without the label of the campaign."""
        return figures_of(self.send("GET", "/metrics").text)

    # ---- what several tests do -------------------------------------------------------------------------------------

    def upload(self, campaign_id: int, rows: str) -> Any:
        """Import a list; gives the list when its job has ended."""
        path = f"/v1/campaigns/{campaign_id}/imports?name=list&validation=possible"
        answer = self.send("POST", path, content=rows.encode(), headers={"Content-Type": "text/csv"})
        assert answer.status_code == 202, answer.text
        job = self.until(answer.headers["location"], lambda one: one["state"] not in ("queued", "running"))
        assert job["state"] == "done", job
        return self.until("/v1/lists", lambda page: page["items"][0]["state"] == "done")["items"][0]

    def hire(self, count: int, campaign_id: int) -> list[int]:
        """Agents with phones of the lab, for a campaign; their ids."""
        made = [
            self.post("/v1/agents", {"name": f"agent {n}", "leg": f"PJSIP/agent{n}", "campaigns": [campaign_id]})
            for n in range(1, count + 1)
        ]
        return [one["agent_id"] for one in made]

    def seat(self, agents: Iterable[int]) -> None:
        """Log agents in who are out, wait for their legs, and make ready who pauses."""
        agents = list(agents)
        for agent_id in agents:
            self.post(f"/v1/agents/{agent_id}/desk/log-in")
        for agent_id in agents:
            self.until(f"/v1/agents/{agent_id}", lambda one: one["leg_state"] == "up")
            if self.get(f"/v1/agents/{agent_id}")["state"] == "not_ready":
                self.post(f"/v1/agents/{agent_id}/desk/ready")


class Listener:
    """Listens to the live stream in a thread, comes back when it breaks off, and keeps every update in order."""

    def __init__(self, url: str, token: str, topics: str) -> None:
        self._url = f"{url.replace('http', 'ws', 1)}/v1/stream?topics={topics}"
        self._token = token
        self._ended = threading.Event()
        self._stream: ClientConnection | None = None
        self.updates: list[dict[str, Any]] = []
        #: How each connection began: snapshot or resumed.
        self.began: list[str] = []
        self._thread = threading.Thread(target=self._listen, name="listener")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._stream is not None:
            self._stream.close()
        self._thread.join()

    def of(self, topic: str) -> list[dict[str, Any]]:
        """The updates of a topic until now."""
        return [update for update in tuple(self.updates) if update["topic"] == topic]

    def until(self, topic: str, true: Callable[[dict[str, Any]], Any], *, after: int = 0) -> dict[str, Any]:
        """The first update of a topic, later than a sequence, of which something is true."""
        deadline = time.monotonic() + WAIT_S
        while True:
            for update in self.of(topic):
                if update["sequence"] > after and true(update):
                    return update
            assert time.monotonic() < deadline, f"not told of in {len(self.updates)} updates"
            time.sleep(0.03)

    def _listen(self) -> None:
        for _ in itertools.takewhile(lambda _: not self._ended.is_set(), itertools.count()):
            after = f"&after={self.updates[-1]['sequence']}" if self.updates else ""
            try:
                with connect(
                    self._url + after, additional_headers={"Authorization": f"Bearer {self._token}"}
                ) as self._stream:
                    self._hear(self._stream)
            except (OSError, WebSocketException):
                self._ended.wait(0.05)

    def _hear(self, stream: ClientConnection) -> None:
        first = json.loads(stream.recv())
        self.began.append(first["type"])
        self.updates += first["updates"]
        for message in stream:
            self.updates.append(json.loads(message))


def outpace(*words: str) -> str:
    """What a command of outpace prints."""
    done = subprocess.run(
        [sys.executable, "-m", "outpace", *words], cwd=PROJECT, env=ENVIRON, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
