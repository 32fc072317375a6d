from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from outpace.sim import charts, tables
from outpace.sim.planner import sweep
from outpace.sim.plots import save_sweep, save_timeline
from outpace.sim.scenario import Change, Scenario
from outpace.sim.timeline import Moment, trace
from outpace.sim.world import simulate

SCENARIO = Scenario(
    name="floor",
    agents=20,
    hours=1.0,
    campaign={"mode": "ratio", "ratio": 6.0, "amd": True},
    changes=(Change(at_s=1800.0, pause_agents=20),),
)


@pytest.fixture(scope="module")
def moments() -> tuple[Moment, ...]:
    return trace(SCENARIO, 3, points=12)[1]


def test_a_timeline_adds_up_to_the_report() -> None:
    report, found = trace(SCENARIO, 3, points=12)
    assert report == simulate(SCENARIO, 3)
    assert [one.at_s for one in found] == [300.0 * k for k in range(1, 13)]
    # the last calls end after the day
    ledger = report.answered - sum(one.answered for one in found)
    assert 0 <= ledger <= 20
    assert sum(one.abandoned for one in found) <= report.abandoned
    staffed = sum(one.talking + one.wrap_up + one.ready for one in found)
    busy = sum(one.talking + one.wrap_up for one in found)
    assert busy / staffed == pytest.approx(report.occupancy, abs=1e-9)
    budget = 0.03 * sum(one.answered for one in found) - sum(one.abandoned for one in found)
    assert found[-1].budget == pytest.approx(budget)


def test_a_timeline_shows_what_happened(moments: tuple[Moment, ...]) -> None:
    before, after = moments[:6], moments[7:]
    assert all(17.0 < one.ready + one.talking + one.wrap_up < 20.001 for one in before)
    assert all(one.limited_by.name == "PACING" for one in before)
    assert all(one.ready == 0.0 and one.launches == 0 for one in after)
    assert after[-1].talking < before[-1].talking


def test_a_timeline_begins_before_the_agents_have_come() -> None:
    _, found = trace(Scenario(name="many", agents=100, hours=0.02), 1, points=72)
    staffed = [one.talking + one.wrap_up + one.ready for one in found]
    assert staffed[0] < 5.0
    assert staffed[-1] == pytest.approx(100.0)


def test_points_must_be_some() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        trace(SCENARIO, points=0)


def test_a_timeline_is_shown_and_given_as_plain_values(moments: tuple[Moment, ...]) -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(tables.timeline_table(moments))
    lines = captured.get().splitlines()
    assert len(lines) == 13
    assert [lines[1].split()[0], lines[-1].split()[0]] == ["0:05", "1:00"]
    assert "kappa" not in lines[0]
    chart = charts.timeline_chart(moments).splitlines()
    assert [line.split("|")[0].strip() for line in chart] == ["ready", "talking", "ringing", "launched", "abandoned"]
    assert {len(line.split("|")[1]) for line in chart} == {12}
    plain = json.loads(json.dumps(tables.timeline_values(moments)))
    assert plain[0]["limited_by"] == "pacing"
    assert plain[0]["launches"] == moments[0].launches


def test_intervals_of_less_than_a_minute_are_told_apart() -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(tables.timeline_table(trace(Scenario(name="x", agents=2, hours=0.025), points=4)[1]))
    assert [line.split()[0] for line in captured.get().splitlines()[1:]] == ["0:00:22", "0:00:45", "0:01:08", "0:01:30"]


def test_pictures_are_written(moments: tuple[Moment, ...], tmp_path: Path) -> None:
    save_timeline(moments, "floor", tmp_path / "day.png")
    swept = sweep(SCENARIO, {"ratio": [2.0, 4.0], "pacer": ["", "six-per-free-agent"]}, seeds=2, workers=1)
    save_sweep(swept, tmp_path / "sweep.svg")
    assert (tmp_path / "day.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "sweep.svg").read_text()
