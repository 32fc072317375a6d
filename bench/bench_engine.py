"""How many facts a second the engine takes through whole lives of calls: ACD, timers, pacer, commands.

A run of 1,000 agents and some thousands of live calls is generated once, by driving an engine of its own; the bars
then replay its facts. Three paths in one run: `handle` with events, `handle_batch` with flat records, and, as the
calibration, a loop in plain Python that keeps the same calls in dicts and decides nothing. Only ratios are asserted.
"""

from __future__ import annotations

import heapq
import random
import statistics
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from outpace import Agent, Campaign, Engine, Pool, TrunkGroup
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import DialMode, RatioCounts
from outpace.domain.outcomes import Outcome
from outpace.domain.states import CALL_TRANSITIONS, AgentState, CallFact, CallState
from outpace.engine._core import FACT_DTYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

S = 1_000_000_000
T0 = 1_700_000_000 * S
AGENTS = 1000
FACTS = 200_000
RATIO = 4.0
ROUNDS, ROUNDS_MOST = 5, 25

POOL = Pool(
    campaigns=(
        Campaign(
            id=1, name="x", mode=DialMode.RATIO, ratio=5.0, ratio_counts=RatioCounts.LOGGED_IN, hopper_size=50_000
        ),
    ),
    trunk_groups=(TrunkGroup(id=1, name="t", channels=20_000, cps=100_000.0, burst=10_000, max_pending=10_000),),
    agents=tuple(Agent(id=number, name=f"agent {number}") for number in range(1, AGENTS + 1)),
    max_calls=16_384,
)

# numbers of the other kinds of facts, as outpace/domain/_words.pxd has them
KINDS: dict[type[e.Event], int] = {
    e.IntentDurable: CallFact.INTENT_DURABLE,
    e.CallProceeding: CallFact.PROCEEDING,
    e.CallRinging: CallFact.RINGING,
    e.CallAnswered: CallFact.ANSWERED,
    e.AgentConnected: CallFact.AGENT_CONNECTED,
    e.AgentReleased: CallFact.AGENT_RELEASED,
    e.CallEnded: CallFact.ENDED,
    e.AgentReady: 24,
    e.AttemptRecorded: 44,
}

# of the calibration
CALL_KINDS = {kind: CallFact(number) for kind, number in KINDS.items() if number < len(CallFact)}
TIMES = [f"{fact.name.lower()}_ns" for fact in CallFact]


class Run(NamedTuple):
    """A generated run: its facts with their times, what it led to, and how many calls lived at once."""

    facts: list[tuple[e.Event, int]]
    digest: bytes
    live: int


def opened() -> Engine:
    """An engine with everybody ready."""
    engine = Engine(POOL, epoch=1)
    engine.handle(e.LinkUp(), T0)
    engine.handle(e.CampaignStarted(1), T0)
    for number in range(1, AGENTS + 1):
        for fact in (e.AgentLoggedIn(number), e.AgentLegUp(number), e.AgentReady(number)):
            engine.handle(fact, T0)
    engine.tick(T0)
    return engine


class World:
    """A store and a switch with distributions, driving an engine and noting every fact."""

    def __init__(self) -> None:
        self.rng = random.Random(1)
        self.engine = opened()
        self.now = T0
        self.facts: list[tuple[e.Event, int]] = []
        self.due: list[tuple[int, int, e.Event]] = []
        self.sequence = 0
        self.lead = 0

    def later(self, seconds: float, fact: e.Event) -> None:
        self.sequence += 1
        heapq.heappush(self.due, (self.now + int(seconds * S), self.sequence, fact))

    def put(self, fact: e.Event) -> None:
        self.facts.append((fact, self.now))
        self.engine.handle(fact, self.now)
        self.engine.tick(self.now)

    def route(self, command: c.AnyCommand) -> None:
        if isinstance(command, c.LeaseLeads):
            ids = list(range(self.lead + 1, self.lead + 1 + command.count))
            self.lead += command.count
            numbers = [49_000_000_000 + lead for lead in ids]
            self.put(e.LeadsLeased(1, self.lead, self.now + 10**15, ids, numbers, [0] * len(ids), self.now + 10**12))
        elif isinstance(command, c.WriteIntent):
            self.later(0.005, e.IntentDurable(command.call_id))
        elif isinstance(command, c.Originate):
            self.later(0.2, e.CallProceeding(command.call_id))
            self.later(1.0, e.CallRinging(command.call_id))
            if self.rng.random() < 0.25:
                self.later(8 + self.rng.random() * 8, e.CallAnswered(command.call_id))
            else:
                self.later(8 + self.rng.random() * 16, e.CallEnded(command.call_id, Outcome.NO_ANSWER, 19))
        elif isinstance(command, c.ConnectAgent):
            self.later(0.003, e.AgentConnected(command.call_id, command.agent_id))
            talk = 40 + self.rng.random() * 40
            self.later(talk, e.AgentReleased(command.call_id, command.agent_id))
            self.later(talk + 0.02, e.CallEnded(command.call_id, Outcome.NONE, 16))
        elif isinstance(command, c.HangUp):
            self.later(0.01, e.CallEnded(command.call_id, Outcome.NONE, 16))
        elif isinstance(command, c.AgentStateChanged) and command.state is AgentState.WRAP_UP:
            self.later(5, e.AgentReady(command.agent_id))
        elif isinstance(command, c.RecordAttempt):
            self.later(0.005, e.AttemptRecorded(command.call_id))

    def run(self, facts: int) -> Run:
        live = 0
        while len(self.facts) < facts:
            for command in self.engine.take_commands():
                self.route(command)
            deadline = self.engine.next_deadline_ns()
            if self.due and self.due[0][0] <= deadline:
                at, _, fact = heapq.heappop(self.due)
                self.now = max(self.now, at)
                self.put(fact)
            else:
                self.now = max(self.now, deadline)
                self.put(e.TimePassed())
            if len(self.facts) % 1000 == 0:
                live = max(live, self.engine.counters()["calls"])
        return Run(self.facts, self.engine.digest(), live)


@pytest.fixture(scope="module")
def generated() -> Run:
    return World().run(FACTS)


def by_events(run: Run) -> Engine:
    engine = opened()
    engine.discard_commands()
    handle, tick, discard = engine.handle, engine.tick, engine.discard_commands
    for fact, now in run.facts:
        handle(fact, now)
        tick(now)
        discard()
    return engine


def packed(run: Run) -> list[tuple[NDArray[np.void], NDArray[np.int64]] | tuple[e.LeadsLeased, int]]:
    """The run as batches of at most 1,000 flat records, leases between them; ticks come with the next fact's time."""
    batches: list[tuple[NDArray[np.void], NDArray[np.int64]] | tuple[e.LeadsLeased, int]] = []
    rows: list[tuple[int, ...]] = []
    times: list[int] = []

    def close() -> None:
        if rows:
            batches.append((np.array(rows, FACT_DTYPE), np.array(times, np.int64)))
            rows.clear()
            times.clear()

    for fact, now in run.facts:
        if isinstance(fact, e.LeadsLeased):
            close()
            batches.append((fact, now))
        elif not isinstance(fact, e.TimePassed):
            rows.append((
                KINDS[type(fact)], int(getattr(fact, "outcome", 0)), getattr(fact, "call_id", 0),
                getattr(fact, "agent_id", 0), 0, getattr(fact, "hangup_cause", 0), 0,
            ))  # fmt: skip
            times.append(now)
            if len(rows) == 1000:
                close()
    close()
    return batches


def by_records(batches: list[tuple[NDArray[np.void], NDArray[np.int64]] | tuple[e.LeadsLeased, int]]) -> Engine:
    engine = opened()
    engine.discard_commands()
    for facts, times in batches:
        if isinstance(facts, e.LeadsLeased):
            engine.handle(facts, times)
            engine.tick(times)
        else:
            engine.handle_batch(facts, times)
        engine.discard_commands()
    return engine


def by_dicts(run: Run) -> int:
    """The calibration: the same walk in plain Python.

    A dict a call, the transition table as a dict, deadlines in a heapq (cancelled lazily), agents in a deque; no
    pacing, no ledger, no checks, no commands. Returns the calls that ended.
    """
    calls: dict[int, dict[str, int]] = {}
    ready = deque(range(1, AGENTS + 1))
    timers: list[tuple[int, int]] = []
    ended = 0
    for fact, now in run.facts:
        while timers and timers[0][0] <= now:
            due, call_id = heapq.heappop(timers)
            call = calls.get(call_id)
            if call is not None and call["due_ns"] == due:
                call["late"] = 1
        kind = type(fact)
        if kind is e.AgentReady:
            ready.append(fact.agent_id)
            continue
        place = CALL_KINDS.get(kind)
        if place is None:
            continue
        call = calls.get(fact.call_id)
        if call is None:
            call = calls[fact.call_id] = {"state": 1, "agent_id": 0, "due_ns": 0, "late": 0}
        after = CALL_TRANSITIONS.get((call["state"], place))
        if after is None:
            continue
        call["state"] = CallState.CONNECTING if place == CallFact.ANSWERED else after
        call[TIMES[place]] = now
        if place == CallFact.ANSWERED and ready:
            call["agent_id"] = ready.popleft()
        if after == CallState.ENDED:
            del calls[fact.call_id]
            ended += 1
        else:
            call["due_ns"] = now + 25 * S
            heapq.heappush(timers, (call["due_ns"], fact.call_id))
    return ended


def seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


@pytest.mark.bench
def test_replay_of_the_run_is_the_run(generated: Run) -> None:
    assert generated.live >= 3000
    engine = by_events(generated)
    assert engine.digest() == generated.digest
    counters = engine.counters()
    assert counters["stray_facts"] <= counters["facts"] // 20
    assert counters["campaigns"][1]["connected"] > 500


@pytest.mark.bench
def test_engine_takes_facts_fast_beside_plain_python(generated: Run) -> None:
    batches = packed(generated)
    records = sum(len(times) for _, times in batches if not isinstance(times, int))
    rounds: list[tuple[float, ...]] = []
    rate, handled, plain = 0.0, 0.0, 1.0
    # neighbours on a shared machine cost the one more than the other: more rounds where five do not settle it
    while rate < RATIO * plain and len(rounds) < ROUNDS_MOST:
        for _ in range(ROUNDS):
            works = (opened, lambda: by_events(generated), lambda: by_records(batches), lambda: by_dicts(generated))
            rounds.append(tuple(map(seconds, works)))
        setup, events, typed, dicts = (statistics.median(column) for column in zip(*rounds, strict=True))
        rate = records / (typed - setup)
        handled = len(generated.facts) / (events - setup)
        plain = len(generated.facts) / dicts
    print(
        f"\n{len(generated.facts)} facts, {generated.live} calls live, {AGENTS} agents: handle {handled:,.0f} facts/s, "
        f"handle_batch {rate:,.0f} facts/s, the walk in plain Python {plain:,.0f} facts/s, ratio {rate / plain:.2f}"
    )
    assert rate >= RATIO * plain


@pytest.mark.bench
def test_typed_path(benchmark, generated: Run) -> None:  # type: ignore[no-untyped-def]
    batches = packed(generated)
    benchmark.pedantic(by_records, args=(batches,), rounds=3)
    benchmark.extra_info["facts"] = sum(len(times) for _, times in batches if not isinstance(times, int))
