"""The commands of a node that serves: tokens from the command line, serving until somebody stops it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outpace.api.auth import token_hash
from outpace.cli import main
from outpace.cli.exits import EXIT_CONFIG, EXIT_PROBLEM
from outpace.store.sqlite import SqliteStore

NODE = """
[node]
folder = "{0}/node"
[store]
path = "{0}/store.db"
[switch]
kind = "simulated"
[api]
port = {1}
[log]
file = "{0}/log.txt"
[[trunk_groups]]
name = "carrier"
"""


def node_file(folder: Path, port: int = 0) -> Path:
    path = folder / "node.toml"
    path.write_text(NODE.format(folder, port))
    return path


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_token_is_made_listed_and_revoked(tmp_path: Path) -> None:
    path = node_file(tmp_path)
    made = call("token", "create", path, "ada", "--role", "operator")
    assert made.exit_code == 0, made.output
    secret = made.output.strip()
    with SqliteStore(tmp_path / "store.db") as store:
        assert store.tokens()[0].token_hash == token_hash(secret)
    desk = json.loads(call("token", "create", path, "desk", "--role", "agent", "--agent", "7", "--json").output)
    assert (desk["role"], desk["agent_id"], desk["expires_at"]) == ("agent", 7, None)
    board = json.loads(call("token", "create", path, "board", "--role", "monitor", "--days", "1", "--json").output)
    assert board["expires_at"] > board["created_at"]
    assert call("token", "revoke", path, "1").exit_code == 0
    listed = call("token", "list", path).output
    assert re.search(r"1 +revoked +operator: ada", listed)
    assert re.search(r"2 +without end +agent of agent 7: desk", listed)
    assert re.search(r"3 +until \S+ \S+ UTC +monitor: board", listed)
    assert secret not in listed
    told = json.loads(call("token", "list", path, "--json").output)
    assert [one["revoked"] for one in told] == [True, False, False]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create", "x", "--role", "agent"), EXIT_CONFIG),
        (("create", "x", "--role", "monitor", "--agent", "7"), EXIT_CONFIG),
        (("create", "x", "--role", "king"), 2),
        (("create", "x", "--role", "monitor", "--days", "0"), 2),
        (("revoke", "9"), EXIT_PROBLEM),
    ],
)
def test_token_that_cannot_be_is_refused(tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    result = call("token", words[0], node_file(tmp_path), *words[1:])
    assert result.exit_code == code
    assert "Traceback" not in result.output


def test_serve_without_its_file_says_so(tmp_path: Path) -> None:
    result = call("serve", tmp_path / "none.toml")
    assert result.exit_code == EXIT_CONFIG
    assert "none.toml" in result.output


def test_serve_with_a_wrong_key_names_its_line(tmp_path: Path) -> None:
    path = node_file(tmp_path)
    path.write_text(path.read_text().replace("port = 0", "port = 70000"))
    result = call("serve", path)
    assert result.exit_code == EXIT_CONFIG
    assert "node.toml:9: api.port: must be from 0 to 65535, not 70000" in result.output


def test_serve_answers_until_it_is_stopped(tmp_path: Path) -> None:
    path = node_file(tmp_path)
    secret = call("token", "create", path, "ada", "--role", "operator").output.strip()
    command = [sys.executable, "-m", "outpace", "serve", str(path)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as process:
        try:
            assert process.stdout is not None
            told = process.stdout.readline()
            url = re.findall(r"http://127\.0\.0\.1:\d+", told)[0]
            request = urllib.request.Request(f"{url}/v1/health", headers={"Authorization": f"Bearer {secret}"})
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert json.load(answer)["ready"]
        finally:
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            out, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert "there is no token" not in out
    assert time.monotonic() - began < 15
    assert secret not in (tmp_path / "log.txt").read_text()
