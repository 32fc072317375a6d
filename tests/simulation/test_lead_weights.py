"""Lists whose leads differ: what the answer model gains beside the truth, and that it does no harm."""

from __future__ import annotations

import msgspec
import pytest

from outpace.sim.scenario import ListSettings, Scenario, load_scenario
from outpace.sim.world import simulate
from outpace.telephony.simulated.population import Segment

#: Few who nearly always answer among many who hardly ever do.
UNLIKE = (Segment(share=0.75, live=0.15), Segment(share=0.25, live=3.5))


def day(agents: int, hours: float, **settings: object) -> Scenario:
    made = msgspec.structs.replace(load_scenario("P4"), agents=agents, hours=hours, pacer="predictive")
    return msgspec.structs.replace(made, list=ListSettings(**settings))  # type: ignore[arg-type]


def test_the_model_gains_at_least_half_of_what_the_truth_gains() -> None:
    even, learned, true = (
        simulate(day(20, 5.0, segments=UNLIKE, weights=weights), 1) for weights in ("even", "learned", "exact")
    )
    assert true.occupancy - even.occupancy > 0.02
    assert learned.occupancy - even.occupancy > 0.5 * (true.occupancy - even.occupancy)
    assert learned.abandonment < even.abandonment + 0.001


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("noise", [False, True])
def test_features_that_tell_nothing_change_no_call_of_the_day(noise: bool, seed: int) -> None:
    settings = {"segments": UNLIKE, "told": False, "noise": noise}
    even, learned = (simulate(day(10, 2.0, weights=weights, **settings), seed) for weights in ("even", "learned"))
    assert abs(learned.occupancy - even.occupancy) <= 0.001
    assert learned.abandonment <= even.abandonment + 0.001
