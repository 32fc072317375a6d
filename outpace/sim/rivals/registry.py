"""Which rival has which name. A new one is a new file and an entry here.

Each entry makes a pacer for a scenario; the engine calls it like any other, with the same ledger and the same counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outpace.pacing import PrecisePacer, RatioPacer

if TYPE_CHECKING:
    from collections.abc import Callable

    from outpace.pacing import Pacer
    from outpace.sim.scenario import Scenario

RIVALS: dict[str, Callable[[Scenario], Pacer]] = {
    "one-per-free-agent": lambda _: PrecisePacer(),
    "six-per-free-agent": lambda _: RatioPacer(6.0),
}


def rival_of(scenario: Scenario) -> Pacer | None:
    """A fresh rival where the scenario's `pacer` names one, else None: the campaign's dial mode paces."""
    make = RIVALS.get(scenario.pacer)
    return None if make is None else make(scenario)
