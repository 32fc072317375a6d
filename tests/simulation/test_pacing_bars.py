"""The predictive pacer on shipped scenarios: a sample of what `make pacing-report` runs in full.

The seeds are fixed, so the figures are those of this very code; a day more or less moves a mean of two days of ten
agents by half a point and one of a hundred by a tenth, which is what `slack` grants.
"""

from __future__ import annotations

import pytest

from outpace.sim.bars import faults
from outpace.sim.pacing_report import OURS, Case, Results, run

# case -> points of occupancy that chance is granted
SAMPLE = {
    Case("P1", OURS, 0.03, 2): 0.7,
    Case("P3", OURS, 0.03, 2): 0.7,
    Case("P6", OURS, 0.03, 2): 0.2,
    Case("P10", OURS, 0.03, 1): 0.2,
    Case("P11", OURS, 0.03, 1): 0.2,
    Case("P4", OURS, 0.01, 1): 0.5,
    Case("P4", OURS, 0.05, 1): 0.5,
    Case("list-switches", OURS, 0.03, 1): 0.0,
    Case("first-hour", OURS, 0.03, 1): 0.0,
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results() -> Results:
    return run([*SAMPLE, Case("P3", "one-per-free-agent", 0.03, 2)])


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: f"{case.scenario} at {case.cap:.0%}")
def test_bars_and_limits_hold(results: Results, case: Case) -> None:
    assert faults(case.scenario, case.cap, results[case], slack=SAMPLE[case]) == []


def test_it_is_far_ahead_of_one_call_per_free_agent(results: Results) -> None:
    ours, rival = results[Case("P3", OURS, 0.03, 2)], results[Case("P3", "one-per-free-agent", 0.03, 2)]
    assert [one.abandoned for one in rival] == [0, 0]
    assert min(one.occupancy for one in ours) > max(one.occupancy for one in rival) + 0.25
