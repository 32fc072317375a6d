"""The lab's speed: agent-hours a second, and the compiled engine against a plain model of the same queue.

The peer is a small event loop over a heap in pure Python: the same outcomes, times and rule ("calls per free agent"),
and nothing else: no lines, leads, leases, intents, wrap-up notices, ledgers or records. It is what one would write for
a study; the lab runs the whole engine, with some five facts where the peer has one event. So a day costs about the same
on both, and what is bounded is the cost of an event. Medians of interleaved rounds, in process CPU time.

Run: python -m pytest bench/bench_sim.py -s
"""

from __future__ import annotations

import heapq
import math
import random
import statistics
import time
from collections import deque

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from outpace.sim.scenario import Scenario
from outpace.sim.world import simulate

ROUNDS = 3
RATIO = 4.0
#: Events a second, the lab against the peer, least; measured 5 to 6.5.
LEAST_SPEEDUP = 3.0


def day(agents: int, hours: float) -> Scenario:
    return Scenario(name="bench", agents=agents, hours=hours, campaign={"mode": "ratio", "ratio": RATIO, "amd": True})


class Peer:
    """Outcomes and times of the base scenario; free agents, waiting people and ringing calls are all its state."""

    def __init__(self, agents: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.heap: list[tuple[float, int, str]] = []
        self.sequence = 0
        self.agents = agents
        self.free = agents
        self.ringing = 0
        self.busy_s = 0.0
        self.waiting: deque[list[float]] = deque()
        self.answered = self.abandoned = self.events = 0

    def lognormal(self, mean: float, cv: float) -> float:
        sigma = math.sqrt(math.log1p(cv * cv))
        return self.random.lognormvariate(math.log(mean) - sigma * sigma / 2.0, sigma)

    def push(self, at_s: float, what: str) -> None:
        self.sequence += 1
        heapq.heappush(self.heap, (at_s, self.sequence, what))

    def launch(self, now_s: float) -> None:
        for _ in range(max(0, int(RATIO * self.free) - len(self.waiting) - self.ringing)):
            self.ringing += 1
            u = self.random.random()
            if u < 0.25:
                self.push(now_s + min(25.0, max(1.5, self.lognormal(11.0, 0.45))), "live")
            elif u < 0.50:
                self.push(now_s + min(25.0, max(4.0, self.lognormal(18.0, 0.25))), "other")
            elif u < 0.85:
                self.push(now_s + 25.0, "other")
            else:
                self.push(now_s + self.random.uniform(1.0, 4.0), "other")

    def serve(self, now_s: float) -> None:
        spent = self.lognormal(60.0, 1.2) + self.lognormal(15.0, 0.8)
        self.busy_s += spent
        self.push(now_s + spent, "free")

    def run(self, until_s: float) -> float:
        """Occupancy."""
        self.launch(0.0)
        while self.heap:
            self.events += 1
            now_s, _, what = heapq.heappop(self.heap)
            if now_s > until_s:
                break
            if what == "free":
                if self.waiting:
                    self.waiting.popleft()
                    self.serve(now_s)
                else:
                    self.free += 1
            elif what == "drop":
                if self.waiting and self.waiting[0][0] <= now_s:
                    self.waiting.popleft()
                    self.abandoned += 1
            else:
                self.ringing -= 1
                if what == "live":
                    self.answered += 1
                    if self.free:
                        self.free -= 1
                        self.serve(now_s)
                    else:
                        limit_s = now_s + min(2.0, self.random.expovariate(1.0 / 20.0))
                        self.waiting.append([limit_s])
                        self.push(limit_s, "drop")
            self.launch(now_s)
        return self.busy_s / (self.agents * until_s)


def test_the_peer_models_the_same_queue() -> None:
    # else the ratio would compare two different things
    peer = Peer(50, 1)
    occupancy = peer.run(4 * 3600.0)
    report = simulate(day(50, 4.0), 1)
    assert occupancy == pytest.approx(report.occupancy, abs=0.03)
    assert peer.abandoned / peer.answered == pytest.approx(report.abandonment, abs=0.02)


@pytest.mark.bench
def test_against_a_plain_model() -> None:
    mine, others = [], []
    for seed in range(ROUNDS):
        begin = time.process_time()
        report = simulate(day(100, 8.0), seed)
        mine.append((time.process_time() - begin, report.facts))
        peer = Peer(100, seed)
        begin = time.process_time()
        peer.run(8 * 3600.0)
        others.append((time.process_time() - begin, peer.events))
    rates = [statistics.median(count / took for took, count in runs) for runs in (mine, others)]
    days = [statistics.median(took for took, _ in runs) for runs in (mine, others)]
    print(
        f"\n100 agents, 8 h: {days[0]:.2f} s at {rates[0]:,.0f} facts/s; plain model {days[1]:.2f} s at {rates[1]:,.0f}"
    )
    assert rates[0] >= LEAST_SPEEDUP * rates[1]


@pytest.mark.bench
@pytest.mark.parametrize(("agents", "most_s"), [(100, 5.0), (1000, 60.0)])
def test_a_day(benchmark: BenchmarkFixture, agents: int, most_s: float) -> None:
    report = benchmark.pedantic(simulate, args=(day(agents, 8.0), 1), rounds=1 if agents > 100 else 3)
    took_s = benchmark.stats.stats.median
    print(
        f"\n{agents} agents, 8 h: {took_s:.2f} s, {agents * 8 / took_s:,.0f} agent-hours/s, "
        f"{report.facts / took_s:,.0f} facts/s, {report.attempts:,} attempts"
    )
    assert took_s <= most_s
