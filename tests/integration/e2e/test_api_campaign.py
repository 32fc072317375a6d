"""A campaign steered through the control API alone, on a real switch, from the upload of its list to its report."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outpace.domain.commands import RecordAttempt
from outpace.domain.outcomes import Outcome
from tests.integration.e2e.rig import (
    ANSWERED,
    SERIALS,
    Kind,
    adds_up,
    attempts_of,
    bridges,
    dialled,
    numbers_of,
    ours,
    report,
)
from tests.integration.e2e.served import Listener, Served, list_of, write_node
from tests.integration.e2e.supervisor import supervised
from tests.lab.lab import RINGS, SILENT, Lab, number

pytestmark = [pytest.mark.lab, pytest.mark.slow]

#: Talks until somebody hangs up.
FOR_EVER = Kind(1, SILENT, ANSWERED, ring_ds=1)
NO_ANSWER = Kind(16, RINGS, frozenset({Outcome.NO_ANSWER}))
BUSY = Kind(30, 486, frozenset({Outcome.BUSY}), ring_ds=2)
KINDS = (
    Kind(150, SILENT, ANSWERED, ring_ds=2, talk_ds=5),
    NO_ANSWER,
    BUSY,
    Kind(15, 503, frozenset({Outcome.CONGESTION})),
    Kind(20, 404, frozenset({Outcome.INVALID})),
    Kind(12, 603, frozenset({Outcome.REJECTED})),
)
AGENTS = 8
CAMPAIGN = {
    "name": "calls",
    "mode": "ratio",
    "ratio": 1.5,
    "ring_timeout_s": 5.0,
    "connect_limit_s": 1.0,
    "message": "vm-goodbye",
    "wrap_up_max_s": 0.2,
    "hopper_size": 20,
    "dispositions": ["sale", "call back"],
    "retry": {"busy": {"wait_s": 1.0, "max_attempts": 2}},
}
ONE = "/v1/campaigns/1"


def digits_of(view: dict[str, Any]) -> int:
    return int(view["number"].removeprefix("+"))


class Day:
    """A campaign's day, as the test of it steers it.

    Attributes
    ----------
    numbers : of the list and beyond, by their kinds.
    again : numbers that are called once more than their kind says. cancelled : those suppressed while they rang.
    """

    def __init__(self, lab: Lab, node: Served) -> None:
        self.lab = lab
        self.node = node
        self.numbers = numbers_of(KINDS, seed=41)
        self.again: set[int] = set()
        self.cancelled: set[int] = set()

    def begin(self) -> None:
        """Make the campaign, its list and its agents, and start it."""
        node = self.node
        made = node.post("/v1/campaigns", CAMPAIGN)
        assert (made["campaign_id"], made["state"]) == (1, "draft")
        listed = node.upload(1, list_of(self.numbers, more=[next(iter(self.numbers))]) + "nobody,at home\n")
        assert (listed["added"], listed["duplicates"], listed["rejected"]) == (len(self.numbers), 1, 1)
        assert node.get(f"{ONE}/counts")["due"] == len(self.numbers)
        assert not node.get(f"{ONE}/why")["dialable"]
        node.seat(node.hire(AGENTS, 1))
        assert node.post(f"{ONE}/start")["state"] == "running"
        node.until(f"{ONE}/board", lambda board: board["connected"] >= 10)

    def change(self) -> None:
        """Another cap, and then another mode, while it runs."""
        node = self.node
        before = node.get(ONE)["version"]
        assert node.patch(ONE, {"abandonment": {"cap": 0.05}})["version"] == before + 1
        assert node.get(f"{ONE}/board")["budget"]["cap"] == 0.05
        late = node.send("PATCH", ONE, json={"ratio": 9.0}, headers={"If-Match": f'"{before}"'})
        assert late.status_code == 412
        node.patch(ONE, {"mode": "progressive"})
        launches = node.get(f"{ONE}/board")["launches"]
        node.until(f"{ONE}/board", lambda board: board["launches"] >= launches + 20)
        assert node.get(f"{ONE}/versions")["items"][0]["changes"] == {"mode": ["ratio", "progressive"]}

    def pause(self) -> None:
        """Nothing new reaches the carrier while it is paused, and it goes on afterwards."""
        node = self.node
        assert node.post(f"{ONE}/pause")["state"] == "paused"
        node.until("/v1/calls", lambda calls: all(call["state"] in ("ringing", "talking") for call in calls))
        offered = dialled(self.lab, self.numbers).total()
        node.until("/v1/calls", lambda calls: not calls)
        assert dialled(self.lab, self.numbers).total() == offered
        assert node.get(f"{ONE}/why")["obstacles"][0]["guard"] == "not_running"
        assert node.post(f"{ONE}/resume")["state"] == "running"
        node.until(f"{ONE}/board", lambda board: board["launches"] > offered)

    def suppress(self) -> None:
        """A number that is suppressed while it rings: the call ends at once."""
        node = self.node

        def ringing(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [one for one in calls if one["state"] == "ringing" and self.numbers[digits_of(one)] is NO_ANSWER]

        call = ringing(node.until("/v1/calls", ringing))[0]
        node.post("/v1/suppression", {"number": call["number"], "reason": "asked while it rang"})
        ended = node.until(f"/v1/attempts?lead_id={call['lead_id']}", lambda page: page["items"])["items"]
        assert [one["outcome"] for one in ended] == ["cancelled"]
        why = node.get(f"/v1/leads/{call['lead_id']}/why")
        assert "suppressed" in [one["guard"] for one in why["obstacles"]]
        self.cancelled.add(digits_of(call))

    def hang_up(self) -> None:
        """The operator ends a conversation; the agent is ready again after the wrap-up."""
        node = self.node
        call = self.talk()
        node.post(f"/v1/calls/{call['call_id']}/hang-up")
        (ended,) = node.until(f"/v1/attempts?lead_id={call['lead_id']}", lambda page: page["items"])["items"]
        assert (ended["outcome"], ended["agent_id"]) == ("connected", call["agent_id"])
        node.until(f"/v1/agents/{call['agent_id']}", lambda agent: agent["call_id"] not in ("", call["call_id"]))

    def drain(self) -> None:
        """It is stopped with a call in hand, which goes on; and started again."""
        node = self.node
        call = self.talk()
        assert node.post(f"{ONE}/stop")["state"] == "draining"
        node.until("/v1/calls", lambda calls: [one["call_id"] for one in calls] == [call["call_id"]])
        assert node.get(ONE)["state"] == "draining"
        node.post(f"/v1/calls/{call['call_id']}/hang-up")
        node.until(ONE, lambda view: view["state"] == "paused")
        offered = dialled(self.lab, self.numbers).total()
        assert offered < len(self.numbers)
        node.until("/v1/attempts?limit=1000", lambda page: len(page["items"]) == offered)
        assert node.post(f"{ONE}/start")["state"] == "running"

    def call_back(self) -> None:
        """An agent hangs up and says that the person wants to be called back, and that happens in its time."""
        node = self.node
        call = self.talk()
        desk = f"/v1/agents/{call['agent_id']}/desk"
        token = node.post("/v1/tokens", {"name": "desk", "role": "agent", "agent_id": call["agent_id"]})["token"]
        shown = node.get(desk, token=token)["call"]
        assert (shown["call"]["call_id"], shown["dispositions"]) == (call["call_id"], CAMPAIGN["dispositions"])
        assert "*" in shown["lead"]["number"]
        back_at = datetime.now(UTC) + timedelta(seconds=2)
        said = {"call_id": call["call_id"], "disposition": "call back", "attributes": {"when": "soon"}}
        node.post(f"{desk}/disposition", {**said, "callback_at": back_at.isoformat()}, token=token)
        node.post(f"/v1/calls/{call['call_id']}/hang-up", token=token)
        (first,) = node.until(f"/v1/attempts?lead_id={call['lead_id']}", lambda page: page["items"])["items"]
        assert (first["outcome"], first["disposition"]) == ("connected", "call back")
        assert first["attributes"] == {"when": "soon"}
        second = self.talking(call["lead_id"])
        assert second["attempt_number"] == 2
        assert datetime.fromisoformat(second["launched_at"]) >= back_at
        node.post(f"/v1/calls/{second['call_id']}/hang-up")
        self.again.add(digits_of(call))

    def finish(self) -> None:
        """The rest of the list, until nothing is left and everything is on record.

        The campaign is complete as soon as its last call has ended; what became of that call is kept a moment later.
        """
        self.node.finish(1)
        offered = dialled(self.lab, self.numbers).total()
        self.node.until("/v1/attempts?limit=1000", lambda page: len(page["items"]) == offered)

    def talk(self) -> dict[str, Any]:
        """A hot lead who talks until somebody hangs up: the call, when an agent has it."""
        digits = number(FOR_EVER.behaviour, next(SERIALS), ring_ds=FOR_EVER.ring_ds)
        self.numbers[digits] = FOR_EVER
        launches = self.node.get(f"{ONE}/board")["launches"]
        lead = self.node.post(f"{ONE}/leads", {"number": f"+{digits}", "hot": True})
        found = self.talking(lead["lead_id"])
        # before what is left of the list
        assert self.node.get(f"{ONE}/board")["launches"] - launches <= 2 * AGENTS
        return found

    def talking(self, lead_id: int) -> dict[str, Any]:
        """The call of a lead, as soon as an agent has it."""

        def those(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [one for one in calls if one["lead_id"] == lead_id and one["state"] == "talking"]

        return those(self.node.until("/v1/calls", those))[0]


def check(day: Day, attempts: list[RecordAttempt], heard: Listener) -> None:
    """The carrier, the store and the stream say the same."""
    per_number = Counter(attempt.number for attempt in attempts)
    assert dialled(day.lab, day.numbers) == per_number
    twice = {digits for digits, kind in day.numbers.items() if kind is BUSY}
    assert per_number == {digits: 1 + (digits in twice | day.again) for digits in day.numbers}
    wrong = [
        (a.number, a.outcome.name)
        for a in attempts
        if a.outcome is not Outcome.CANCELLED and a.outcome not in day.numbers[a.number].outcomes
    ]
    assert wrong == []
    assert {a.number for a in attempts if a.outcome is Outcome.CANCELLED} == day.cancelled
    told = [update["key"] for update in heard.of("attempts")]
    assert sorted(told) == sorted(str(a.call_id) for a in attempts)
    sequences = [update["sequence"] for update in heard.updates[1:]]
    assert sequences == sorted(sequences)
    assert heard.began == ["snapshot"]


@supervised
def test_a_campaign_is_steered_through_the_api_alone(lab: Lab, tmp_path: Any) -> None:
    began = datetime.now(UTC)
    with Served(write_node(tmp_path, lab.ami_port)) as node:
        day = Day(lab, node)
        with Listener(node.url, node.token, "campaigns,attempts,dispositions,alarms") as heard:
            for step in (day.begin, day.change, day.pause, day.suppress, day.hang_up, day.drain, day.call_back):
                step()
            day.finish()
            board = node.get(f"{ONE}/board")
            heard.until("campaigns", lambda update: update["data"]["state"] == "completed")
            attempts = node.pages("/v1/attempts", limit=100)
            ended = {one["call_id"] for one in attempts}
            heard.until("attempts", lambda _: ended <= {update["key"] for update in heard.of("attempts")})
            (said,) = heard.of("dispositions")
            assert (said["data"]["disposition"], said["data"]["campaign_id"]) == ("call back", 1)
        span = {"since": began.isoformat(), "until": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
        reports = {by: node.get(f"/v1/reports/{by}", **span) for by in ("campaign", "agent", "hour", "outcome")}
        scrape = node.metrics()
        for agent in node.get("/v1/agents"):
            node.post(f"/v1/agents/{agent['agent_id']}/desk/log-out")
        node.until("/v1/agents", lambda agents: {one["leg_state"] for one in agents} == {"none"})
        assert ours(lab) == []
        assert node.end() == 0, node.said()

    records = attempts_of(tmp_path)
    check(day, records, heard)
    offered = dialled(lab, day.numbers).total()
    outcomes = Counter(a.outcome.name.lower() for a in records)
    assert offered == len(attempts) == len(records)
    assert {one["call_id"] for one in attempts} == {str(a.call_id) for a in records}
    for by, told in reports.items():
        assert told["total"]["attempts"] == sum(row["attempts"] for row in told["rows"]) == offered, by
        assert told["total"]["connected"] == outcomes["connected"], by
        assert told["total"]["busy"] == outcomes["busy"] == 2 * BUSY.count, by
    assert {row["outcome"]: row["attempts"] for row in reports["outcome"]["rows"]} == outcomes
    assert scrape["outpace_launches_total"] == board["launches"] == offered
    assert board["answered"] == outcomes["connected"] + outcomes["abandoned"]
    figures = report(tmp_path, "--all", "--campaign", "calls")
    adds_up(figures)
    assert figures["attempts"] == offered
    assert bridges(lab) == []
    assert lab.cli("database show outpace").strip().endswith("0 results found.")
    print(f"\n{offered} calls offered to the carrier, {dict(outcomes)}; {len(heard.updates)} updates")
