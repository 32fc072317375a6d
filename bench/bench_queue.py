"""Simulated customers and calls a second beside SimPy and Ciw, on the same queue models.

M/M/n is run by all three: `simulate_queue` makes one pass over its customers, the peers move events. The outbound
campaign (calls per free agent, exponential times) is run by SimPy as one writes it there, and by the lab, which runs
the whole engine: lines, leads, leases, intents, ledgers, records. Ciw has no arrivals that depend on the state.
The peers run in processes of their own, from folders that bench/peers.sh fills. Costs are CPU time; that all model the
same queue is checked against Erlang C and the exact chain.

Run: python -m pytest bench/bench_queue.py -s
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from outpace.pacing import erlang
from outpace.sim.queue import QueueReport, simulate_queue
from outpace.sim.scenario import Scenario
from outpace.sim.world import simulate
from outpace.telephony.simulated.distributions import DistributionSettings
from outpace.telephony.simulated.people import PeopleSettings
from outpace.telephony.simulated.profile import Mix

HERE = Path(__file__).parent
PEERS = HERE.parent / ".bench"
AGENTS, LOAD, HANDLE_S = 100, 92.0, 60.0
CUSTOMERS, PEER_CUSTOMERS, CIW_CUSTOMERS = 2_000_000, 40_000, 5_000
HOURS = 4.0
ROUNDS = 3
#: Customers a second: measured 150 to 220 times SimPy, 450 times Ciw. Calls a second, the whole engine against a
#: study's model: 2 to 3 times.
LEAST_QUEUE, LEAST_CAMPAIGN = 50.0, 1.3


def exponential(mean: float) -> DistributionSettings:
    return DistributionSettings(kind="exponential", mean=mean)


def peer(name: str, *words: object) -> dict[str, Any]:
    """What a peer's script prints."""
    folder = PEERS / name
    assert (folder / ".complete").exists(), f"{name} is not there: run bench/peers.sh"
    done = subprocess.run(
        [sys.executable, str(HERE / "queue_peers" / f"run_{name}.py"), str(folder), *map(str, words)],
        capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def queue(seed: int = 1) -> QueueReport:
    return simulate_queue(AGENTS, exponential(HANDLE_S / LOAD), exponential(HANDLE_S), customers=CUSTOMERS, seed=seed)


def campaign() -> Scenario:
    return Scenario(
        name="exponential",
        agents=AGENTS,
        hours=HOURS,
        mix=Mix(live=0.25, no_answer=0.75),
        times={
            "answer": exponential(10.0), "no_answer": exponential(10.0), "talk": exponential(HANDLE_S),
            "patience": exponential(2.0),
        },
        people=PeopleSettings(wrap_up=0.0, log_in_over_s=0.0),
        campaign={"mode": "ratio", "ratio": 4.0, "ring_timeout_s": 180.0, "connect_limit_s": 60.0},
    )  # fmt: skip


def seconds(work: Any) -> tuple[float, Any]:
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


@pytest.mark.bench
def test_against_simpy() -> None:
    rates: list[tuple[float, float, float, float]] = []
    for seed in range(ROUNDS):
        theirs = peer("simpy", AGENTS, LOAD, PEER_CUSTOMERS, HOURS)
        took_s, report = seconds(lambda seed=seed: queue(seed))
        day_s, day = seconds(lambda seed=seed: simulate(campaign(), seed))
        # the same queue: a busy one, whose mean wait two million customers tell to a twentieth, a short run to a half
        wait_s = float(erlang.erlang_c_wait(LOAD, AGENTS, HANDLE_S))
        assert report.mean_wait_s == pytest.approx(wait_s, rel=0.2)
        assert theirs["queue"]["mean_wait_s"] == pytest.approx(wait_s, rel=0.8)
        assert day.occupancy == pytest.approx(theirs["campaign"]["occupancy"], abs=0.03)
        rates.append(
            (
                CUSTOMERS * 1.1 / took_s,
                PEER_CUSTOMERS / theirs["queue"]["seconds"],
                day.attempts / day_s,
                theirs["campaign"]["calls"] / theirs["campaign"]["seconds"],
            )
        )
    ours, simpy, calls, simpy_calls = (statistics.median(column) for column in zip(*rates, strict=True))
    print(
        f"\nM/M/{AGENTS}: {ours:,.0f} customers/s, SimPy {simpy:,.0f}: {ours / simpy:,.0f} times; outbound campaign,"
        f" with the whole engine: {calls:,.0f} calls/s, SimPy {simpy_calls:,.0f}: {calls / simpy_calls:.1f} times"
    )
    assert ours >= LEAST_QUEUE * simpy
    assert calls >= LEAST_CAMPAIGN * simpy_calls


@pytest.mark.bench
def test_against_ciw() -> None:
    theirs = peer("ciw", AGENTS, LOAD, CIW_CUSTOMERS)
    took_s, _ = seconds(queue)
    ours, ciw = CUSTOMERS * 1.1 / took_s, theirs["queue"]["customers"] / theirs["queue"]["seconds"]
    print(f"\nM/M/{AGENTS}: {ours:,.0f} customers/s, Ciw {ciw:,.0f}: {ours / ciw:,.0f} times")
    assert ours >= LEAST_QUEUE * ciw


@pytest.mark.bench
def test_queue(benchmark: BenchmarkFixture) -> None:
    report = benchmark.pedantic(queue, rounds=3)
    benchmark.extra_info["customers"] = report.customers
