from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from outpace.domain.errors import ConfigError
from outpace.sim import charts, tables
from outpace.sim.estimate import Estimate, estimate
from outpace.sim.planner import agents_needed, sweep
from outpace.sim.plots import save_staffing
from outpace.sim.report import SimulationReport
from outpace.sim.scenario import Scenario
from outpace.sim.world import simulate

SCENARIO = Scenario(name="floor", agents=10, hours=0.5, campaign={"mode": "ratio", "ratio": 3.0, "amd": True})


def text_of(table: object) -> str:
    console = Console(width=200, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_a_sweep_is_the_runs_of_its_points() -> None:
    swept = sweep(SCENARIO, {"ratio": [1.0, 4.0], "p": [0.25, 0.5]}, seeds=2, workers=1)
    assert swept.points == ((1.0, 0.25), (1.0, 0.5), (4.0, 0.25), (4.0, 0.5))
    assert swept.seeds == (1, 2)
    one = Scenario(name="floor", agents=10, hours=0.5, live=0.5, campaign={"mode": "ratio", "ratio": 4.0, "amd": True})
    assert swept.reports[3][1] == simulate(one, 2)
    occupancy = swept.figures("occupancy")
    assert occupancy.shape == (4, 2)
    assert swept.estimates("occupancy")[2] == estimate(occupancy[2])
    paired = swept.differences("occupancy", against=1)
    assert paired[1] == Estimate(0.0, 0.0, 2)
    assert paired[2] == estimate(occupancy[2] - occupancy[1])
    assert np.all(occupancy[2] > occupancy[0])


def test_without_keys_a_sweep_is_the_scenario_itself() -> None:
    swept = sweep(SCENARIO, {}, seeds=2, workers=1)
    assert swept.points == ((),)
    assert [report.digest for report in swept.reports[0]] == [simulate(SCENARIO, seed).digest for seed in (1, 2)]


@pytest.mark.parametrize("values", [{"nothing": [1]}, {"agents": []}, {"ratio": [1.0, 0.0]}, {"people.nothing": [1]}])
def test_a_sweep_of_what_is_not_there_runs_nothing(values: dict[str, list[object]]) -> None:
    with pytest.raises(ConfigError):
        sweep(SCENARIO, values, progress=pytest.fail)


def test_a_sweep_over_seeds_is_refused() -> None:
    # points with other seeds would be taken for pairs
    with pytest.raises(ConfigError, match=r"seed: .*same seeds"):
        sweep(SCENARIO, {"seed": [1, 2]}, progress=pytest.fail)


def test_sweeps_are_shown_and_given_as_plain_values() -> None:
    swept = sweep(SCENARIO, {"ratio": [1.0, 4.0]}, seeds=2, workers=1)
    lines = text_of(tables.sweep_table(swept)).splitlines()
    assert lines[0].split() == ["floor,", "2", "seeds"]
    better = swept.differences("occupancy")[1]
    assert f"{100 * better.mean:+.2f} ± {100 * better.half_width:.2f}" in lines[-1]
    chart = charts.sweep_chart(swept).splitlines()
    assert [line.index("●") for line in chart[1:]] == sorted(line.index("●") for line in chart[1:])
    plain = json.loads(json.dumps(tables.sweep_values(swept)))
    assert plain["points"][1]["settings"] == {"ratio": 4.0}
    assert plain["points"][1]["estimates"]["occupancy"]["mean"] == swept.estimates("occupancy")[1].mean
    assert plain["points"][0]["reports"][1]["seed"] == 2


def test_a_narrow_terminal_shows_settings_and_figures_whole() -> None:
    swept = sweep(SCENARIO, {"pacer": ["one-per-free-agent", "six-per-free-agent"]}, seeds=2, workers=1)
    console = Console(width=70, force_terminal=False)
    with console.capture() as captured:
        console.print(tables.sweep_table(swept))
    assert captured.get().count("one-per-free-agent") == 2
    for one in swept.estimates("dials_per_connect"):
        assert f"{one.half_width:.2f}" in captured.get()


def test_a_single_seed_is_shown_without_an_interval() -> None:
    swept = sweep(SCENARIO, {"ratio": [1.0, 4.0]}, seeds=1, workers=1)
    assert "±" not in text_of(tables.sweep_table(swept)) + charts.sweep_chart(swept)
    assert tables.sweep_values(swept)["points"][0]["estimates"]["occupancy"]["half_width"] is None


def linear(noise: float, idle: int = 0) -> object:
    """Runs that cost nothing: 40 connects an hour and agent but for some who do nothing, give or take."""

    def run_all(jobs: list[object], **_: object) -> list[SimulationReport]:
        real = simulate(Scenario(name="one", agents=1, hours=0.01), 1)
        fields = real.as_dict() | {"abandonment_interval": (0.0, 1.0)}
        found = []
        for job in jobs:
            rate = 40.0 * max(0, job.scenario.agents - idle) + noise * (job.seed - 2.5)
            found.append(SimulationReport(**(fields | {"connects_per_hour": rate, "seed": job.seed})))
        return found

    return run_all


@pytest.mark.parametrize(("goal", "start", "agents"), [(1990.0, 10, 50), (2000.0, 300, 50), (39.0, 5, 1), (41.0, 1, 2)])
def test_the_search_finds_the_smallest_number(
    monkeypatch: pytest.MonkeyPatch, goal: float, start: int, agents: int
) -> None:
    monkeypatch.setattr("outpace.sim.planner.run_all", linear(0.0))
    found = agents_needed(Scenario(name="x", agents=start), goal)
    assert (found.agents, found.at_least, found.at_most) == (agents, agents, agents)
    assert len(found.tried) <= 10


def test_the_search_tells_how_far_chance_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    # seeds 1 to 4 lie 30 connects apart: the mean is known to 61.6, that is 1.5 agents
    monkeypatch.setattr("outpace.sim.planner.run_all", linear(30.0))
    told: dict[int, Estimate] = {}
    found = agents_needed(Scenario(name="x", agents=45), 1990.0, told=told.__setitem__)
    assert (found.agents, found.at_least, found.at_most) == (50, 49, 52)
    assert found.tried == dict(sorted(told.items()))
    assert found.tried[50].half_width == pytest.approx(61.6, abs=0.1)
    shown = text_of(tables.staffing_table(found))
    assert "50 agents (49 to 52, 95 %)" in shown
    assert tables.staffing_values(found)["tried"]["50"]["mean"] == 2000.0


def test_bounds_are_numbers_that_were_tried_and_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    # the mean of two seeds is known to 191, that is 4.8 agents of 40; of 2 seeds 300 apart to 48
    for noise, many in ((30.0, 20), (300.0, 70)):
        monkeypatch.setattr("outpace.sim.planner.run_all", linear(noise))
        found = agents_needed(Scenario(name="x", agents=many), 40.0 * many - 10.0, seeds=2)
        assert found.at_most is not None
        assert found.tried[found.at_most].low >= found.goal
        assert found.at_least == 1 or found.tried[found.at_least - 1].high < found.goal
        assert found.at_least <= found.agents < found.at_most


def test_a_bound_that_is_not_found_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outpace.sim.planner.run_all", linear(3000.0))
    found = agents_needed(Scenario(name="x", agents=50), 500.0, seeds=2)
    assert (found.at_least, found.at_most) == (1, None)
    assert tables.staffing_values(found)["at_most"] is None
    assert f"{found.agents} agents (1 or more, 95 %)" in text_of(tables.staffing_table(found))


def test_a_search_may_begin_with_too_few_to_reach_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outpace.sim.planner.run_all", linear(0.0, idle=3))
    found = agents_needed(Scenario(name="x", agents=1), 400.0)
    assert found.tried[1].mean == 0.0
    assert found.agents == 13


def test_a_search_tells_how_far_it_is() -> None:
    shares: list[tuple[int, float]] = []
    found = agents_needed(SCENARIO, 300.0, seeds=2, workers=1, progress=lambda *one: shares.append(one))
    assert {agents for agents, _ in shares} == set(found.tried)
    for agents in found.tried:
        mine = [share for tried, share in shares if tried == agents]
        assert mine == sorted(mine)
        assert mine[-1] == pytest.approx(1.0)


def test_a_plan_is_shown_and_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("outpace.sim.planner.run_all", linear(30.0))
    found = agents_needed(Scenario(name="x", agents=45), 1990.0)
    head, *lines = charts.staffing_chart(found).splitlines()
    assert "┊ is the goal" in head
    # 45 is far below, and was only where the search began
    assert [int(line.split()[0]) for line in lines] == [48, 49, 50, 51, 52]
    assert [line.index("●") for line in lines] == sorted(line.index("●") for line in lines)
    assert {line.index("┊") for line in lines if "┊" in line} == {lines[0].index("┊")}
    save_staffing(found, tmp_path / "plan.png")
    assert (tmp_path / "plan.png").stat().st_size > 10_000


def test_a_goal_that_agents_cannot_reach_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ({"name": "few", "channels": 3},)
    with pytest.raises(ConfigError, match="something else than agents binds"):
        agents_needed(Scenario(name="x", agents=10, hours=0.5, trunk_groups=lines), 5000.0, seeds=2, workers=1)
    with pytest.raises(ConfigError, match="more than 0"):
        agents_needed(SCENARIO, 0.0)
    with pytest.raises(ConfigError, match="at least 2"):
        agents_needed(SCENARIO, 100.0, seeds=1)


def test_the_search_on_real_runs() -> None:
    found = agents_needed(SCENARIO, 300.0, seeds=2, workers=1)
    assert found.at_least <= found.agents <= found.at_most
    assert found.tried[found.agents].mean >= 300.0 > found.tried[found.agents - 1].mean
    assert {report.agents for report in found.reports} == {found.agents}
