"""usage: run_simpy.py FOLDER AGENTS LOAD CUSTOMERS HOURS - the two models on SimPy from FOLDER; prints JSON."""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

sys.path.insert(0, sys.argv[1])
import simpy

HANDLE_S, RING_S, PATIENCE_S = 60.0, 10.0, 2.0


def queue(agents: int, load: float, customers: int) -> dict[str, float]:
    """M/M/n: a process per customer, as SimPy's own examples have it."""
    env = simpy.Environment()
    desk = simpy.Resource(env, agents)
    chance = random.Random(1)
    waits: list[float] = []

    def customer() -> Any:
        came = env.now
        with desk.request() as turn:
            yield turn
            waits.append(env.now - came)
            yield env.timeout(chance.expovariate(1.0 / HANDLE_S))

    def arrivals() -> Any:
        for _ in range(customers):
            yield env.timeout(chance.expovariate(load / HANDLE_S))
            env.process(customer())

    env.process(arrivals())
    begun = time.process_time()
    env.run()
    return {"seconds": time.process_time() - begun, "mean_wait_s": sum(waits) / len(waits)}


class Campaign:
    """Calls per free agent, all times exponential: a process per call."""

    def __init__(self, agents: int, ratio: int, live: float) -> None:
        self.env = simpy.Environment()
        self.chance = random.Random(1)
        self.agents = self.free = agents
        self.ratio, self.live = ratio, live
        self.waiting: list[Any] = []
        self.ringing = self.answered = self.abandoned = self.calls = 0
        self.busy_s = 0.0

    def launch(self) -> None:
        for _ in range(max(0, self.ratio * self.free - len(self.waiting) - self.ringing)):
            self.ringing += 1
            self.calls += 1
            self.env.process(self.call())

    def serve(self) -> Any:
        handle_s = self.chance.expovariate(1.0 / HANDLE_S)
        self.busy_s += handle_s
        yield self.env.timeout(handle_s)
        if self.waiting:
            self.waiting.pop(0).succeed()
        else:
            self.free += 1
        self.launch()

    def call(self) -> Any:
        yield self.env.timeout(self.chance.expovariate(1.0 / RING_S))
        self.ringing -= 1
        if self.chance.random() < self.live:
            self.answered += 1
            if self.free:
                self.free -= 1
                self.env.process(self.serve())
            else:
                turn = self.env.event()
                self.waiting.append(turn)
                came = yield turn | self.env.timeout(self.chance.expovariate(1.0 / PATIENCE_S))
                if turn in came:
                    self.env.process(self.serve())
                else:
                    self.waiting.remove(turn)
                    self.abandoned += 1
        self.launch()

    def run(self, hours: float) -> dict[str, float]:
        self.launch()
        begun = time.process_time()
        self.env.run(hours * 3600.0)
        return {
            "seconds": time.process_time() - begun,
            "calls": self.calls,
            "occupancy": self.busy_s / (self.agents * hours * 3600.0),
        }


if __name__ == "__main__":
    agents, load, customers, hours = int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    print(json.dumps({"queue": queue(agents, load, customers), "campaign": Campaign(agents, 4, 0.25).run(hours)}))
