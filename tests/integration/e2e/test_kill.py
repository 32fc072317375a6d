"""kill -9 of a running engine, again and again: nobody is called twice, no attempt stays open, the list completes."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from outpace.domain.outcomes import AbandonReason, Outcome
from outpace.domain.units import NS_PER_S
from tests.integration.e2e.rig import (
    ANSWERED,
    Kind,
    Run,
    adds_up,
    attempts_of,
    bridges,
    dialled,
    numbers_of,
    ours,
    report,
    write_campaign,
    write_list,
)
from tests.integration.e2e.supervisor import supervised
from tests.lab.lab import RINGS, SILENT, Lab

pytestmark = [pytest.mark.lab, pytest.mark.slow]

MORTAL = Path(__file__).with_name("mortal.py")
LOST = frozenset({Outcome.LOST})
KINDS = (
    Kind(150, SILENT, ANSWERED, ring_ds=2, talk_ds=8),
    Kind(30, SILENT, ANSWERED, ring_ds=4, talk_ds=40),
    Kind(80, 486, frozenset({Outcome.BUSY}), ring_ds=2),
    Kind(10, RINGS, frozenset({Outcome.NO_ANSWER})),
    Kind(70, 503, frozenset({Outcome.CONGESTION})),
    Kind(60, 404, frozenset({Outcome.INVALID}), ring_ds=1),
)
#: Calls that can be under way at a time: ten agents in conversation, and half as many lines again.
LINES = 25
#: Where the engine dies by itself; "" = killed from outside at a random moment.
DEATHS = (
    "", "before-intent:9", "after-intent:5", "before-originate:14", "", "after-originate:11", "before-record:6",
    "after-record:8", "", "after-intent:1",
)  # fmt: skip


def rows(folder: Path, table: str) -> int:
    """Rows of a table; read beside the running engine."""
    database = sqlite3.connect(f"file:{folder / 'store.db'}?mode=ro", uri=True)
    try:
        (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    finally:
        database.close()
    return int(count)


def wait_for_attempts(run: Run, count: int) -> None:
    """Until so many attempts are on record, or the run has ended."""
    deadline = time.monotonic() + 60
    while run.process.poll() is None and rows(run.folder, "attempts") < count:
        assert time.monotonic() < deadline, run.log()[-3000:]
        time.sleep(0.01)


def die_once(file: Path, death: str, chance: random.Random) -> None:
    """Run until the chosen death."""
    if death:
        with Run(file, entry=(str(MORTAL), death)) as run:
            assert run.finish() == -signal.SIGKILL, run.said()
        return
    begun = rows(file.parent, "attempts") if (file.parent / "store.db").exists() else 0
    with Run(file) as run:
        run.until(lambda seen: seen["outpace_launches_total"] > 0)
        wait_for_attempts(run, begun + chance.randint(3, 25))
        time.sleep(chance.random() * 0.3)
        run.process.send_signal(signal.SIGKILL)
        assert run.finish() == -signal.SIGKILL, "the list is too short: it completed before the kill"


def check(lab: Lab, folder: Path, numbers: dict[int, Kind]) -> Counter[Outcome]:
    """One attempt a number, the carrier heard of each at most once, and every ending is possible."""
    attempts = attempts_of(folder)
    assert sorted(a.number for a in attempts) == sorted(numbers)
    counts = dialled(lab, numbers)
    assert max(counts.values()) == 1
    wrong = [
        (a.number, a.outcome.name) for a in attempts if a.outcome not in numbers[a.number].outcomes | LOST
    ]  # fmt: skip
    assert wrong == []
    # whatever has a fate was dialled; only of those who are lost nobody knows whether they were
    assert [a.number for a in attempts if a.outcome is not Outcome.LOST and not counts[a.number]] == []
    figures = report(folder, "--all")
    adds_up(figures)
    assert figures["attempts"] == len(numbers)
    return Counter(a.outcome for a in attempts)


@supervised
def test_ten_kills_call_nobody_twice_and_the_list_completes(lab, tmp_path):
    chance = random.Random(7)
    numbers = numbers_of(KINDS, seed=7)
    write_list(tmp_path / "list.csv", numbers)
    file = write_campaign(tmp_path, lab.ami_port)
    for death in DEATHS:
        die_once(file, death, chance)
    assert rows(tmp_path, "intents") > 0
    with Run(file) as run:
        assert run.finish() == 0, run.said()
    outcomes = check(lab, tmp_path, numbers)
    print(f"\nafter {len(DEATHS)} kills: { {outcome.name.lower(): n for outcome, n in outcomes.items()} }")
    assert outcomes[Outcome.LOST] <= len(DEATHS) * LINES
    adopted = [line for line in run.log().splitlines() if '"adopted"' in line and '"adopted": 0' not in line]
    assert adopted
    assert ours(lab) == []
    assert bridges(lab) == []
    assert lab.cli("database show outpace").strip().endswith("0 results found.")


@supervised
def test_who_is_called_again_after_a_kill_is_the_rules_to_say(lab, tmp_path):
    chance = random.Random(10)
    kinds = (
        Kind(50, SILENT, ANSWERED, ring_ds=2, talk_ds=5),
        Kind(30, 486, frozenset({Outcome.BUSY}), ring_ds=2),
        Kind(20, 404, frozenset({Outcome.INVALID})),
    )
    numbers = numbers_of(kinds, seed=10)
    write_list(tmp_path / "list.csv", numbers)
    twice = {"wait_s": 0.2, "max_attempts": 2}
    file = write_campaign(tmp_path, lab.ami_port, retry={"busy": twice, "lost": twice})
    for death in ("", "before-originate:6", "after-originate:9", "after-record:2"):
        die_once(file, death, chance)
    with Run(file) as run:
        assert run.finish() == 0, run.said()
    counts = dialled(lab, numbers)
    lives: dict[int, list[Outcome]] = {digits: [] for digits in numbers}
    for attempt in attempts_of(tmp_path):
        lives[attempt.number].append(attempt.outcome)
        assert attempt.attempt_number == len(lives[attempt.number])
    for digits, outcomes in lives.items():
        again = outcomes[0] in (Outcome.BUSY, Outcome.LOST)
        assert len(outcomes) == 1 + again
        assert set(outcomes) <= numbers[digits].outcomes | LOST
        assert len(outcomes) - outcomes.count(Outcome.LOST) <= counts[digits] <= len(outcomes)
    assert sum(Outcome.LOST in outcomes for outcomes in lives.values()) > 0
    adds_up(report(tmp_path, "--all"))
    assert ours(lab) == []


@supervised
def test_who_answers_while_nobody_is_there_hears_the_message_and_is_charged(lab, tmp_path):
    kinds = (Kind(12, SILENT, frozenset({Outcome.ABANDONED}), ring_ds=35),)
    numbers = numbers_of(kinds, seed=8)
    write_list(tmp_path / "list.csv", numbers)
    file = write_campaign(tmp_path, lab.ami_port, campaign={"ring_timeout_s": 15.0})
    with Run(file) as run:
        run.until(lambda seen: seen['outpace_calls{state="ringing"}'] >= 12)
    # they answer now, one after another; the switch waits for a second more than the connect limit of one
    deadline = time.monotonic() + 20
    while not lab.cli("database show outpace").strip().endswith("12 results found."):
        assert time.monotonic() < deadline, lab.cli("database show outpace")
        time.sleep(0.1)
    with Run(file) as run:
        assert run.finish() == 0, run.said()
    assert check(lab, tmp_path, numbers) == {Outcome.ABANDONED: 12}
    attempts = attempts_of(tmp_path)
    assert {a.abandon_reason for a in attempts} == {AbandonReason.NO_AGENT_IN_TIME}
    assert all(a.intent_ns + 3 * NS_PER_S < a.answered_ns <= a.ended_ns for a in attempts)
    assert report(tmp_path)["abandoned"] == 12
    assert lab.cli("database show outpace").strip().endswith("0 results found.")
    assert ours(lab) == []


@supervised
def test_conversations_outlive_the_engine_and_are_taken_over(lab, tmp_path):
    kinds = (Kind(10, SILENT, frozenset({Outcome.CONNECTED}), talk_ds=120),)
    numbers = numbers_of(kinds, seed=9)
    write_list(tmp_path / "list.csv", numbers)
    file = write_campaign(tmp_path, lab.ami_port)
    with Run(file) as run:
        run.until(lambda seen: seen['outpace_calls{state="talking"}'] == 10)
    assert len(ours(lab)) == 20
    with Run(file) as run:
        seen = run.until(lambda seen: seen['outpace_agents{state="talking"}'] == 10)
        assert seen["outpace_connected_total"] == 10
        assert len(ours(lab)) == 20  # the same calls on the same legs
        assert run.finish() == 0, run.said()
    assert check(lab, tmp_path, numbers) == {Outcome.CONNECTED: 10}
    assert {a.agent_id for a in attempts_of(tmp_path)} == set(range(1, 11))
    assert ours(lab) == []
