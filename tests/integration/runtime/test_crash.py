"""`outpace run` as a process: signals, and kill -9 at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from outpace.domain.outcomes import Outcome
from outpace.runtime.audit import audit
from outpace.runtime.replay import replay
from outpace.store.sqlite import SqliteStore
from tests.integration.runtime.conftest import Floor

KILLS = 4


def start(path: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "outpace", "run", str(path), "--json", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)


def attempts_in(store_path: Path) -> int:
    if not store_path.exists():
        return 0
    with SqliteStore(store_path) as store:
        # What a start has settled as lost tells nothing of how far it has come since.
        return sum(one.outcome is not Outcome.LOST for one in store.attempts(store.campaign_id("test")))


def wait_for_attempts(store_path: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60.0
    while attempts_in(store_path) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_at_any_moment_leaves_no_attempt_without_ending(campaign_file: Floor, tmp_path: Path, seed: int) -> None:
    path, store_path = campaign_file(leads=400, speed=30.0), tmp_path / "store.db"
    chance = random.Random(seed)
    killed_with_open_calls = 0
    for _ in range(KILLS):
        before = attempts_in(store_path)
        process = start(path)
        wait_for_attempts(store_path, before + chance.randrange(1, 12), process)
        time.sleep(chance.random() * 0.3)
        process.kill()
        process.communicate()
        with SqliteStore(store_path) as store:
            killed_with_open_calls += bool(store.open_intents())
    assert killed_with_open_calls > 0
    process = start(path, "--speed", "200")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    with SqliteStore(store_path) as store:
        assert audit(store, 1, ended=True) == []
        assert store.open_intents() == []
        attempts = list(store.attempts(1))
    assert len({one.call_id for one in attempts}) == len(attempts)
    assert {one.call_id >> 32 for one in attempts} == set(range(1, KILLS + 2))
    assert any(one.outcome.name == "LOST" for one in attempts)
    result = replay(tmp_path / "journal")
    assert result.difference == ""
    assert result.runs == KILLS + 1


def test_interrupt_drains_and_exits_cleanly(campaign_file: Floor, tmp_path: Path) -> None:
    process = start(campaign_file(leads=400, speed=30.0))
    wait_for_attempts(tmp_path / "store.db", 10, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    assert '"adds_up": true' in out
    with SqliteStore(tmp_path / "store.db") as store:
        assert audit(store, 1, ended=True) == []
        assert store.counts(1)["new"] > 0


def test_second_interrupt_stops_now(campaign_file: Floor, tmp_path: Path) -> None:
    process = start(campaign_file(leads=400, speed=1.0))
    wait_for_attempts(tmp_path / "store.db", 3, process)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)  # of another kind: two of one that come while it has no turn are one
    process.communicate(timeout=20)
    assert process.returncode == 130
    with SqliteStore(tmp_path / "store.db") as store:
        assert audit(store, 1, ended=False) == []
