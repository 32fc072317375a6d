from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from outpace import __version__
from outpace.cli import main
from outpace.cli.exits import EXIT_CONFIG, EXIT_PROBLEM, EXIT_STORE, EXIT_SWITCH

EXAMPLES = Path(__file__).parents[2] / "examples"

TINY = """\
[campaign]
name = "tiny"
mode = "ratio"
ratio = 2.0
[list]
file = "list.csv"
validation = "possible"
[switch]
kind = "simulated"
speed = 200
[[trunk_groups]]
name = "t"
[[agents]]
name = "agent {n}"
count = 5
auto_ready = true
[log]
level = "error"
"""


@pytest.fixture(autouse=True)
def quiet_logs():
    root = logging.getLogger("outpace")
    level = root.level
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def tiny(folder: Path, text: str = TINY) -> Path:
    (folder / "list.csv").write_text("number,name\n+12025550101,A\n+12025550102,B\n+12025550102,B\nnone,C\n")
    path = folder / "tiny.toml"
    path.write_text(text)
    return path


def test_version_is_printed() -> None:
    assert call("--version").output == f"outpace {__version__}\n"


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    heavy = ("numpy", "rich", "uvloop", "msgspec", "prometheus_client")
    loaded = f"print([m for m in {heavy} if m in sys.modules])"
    code = f"import sys; from outpace.cli import main; main(['--help'], standalone_mode=False); {loaded}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("run", "import", "report", "replay", "explain", "doctor", "simulate", "serve", "token"):
        assert f"\n  {name} " in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_run_imports_dials_and_reports(tmp_path: Path) -> None:
    path, store = tiny(tmp_path), tmp_path / "o.db"
    result = call("run", path, "--store", store, "--journal", tmp_path / "journal", "--seed", "3")
    assert result.exit_code == 0, result.output
    assert "list.csv: 4 rows read, 2 leads added, 1 known already, 1 rejected" in result.output
    assert "leads left 2/2" in result.output
    assert "It adds up." in result.output
    assert (tmp_path / "list.rejects.csv").read_text().splitlines()[0] == "line,reason,row"

    last = call("report", "--json", "--store", store)
    figures = json.loads(last.output)
    assert last.exit_code == 0
    assert (figures["campaign"], figures["leads"], figures["adds_up"]) == ("tiny", 2, True)
    assert figures["attempts"] == sum(figures["outcomes"].values()) >= 2
    assert json.loads(call("report", "--all", "--campaign", "tiny", "--json", "--store", store).output)["leads"] == 2

    replayed = call("replay", tmp_path / "journal")
    assert replayed.exit_code == 0
    assert "the engine did the same" in replayed.output

    lines = call("explain", tmp_path / "journal", "--all").output.splitlines()
    assert any("launched 1 of " in line or "launched 2 of " in line for line in lines)
    assert call("explain", tmp_path / "journal", "--last", "1").output.splitlines() == lines[-1:]
    assert call("explain", tmp_path / "journal", "--all", "--last", "1").exit_code == EXIT_CONFIG
    told = json.loads(call("explain", tmp_path / "journal", "--all", "--json").output)
    assert told["difference"] == ""
    assert sum(one["count"] for one in told["decisions"]) == figures["attempts"]
    assert {one["campaign_id"] for one in told["decisions"]} == {1}


def test_run_again_begins_anew_when_every_lead_is_finished(tmp_path: Path) -> None:
    path, store = tiny(tmp_path), tmp_path / "o.db"
    words = ("run", path, "--store", store, "--journal", tmp_path / "journal", "--json")
    first = json.loads(call(*words, "--again").output)
    assert json.loads(call(*words).output)["attempts"] == 0
    again = json.loads(call(*words, "--again").output)
    assert again["attempts"] >= 2
    assert again["leads"] == first["leads"] == 2
    assert (tmp_path / "o.previous.db").exists()
    assert call("replay", tmp_path / "journal").exit_code == 0


def test_run_again_goes_on_with_what_is_not_finished(tmp_path: Path) -> None:
    path, store = tiny(tmp_path), tmp_path / "o.db"
    assert call("import", tmp_path / "list.csv", "--campaign", "tiny", "--store", store).exit_code == 0
    assert json.loads(call("run", path, "--store", store, "--again", "--json").output)["attempts"] >= 2
    assert not (tmp_path / "o.previous.db").exists()


def test_report_on_a_campaign_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    call("import", tiny(tmp_path).parent / "list.csv", "--campaign", "tiny", "--store", tmp_path / "o.db")
    result = call("report", "--campaign", "nope", "--store", tmp_path / "o.db")
    assert result.exit_code == EXIT_CONFIG
    assert "no campaign 'nope'; there is tiny" in result.output


def test_run_in_json_prints_one_object_and_nothing_else(tmp_path: Path) -> None:
    result = call("run", tiny(tmp_path), "--store", tmp_path / "o.db", "--json", "--loop", "asyncio")
    assert result.exit_code == 0
    assert json.loads(result.output)["adds_up"] is True


def test_run_with_a_broken_file_names_the_line(tmp_path: Path) -> None:
    result = call("run", tiny(tmp_path, TINY.replace("ratio = 2.0", "ratio = 2.0\nrate = 7")))
    assert result.exit_code == EXIT_CONFIG
    assert f"outpace: {tmp_path}/tiny.toml:5: campaign.rate: unknown key" in result.output


def test_run_on_what_is_no_store_says_so(tmp_path: Path) -> None:
    (tmp_path / "o.db").write_bytes(b"something else, and long enough to be looked at" * 100)
    result = call("run", tiny(tmp_path), "--store", tmp_path / "o.db")
    assert result.exit_code == EXIT_STORE
    assert "o.db" in result.output


def test_run_without_a_switch_says_so(tmp_path: Path) -> None:
    text = TINY.replace('kind = "simulated"\nspeed = 200', 'kind = "asterisk"\nsecret = "x"\nport = 1')
    result = call("run", tiny(tmp_path, text), "--store", tmp_path / "o.db")
    assert result.exit_code == EXIT_SWITCH
    assert "no connection to Asterisk at 127.0.0.1:1" in result.output


def test_run_faster_than_time_needs_the_simulated_switch(tmp_path: Path) -> None:
    text = TINY.replace('kind = "simulated"\nspeed = 200', 'kind = "asterisk"\nsecret = "x"')
    result = call("run", tiny(tmp_path, text), "--store", tmp_path / "o.db", "--speed", "2")
    assert result.exit_code == EXIT_CONFIG
    assert "--speed" in result.output


def test_import_adds_leads_once(tmp_path: Path) -> None:
    tiny(tmp_path)
    words = (
        "import",
        tmp_path / "list.csv",
        "--campaign",
        "c",
        "--store",
        tmp_path / "o.db",
        "--validation",
        "possible",
    )
    assert "2 leads added, 1 known already, 1 rejected" in call(*words).output
    again = call(*words)
    assert again.exit_code == 0
    assert "0 leads added, 3 known already" in again.output


def test_import_of_a_missing_file_or_column_says_so(tmp_path: Path) -> None:
    tiny(tmp_path)
    missing = call("import", tmp_path / "none.csv", "--campaign", "c", "--store", tmp_path / "o.db")
    assert missing.exit_code == EXIT_CONFIG
    words = ("import", tmp_path / "list.csv", "--campaign", "c", "--store", tmp_path / "o.db", "--column", "tel")
    assert call(*words).exit_code == EXIT_CONFIG


def test_report_where_nothing_was_run_says_so(tmp_path: Path) -> None:
    result = call("report", "--store", tmp_path / "o.db")
    assert result.exit_code == EXIT_CONFIG
    assert "nothing was run here" in result.output


@pytest.mark.parametrize("command", ["replay", "explain"])
def test_what_is_no_journal_is_named(tmp_path: Path, command: str) -> None:
    (tmp_path / "x.journal").write_bytes(b"?")
    assert call(command, tmp_path).exit_code == EXIT_PROBLEM
    assert "is no journal" in call(command, tmp_path).output


def test_doctor_finds_nothing_wrong_with_the_demo(tmp_path: Path) -> None:
    result = call("doctor", EXAMPLES / "demo.toml", "--store", tmp_path / "o.db", "--json")
    assert result.exit_code == 0, result.output
    checks = {check["name"]: check for check in json.loads(result.output)["checks"]}
    assert {"python", "compiled modules", "clock", "campaign file", "list", "agents", "disk", "store", "switch"} == set(
        checks
    )
    assert "simulated" in checks["switch"]["detail"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"simulated"\nspeed = 200', '"asterisk"\nsecret = "x"\nport = 1', "no connection to Asterisk"),
        ('file = "list.csv"', 'file = "none.csv"', "none.csv can't be read"),
        ("count = 5\n", "count = 0\n", "agents[0].count"),
        ('kind = "simulated"', 'kind = "simulated"\nprofile = "nowhere"', "nowhere"),
    ],
)
def test_doctor_says_what_is_wrong_and_how_to_mend_it(tmp_path: Path, old: str, new: str, found: str) -> None:
    result = call("doctor", tiny(tmp_path, TINY.replace(old, new)), "--store", tmp_path / "o.db", "--json")
    assert result.exit_code == EXIT_PROBLEM
    wrong = [check for check in json.loads(result.output)["checks"] if not check["ok"]]
    assert len(wrong) == 1
    assert found in wrong[0]["detail"]
    assert wrong[0]["mend"]


def test_doctor_without_a_campaign_looks_at_the_installation(tmp_path: Path) -> None:
    result = call("doctor", "--store", tmp_path / "sub" / "o.db")
    assert result.exit_code == 0, result.output
    assert "WRONG" not in result.output


def test_simulate_plays_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('name = "short"\nhours = 0.05\nagents = 4\n')
    first, second = (call("simulate", path, "--seed", "5", "--json") for _ in range(2))
    assert first.exit_code == 0, first.output
    figures, again = json.loads(first.output), json.loads(second.output)
    assert figures["seed"] == 5
    assert figures["digest"] == again["digest"]
    assert call("simulate", path).output.strip()


def test_simulate_of_a_broken_scenario_says_so(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('name = "short"\nhour = 1\n')
    result = call("simulate", path)
    assert result.exit_code == EXIT_CONFIG
    assert "hour" in result.output


def test_python_m_outpace_is_the_same_program() -> None:
    done = subprocess.run([sys.executable, "-m", "outpace", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"outpace {__version__}\n"
