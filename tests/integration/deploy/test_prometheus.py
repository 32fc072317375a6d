"""The dashboard, the scrape configuration and the alert rules in deploy/, by promtool and against a real node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.deploy.exposed import asked, asterisk_gauges, families
from tests.tidy import tree

DEPLOY = tree.ROOT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "outpace.json"

needs_promtool = pytest.mark.lab


def rules() -> list[dict[str, Any]]:
    """All alert rules."""
    groups = yaml.safe_load((PROMETHEUS / "outpace.rules.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """The dashboard."""
    found: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return found


def panels() -> list[dict[str, Any]]:
    """Panels with queries."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> dict[str, str]:
    """Every query of the dashboard, by panel and letter."""
    return {f"{panel['title']} {one['refId']}": one["expr"] for panel in panels() for one in panel["targets"]}


def promtool(*words: str | Path, folder: Path = PROMETHEUS) -> None:
    """Run promtool; what it has to say is the failure."""
    ended = subprocess.run(["promtool", *map(str, words)], cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@needs_promtool
def test_prometheus_takes_the_configuration(tmp_path: Path) -> None:
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "outpace.token").write_text("a token")
    promtool("check", "config", "prometheus.yml", folder=tmp_path)


@needs_promtool
def test_rules_do_what_their_tests_say() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", "outpace.rules.yml")
    promtool("test", "rules", "outpace.rules.test.yml")


def test_every_rule_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    tests = yaml.safe_load((PROMETHEUS / "outpace.rules.test.yml").read_text("utf-8"))["tests"]
    tried = {(one["alertname"], bool(one["exp_alerts"])) for test in tests for one in test["alert_rule_test"]}
    assert tried == {(rule["alert"], fires) for rule in rules() for fires in (True, False)}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_says_how_bad_how_long_and_where_help_is(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert re.fullmatch(r"\d+[sm]", rule["for"])
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (tree.ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
    assert anchor == rule["alert"].lower()


def test_rules_and_dashboard_ask_only_for_what_a_node_exposes(exposed: str) -> None:
    known = families(exposed)
    there = set(known) | asterisk_gauges()
    asked_for = {rule["alert"]: rule["expr"] for rule in rules()} | queries()
    assert {where: unknown for where, text in asked_for.items() if (unknown := asked(text, known) - there)} == {}
    variables = " ".join(one["definition"] for one in dashboard()["templating"]["list"] if "definition" in one)
    assert asked(variables, known) <= there


def test_rules_and_dashboard_match_only_labels_that_there_are(exposed: str) -> None:
    known = families(exposed) | dict.fromkeys(asterisk_gauges(), ("gauge", ()))
    texts = {rule["alert"]: rule["expr"] for rule in rules()} | queries()
    wrong = {
        (where, name, label)
        for where, text in texts.items()
        for name, matchers in re.findall(r"(outpace_\w+)\{([^}]*)\}", text)
        for label in re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", matchers)
        if label not in (*known[asked(name, known).pop()][1], "instance")
    }
    assert wrong == set()


@needs_promtool
def test_queries_of_the_dashboard_are_good_promql(tmp_path: Path) -> None:
    made = [
        {"record": "panel:query", "expr": text.replace("$__rate_interval", "5m"), "labels": {"place": str(place)}}
        for place, text in enumerate(queries().values())
    ]
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": made}]}))
    promtool("check", "rules", "--lint-fatal", "panels.yml", folder=tmp_path)


def test_the_dashboard_is_made_of_panels_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }  # fmt: skip
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(ids)) == len(ids)
    assert [one["name"] for one in dashboard()["templating"]["list"]] == ["datasource", "node", "campaign"]
    assert all(one["expr"].count("$node") for panel in panels() for one in panel["targets"])
