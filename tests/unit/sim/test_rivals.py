from __future__ import annotations

import pytest

from outpace.pacing import ForecastPacer
from outpace.sim.rivals import RIVALS, rival_of
from outpace.sim.scenario import Scenario, load_scenario, with_settings
from outpace.sim.world import simulate


def test_names_are_no_dial_modes() -> None:
    modes = {"precise", "ratio", "progressive", "predictive", "erlang", "agentless"}
    assert not modes & set(RIVALS)
    assert rival_of(Scenario(name="x")) is None


@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_dials(name: str) -> None:
    scenario = Scenario(name="x", agents=10, hours=0.3, pacer=name, campaign={"amd": True})
    assert rival_of(scenario) is not rival_of(scenario)
    report = simulate(scenario)
    assert report.pacer == name
    assert report.connected > 30


def test_a_pacer_of_ones_own_paces_like_the_mode() -> None:
    # its interval is its own, too: one call per free agent decides at once, the forecast twice a second
    day = with_settings(load_scenario("P3"), {"hours": 0.3})
    mode = simulate(day)
    own = simulate(with_settings(day, {"pacer": "one-per-free-agent"}), pacer=ForecastPacer(2.0))
    assert (own.outcomes, own.occupancy) == (mode.outcomes, mode.occupancy)
    assert own.outcomes != simulate(with_settings(day, {"pacer": "one-per-free-agent"})).outcomes
