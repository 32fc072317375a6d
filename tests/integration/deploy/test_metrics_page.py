"""docs/metrics.md has what a node exposes, all of it, and nothing else."""

from __future__ import annotations

import re

from tests.integration.deploy.exposed import asterisk_gauges, families
from tests.tidy import tree

_ROW = re.compile(r"^\| `(outpace_\w+)` \|(?: ?([^|`]*) \|)? [^|]+ \|$", re.MULTILINE)


def documented() -> dict[str, tuple[str, ...]]:
    """Name and labels of every row of the page; the switch's own have no column of labels."""
    text = (tree.ROOT / "docs" / "metrics.md").read_text("utf-8")
    return {
        name: tuple(sorted(labels.split(", "))) if labels.strip() else () for name, labels in _ROW.findall(text)
    }  # fmt: skip


def test_every_metric_of_a_node_is_on_the_page_with_its_labels(exposed: str) -> None:
    page = documented()
    assert {name: labels for name, (_, labels) in families(exposed).items() if page.get(name) != labels} == {}


def test_every_metric_on_the_page_is_exposed(exposed: str) -> None:
    assert set(documented()) - set(families(exposed)) - asterisk_gauges() == set()


def test_names_tell_what_they_are(exposed: str) -> None:
    kinds = {name: kind for name, (kind, _) in families(exposed).items()}
    assert {kind for name, kind in kinds.items() if name.endswith("_total")} == {"counter"}
    assert {kind for name, kind in kinds.items() if not name.endswith("_total")} == {"gauge", "histogram"}
    assert "outpace_api_requests_total 0" not in exposed


def test_figures_of_a_campaign_are_there(exposed: str) -> None:
    samples = dict(line.rsplit(" ", 1) for line in exposed.splitlines() if not line.startswith("#"))
    (name,) = re.findall(r'outpace_launches_total\{campaign="([^"]+)"\}', exposed)
    assert float(samples[f'outpace_launches_total{{campaign="{name}"}}']) == 10.0
    assert float(samples["outpace_decision_seconds_count"]) >= 1.0
    assert float(samples["outpace_pump_lag_seconds_count"]) == float(samples["outpace_pump_facts_total"])
    assert 0.0 <= float(samples[f'outpace_occupancy{{campaign="{name}"}}']) <= 1.0
    assert float(samples['outpace_agent_seconds_total{state="ready"}']) > 0.0
    bound = sum(float(value) for sample, value in samples.items() if sample.startswith("outpace_limited_total"))
    assert bound >= 1.0
    assert float(samples["outpace_redis_up"]) == 0.0
