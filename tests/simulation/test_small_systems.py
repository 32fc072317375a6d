"""The rule on small exponential systems against the best that any rule can do, without simulation.

The estimators are taught exponential times, the rule's marginal risk is asked for every state of the chain, and the
chain under "launch while the risk is within kappa" is solved exactly. kappa is searched for 3 % abandonment; where no
kappa gives just that, two neighbouring ones are mixed. The optima are those of the Markov decision problem.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from outpace.pacing import Observed
from outpace.pacing._estimates import Estimates
from outpace.pacing._forecast import risk_curve
from tests.simulation.chain import Exponential, State

S = 1_000_000_000
MOST = 40
CALLS = 12_000


def taught(live: float, ring_s: float, service_s: float) -> bytes:
    """What estimators know after many calls whose times are the quantiles of exponential ones, in a mixed order."""
    estimates = Estimates(1)
    order = np.random.default_rng(1)
    shares = (np.arange(CALLS) + 0.5) / CALLS
    rings = -ring_s * np.log1p(-order.permutation(shares))
    persons = order.permutation(shares) < live
    talks = -service_s * np.log1p(-order.permutation(shares))
    happens: list[tuple[int, int, int]] = []
    for k in range(CALLS):
        began = k * S // 10
        ended = began + round(rings[k] * S)
        happens += [
            (began, Observed.LAUNCHED, began),
            (ended, Observed.PERSON if persons[k] else Observed.NOBODY, began),
        ]
        if persons[k]:
            freed = ended + round(talks[k] * S)
            happens += [(ended, Observed.TALK_BEGAN, ended), (freed, Observed.TALK_ENDED, ended)]
            happens += [(freed, Observed.WRAP_UP_BEGAN, freed), (freed, Observed.WRAP_UP_ENDED, freed)]
    passed = 0
    for at, what, since in sorted(happens, key=lambda one: one[0]):
        while passed + S <= at:
            passed += S
            estimates.pass_time(0, passed)
        estimates.record(0, what, since, at)
    return estimates.dump(0)


@dataclass(frozen=True)
class Ruled(Exponential):
    """The same chain under the predictive rule with a fixed kappa."""

    kappa: float = 0.0
    known: bytes = b""
    curves: dict[State, np.ndarray] = field(default_factory=dict)

    def launched(self, busy: int, waiting: int, ringing: int) -> State:
        state = (busy, waiting, ringing)
        if state not in self.curves:
            self.curves[state] = self.risks(*state)
        over = np.flatnonzero(self.curves[state] > self.kappa)
        return busy, waiting, ringing + (int(over[0]) if len(over) else MOST)

    def risks(self, busy: int, waiting: int, ringing: int) -> np.ndarray:
        estimates = Estimates(1)
        estimates.load(0, self.known)
        now = 10_000 * S
        estimates.pass_time(0, now)
        for what, count in ((Observed.LAUNCHED, ringing), (Observed.TALK_BEGAN, busy)):
            for _ in range(count):
                estimates.record(0, what, now, now)
        estimates.pass_time(0, now + 1)
        return risk_curve(estimates, 0, float(self.agents - busy - waiting), MOST, wait_s=2.0)


@pytest.mark.slow
@pytest.mark.parametrize(("agents", "live", "optimum"), [(5, 0.25, 73.85), (10, 0.25, 81.29), (10, 0.5, 84.08)])
def test_the_rule_is_next_to_optimal(agents: int, live: float, optimum: float) -> None:
    known, curves = taught(live, 10.0, 60.0), {}

    def at(kappa: float) -> tuple[float, float]:
        return Ruled(agents, 0, live, kappa=kappa, known=known, curves=curves).solve()

    low, high = 0.005, 0.15
    assert at(low)[1] < 0.03 < at(high)[1]
    while high - low > 1e-5:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if at(middle)[1] < 0.03 else (low, middle)
    (occupancy, abandonment), (more, abandoned) = at(low), at(high)
    mixed = occupancy + (more - occupancy) * (0.03 - abandonment) / max(abandoned - abandonment, 1e-12)
    assert 100.0 * mixed == pytest.approx(optimum, abs=0.2)
