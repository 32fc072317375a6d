"""A process killed at any moment loses nothing that its store had answered, and leaves nothing half done."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from outpace.domain.commands import LeaseLeads, WithdrawIntent, WriteIntent
from outpace.domain.errors import StaleEpoch
from outpace.domain.events import LeadsLeased
from outpace.domain.outcomes import WithdrawReason
from outpace.store.port import NewLead
from outpace.store.sqlite import SqliteStore

ROOT = Path(__file__).parents[3]
DIALER = Path(__file__).with_name("dialer.py")
NOW = 1_800_000_000_000_000_000
CHILD: dict[str, Any] = {"cwd": ROOT, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
NUMBERS = range(49_300_000, 49_300_200)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two campaigns with the same numbers, so that open numbers collide."""
    path = tmp_path / "store.db"
    with SqliteStore(path) as store:
        for name in ("a", "b"):
            store.add_leads(store.campaign_id(name), [NewLead(number) for number in NUMBERS], NOW)
    return path


def dialer(path: Path, seed: int, death: str) -> list[str]:
    return [sys.executable, str(DIALER), str(path), str(seed), death]


def told(lines: list[str]) -> dict[str, set[int]]:
    """Call ids per word; the last line may have been cut by the kill."""
    words: dict[str, set[int]] = {"ending": set(), "durable": set(), "recorded": set(), "withdrawn": set()}
    for line in lines:
        if line.endswith("\n"):
            word, call_id = line.split()
            words[word].add(int(call_id))
    return words


def check(path: Path, words: dict[str, set[int]]) -> None:
    """What the child was told is in the file, and the file is sound."""
    with SqliteStore(path) as store:
        intents = store.open_intents()
        recorded = {record.call_id for campaign in (1, 2) for record in store.attempts(campaign)}
        counts = [store.counts(campaign) for campaign in (1, 2)]
    open_calls = {intent.call_id for intent in intents}
    numbers = [intent.number for intent in intents]
    assert len(numbers) == len(set(numbers))
    assert not open_calls & recorded
    assert words["durable"] - open_calls - recorded <= words["ending"]
    assert words["recorded"] <= recorded
    assert not words["withdrawn"] & (open_calls | recorded)
    assert [count["total"] for count in counts] == [len(NUMBERS)] * 2
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("which", [1, 2, 3, 6, 11, 30])
@pytest.mark.parametrize("where", ["before", "after"])
def test_killed_at_a_commit(path: Path, where: str, which: int) -> None:
    child = subprocess.run(
        dialer(path, which, f"{where}:{which}"), capture_output=True, text=True, check=False, **CHILD
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    words = told(child.stdout.splitlines(keepends=True))
    assert bool(words["durable"]) == (which > 3)  # the pool, the lease and the first intents come first
    check(path, words)


def test_killed_at_random_moments_again_and_again(path: Path) -> None:
    chance = random.Random(20)
    words = told([])
    for seed in range(12):
        with subprocess.Popen(dialer(path, seed, "never"), stdout=subprocess.PIPE, text=True, **CHILD) as child:
            assert child.stdout is not None
            lines = [child.stdout.readline() for _ in range(chance.randint(1, 400))]
            child.kill()
            lines += child.stdout.readlines()
        for word, calls in told(lines).items():
            words[word] |= calls
        check(path, words)
        # What the dead one had open would be settled by recovery; here it is taken back, so that the next can dial.
        with SqliteStore(path) as store:
            store.open_pool("p", NOW)
            calls = [intent.call_id for intent in store.open_intents()]
            words["ending"].update(calls)
            store.execute([WithdrawIntent(call, WithdrawReason.STORE_LATE, NOW) for call in calls], NOW)
    assert len(words["durable"]) > 100
    assert len(words["recorded"]) > 100


def test_second_process_on_the_pool_stops_the_first(path: Path) -> None:
    with SqliteStore(path) as first:
        epoch = first.open_pool("p", NOW)
        (leased,) = first.execute([LeaseLeads(1, 1)], NOW)
        assert isinstance(leased, LeadsLeased)
        child = subprocess.run(dialer(path, 1, "after:8"), capture_output=True, text=True, check=False, **CHILD)
        assert child.returncode == -signal.SIGKILL, child.stderr
        call = WriteIntent(epoch << 32 | 1, 1, leased.lead_ids[0], leased.numbers[0], leased.token, 1, 1)
        before = first.open_intents()
        for commands in ([call], [LeaseLeads(1, 5)], []):
            with pytest.raises(StaleEpoch):
                first.execute(commands, NOW)
        with pytest.raises(StaleEpoch):
            first.begin_run(1, "", NOW)
        assert first.open_intents() == before
        assert {intent.call_id >> 32 for intent in before} == {epoch + 1}
        assert first.open_pool("p", NOW) == epoch + 2


def test_processes_starting_on_a_new_file_all_find_a_store(tmp_path: Path) -> None:
    code = (
        "import sys; from outpace.store.sqlite import SqliteStore; sys.stdin.read();"
        "print([SqliteStore(p).open_pool('p', 1) for p in sys.argv[1:]])"
    )
    paths = [str(tmp_path / f"{i}.db") for i in range(60)]
    command = [sys.executable, "-c", code, *paths]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    children = [subprocess.Popen(command, **pipes, **CHILD) for _ in range(3)]  # type: ignore[call-overload]
    for child in children:
        child.stdin.close()
    epochs = []
    for child in children:
        with child:
            answer, complaint = child.stdout.read(), child.stderr.read()
        assert child.returncode == 0, complaint
        epochs.append(json.loads(answer))
    assert [sorted(pair) for pair in zip(*epochs, strict=True)] == [[1, 2, 3]] * 60
