"""Tuning in hindsight, on days that are short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outpace.sim.pacing_report import OURS, STEADY, Case, Results, page, save_picture
from outpace.sim.rivals._ratio import PerFreeAgent
from outpace.sim.rivals.hindsight import Task, Tuned, measure, tune, tune_all
from outpace.sim.rivals.registry import RULES, Rule
from outpace.sim.scenario import Scenario
from outpace.sim.world import simulate

if TYPE_CHECKING:
    from pathlib import Path

DAY = Scenario(name="short", agents=10, hours=1.0, campaign={"amd": True})


def test_measuring_leaves_the_warm_up_out() -> None:
    found = measure(DAY, PerFreeAgent(1.0), 3)
    whole = simulate(DAY, 3, pacer=PerFreeAgent(1.0))
    # one call per free agent abandons nobody; agents who have just come had no call yet
    assert found.abandonment == whole.abandonment == 0.0
    assert found.occupancy != whole.occupancy
    assert found.occupancy == pytest.approx(whole.occupancy, abs=0.06)


@pytest.mark.parametrize("hours", [0.25, 0.3])
def test_measuring_wants_quarters_of_an_hour(hours: float) -> None:
    with pytest.raises(ValueError, match="quarters of an hour"):
        measure(Scenario(name="odd", hours=hours), PerFreeAgent(1.0), 1)


def test_tuning_finds_the_highest_parameter_that_keeps_the_limit() -> None:
    found = tune(Task("per-free-agent", DAY, 3))
    again = measure(DAY, PerFreeAgent(found.parameter), 3)
    assert (found.occupancy, found.abandonment) == (again.occupancy, again.abandonment)
    assert found.kept
    assert 0.0 < found.abandonment <= 0.031
    assert measure(DAY, PerFreeAgent(found.parameter * 64.0 ** (2.0**-6)), 3).abandonment > 0.031


def test_tuning_when_nothing_keeps_the_limit_then_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "wild", Rule(PerFreeAgent, 40.0, 60.0))
    shares: list[float] = []
    found = tune(Task("wild", DAY, 3), shares.append)
    assert (found.parameter, found.kept) == (40.0, False)
    assert found.abandonment > 0.1
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_tuning_does_not_depend_on_the_number_of_workers() -> None:
    rules = ("per-free-agent", "per-working-agent")
    alone = tune_all([DAY], rules, workers=1)
    assert [one.rule for one in alone] == list(rules)
    assert tune_all([DAY], rules, workers=2) == alone


def test_the_report_shows_what_was_tuned(tmp_path: Path) -> None:
    results: Results = {Case("P6", OURS, 0.03, 1): (simulate(DAY, 3),)}
    tuned = [
        Tuned("expected-balance", "P6", 0.84375, 0.9562, 0.0309, kept=True),
        Tuned("release-window", "P6", 0.0, 0.875, 0.158, kept=False),
    ]
    text = page(results, "Pacing", [], "p.png", hindsight=tuned)
    assert "| scenario | predictive | expected-balance | release-window |" in text
    assert "| 95.6 (3.09) at 0.844 | [87.5 (15.80)] |" in text
    assert "hindsight" not in page(results, "Pacing", [], "p.png")
    save_picture(results, tmp_path / "with.png", hindsight=tuned)
    assert (tmp_path / "with.png").stat().st_size > 10_000
    assert STEADY == ("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9")
