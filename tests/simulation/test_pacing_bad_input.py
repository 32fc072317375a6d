"""Predictive pacing where there is little to go by, or what there is is wrong: defined, and never a flood of calls.

The bound that holds in every case, whatever the forecast says: calls without an answer are at most six an agent and
twenty for each person who has answered lately, and nobody is dialled for agents who are not there.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

from outpace import Agent, Campaign, Engine, Pool, TrunkGroup
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import Abandonment, DialMode
from outpace.domain.outcomes import Fallback, LimitedBy, Outcome, Verdict
from outpace.domain.states import AgentState
from outpace.sim.checkers import Checkers

S = 1_000_000_000
T0 = 1_800_000_000 * S
LINES_PER_AGENT, LINES_PER_PERSON = 6, 20
#: A decision every half second.
TICK_S = 0.5


class Floor:
    """An engine with a store and a switch whose facts, times and clock a test can spoil.

    live, machine : shares of calls. ring_s : to the answer. deaf : the switch tells nothing. switch_ns : the time that
    the switch claims, of the engine's.
    """

    def __init__(
        self, agents: int, *, cap: float = 0.03, live: float = 0.25, machine: float = 0.0, seed: int = 1
    ) -> None:
        self.live, self.machine = live, machine
        self.ring_s = (5.0, 15.0)
        self.deaf = False
        self.switch_ns: Callable[[int], int] = lambda _: 0
        self.random = random.Random(seed)
        amd = machine > 0.0
        campaign = Campaign(
            id=1, name="x", mode=DialMode.PREDICTIVE, abandonment=Abandonment(cap=cap), amd=amd, hopper_size=5000
        )
        group = TrunkGroup(id=1, name="t", channels=100_000, cps=100_000.0, burst=10_000, max_pending=10_000)
        people = tuple(Agent(id=number, name=f"agent {number}") for number in range(1, agents + 1))
        pool = Pool(campaigns=(campaign,), trunk_groups=(group,), agents=people, max_calls=100 * agents + 1000)
        self.engine = Engine(pool, epoch=1)
        self.checkers = Checkers(self.engine)
        self.now = T0
        self.due: list[tuple[int, int, e.Event]] = []
        self.serial = self.lead = 0
        self.launched: list[int] = []
        self.paused: set[int] = set()
        self.most_in_flight = 0
        self.put(e.LinkUp(), e.CampaignStarted(1))
        for number in range(1, agents + 1):
            self.put(e.AgentLoggedIn(number), e.AgentLegUp(number), e.AgentReady(number))

    # ---- the world -------------------------------------------------------------------------------------------------

    def put(self, *facts: e.Event) -> None:
        for fact in facts:
            self.checkers.fact(fact, self.now)
            self.engine.handle(fact, self.now)
        self.engine.tick(self.now)
        taken = self.engine.take_commands()
        self.checkers.commands(taken, self.now)
        for command in taken:
            self.route(command)
        self.most_in_flight = max(self.most_in_flight, self.in_flight())

    def later(self, seconds: float, fact: e.Event) -> None:
        self.serial += 1
        heapq.heappush(self.due, (self.now + round(seconds * S), self.serial, fact))

    def tell(self, seconds: float, fact: e.Event) -> None:
        """A fact of the switch."""
        if not self.deaf:
            self.later(seconds, fact)

    def route(self, command: c.AnyCommand) -> None:
        match command:
            case c.LeaseLeads():
                ids = list(range(self.lead + 1, self.lead + 1 + command.count))
                self.lead += command.count
                numbers = [49_000_000_000 + lead for lead in ids]
                self.put(
                    e.LeadsLeased(1, self.lead, self.now + 10**15, ids, numbers, [0] * len(ids), self.now + 10**14)
                )
            case c.WriteIntent():
                self.launched.append(self.now)
                self.later(0.001, e.IntentDurable(command.call_id))
            case c.Originate():
                self.originate(command.call_id)
            case c.ConnectAgent():
                self.tell(0.002, e.AgentConnected(command.call_id, command.agent_id, self.claimed(0.002)))
                talk_s = self.random.expovariate(1.0 / 60.0)
                self.tell(talk_s, e.AgentReleased(command.call_id, command.agent_id, self.claimed(talk_s)))
                self.tell(talk_s + 0.01, e.CallEnded(command.call_id, Outcome.NONE, 16, switch_ns=self.claimed(talk_s)))
            case c.HangUp():
                self.tell(0.01, e.CallEnded(command.call_id, Outcome.NONE, 16, switch_ns=self.claimed(0.01)))
            case c.AgentStateChanged() if command.state is AgentState.WRAP_UP and command.agent_id not in self.paused:
                self.later(self.random.uniform(5.0, 20.0), e.AgentReady(command.agent_id))
            case c.RecordAttempt():
                self.later(0.001, e.AttemptRecorded(command.call_id))
            case _:
                pass

    def originate(self, call_id: int) -> None:
        self.tell(0.1, e.CallProceeding(call_id, self.claimed(0.1)))
        self.tell(0.3, e.CallRinging(call_id, self.claimed(0.3)))
        u, ring_s = self.random.random(), self.random.uniform(*self.ring_s)
        if u < self.live + self.machine:
            self.tell(ring_s, e.CallAnswered(call_id, self.claimed(ring_s)))
            if self.machine > 0.0:
                verdict = Verdict.PERSON if u < self.live else Verdict.MACHINE
                told_ns = self.claimed(ring_s + 1.0)
                self.tell(ring_s + 1.0, e.CpaVerdict(call_id, verdict, greeting_end_ns=told_ns, switch_ns=told_ns))
        else:
            ring_s = self.random.uniform(2.0, 25.0)
            self.tell(ring_s, e.CallEnded(call_id, Outcome.NO_ANSWER, 19, switch_ns=self.claimed(ring_s)))

    def claimed(self, seconds: float) -> int:
        return self.switch_ns(self.now + round(seconds * S))

    def pause(self, first: int, last: int) -> None:
        """Agents of these numbers leave, those who talk after the call."""
        self.paused.update(range(first, last + 1))
        self.due = [one for one in self.due if getattr(one[2], "agent_id", 0) not in self.paused or self.of_call(one)]
        heapq.heapify(self.due)
        self.put(*(e.AgentNotReady(number) for number in range(first, last + 1)))

    @staticmethod
    def of_call(one: tuple[int, int, e.Event]) -> bool:
        return hasattr(one[2], "call_id")

    def run(self, seconds: float) -> None:
        until = self.now + round(seconds * S)
        while True:
            deadline = self.engine.next_deadline_ns()
            at = min(self.due[0][0] if self.due else deadline, deadline)
            if at > until:
                break
            self.now = max(self.now, at)
            if self.due and self.due[0][0] <= self.now:
                self.put(heapq.heappop(self.due)[2])
            else:
                self.put()
        self.now = until
        self.checkers.check()

    # ---- what is seen ----------------------------------------------------------------------------------------------

    def in_flight(self) -> int:
        row = self.engine.campaign_columns["in_state"][0]
        return int(row[1:4].sum())  # launching, proceeding, ringing

    def counts(self) -> tuple[int, int]:
        """People who answered, and of them those abandoned."""
        counters = self.engine.counters()["campaigns"][1]
        abandoned = counters["no_agent"] + counters["caller_left"]
        return counters["connected"] + abandoned, abandoned

    def launches_since(self, at_ns: int) -> int:
        return sum(at > at_ns for at in self.launched)

    def proven(self) -> float:
        """Lines that the people who answered lately are worth."""
        return LINES_PER_PERSON * float(self.engine.estimates.columns["long_seen"][0, 2])


def test_no_agents_no_calls() -> None:
    floor = Floor(5)
    floor.pause(1, 5)
    before = len(floor.launched)
    floor.run(120.0)
    assert len(floor.launched) - before == 0
    explanation = floor.engine.explain(1)
    assert explanation.reason is LimitedBy.NO_AGENTS
    assert "none is logged in and unpaused" in explanation.render()


@pytest.mark.parametrize("agents", [1, 10, 300])
def test_no_history_is_no_flood(agents: int) -> None:
    answered = abandoned = 0
    for seed in range(1, 5):  # one morning loses nobody, another 6 %
        floor = Floor(agents, seed=seed)
        floor.run(15.0)
        assert agents <= floor.most_in_flight <= LINES_PER_AGENT * agents + floor.proven()
        floor.run(60.0)
        found = floor.counts()
        assert found[0] >= agents
        answered, abandoned = answered + found[0], abandoned + found[1]
    assert abandoned <= max(3, 0.05 * answered)


@pytest.mark.parametrize(("live", "machine"), [(0.0, 0.0), (0.0, 1.0)], ids=["nobody answers", "only machines answer"])
def test_a_list_without_people_has_six_lines_an_agent(live: float, machine: float) -> None:
    floor = Floor(20, live=live, machine=machine)
    floor.run(900.0)
    assert floor.counts() == (0, 0)
    assert len(floor.launched) > 20 * 900 / 25
    assert floor.most_in_flight <= LINES_PER_AGENT * 20
    decision = floor.engine.latest_decision(1)
    assert decision is not None
    assert decision.live_rate < 0.02


def test_an_outage_ends_without_a_flood() -> None:
    floor = Floor(50)
    floor.run(900.0)
    floor.live = 0.0
    floor.run(300.0)
    assert floor.in_flight() <= LINES_PER_AGENT * 50 + floor.proven() + 50
    _, before = floor.counts()
    floor.live = 0.25
    floor.run(120.0)
    assert floor.counts()[1] - before <= 3 * 50


ABSURD = {
    "negative": lambda now: -now,
    "of the year 2255": lambda _: 2**63 - 1,
    "backwards": lambda now: 2 * T0 - now,
    "always the same": lambda _: T0,
    "a day ahead": lambda now: now + 86_400 * S,
}


@pytest.mark.parametrize("times", ABSURD)
def test_what_time_a_switch_claims_does_not_touch_pacing(times: str) -> None:
    floors = Floor(12), Floor(12)
    floors[1].switch_ns = ABSURD[times]
    for floor in floors:
        floor.run(900.0)
    assert floors[0].counts()[0] > 100
    assert floors[0].launched == floors[1].launched
    assert floors[0].counts() == floors[1].counts()


def test_a_clock_that_stands_still_launches_once() -> None:
    floor = Floor(20)
    floor.run(600.0)
    before = len(floor.launched)
    for _ in range(200):
        floor.put()
    decided = len(floor.launched) - before
    assert decided <= LINES_PER_AGENT * 20
    floor.put()
    assert len(floor.launched) - before == decided


@pytest.mark.parametrize("jump_s", [6.0, 3_600.0, 86_400.0 * 3])
def test_a_clock_that_jumps_ahead_launches_no_burst(jump_s: float) -> None:
    floor = Floor(20)
    floor.run(900.0)
    usual = max(floor.launches_since(floor.now - seconds * S // 2) for seconds in range(1, 20))
    answered, abandoned = floor.counts()
    jumped_ns = floor.now = floor.now + round(jump_s * S)
    floor.run(TICK_S)
    # every conversation may have ended meanwhile: no more than the lines of a floor that is idle
    assert floor.launches_since(jumped_ns - 1) <= max(usual, LINES_PER_AGENT * 20)
    floor.run(300.0)
    after, lost = (count - before for count, before in zip(floor.counts(), (answered, abandoned), strict=True))
    assert after > 20
    assert lost <= 20 + 0.1 * after


def test_agents_vanishing_in_a_wave_stop_the_launches() -> None:
    floor = Floor(60)
    floor.run(900.0)
    in_flight = floor.in_flight()
    _, abandoned = floor.counts()
    waved_ns = floor.now
    floor.pause(1, 50)
    floor.run(10.0)
    # ten of sixty are left: their share of the calls rings already
    assert floor.launches_since(waved_ns) <= in_flight / 6
    floor.run(300.0)
    assert floor.counts()[1] - abandoned <= 0.25 * in_flight + 0.06 * (floor.counts()[0] - abandoned)
    floor.pause(51, 60)
    gone_ns = floor.now
    floor.run(60.0)
    assert floor.launches_since(gone_ns) == 0


def test_a_feed_that_goes_silent_is_progressive_and_says_so() -> None:
    floor = Floor(30)
    floor.run(900.0)
    floor.deaf = True
    floor.due = [one for one in floor.due if isinstance(one[2], e.IntentDurable | e.AttemptRecorded | e.AgentReady)]
    floor.run(10.0)
    silent_ns = floor.now
    fallen_back = floor.engine.latest_decision(1)
    assert fallen_back is not None
    assert fallen_back.fallback is Fallback.FEED_SILENT
    assert "the switch has gone silent over calls in hand" in floor.engine.explain(1).render()
    floor.run(15.0)
    for decision in floor.engine.decisions(1):
        if decision.now_ns > silent_ns and decision.fallback is Fallback.FEED_SILENT:
            assert decision.wanted <= max(0, decision.ready - decision.waiting - decision.unanswered)
    assert floor.launches_since(silent_ns) <= 30


def test_cap_of_nothing_abandons_nobody() -> None:
    floor = Floor(25, cap=0.0)
    floor.run(1800.0)
    answered, abandoned = floor.counts()
    assert (answered > 200, abandoned) == (True, 0)
    # one call an agent, and each decision says why
    assert floor.most_in_flight <= 25
    assert {one.fallback for one in floor.engine.decisions(1) if one.working} == {Fallback.BUDGET_SPENT}


def test_cap_of_everything_is_bounded_by_the_lines() -> None:
    floor = Floor(8, cap=1.0)
    floor.run(300.0)
    assert floor.most_in_flight <= 60 * 8
    assert floor.counts()[1] > 0
    decision = floor.engine.latest_decision(1)
    assert decision is not None
    assert decision.kappa == pytest.approx(0.9, abs=0.3)
    assert decision.risk <= decision.kappa
