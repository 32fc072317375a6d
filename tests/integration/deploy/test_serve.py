"""`outpace serve` as a service manager runs it: the process, its log, and what it tells systemd."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.api.floor import CARRIER
from tests.tidy import tree

NODE = """
[node]
folder = "node"
[store]
path = "store.db"
[switch]
kind = "simulated"
profile = "carrier.toml"
[log]
format = "json"
[api]
port = {port}
[[trunk_groups]]
name = "carrier"
channels = 20
cps = 100.0
[[campaigns]]
name = "spring"
mode = "progressive"
dispositions = ["sale"]
[[agents]]
name = "agent {{n}}"
count = 2
auto_ready = true
"""
NUMBERS = [f"+4930100{n:04d}" for n in range(8)]
WAIT_S = 30.0
ENVIRON = {**os.environ, "PYTHONPATH": str(tree.ROOT)}


def until(true: Callable[[], Any]) -> None:
    ends = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


class Service:
    """A node in a process of its own, in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        (folder / "node.toml").write_text(NODE.format(port=port))
        (folder / "carrier.toml").write_text(CARRIER.format(live=1.0, busy=0.0, answer=0.02, talk=0.05))
        make = [sys.executable, "-m", "outpace", "token", "create", "node.toml", "me", "--role", "operator"]
        self.token = subprocess.run(
            make, cwd=folder, env=ENVIRON, check=True, capture_output=True, text=True
        ).stdout.strip()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        self.manager.settimeout(WAIT_S)
        environ = {**ENVIRON, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "200000"}
        with (folder / "log.jsonl").open("wb") as log:
            serve = [sys.executable, "-m", "outpace", "serve", "node.toml", "--quiet"]
            self.process = subprocess.Popen(serve, cwd=folder, env=environ, stderr=log)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        answer = httpx.request(method, self.url + path, headers=headers, timeout=WAIT_S, **more)
        assert answer.is_success, answer.text
        return answer.json()

    def lines(self) -> list[dict[str, Any]]:
        *whole, _ = (self.folder / "log.jsonl").read_bytes().split(b"\n")  # the last one may be under way yet
        return [json.loads(line) for line in whole]

    def told(self) -> set[bytes]:
        """What the manager has been told since it last listened; its socket holds few words that nobody has read."""
        told = set()
        self.manager.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                told.add(self.manager.recv(100))
        self.manager.settimeout(WAIT_S)
        return told

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.manager.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_a_campaign_leaves_a_line_of_every_attempt_and_no_number_and_no_secret(service: Service) -> None:
    assert service.manager.recv(100) == b"READY=1"
    body = "\n".join(["phone", *NUMBERS]) + "\n"
    service.ask(
        "POST",
        "/v1/campaigns/1/imports?name=list&validation=possible",
        content=body.encode(),
        headers={"Content-Type": "text/csv"},
    )
    until(lambda: service.ask("GET", "/v1/campaigns/1/board")["leads_left"] == len(NUMBERS))
    service.ask("POST", "/v1/campaigns/1/start")
    until(lambda: sum(line["message"] == "attempt ended" for line in service.lines()) == len(NUMBERS))
    attempts = {one["call_id"]: one for one in service.ask("GET", "/v1/attempts")["items"]}
    connected = [call_id for call_id, one in attempts.items() if one["outcome"] == "connected"]
    until(lambda: sum(line["message"] == "disposition" for line in service.lines()) == len(connected))
    # a full socket takes no more, and the last word would be lost: there must be room for it
    assert service.told() <= {b"WATCHDOG=1"}
    assert service.manager.recv(100) == b"WATCHDOG=1"

    service.process.send_signal(signal.SIGTERM)
    while (word := service.manager.recv(100)) != b"STOPPING=1":
        assert word == b"WATCHDOG=1"
    assert service.process.wait(WAIT_S) == 0

    lines = service.lines()
    assert {line["level"] for line in lines} == {"info"}
    ended = [line for line in lines if line["message"] == "attempt ended"]
    assert {line["call_id"] for line in ended} == set(attempts)
    for line in ended:
        attempt = attempts[line["call_id"]]
        assert (line["campaign_id"], line["campaign"], line["logger"]) == (1, "spring", "outpace.attempts")
        for key in ("lead_id", "attempt_number", "outcome", "agent_id", "trunk_group_id", "hangup_cause"):
            assert line[key] == attempt[key]
        assert line["number"] == "*" * 7 + attempt["number"][-4:]
    said = {line["call_id"]: line["disposition"] for line in lines if line["message"] == "disposition"}
    assert said == dict.fromkeys(connected, "sale")
    assert said
    text = (service.folder / "log.jsonl").read_text("utf-8")
    assert [word for word in (service.token, *NUMBERS, *(number[1:] for number in NUMBERS)) if word in text] == []
