"""Which rival has which name. A new one is a new file and an entry here.

Each entry of `RIVALS` makes a pacer for a scenario; the engine calls it like any other, with the same ledger and the
same counts. `RULES` are those of one parameter, which can be tuned in hindsight (hindsight.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from outpace.sim.rivals._abandonment_control import AbandonmentControl
from outpace.sim.rivals._adaptive_level import AdaptiveLevel
from outpace.sim.rivals._erlang_rate import ErlangRate
from outpace.sim.rivals._expected_balance import ExpectedBalance
from outpace.sim.rivals._ratio import PerFreeAgent, PerWorkingAgent
from outpace.sim.rivals._release_window import ReleaseWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from outpace.pacing import Pacer
    from outpace.sim.scenario import Scenario

RIVALS: dict[str, Callable[[Scenario], Pacer]] = {
    "one-per-free-agent": lambda _: PerFreeAgent(1.0),
    "six-per-free-agent": lambda _: PerFreeAgent(6.0),
    "pi": lambda _: AbandonmentControl(),
    "pi-gain-10": lambda _: AbandonmentControl(10.0),
    "vicidial-hard-limit": lambda scenario: AdaptiveLevel("hard_limit", hours=scenario.hours),
    "vicidial-average": lambda scenario: AdaptiveLevel("average", hours=scenario.hours),
    "vicidial-tapered": lambda scenario: AdaptiveLevel("tapered", hours=scenario.hours),
    "release-window-6-s": lambda _: ReleaseWindow(6.0),
    "expected-balance-0.75": lambda _: ExpectedBalance(0.75),
    "erlang-rate": lambda scenario: ErlangRate(scenario.pool().campaigns[0].abandonment.cap),
}


class Rule(NamedTuple):
    """A rule of one parameter, the more of which the more is abandoned; and between what it is looked for."""

    make: Callable[[float], Pacer]
    low: float
    high: float
    geometric: bool = False

    def middle(self, low: float, high: float) -> float:
        """Half way, by the rule's own measure."""
        return float((low * high) ** 0.5) if self.geometric else 0.5 * (low + high)


RULES: dict[str, Rule] = {
    "per-free-agent": Rule(PerFreeAgent, 1.0, 64.0, geometric=True),
    "per-working-agent": Rule(PerWorkingAgent, 1.0, 16.0, geometric=True),
    "release-window": Rule(ReleaseWindow, 0.0, 20.0),
    "expected-balance": Rule(ExpectedBalance, 0.0, 1.5),
    "erlang-rate": Rule(ErlangRate, 1e-4, 0.3, geometric=True),
}


def rival_of(scenario: Scenario) -> Pacer | None:
    """A fresh rival where the scenario's `pacer` names one, else None: the campaign's dial mode paces."""
    make = RIVALS.get(scenario.pacer)
    return None if make is None else make(scenario)
