from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from outpace.domain.commands import AgentStateChanged, AnyCommand, LeaseLeads, OpenAgentLeg, StoreCommand, SwitchCommand
from outpace.domain.config import Agent, Campaign, Pool, TrunkGroup
from outpace.domain.errors import StateError, UnknownId
from outpace.domain.events import (
    AgentLegUp,
    AgentLoggedIn,
    AgentReady,
    AnyEvent,
    CampaignStarted,
    Event,
    LinkUp,
    PacingChanged,
    TrunkCapacity,
)
from outpace.domain.states import AgentState
from outpace.engine.engine import Engine
from outpace.runtime import loops, pump
from outpace.runtime import replay as module
from outpace.runtime.clock import Clock
from outpace.runtime.journal import Journal
from outpace.runtime.pump import Pump
from outpace.runtime.replay import replay

POOL = Pool(
    campaigns=(Campaign(id=1, name="c"),),
    trunk_groups=(TrunkGroup(id=1, name="t"),),
    agents=(Agent(id=1, name="a"),),
)


class Ends:
    """Where a pump's commands and turns go."""

    def __init__(self) -> None:
        self.store: list[StoreCommand] = []
        self.switch: list[SwitchCommand] = []
        self.turns: list[tuple[int, list[AnyEvent]]] = []
        self.notices: list[AnyCommand] = []
        self.failures: list[Exception] = []

    def submit(self, commands: Sequence[Any], now_ns: int = 0) -> None:
        (self.store if now_ns else self.switch).extend(commands)

    def turn(self, now_ns: int, facts: Sequence[AnyEvent], launches: Sequence[object]) -> None:
        self.turns.append((now_ns, list(facts)))

    def pump(self, engine: Any) -> Pump:
        made = Pump(engine, Clock(), store=self, switch=self, journal=self, fatal=self.failures.append)
        made.watch(self.notices.append)
        return made


def play(scene: Coroutine[Any, Any, None]) -> None:
    loops.run(scene)


async def until(holds: Any) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.002)


def test_facts_become_commands_routed_by_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        ends = Ends()
        pumped = ends.pump(Engine(POOL, epoch=1))
        pumped.post([LinkUp(), TrunkCapacity(1, 30), AgentLoggedIn(1), CampaignStarted(1)])
        assert ends.turns == []
        pumped.start()
        await until(lambda: ends.store and ends.switch)
        assert ends.switch == [OpenAgentLeg(1)]
        assert isinstance(ends.store[0], LeaseLeads)
        pumped.post([AgentLegUp(1), AgentReady(1)])
        await until(lambda: pumped.facts_handled == 6)
        states = [one.state for one in ends.notices if isinstance(one, AgentStateChanged)]
        assert states[-1] is AgentState.READY
        assert pumped.lag_s.total == 6
        assert [fact for _, facts in ends.turns for fact in facts][-2:] == [AgentLegUp(1), AgentReady(1)]
        pumped.stop()

    play(scene())


def test_facts_given_to_start_come_before_those_that_wait() -> None:
    async def scene() -> None:
        ends = Ends()
        pumped = ends.pump(Engine(POOL, epoch=1))
        pumped.post([LinkUp()])
        pumped.start([TrunkCapacity(1, 5), TrunkCapacity(1, 6)])
        await until(lambda: pumped.facts_handled == 3)
        assert [fact for _, facts in ends.turns for fact in facts] == [
            TrunkCapacity(1, 5),
            TrunkCapacity(1, 6),
            LinkUp(),
        ]
        pumped.stop()

    play(scene())


def test_a_callers_mistake_is_counted_and_the_next_fact_handled() -> None:
    async def scene() -> None:
        ends = Ends()
        pumped = ends.pump(Engine(POOL, epoch=1))
        pumped.start()
        pumped.post([AgentReady(99), AgentLoggedIn(1)])
        await until(lambda: ends.switch)
        assert pumped.refused == {"AgentReady": 1}
        assert ends.failures == []
        pumped.stop()

    play(scene())


def test_whoever_acts_waits_for_the_turn_and_hears_the_refusal() -> None:
    async def scene() -> None:
        ends = Ends()
        pumped = ends.pump(Engine(POOL, epoch=1))
        with pytest.raises(StateError, match="does not run"):
            await pumped.act(AgentLoggedIn(1))
        pumped.start()
        await pumped.act(AgentLoggedIn(1))
        assert ends.switch == [OpenAgentLeg(1)]
        with pytest.raises(StateError, match="logged in already"):
            await pumped.act(AgentLoggedIn(1))
        with pytest.raises(UnknownId):
            await pumped.act(AgentReady(9))
        with pytest.raises(OverflowError):
            await pumped.act(AgentReady(2**70))
        assert pumped.refused == {"AgentLoggedIn": 1, "AgentReady": 2}
        # one who waits no longer holds nobody up
        given_up = asyncio.ensure_future(pumped.act(AgentReady(1)))
        await asyncio.sleep(0)
        given_up.cancel()
        await pumped.act(AgentReady(1))
        waiting = asyncio.ensure_future(pumped.act(AgentReady(1)))
        await asyncio.sleep(0)
        pumped.stop()
        with pytest.raises(StateError, match="has stopped"):
            await waiting

    play(scene())


def test_settings_and_numbers_that_cannot_be_are_refused_and_the_node_goes_on() -> None:
    async def scene() -> None:
        ends = Ends()
        pumped = ends.pump(Engine(POOL, epoch=1))
        pumped.start()
        pumped.post([PacingChanged(1, ratio=float("nan"), reserve=0), AgentReady(2**70), AgentLoggedIn(1)])
        await until(lambda: ends.switch)
        assert pumped.refused == {"PacingChanged": 1, "AgentReady": 1}
        assert ends.failures == []
        # what no journal could hold is not in it; what the engine has refused is
        assert [type(fact).__name__ for _, facts in ends.turns for fact in facts] == ["PacingChanged", "AgentLoggedIn"]
        pumped.stop()

    play(scene())


def test_a_turn_handles_a_bounded_number_of_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        monkeypatch.setattr(pump, "TURN_FACTS_MAX", 4)
        ends = Ends()
        pumped = ends.pump(Engine(POOL, epoch=1))
        pumped.post([TrunkCapacity(1, n) for n in range(10)])
        pumped.start()
        await until(lambda: pumped.facts_handled == 10)
        assert [len(facts) for _, facts in ends.turns[:3]] == [4, 4, 2]
        pumped.stop()

    play(scene())


def test_facts_beyond_the_bound_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        monkeypatch.setattr(pump, "QUEUE_FACTS_MAX", 5)
        ends = Ends()
        pumped = ends.pump(Engine(POOL, epoch=1))
        pumped.post([TrunkCapacity(1, n) for n in range(8)])
        pumped.start()
        await until(lambda: pumped.facts_handled == 5)
        assert pumped.gauges()["facts_dropped_total"] == 3
        pumped.stop()

    play(scene())


class Broken(Engine):
    def tick(self, now_ns: int) -> None:
        raise RuntimeError("a defect")


def test_an_engine_that_fails_stops_the_pump() -> None:
    async def scene() -> None:
        ends = Ends()
        pumped = ends.pump(Broken(POOL, epoch=1))
        pumped.start()
        await until(lambda: ends.failures)
        turns = pumped.turns
        pumped.post([LinkUp()])
        await asyncio.sleep(0.01)
        assert (pumped.turns, pumped.facts_handled) == (turns, 0)
        assert str(ends.failures[0]) == "a defect"

    play(scene())


class Defective(Engine):
    def handle(self, event: Event, now_ns: int) -> None:
        super().handle(event, now_ns)
        if event == AgentLoggedIn(1):
            raise RuntimeError("a defect")


def test_the_turn_with_which_an_engine_failed_is_in_the_journal_and_fails_in_the_replay_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        ends, engine = Ends(), Defective(POOL, epoch=1)
        journal = Journal(tmp_path, version="1")
        journal.open(engine, 1, 1)
        pumped = Pump(engine, Clock(), store=ends, switch=ends, journal=journal, fatal=ends.failures.append)
        pumped.post([LinkUp(), AgentLoggedIn(1)])
        pumped.start()
        await until(lambda: ends.failures)
        journal.close(Clock().now_ns())

    play(scene())
    report = replay(tmp_path)  # by an engine without the defect: the same facts, and a state without the login's tick
    assert report.facts == 2
    monkeypatch.setattr(module, "Engine", Defective)
    assert replay(tmp_path).difference.endswith("the engine failed: RuntimeError: a defect")


def test_a_switch_that_fails_stops_the_pump() -> None:
    async def scene() -> None:
        class Deaf(Ends):
            def submit(self, commands: Sequence[Any], now_ns: int = 0) -> None:
                raise RuntimeError("a defect")

        ends = Deaf()
        pumped = ends.pump(Engine(POOL, epoch=1))
        pumped.post([AgentLoggedIn(1)])
        pumped.start()
        await until(lambda: ends.failures)
        pumped.post([LinkUp()])
        await asyncio.sleep(0.01)
        assert [fact for _, facts in ends.turns for fact in facts] == [AgentLoggedIn(1)]

    play(scene())


class Alarm:
    """Wants a tick a little later, once."""

    def __init__(self, clock: Clock) -> None:
        self.due_ns = clock.now_ns() + 20_000_000
        self.ticks: list[int] = []
        self.decided = 0

    def handle(self, event: Event, now_ns: int) -> None:
        raise AssertionError(event)

    def tick(self, now_ns: int) -> None:
        self.ticks.append(now_ns)
        if now_ns >= self.due_ns:
            self.due_ns = 2**63 - 1
            self.decided += 1

    def decision_count(self) -> int:
        return self.decided

    def next_deadline_ns(self) -> int:
        return self.due_ns

    def take_commands(self) -> list[AnyCommand]:
        return []


def test_the_timer_ticks_at_the_engines_deadline() -> None:
    async def scene() -> None:
        ends, alarm = Ends(), Alarm(Clock())
        due_ns = alarm.due_ns
        pumped = ends.pump(alarm)
        pumped.start()
        await until(lambda: alarm.due_ns != due_ns)
        assert len(alarm.ticks) <= 3
        assert due_ns <= alarm.ticks[-1] < due_ns + 4_000_000_000
        assert pumped.decision_s.total == 1  # of the tick that decided, not of those before it
        pumped.stop()

    play(scene())
