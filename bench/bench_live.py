"""Launches per second through the live loop: pump, engine, SQLite with synchronous=FULL, simulated carrier.

The carrier answers at once and conversations are short, so that the loop, not the telephone network, sets the pace;
each launch goes the whole way: leased, intent written ahead, dialled, ended, recorded, one in five over an agent. The
cost of a launch is CPU time of all threads, in steps of a calibration loop that is run between the rounds: a machine
that is busy or slow changes both. Launches per second of wall time depend on the disk's sync and are only printed.

Run: python -m pytest bench/bench_live.py -s
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from outpace.runtime import loops
from outpace.runtime.campaign_file import load
from outpace.runtime.node import Ending, Node
from outpace.store.port import NewLead
from outpace.store.reporting import report
from outpace.store.sqlite import SqliteStore

pytestmark = pytest.mark.bench

LAUNCHES = 6_000
ROUNDS = 3
STEPS = 200_000

#: A launch costs at most so many steps of the calibration loop.
MOST_STEPS = 2_000

CAMPAIGN = """
[campaign]
name = "bench"
mode = "ratio"
ratio = 10.0
ratio_counts = "logged_in"
hopper_size = 2000
[store]
path = "{store}"
[switch]
kind = "simulated"
profile = "carrier.toml"
[log]
level = "warning"
[[trunk_groups]]
name = "carrier"
channels = 5000
cps = 100000.0
burst = 5000
max_pending = 5000
[[agents]]
name = "agent {{n}}"
count = 100
auto_ready = true
"""
CARRIER = """
name = "carrier"
[mix]
live = 0.2
busy = 0.8
[times]
answer = 0.01
busy = 0.0
talk = 0.01
"""


def calibrate() -> float:
    """CPU seconds of one step of a plain Python loop."""
    table: dict[int, int] = {}
    started = time.process_time()
    for step in range(STEPS):
        table[step & 1023] = step
    return (time.process_time() - started) / STEPS


def make(folder: Path) -> Node:
    """A node with a list that nobody has dialled."""
    folder.mkdir()
    (folder / "campaign.toml").write_text(CAMPAIGN.format(store=folder / "store.db"))
    (folder / "carrier.toml").write_text(CARRIER)
    with SqliteStore(folder / "store.db") as store:
        store.add_leads(store.campaign_id("bench"), (NewLead(49_300_000_000 + n) for n in range(LAUNCHES)), 1)
    return Node(load(folder / "campaign.toml"))


def test_launches_through_the_live_loop(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    rounds: list[tuple[float, float, float]] = []

    def one_round() -> None:
        node = make(tmp_path / str(len(rounds)))
        step_s = calibrate()
        wall, cpu = time.perf_counter(), time.process_time()
        assert loops.run(node.run()) is Ending.COMPLETED
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        rounds.append((cpu / LAUNCHES / ((step_s + calibrate()) / 2), cpu / LAUNCHES, LAUNCHES / wall))
        with SqliteStore(node.store_path) as store:
            figures = report(store, node.campaign_id)
        assert figures.attempts == LAUNCHES
        assert figures.connected + figures.abandoned > LAUNCHES / 10

    for _ in range(ROUNDS - 1):
        one_round()
    benchmark.pedantic(one_round, rounds=1)
    steps, cpu_s, per_s = (median(column) for column in zip(*rounds, strict=True))
    print(f"\n{per_s:,.0f} launches/s of wall time; {cpu_s * 1e6:.0f} us of CPU a launch = {steps:,.0f} loop steps")
    assert steps < MOST_STEPS
