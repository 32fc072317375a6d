"""The first promise on a real switch: who was to be called was called once, and what became of it is on record."""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from collections.abc import Iterator

import pytest

from outpace.domain.outcomes import AbandonReason, Outcome
from tests.integration.e2e.bare import BareClient
from tests.integration.e2e.rig import (
    ANSWERED,
    SERIALS,
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
from tests.lab.lab import EARLY_BYE, HUMAN, MACHINE, RINGS, SILENT, number

pytestmark = [pytest.mark.lab, pytest.mark.slow]

KINDS = (
    Kind(220, SILENT, ANSWERED, ring_ds=1, talk_ds=4),
    Kind(30, EARLY_BYE, ANSWERED),
    Kind(40, 486, frozenset({Outcome.BUSY}), ring_ds=2),
    Kind(20, 600, frozenset({Outcome.BUSY})),
    Kind(20, RINGS, frozenset({Outcome.NO_ANSWER})),
    Kind(20, 480, frozenset({Outcome.NO_ANSWER})),
    Kind(40, 503, frozenset({Outcome.CONGESTION})),
    Kind(40, 404, frozenset({Outcome.INVALID})),
    Kind(20, 484, frozenset({Outcome.INVALID})),
    Kind(30, 603, frozenset({Outcome.REJECTED})),
    Kind(20, 500, frozenset({Outcome.FAILED})),
    Kind(20, 488, frozenset({Outcome.FAILED})),
)
BUSY_TWICE = {"busy": {"wait_s": 1.0, "max_attempts": 2}}


@supervised
async def test_five_hundred_numbers_are_dialled_and_each_ends_as_it_was_to(lab, tmp_path):
    numbers = numbers_of(KINDS, seed=1)
    assert len(numbers) >= 500
    write_list(tmp_path / "list.csv", numbers)
    file = write_campaign(tmp_path, lab.ami_port, retry=BUSY_TWICE)

    def for_the_bare_client() -> Iterator[int]:
        while True:
            yield number(SILENT, next(SERIALS), ring_ds=1, talk_ds=3)

    bare = BareClient(lab.ami_port, [11, 12, 13], for_the_bare_client())
    with Run(file) as run:
        await asyncio.to_thread(run.until, lambda seen: seen['outpace_agents{state="ready"}'] >= 5)
        task = asyncio.create_task(bare.run())
        try:
            assert await asyncio.to_thread(run.finish) == 0, run.said()
        finally:
            bare.stop()
            await task

    attempts = attempts_of(tmp_path)
    per_number = Counter(attempt.number for attempt in attempts)
    assert dialled(lab, numbers) == per_number
    expected = {digits: 2 if Outcome.BUSY in kind.outcomes else 1 for digits, kind in numbers.items()}
    assert per_number == expected
    wrong = [(a.number, a.outcome.name) for a in attempts if a.outcome not in numbers[a.number].outcomes]
    assert wrong == []

    figures = report(tmp_path)
    adds_up(figures)
    assert figures["attempts"] == len(attempts) == sum(expected.values())
    assert figures["answered"] == sum(kind.count for kind in KINDS if kind.outcomes is ANSWERED)
    assert figures["connected"] > figures["answered"] / 2
    assert figures["ended"] is not None

    ours_ms, bare_ms = figures["wait_ms"]["median"], statistics.median(bare.waits_s) * 1000
    print(
        f"\nanswer to bridge, median: outpace {ours_ms:.2f} ms of {figures['connected']},"
        f" bare client {bare_ms:.2f} ms of {len(bare.waits_s)}; abandoned {figures['abandoned']}"
    )
    assert len(bare.waits_s) >= 20
    assert ours_ms <= 2 * bare_ms
    assert ours(lab) == []
    assert bridges(lab) == []
    assert "does not add up" not in run.said()


@supervised
def test_machines_are_told_from_people_and_nobody_who_waits_is_forgotten(lab, tmp_path):
    # few agents and many lines: people hang up before the verdict, and people wait in vain and hear the message
    kinds = (
        Kind(25, HUMAN, ANSWERED, talk_ds=40),
        Kind(8, HUMAN, frozenset({Outcome.ABANDONED}), talk_ds=5),
        Kind(15, MACHINE, frozenset({Outcome.MACHINE})),
        Kind(8, 486, frozenset({Outcome.BUSY})),
    )
    numbers = numbers_of(kinds, seed=2)
    write_list(tmp_path / "list.csv", numbers)
    settings = {"amd": True, "amd_timeout_s": 4.0, "ratio": 6.0, "connect_clock": "verdict", "connect_limit_s": 0.5}
    with Run(write_campaign(tmp_path, lab.ami_port, agents=2, campaign=settings)) as run:
        assert run.finish() == 0, run.said()
    attempts = attempts_of(tmp_path)
    assert dialled(lab, numbers) == dict.fromkeys(numbers, 1)
    assert sorted(a.number for a in attempts) == sorted(numbers)
    wrong = [(a.number, a.outcome.name, a.verdict) for a in attempts if a.outcome not in numbers[a.number].outcomes]
    assert wrong == []
    reasons = Counter(a.abandon_reason for a in attempts if a.outcome is Outcome.ABANDONED)
    assert reasons[AbandonReason.CALLER_LEFT] >= 8
    assert reasons[AbandonReason.NO_AGENT_IN_TIME] >= 1
    treated = [a for a in attempts if a.abandon_reason is AbandonReason.NO_AGENT_IN_TIME]
    assert all(a.treatment_end_ns > a.treatment_start_ns > a.answered_ns for a in treated)
    adds_up(report(tmp_path))
    assert ours(lab) == []
    assert bridges(lab) == []
    assert lab.cli("database show outpace").strip().endswith("0 results found.")
