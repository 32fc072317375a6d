"""What no rule can surpass: an exponential campaign as a Markov decision problem, solved without simulation.

State (people with an agent or waiting for one, ringing calls). Ringing ends after exp(ring_s), with `live` as a person,
else as nothing; service is exp(service_s) without wrap-up; people wait exp(patience_s). Whenever something changes, any
number of calls may be launched; no call is ever cancelled. A policy says up to how many ringing calls it launches.

The most occupancy with abandoned <= cap x answered is the least over prices of an abandonment of what a policy can
earn at that price (Lagrangian duality; the constrained optimum mixes two policies).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

#: People who wait, and calls that ring, at most: beyond what any policy here comes to.
WAITING, RINGING = 12, 110
#: An occupancy that is this much better is no improvement.
SAME = 1e-9

#: (people, ringing calls) -> ringing calls after the launches.
Policy = NDArray[np.int64]


class Rates(NamedTuple):
    """What a policy comes to in the long run: busy agents' share; people who answer and are abandoned, a second."""

    occupancy: float
    answered: float
    abandoned: float


@dataclass(frozen=True)
class Campaign:
    agents: int
    live: float
    ring_s: float = 10.0
    service_s: float = 60.0
    patience_s: float = 2.0

    @cached_property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """People and ringing calls of every state, as two flat arrays."""
        people, ringing = np.indices((self.agents + WAITING + 1, RINGING + 1))
        return people.ravel(), ringing.ravel()

    @cached_property
    def moves(self) -> list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]:
        """(rate, people after, ringing after) for every state, before launches; one entry per kind of move."""
        people, ringing = self.places
        busy = np.minimum(people, self.agents)
        waiting = people - busy
        fewer = np.maximum(ringing - 1, 0)
        left = np.maximum(people - 1, 0)
        most = self.agents + WAITING
        return [
            (self.live * ringing / self.ring_s, np.minimum(people + 1, most), fewer),
            ((1.0 - self.live) * ringing / self.ring_s, people, fewer),
            (busy / self.service_s + waiting / self.patience_s, left, ringing),
            # a second thought: so that a state which the policy leaves at once has a way out to where it leads
            (np.ones(len(people)), people, ringing),
        ]

    def generator(self, policy: Policy) -> coo_array:
        """(states, states) of the chain that a policy makes: rate from row to column, the diagonal makes rows zero."""
        people, _ = self.places
        size = len(people)
        here = np.arange(size)
        rows, columns, rates = [], [], []
        for rate, after, ringing in self.moves:
            to = after * (RINGING + 1) + policy[after, ringing]
            rows += [here, here]
            columns += [to, here]
            rates += [rate, -rate]
        return coo_array((np.concatenate(rates), (np.concatenate(rows), np.concatenate(columns))), shape=(size, size))

    def rates_of(self, policy: Policy) -> Rates:
        """What a policy comes to."""
        balance = self.generator(policy).T.tolil()
        balance[0, :] = 1.0
        right = np.zeros(balance.shape[0])
        right[0] = 1.0
        share = spsolve(balance.tocsc(), right)
        people, ringing = self.places
        busy = np.minimum(people, self.agents)
        answered = self.live * float(share @ ringing) / self.ring_s
        return Rates(float(share @ busy) / self.agents, answered, float(share @ (people - busy)) / self.patience_s)

    def optimum(self, cap: float) -> float:
        """The most occupancy that any policy reaches while abandoned <= cap x answered."""
        policy = self.up_to(np.zeros(self.agents + WAITING + 1, np.int64))

        def earned(price: float) -> float:
            nonlocal policy
            policy, gain = self.improved(policy, price, cap)
            return gain

        # a person served is worth service_s / agents of occupancy: an abandonment's price is some of those
        most = 30.0 * self.service_s / self.agents
        return float(minimize_scalar(earned, bounds=(0.0, most), method="bounded", options={"xatol": 1e-3 * most}).fun)

    def improved(self, policy: Policy, price: float, cap: float) -> tuple[Policy, float]:
        """The best policy where occupancy is earned and each abandonment above the cap costs a price; what it earns."""
        people, ringing = self.places
        busy = np.minimum(people, self.agents)
        over = (people - busy) / self.patience_s - cap * self.live * ringing / self.ring_s
        reward = busy / self.agents - price * over
        best = -np.inf
        while True:
            # values relative to that of state 0, whose column holds the gain instead
            equations = self.generator(policy).tolil()
            equations[:, 0] = -1.0
            values = spsolve(equations.tocsc(), -reward)
            gain = float(values[0])
            if gain <= best + SAME:
                return policy, max(gain, best)
            best = gain
            values[0] = 0.0
            table = values.reshape(policy.shape)
            # the best number of ringing calls from each on: launching adds to them, nothing takes any away
            policy = policy.copy()
            policy[:, RINGING] = RINGING
            for calls in range(RINGING - 1, -1, -1):
                onward = policy[:, calls + 1]
                better = table[np.arange(len(table)), onward] > table[:, calls] + SAME
                policy[:, calls] = np.where(better, onward, calls)

    def up_to(self, calls: NDArray[np.int64]) -> Policy:
        """The policy that launches until so many calls ring, by the number of people."""
        ringing = np.arange(RINGING + 1)
        policy: Policy = np.maximum(np.minimum(calls, RINGING)[:, None], ringing[None, :])
        return policy
