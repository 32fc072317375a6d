"""An exact reference for the lab: an exponential campaign under "calls per free agent", as a Markov chain.

State (busy agents, waiting people, ringing calls). Ringing ends after exp(ring_s), with `live` as an answer, else as
nothing; service is exp(service_s) without wrap-up; people wait exp(patience_s). The rule launches
max(0, ratio x free - waiting - ringing) whenever something changes. No simulation: the balance equations are solved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

State = tuple[int, int, int]


@dataclass(frozen=True)
class Exponential:
    agents: int
    ratio: int
    live: float = 0.25
    ring_s: float = 10.0
    service_s: float = 60.0
    patience_s: float = 2.0

    def launched(self, busy: int, waiting: int, ringing: int) -> State:
        return busy, waiting, ringing + max(0, self.ratio * (self.agents - busy) - waiting - ringing)

    def moves(self, state: State) -> list[tuple[float, State]]:
        busy, waiting, ringing = state
        answered = (busy + 1, waiting, ringing - 1) if busy < self.agents else (busy, waiting + 1, ringing - 1)
        freed = (busy, waiting - 1, ringing) if waiting else (busy - 1, waiting, ringing)
        found = [
            (self.live * ringing / self.ring_s, answered),
            ((1.0 - self.live) * ringing / self.ring_s, (busy, waiting, ringing - 1)),
            (busy / self.service_s, freed),
            (waiting / self.patience_s, (busy, waiting - 1, ringing)),
        ]
        return [(rate, self.launched(*to)) for rate, to in found if rate > 0.0]

    def solve(self) -> tuple[float, float]:
        """Occupancy, and abandoned / answered, in the long run."""
        first = self.launched(0, 0, 0)
        places, order = {first: 0}, [first]
        rows, columns, rates = [], [], []
        for place, state in enumerate(order):  # grows while it is walked
            for rate, to in self.moves(state):
                if to not in places:
                    places[to] = len(order)
                    order.append(to)
                rows += [places[to], place]
                columns += [place, place]
                rates += [rate, -rate]
        size = len(order)
        balance = coo_array((rates, (rows, columns)), shape=(size, size)).tolil()
        balance[0, :] = 1.0
        right = np.zeros(size)
        right[0] = 1.0
        share = spsolve(balance.tocsc(), right)
        busy, waiting, ringing = np.array(order, float).T
        answers = self.live * (share @ ringing) / self.ring_s
        return float(share @ busy) / self.agents, float(share @ waiting) / self.patience_s / answers
