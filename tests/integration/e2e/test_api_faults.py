"""What a node on a real switch survives while it is steered through the API: its own death, and the switch's."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from outpace.domain.outcomes import LimitedBy, Outcome
from outpace.engine.explain import reason_in_words
from tests.integration.e2e.rig import ANSWERED, Kind, adds_up, attempts_of, bridges, dialled, numbers_of, ours, report
from tests.integration.e2e.served import Listener, Served, list_of, write_node
from tests.integration.e2e.supervisor import Supervisor, supervised
from tests.lab.lab import SILENT, Lab

pytestmark = [pytest.mark.lab, pytest.mark.slow]

KINDS = (
    Kind(110, SILENT, ANSWERED, ring_ds=4, talk_ds=8),
    Kind(10, SILENT, ANSWERED, ring_ds=2, talk_ds=40),
    Kind(40, 486, frozenset({Outcome.BUSY}), ring_ds=2),
    Kind(30, 404, frozenset({Outcome.INVALID})),
)
#: Talk for longer than a node needs to be there again, on a slow machine too.
LONG = Kind(3, SILENT, ANSWERED, ring_ds=2, talk_ds=120)
AGENTS = 8
CAMPAIGN = {
    "mode": "ratio",
    "ratio": 2.0,
    "ring_timeout_s": 5.0,
    "connect_limit_s": 1.0,
    "message": "vm-goodbye",
    "wrap_up_max_s": 0.2,
}
LOST = frozenset({Outcome.LOST})
#: What the switch's death may make of a call that it had in hand.
CUT = LOST | {Outcome.CANCELLED, Outcome.FAILED, Outcome.NO_ANSWER}
ONE = "/v1/campaigns/1"


def begin(node: Served, numbers: dict[int, Kind]) -> list[int]:
    """A campaign that dials with all agents ready; the agents."""
    node.post("/v1/campaigns", {"name": "calls", **CAMPAIGN})
    node.upload(1, list_of(numbers))
    agents = node.hire(AGENTS, 1)
    node.seat(agents)
    node.post(f"{ONE}/start")
    return agents


def is_busy(board: dict[str, Any]) -> bool:
    """Whether calls ring and people talk."""
    return min(board["calls"].get("ringing", 0), board["calls"].get("talking", 0)) >= 2


def check(lab: Lab, folder: Path, numbers: dict[int, Kind], fates: frozenset[Outcome]) -> Counter[str]:
    """One attempt a number, which the carrier heard of at most once; the report says what the carrier says."""
    attempts = attempts_of(folder)
    assert sorted(a.number for a in attempts) == sorted(numbers)
    offered = dialled(lab, numbers)
    assert max(offered.values()) == 1
    unheard = {a.outcome for a in attempts if not offered[a.number]}
    assert unheard <= fates
    wrong = [(a.number, a.outcome.name) for a in attempts if a.outcome not in numbers[a.number].outcomes | fates]
    assert wrong == []
    figures = report(folder, "--all", "--campaign", "calls")
    adds_up(figures)
    assert figures["attempts"] == offered.total() + sum(not offered[a.number] for a in attempts) == len(numbers)
    assert ours(lab) == []
    assert bridges(lab) == []
    assert lab.cli("database show outpace").strip().endswith("0 results found.")
    return Counter(a.outcome.name.lower() for a in attempts)


def log_everybody_out(node: Served) -> None:
    for agent in node.get("/v1/agents"):
        node.post(f"/v1/agents/{agent['agent_id']}/desk/log-out")
    node.until("/v1/agents", lambda agents: {one["leg_state"] for one in agents} == {"none"})


def is_sensible(node: Served, agents: list[dict[str, Any]]) -> list[int]:
    """Nobody is ready who was not made so; who talks has their call on the desk. Gives those who talk."""
    assert {one["state"] for one in agents} <= {"logged_out", "talking"}, agents
    talking = [one for one in agents if one["state"] == "talking"]
    for agent in talking:
        desk = node.get(f"/v1/agents/{agent['agent_id']}/desk")
        if desk["agent"]["state"] == "talking":
            assert desk["call"]["call"]["call_id"] == desk["agent"]["call_id"]
            assert desk["agent"]["leg_state"] == "up"
    return [one["agent_id"] for one in talking]


@supervised
def test_a_node_that_is_killed_goes_on_where_it_stood(lab: Lab, tmp_path: Path) -> None:
    chance = random.Random(51)
    numbers = numbers_of([LONG], seed=50) | numbers_of(KINDS, seed=51)  # the long ones are called first
    file, token, taken_over = write_node(tmp_path, lab.ami_port), "", 0
    for death in range(4):
        with Served(file, token) as node:
            if not death:
                token, agents = node.token, begin(node, numbers)
                paused, _ = (node.post("/v1/campaigns", {"name": name, **CAMPAIGN}) for name in ("paused", "draft"))
                for act, body in (("leads", {"number": "+4930123456"}), ("start", None), ("pause", None)):
                    node.post(f"/v1/campaigns/{paused['campaign_id']}/{act}", body)
                node.patch(ONE, {"abandonment": {"cap": 0.04}})
            states = {one["name"]: one["state"] for one in node.get("/v1/campaigns")["items"]}
            assert states == {"calls": "running", "paused": "paused", "draft": "draft"}
            assert node.get(ONE)["settings"]["abandonment"]["cap"] == 0.04
            if death:
                taken_over += len(is_sensible(node, node.get("/v1/agents")))
                node.seat(agents)
            if death < 3:
                node.until(f"{ONE}/board", is_busy)
                time.sleep(chance.random() * 0.4)
                node.kill()
                continue
            node.finish(1)
            log_everybody_out(node)
            assert node.end() == 0, node.said()
    outcomes = check(lab, tmp_path, numbers, LOST)
    print(f"\nafter 3 kills: {dict(outcomes)}; {taken_over} conversations taken over")
    assert taken_over >= 2
    assert outcomes["lost"] <= 3 * 2 * AGENTS


def test_a_switch_that_is_started_again_is_told_of_and_the_campaign_goes_on(lab: Lab, tmp_path: Path) -> None:
    numbers = numbers_of(KINDS, seed=52)
    with (
        Served(write_node(tmp_path, lab.ami_port)) as node,
        Listener(node.url, node.token, "campaigns,alarms,attempts") as heard,
    ):
        begin(node, numbers)
        node.until(f"{ONE}/board", is_busy)
        lab.stop_asterisk()
        board = node.until(f"{ONE}/board", lambda board: board["reason"] == "switch_down")
        assert board["state"] == "running"
        assert board["reason_text"] == reason_in_words(LimitedBy.SWITCH_DOWN)
        raised = heard.until("alarms", lambda update: update["key"] == "switch_down:node")
        assert raised["data"]["severity"] == "critical"
        metrics = node.metrics()
        assert metrics['outpace_limited_by{reason="switch_down"}'] == 1
        assert metrics["outpace_switch_link_up"] == metrics["outpace_engine_link_up"] == 0
        assert metrics['outpace_alarms{severity="critical"}'] == 1
        health = node.get("/v1/health")
        assert (health["ready"], health["parts"]["switch"]) == (False, "out of reach")
        assert node.send("GET", "/health/ready").status_code == 503
        guards = [one["guard"] for one in node.get(f"{ONE}/why")["obstacles"]]
        # who talks when the legs are lost still has to write up the call; if nobody talked just then, nobody is there
        assert guards in (["switch_down"], ["switch_down", "no_agents"])
        launches = node.get(f"{ONE}/board")["launches"]
        heard.until("campaigns", lambda update: update["data"]["reason"] == "switch_down")
        assert node.get(f"{ONE}/board")["launches"] == launches

        lab.start_asterisk()
        with Supervisor(lab):
            heard.until("alarms", lambda update: update["data"] is None, after=raised["sequence"])
            assert node.get("/v1/health")["ready"]
            node.until(f"{ONE}/board", is_busy)
            node.finish(1)
            log_everybody_out(node)
        assert node.end() == 0, node.said()
    told = [(line["message"], line.get("alarm", "")) for line in node.log()]
    assert ("alarm: the switch is out of reach: nothing is launched", "switch_down") in told
    assert ("alarm is over", "switch_down") in told
    assert any(message.startswith("link to Asterisk down: ") for message, _ in told)
    outcomes = check(lab, tmp_path, numbers, CUT)
    print(f"\n{dict(outcomes)}")
    assert sum(outcomes[fate.name.lower()] for fate in CUT) < 40
