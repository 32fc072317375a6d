"""The rivals against the published figures of the study that described them.

Its random numbers are others, and each figure is one day: what differs by chance is granted in points.
"""

from __future__ import annotations

import pytest

from outpace.sim.rivals._adaptive_level import AdaptiveLevel
from outpace.sim.rivals._ratio import PerFreeAgent
from outpace.sim.rivals._release_window import ReleaseWindow
from outpace.sim.rivals.hindsight import Task, measure, tune
from outpace.sim.scenario import load_scenario, with_settings
from outpace.sim.world import simulate

pytestmark = pytest.mark.slow

# scenario, rival: occupancy and abandonment in %, and by how much each may differ
PUBLISHED = {
    ("P1", "one-per-free-agent"): (54.4, 0.0, 2.5, 0.0),
    ("P1", "pi"): (72.7, 3.07, 2.0, 0.25),
    ("P4", "pi"): (87.9, 3.0, 0.8, 0.15),
    ("P6", "pi"): (90.8, 3.0, 0.6, 0.15),
    ("P5", "pi"): (85.1, 0.1, 0.6, 0.2),
    ("first-hour", "pi"): (89.0, 2.8, 1.0, 0.5),
    ("P4", "vicidial-hard-limit"): (55.4, 3.1, 2.0, 0.15),
    ("P6", "vicidial-hard-limit"): (56.0, 3.1, 2.0, 0.15),
    ("P10", "vicidial-hard-limit"): (76.8, 3.1, 2.0, 0.15),
    ("first-hour", "vicidial-tapered"): (73.6, 4.5, 2.0, 1.8),
    ("first-hour", "release-window-6-s"): (94.7, 5.2, 0.8, 1.5),
    ("first-hour", "expected-balance-0.75"): (94.8, 6.3, 0.8, 1.5),
    ("first-hour", "six-per-free-agent"): (95.5, 20.8, 0.8, 3.0),
    ("first-hour", "erlang-rate"): (82.0, 2.7, 3.0, 1.2),
}


@pytest.mark.parametrize(("scenario", "rival"), PUBLISHED)
def test_a_rival_does_as_published(scenario: str, rival: str) -> None:
    occupancy, abandonment, points, share = PUBLISHED[scenario, rival]
    report = simulate(with_settings(load_scenario(scenario), {"pacer": rival}), 1)
    assert 100.0 * report.occupancy == pytest.approx(occupancy, abs=points)
    assert 100.0 * report.abandonment == pytest.approx(abandonment, abs=share)


def test_the_adaptive_level_has_terrible_quarters_of_an_hour() -> None:
    # three times the answer rate at once: 27.9 % of a quarter of an hour, 12.3 % of an hour
    report = simulate(load_scenario("P10"), 1, pacer=AdaptiveLevel())
    assert 100.0 * report.worst_15_min == pytest.approx(27.9, abs=5.0)
    assert 100.0 * report.worst_60_min == pytest.approx(12.3, abs=2.5)


@pytest.mark.parametrize(
    ("rule", "occupancy", "points"), [("per-free-agent", 77.2, 1.5), ("per-working-agent", 68.7, 2.5)]
)
def test_a_rule_tuned_in_hindsight_does_as_published(rule: str, occupancy: float, points: float) -> None:
    found = tune(Task(rule, load_scenario("P1"), 1))
    assert found.kept
    assert 0.02 < found.abandonment <= 0.031
    assert 100.0 * found.occupancy == pytest.approx(occupancy, abs=points)


def test_a_release_window_cannot_spare_a_small_team() -> None:
    # even without a window: 87.3 % busy, and 15.4 % abandoned
    found = measure(load_scenario("P1"), ReleaseWindow(0.0), 1)
    assert 100.0 * found.occupancy == pytest.approx(87.3, abs=1.5)
    assert 100.0 * found.abandonment == pytest.approx(15.4, abs=1.5)


def test_the_same_seed_gives_the_same_day() -> None:
    day = with_settings(load_scenario("first-hour"), {"pacer": "expected-balance-0.75"})
    first, second = simulate(day, 2), simulate(day, 2)
    assert first == second
    assert first.digest != simulate(day, 2, pacer=PerFreeAgent(6.0)).digest
