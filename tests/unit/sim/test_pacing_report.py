"""Bars, limits and the report made of them, on days that are made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from outpace.sim.bars import BARS, CAPS, ROBUSTNESS, day_limit, faults
from outpace.sim.pacing_report import OURS, Case, cases, failed, page, run, save_picture
from outpace.sim.report import SimulationReport
from outpace.sim.rivals import RIVALS
from outpace.sim.scenario import Scenario, shipped_scenarios
from outpace.sim.world import simulate

HEAD = ["Machine: a machine."]


@pytest.fixture(scope="module")
def good() -> SimulationReport:
    """A day of a hundred agents that keeps every limit at 3 %."""
    real = simulate(Scenario(name="one", agents=1, hours=0.01), 1)
    figures = {"agents": 100, "occupancy": 0.96, "abandonment": 0.0295, "worst_15_min": 0.06, "worst_60_min": 0.04}
    return msgspec.structs.replace(real, answered=30_000, **figures)


def days(day: SimulationReport, *changes: dict[str, Any]) -> list[SimulationReport]:
    return [msgspec.structs.replace(day, seed=seed, **change) for seed, change in enumerate(changes, 1)]


def test_every_row_of_the_study_has_a_bar() -> None:
    assert {name for name, cap in BARS if cap == 0.03} == {f"P{n}" for n in range(1, 12)}
    for cap in CAPS:
        assert {f"P{n}" for n in range(1, 10)} <= {name for name, of in BARS if of == cap}
    assert set(ROBUSTNESS) <= set(shipped_scenarios())
    assert all(0.0 < bar.bar < bar.reference < 100.0 for bar in BARS.values())
    assert (BARS["P1", 0.01].bar, BARS["P9", 0.01].bar, BARS["P3", 0.05].bar) == (71.8, 97.0, 86.9)


def test_a_day_may_exceed_the_cap_a_little() -> None:
    assert day_limit(0.03, 10_000) == pytest.approx(0.0305)
    assert day_limit(0.03, 9_999) == pytest.approx(0.033)
    assert day_limit(0.01, 200) == pytest.approx(0.011)


def test_good_days_have_no_faults(good: SimulationReport) -> None:
    assert faults("P6", 0.03, days(good, {}, {})) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([{"occupancy": 0.953}], "occupancy 95.30%, bar 95.4%"),
        ([{"abandonment": 0.0301}], "abandonment 3.010%"),
        ([{"abandonment": 0.0306}, {"abandonment": 0.029}], "seed 1: abandonment 3.060%, limit 3.05%"),
        ([{"worst_15_min": 0.08}, {"worst_15_min": 0.102}], "worst 15 min: 9.10%, limit 9.0%"),
        ([{"worst_60_min": 0.056}], "worst 60 min: 5.60%, limit 5.5%"),
    ],
)
def test_each_fault_is_told(good: SimulationReport, changes: list[dict[str, float]], told: str) -> None:
    assert faults("P6", 0.03, days(good, *changes)) == [told]


def test_small_floors_have_wider_windows_and_other_caps_none(good: SimulationReport) -> None:
    worse = {"worst_15_min": 0.14, "worst_60_min": 0.075}
    assert faults("P1", 0.03, days(good, {**worse, "agents": 10})) == []
    assert len(faults("P6", 0.03, days(good, worse))) == 2
    assert faults("P6", 0.05, days(good, {**worse, "occupancy": 0.97})) == []


def test_slack_is_granted(good: SimulationReport) -> None:
    assert faults("P6", 0.03, days(good, {"occupancy": 0.952, "abandonment": 0.0302}), slack=0.3) == []


def test_no_case_runs_twice() -> None:
    full, quick = cases(), cases(quick=True)
    assert len(set(full)) == len(full)
    assert {case.pacer for case in full} == {OURS, *RIVALS}
    assert {(case.scenario, case.cap) for case in full if case.pacer == OURS} >= {
        *BARS,
        *((n, 0.03) for n in ROBUSTNESS),
    }
    assert all(case.seeds >= 4 for case in full if case.pacer == OURS)
    assert {case.pacer for case in quick} == {OURS}
    assert {case.seeds for case in cases(seeds=1)} == {1}


def test_cases_are_run_with_their_settings() -> None:
    chosen = [Case("first-hour", "six-per-free-agent", 0.05, 2), Case("first-hour", "one-per-free-agent", 0.03, 1)]
    results = run(chosen, workers=1)
    assert [(case.pacer, [one.seed for one in reports]) for case, reports in results.items()] == [
        ("six-per-free-agent", [1, 2]),
        ("one-per-free-agent", [1]),
    ]
    assert [reports[0].cap for reports in results.values()] == [0.05, 0.03]


def test_the_page_says_what_holds_and_what_does_not(good: SimulationReport, tmp_path: Path) -> None:
    results = {
        Case("P6", OURS, 0.03, 2): tuple(days(good, {}, {"occupancy": 0.95})),
        Case("P7", OURS, 0.03, 1): tuple(days(good, {"occupancy": 0.95})),
        Case("P6", OURS, 0.01, 1): tuple(days(good, {"abandonment": 0.0099})),
        Case("P6", "six-per-free-agent", 0.03, 1): tuple(days(good, {"abandonment": 0.25})),
        Case("talk-step", OURS, 0.03, 1): tuple(days(good, {"abandonment": 0.031})),
    }
    assert failed(results) == ["P7 at 3%: occupancy 95.00%, bar 96.1%"]
    text = page(results, "Pacing", HEAD, "p.png")
    assert "| P6 | 95.50 ± 6.35 | 95.4 | 95.8 | 2.95 ± 0.00 | 2.95% | 6.0% | 4.0% | holds |" in text
    assert "| P7 | 95.00 | 96.1 | 96.4 | 2.95 | 2.95% | 6.0% | 4.0% | occupancy 95.00%, bar 96.1% |" in text
    assert "| talk-step | 96.0 / **3.10** / 6.0 / 4.0 | - | 96.1 / 3.0 / 5.4 / 4.0 |" in text
    # beside a rival that ran one seed, one seed of ours counts
    assert "| P6 | 96.0 (2.95) | 96.0 (25.00) |" in text
    assert "means of 1 seed, the same for all." in text
    assert "are not ours" in text
    assert "Not all bars" in text
    assert "* P6 at 1% (1.05%): 96.00 / 0.99" in text
    assert "Cap 5%" not in text
    save_picture(results, tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 10_000
    del results[Case("P7", OURS, 0.03, 1)]
    assert "Every bar and limit of 2 rows holds." in page(results, "Pacing", HEAD, "p.png")
