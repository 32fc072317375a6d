from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outpace.cli import main
from outpace.cli.exits import EXIT_CONFIG

FLOOR = """\
name = "floor"
agents = 5
hours = 0.2
[campaign]
mode = "ratio"
ratio = 3.0
"""


@pytest.fixture
def floor(tmp_path: Path) -> Path:
    path = tmp_path / "floor.toml"
    path.write_text(FLOOR)
    return path


def call(*words: object) -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, words), "--workers", "1"])


def values(*words: object) -> dict[str, object]:
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_a_shipped_scenario_is_found_by_its_name() -> None:
    report = values("P3", "--set", "hours=0.1", "--set", "pacer=six-per-free-agent", "--cap", "0.05")
    assert (report["scenario"], report["agents"], report["cap"]) == ("P3", 20, 0.05)
    assert report["pacer"] == "six-per-free-agent"


def test_a_sweep_is_shown(floor: Path, tmp_path: Path) -> None:
    picture = tmp_path / "sweep.png"
    result = call(
        floor, "--sweep", "ratio=1,4", "--sweep", "campaign.amd=true,false", "--seeds", "2", "--plot", picture
    )
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].split() == ["floor,", "2", "seeds"]
    assert [line.split()[:2] for line in lines[2:6]] == [
        ["1", "true"], ["1", "false"], ["4", "true"], ["4", "false"],
    ]  # fmt: skip
    assert sum("●" in line for line in lines) == 4
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_seeds_alone_are_a_sweep_of_one_point(floor: Path) -> None:
    swept = values(floor, "--seeds", "3", "--seed", "7")
    assert (swept["seeds"], len(swept["points"])) == ([7, 8, 9], 1)


def test_a_plan_says_how_many(floor: Path, tmp_path: Path) -> None:
    found = values(floor, "--plan", "connects_per_hour=150", "--seeds", "6")
    assert found["at_least"] <= found["agents"] <= found["at_most"]
    picture = tmp_path / "plan.png"
    text = call(floor, "--plan", "connects_per_hour=150", "--seeds", "6", "--plot", picture).output
    assert f"{found['agents']} agents ({found['at_least']} to {found['at_most']}, 95 %)" in text
    assert 1 < text.count("●") <= len(found["tried"])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_explain_is_a_timeline(floor: Path, tmp_path: Path) -> None:
    picture = tmp_path / "day.png"
    told = values(floor, "--explain", "4", "--plot", picture)
    assert [one["at_s"] for one in told["timeline"]] == [180.0, 360.0, 540.0, 720.0]
    assert told["report"]["scenario"] == "floor"
    assert picture.exists()
    shown = call(floor, "--explain").output
    assert "bound by" in shown
    assert "talking   |" in shown
    assert "scenario floor, seed 1" in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--set", "agents"), "KEY=VALUE"),
        (("--set", "lunch=1"), "lunch"),
        (("--sweep", "ratio=1,0"), "ratio"),
        (("--plan", "calls=3"), "connects_per_hour=N"),
        (("--plan", "connects_per_hour=many"), "connects_per_hour=N"),
        (("--plan", "connects_per_hour=9", "--explain", "3"), "one of"),
        (("--plan", "connects_per_hour=9", "--seeds", "1"), "at least 2"),
        (("--explain", "3", "--seeds", "2"), "--seeds: --explain shows one day"),
        (("--set", "ratio=1", "--set", "ratio=2"), "ratio: given twice"),
        (("--set", "cap=0.01", "--cap", "0.02"), "cap: given twice"),
        (("--set", "cap=0.01", "--set", "abandonment.cap=0.02"), "abandonment.cap: given twice"),
        (("--sweep", "agents=1,2", "--sweep", "agents=3"), "agents: given twice"),
        (("--sweep", "seed=1,2"), "seed: is not varied"),
        (("--plot", "x"), "x: wants a name that ends in .png"),
        (("--plot", "x.nothing"), "x.nothing: wants a name that ends in .png"),
        (("--plot", "nowhere/x.png"), "nowhere/x.png: there is no folder nowhere"),
    ],
)
def test_what_is_wrong_is_told(floor: Path, words: tuple[str, ...], told: str) -> None:
    result = call(floor, *words)
    assert result.exit_code == EXIT_CONFIG
    assert result.output.startswith("outpace: ")
    assert told in result.output


def test_progress_is_shown_on_a_terminal_beside_what_goes_into_a_file(floor: Path) -> None:
    terminal, end = os.openpty()
    words = ("-m", "outpace", "simulate", floor, "--json")
    done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, stderr=end, check=True)
    os.close(end)
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert json.loads(done.stdout)["scenario"] == "floor"
    assert "simulating floor" in shown


def test_a_picture_without_matplotlib_says_what_to_install(floor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = call(floor, "--seeds", "2", "--plot", "x.png")
    assert result.exit_code == EXIT_CONFIG
    assert "extra `plot`" in result.output
