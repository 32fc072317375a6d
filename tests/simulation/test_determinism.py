"""Equal seeds give equal worlds: in one process, across processes, and dial by dial across policies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.sim.scenario import Change, Faults, Outage, Scenario
from outpace.sim.world import simulate
from tests.simulation.watching import Recorder

ROOT = Path(__file__).parents[2]
BUSY = Scenario(
    name="busy",
    agents=8,
    hours=0.5,
    campaign={"mode": "ratio", "ratio": 3.0, "amd": True, "retry": {"busy": {"wait_s": 60.0}}},
    faults=Faults(lose=0.01, duplicate=0.02, delay=0.05, delay_s=2.0),
    link_down=(Outage(at_s=500.0, for_s=20.0),),
    store_down=(Outage(at_s=900.0, for_s=12.0),),
    changes=(Change(at_s=1200.0, live=0.4, pause_agents=3),),
)
PRINT = "import tests.simulation.test_determinism as t, json; print(json.dumps(t.simulate(t.BUSY, 5).as_dict()))"


def test_equal_seeds_give_equal_reports_and_digests() -> None:
    first, again = simulate(BUSY, 5), simulate(BUSY, 5)
    assert first == again
    assert first.answered > 50


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_another_process_gives_the_same_report(hash_seed: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", PRINT],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(found.stdout) == json.loads(json.dumps(simulate(BUSY, 5).as_dict()))


def test_other_seeds_give_other_days() -> None:
    reports = [simulate(BUSY, seed) for seed in (1, 2, 3)]
    assert len({report.digest for report in reports}) == 3
    assert len({report.talk_seconds for report in reports}) == 3


def test_a_watch_changes_nothing() -> None:
    assert simulate(BUSY, 5, watch=Recorder()) == simulate(BUSY, 5)


def fates(scenario: Scenario) -> list[tuple[str, int]]:
    """By ordinal of the dial: what the network made of it, and how long after the originate."""
    watch = Recorder()
    simulate(scenario, 3, watch=watch)
    order: dict[int, int] = {}
    found: dict[int, tuple[str, int]] = {}
    for at_s, one in watch.stream:
        if isinstance(one, c.Originate):
            order[one.call_id] = round(at_s * 1000)
        elif isinstance(one, e.CallAnswered | e.CallEnded) and one.call_id not in found:
            what = "answered" if isinstance(one, e.CallAnswered) else one.outcome.name
            found[one.call_id] = (what, round(at_s * 1000) - order[one.call_id])
    return [found[call_id] for call_id in order]


def test_the_kth_dial_has_the_same_fate_under_every_policy() -> None:
    precise = fates(Scenario(name="precise", agents=10, hours=0.5))
    ratio = fates(Scenario(name="ratio", agents=25, hours=0.5, campaign={"mode": "ratio", "ratio": 4.0}))
    shared = min(len(precise), len(ratio))
    assert 400 < shared < len(ratio)
    for mine, other in zip(precise[:shared], ratio[:shared], strict=True):
        assert mine[0] == other[0]
        assert abs(mine[1] - other[1]) <= 1
