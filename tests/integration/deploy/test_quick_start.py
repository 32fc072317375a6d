"""docs/quick-start.md, its commands typed as they stand there, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.tidy import tree

PAGE = tree.ROOT / "docs" / "quick-start.md"
WAIT_S = 60.0

#: `outpace` for the page: the program of this tree.
PROGRAM = f'#!/bin/sh\nPYTHONPATH={tree.ROOT} exec {sys.executable} -m outpace "$@"\n'


class Typist:
    """Types blocks of the page into a shell whose folder is empty at first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (folder / "bin").mkdir()
        program = folder / "bin" / "outpace"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        text = PAGE.read_text("utf-8").partition("\n## Your own node\n")[2]
        self.blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        self.before = "set -eu; shopt -s expand_aliases\n"

    def run(self, script: str) -> str:
        environ = {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
        ended = subprocess.run(
            ["bash", "-c", self.before + script],
            cwd=self.folder, env=environ, capture_output=True, text=True, timeout=WAIT_S, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def type(self, block: str) -> list[Any]:
        """What the commands answer, each as JSON."""
        script = block.replace("localhost:8080", f"localhost:{self.port}")
        setting = "".join(line + "\n" for line in script.splitlines() if line.startswith(("export ", "alias ")))
        decoder, text, found = json.JSONDecoder(), self.run(script).strip(), []
        self.before += setting if setting not in self.before else ""
        while text:
            value, end = decoder.raw_decode(text)
            found.append(value)
            text = text[end:].strip()
        return found

    def until(self, path: str, true: Any) -> Any:
        ends = time.monotonic() + WAIT_S
        while not true(found := self.type(f"api localhost:8080{path}\n")[0]):
            assert time.monotonic() < ends, found
            time.sleep(0.2)
        return found


@pytest.mark.slow
def test_the_commands_of_the_page_lead_to_a_running_campaign(tmp_path: Path) -> None:
    typist = Typist(tmp_path)
    first = typist.blocks[0]
    made, serve = first.rsplit("\n", 2)[:2]
    assert serve == "outpace serve node.toml"
    typist.run(made.replace("\nEND\n", f"\n[api]\nport = {typist.port}\nEND\n", 1))
    environ = {**os.environ, "PYTHONPATH": str(tree.ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "outpace", "serve", "node.toml"],
        cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as node:  # fmt: skip
        try:
            assert node.stdout is not None
            url = f"http://127.0.0.1:{typist.port}"
            assert node.stdout.readline() == f"control API at {url}/v1, console at {url}/console/\n"
            walk(typist)
        finally:
            node.send_signal(signal.SIGINT)
            assert node.wait(WAIT_S) == 0


def walk(typist: Typist) -> None:
    """The blocks after the node's start."""
    _, imports, start, ask, change = typist.blocks
    job, jobs = typist.type(imports)
    assert [one["job_id"] for one in jobs] == [job["job_id"]]
    typist.until(f"/v1/jobs/{job['job_id']}", lambda one: one["state"] == "done")
    started, board = typist.type(start)
    assert started["state"] == board["state"] == "running"
    assert sum(board["agents"].values()) == 10
    board = typist.until("/v1/campaigns/1/board", lambda one: one["connected"])
    assert board["leads_total"] == 2000
    decisions, what_if, jobs = typist.type(ask)
    assert decisions[-1]["text"]
    assert what_if["job_id"] in [one["job_id"] for one in jobs]
    (changed,) = typist.type(change)
    assert changed["settings"]["abandonment"]["cap"] == 0.01
    told = typist.until(f"/v1/jobs/{what_if['job_id']}", lambda one: one["state"] not in ("queued", "running"))
    assert told["state"] == "done", told
