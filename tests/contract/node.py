"""A node in a process of its own, with something of everything in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT)}

NODE = """\
[node]
folder = "{folder}/node"
[store]
path = "{folder}/store.db"
[switch]
kind = "simulated"
profile = "carrier.toml"
[log]
level = "warning"
file = "{folder}/node.log"
[api]
port = 0
requests_per_s = 1e6
burst = 1000000
[[trunk_groups]]
name = "carrier"
channels = 30
cps = 20.0
[[campaigns]]
name = "spring"
mode = "progressive"
trunk_groups = ["carrier"]
dispositions = ["sale", "none"]
[[agents]]
name = "agent {{n}}"
leg = "SIM/{{n}}"
count = 4
auto_ready = true
"""
CARRIER = """\
name = "carrier"
[mix]
live = 0.5
no_answer = 0.5
[times]
answer = 1.0
no_answer = 20.0
talk = 5.0
"""
WAIT_S = 30.0


class RunningNode:
    """A node that serves: its address, its client (an operator), and its log."""

    def __init__(self, folder: Path, url: str, token: str, token_id: int) -> None:
        self.folder = folder
        self.url = url
        self.token = token
        self.token_id = token_id
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=WAIT_S)

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        answer = self.http.post(path, json=json, **more)
        assert answer.is_success, answer.text
        return answer.json()

    def errors(self) -> list[str]:
        """Lines of its log that speak of a fault of its own."""
        lines = (self.folder / "node.log").read_text().splitlines()
        return [line for line in lines if line.split()[1:2] in (["error"], ["critical"]) or "Traceback" in line]

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        lines = self.http.get("/metrics").text.splitlines()
        (found,) = (line for line in lines if line.startswith(f"{name} "))
        return float(found.split()[1])


@contextmanager
def running_node(folder: Path) -> Iterator[RunningNode]:
    """The node, until the end of the block; it must end well."""
    (folder / "carrier.toml").write_text(CARRIER)
    file = folder / "node.toml"
    file.write_text(NODE.format(folder=folder))
    made = _outpace("token", "create", file, "contract", "--role", "operator", "--json")
    token = json.loads(made.stdout)
    command = [sys.executable, "-m", "outpace", "serve", str(file)]
    with subprocess.Popen(command, env=ENVIRON, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()  # "control API at URL/v1, ..."
            url = line.split()[3].removesuffix(",").removesuffix("/v1")
            node = RunningNode(folder, url, token["token"], token["token_id"])
            _fill(node)
            with closing(node.http):
                yield node
        finally:
            _stop(process)
    assert process.returncode == 0


def _stop(process: subprocess.Popen[str]) -> None:
    # The second signal says that no call is to be waited for. Both at once, and of two kinds, which do not merge: one
    # that came while the process ends would find no handler any more, and kill it.
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _outpace(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "outpace", *map(str, words)]
    return subprocess.run(command, env=ENVIRON, check=True, capture_output=True, text=True)


def _fill(node: RunningNode) -> None:
    numbers = "\n".join(f"+{49_301_000_000 + n}" for n in range(2000))
    job = node.post(
        "/v1/campaigns/1/imports?name=first&validation=possible",
        content=f"phone\n{numbers}\n".encode(),
        headers={"Content-Type": "text/csv"},
    )
    deadline = time.monotonic() + WAIT_S
    while node.get(f"/v1/jobs/{job['job_id']}")["state"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    node.post("/v1/webhooks", {"url": "http://127.0.0.1:9/x", "topics": ["attempts"], "secret": "0123456789abcdef"})
    node.post("/v1/suppression", {"number": "+4930123456"})
    node.post("/v1/campaigns/1/start")
    while not node.get("/v1/calls") or not node.get("/v1/attempts")["items"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
