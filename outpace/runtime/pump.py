"""The one loop: facts in, engine, commands out. No await lies between a fact and the command that it causes.

Each turn: the facts that have gathered (bounded) -> engine.handle each -> engine.tick -> take_commands -> route by
type -> arm one timer for the engine's next deadline. Whoever has a fact calls `post`; whatever the engine wants goes
to the store, to the switch, or to those who watch.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from math import ceil
from typing import Protocol

from outpace.domain import commands as cmd
from outpace.domain.commands import AnyCommand, RecordAttempt, StoreCommand, SwitchCommand, WriteIntent
from outpace.domain.errors import OutpaceError, StateError
from outpace.domain.events import AnyEvent, Event
from outpace.domain.units import NS_PER_S
from outpace.runtime.clock import Clock, monotonic_ns
from outpace.runtime.histogram import Histogram

log = logging.getLogger(__name__)

#: Facts handled in one turn; more wait, so that the loop stays open for others.
TURN_FACTS_MAX = 512

#: Facts that may wait in all. Beyond, they are dropped and counted: a lost fact costs one call, an endless queue all.
QUEUE_FACTS_MAX = 1_000_000

#: The timer fires at least this often (real seconds), so that a step of the wall clock is seen.
_TIMER_MAX_S = 0.5

#: Resolution of the event loops' timers, in real seconds.
_TIMER_STEP_S = 0.001

_NEVER_NS = 2**63 - 1

_STORE, _SWITCH, _NOTICE = 0, 1, 2

_ROUTE: dict[type, int] = {
    cmd.LeaseLeads: _STORE,
    cmd.RenewLease: _STORE,
    cmd.ReleaseLeads: _STORE,
    cmd.WriteIntent: _STORE,
    cmd.WithdrawIntent: _STORE,
    cmd.RecordAttempt: _STORE,
    cmd.RecordDisposition: _STORE,
    cmd.Originate: _SWITCH,
    cmd.HangUp: _SWITCH,
    cmd.ConnectAgent: _SWITCH,
    cmd.PlayMessage: _SWITCH,
    cmd.QueryCall: _SWITCH,
    cmd.OpenAgentLeg: _SWITCH,
    cmd.CloseAgentLeg: _SWITCH,
    cmd.AgentStateChanged: _NOTICE,
    cmd.CampaignStateChanged: _NOTICE,
}

#: Sees every notice and every attempt's ending, after they were routed.
Watcher = Callable[[AnyCommand], None]


class PumpedEngine(Protocol):
    """What the pump needs of an engine."""

    def handle(self, event: Event, now_ns: int) -> None: ...
    def tick(self, now_ns: int) -> None: ...
    def next_deadline_ns(self) -> int: ...
    def take_commands(self) -> list[AnyCommand]: ...
    def decision_count(self) -> int: ...


class Switch(Protocol):
    """Takes commands to the switch."""

    def submit(self, commands: list[SwitchCommand]) -> None: ...


class StoreSink(Protocol):
    """Takes commands to the store."""

    def submit(self, commands: Sequence[StoreCommand], now_ns: int) -> None: ...


class TurnSink(Protocol):
    """Takes what happened in a turn: the journal."""

    def turn(self, now_ns: int, facts: Sequence[AnyEvent], launches: Sequence[WriteIntent]) -> None: ...


class Pump:
    """Drives one engine on the running event loop.

    Parameters
    ----------
    engine, clock : the mind and its time.
    store, switch : where commands go.
    journal : gets each turn's facts and launches, or None.
    fatal : takes the error with which a turn failed; the pump has stopped then.
    """

    def __init__(
        self,
        engine: PumpedEngine,
        clock: Clock,
        *,
        store: StoreSink,
        switch: Switch,
        journal: TurnSink | None,
        fatal: Callable[[Exception], None],
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._store = store
        self._switch = switch
        self._journal = journal
        self._fatal = fatal
        self._facts: deque[tuple[int, Event, asyncio.Future[None] | None]] = deque()
        self._answers: list[tuple[asyncio.Future[None], Exception | None]] = []
        self._watchers: list[Watcher] = []
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ns = _NEVER_NS
        self._turn_due = False
        self._running = False
        self.lag_s = Histogram()
        self.turn_s = Histogram()
        self.decision_s = Histogram()
        self._decisions = 0
        self.facts_handled = 0
        self.facts_dropped = 0
        self.turns = 0
        self.refused: Counter[str] = Counter()
        self.commands_sent: Counter[str] = Counter()

    def watch(self, watcher: Watcher) -> None:
        """Have a watcher called with every notice and every RecordAttempt."""
        self._watchers.append(watcher)

    def post(self, facts: Sequence[Event]) -> None:
        """Queue facts, in order; they are handled in the loop's next iteration. On the event loop only."""
        room = QUEUE_FACTS_MAX - len(self._facts)
        if len(facts) > room:
            self.facts_dropped += len(facts) - room
            facts = facts[:room]
        arrived_ns = monotonic_ns()
        self._facts.extend((arrived_ns, fact, None) for fact in facts)
        self._wake()

    async def act(self, fact: Event) -> None:
        """Queue the fact of somebody who waits: returns when the turn is over in which it was handled.

        Raises what the engine refuses it with; StateError when the pump has stopped.
        """
        if not self._running:
            raise StateError("the node does not run")
        answer: asyncio.Future[None] = self._loop.create_future()
        self._facts.append((monotonic_ns(), fact, answer))
        self._wake()
        await answer

    def start(self, first: Sequence[Event] = ()) -> None:
        """Begin with `first` (calls to adopt, ledgers), then what was posted before."""
        arrived_ns = monotonic_ns()
        self._facts.extendleft((arrived_ns, fact, None) for fact in reversed(first))
        self._running = True
        self._turn_due = True
        self._loop.call_soon(self._turn)

    def stop(self) -> None:
        """Handle nothing more; what is queued is left, and whoever waits for it is told."""
        self._running = False
        gone = StateError("the node has stopped")
        self._answers += [(answer, gone) for _, _, answer in self._facts if answer is not None]
        self._answer()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def waiting(self) -> int:
        """Facts not yet handled."""
        return len(self._facts)

    def gauges(self) -> dict[str, float]:
        """What monitoring shows of the pump."""
        return {
            "facts_total": float(self.facts_handled),
            "facts_dropped_total": float(self.facts_dropped),
            "facts_waiting": float(self.waiting()),
            "turns_total": float(self.turns),
        }

    def _wake(self) -> None:
        if self._running and not self._turn_due:
            self._turn_due = True
            self._loop.call_soon(self._turn)

    def _on_timer(self) -> None:
        self._timer = None
        self._wake()

    def _turn(self) -> None:
        self._turn_due = False
        if not self._running:
            return
        started_ns = monotonic_ns()
        now_ns = self._clock.now_ns()
        handled: list[AnyEvent] = []
        launches: list[WriteIntent] = []
        try:
            try:
                self._handle(now_ns, handled)
                self._tick(now_ns)
                commands = self._engine.take_commands()
                launches = [command for command in commands if type(command) is WriteIntent]
                self._route(commands, now_ns)
            finally:
                # Also of a turn that fails: its replay fails in the same place.
                if self._journal is not None:
                    self._journal.turn(now_ns, handled, launches)
        except Exception as error:
            log.exception("a turn failed; the node stops")
            self.stop()
            self._fatal(error)
            return
        self.turns += 1
        self.turn_s.observe((monotonic_ns() - started_ns) / NS_PER_S)
        self._answer()
        if self._facts:
            self._wake()
        else:
            self._arm(now_ns)

    def _tick(self, now_ns: int) -> None:
        # decisions are taken in ticks only
        began_ns = monotonic_ns()
        self._engine.tick(now_ns)
        decisions = self._engine.decision_count()
        if decisions != self._decisions:
            self._decisions = decisions
            self.decision_s.observe((monotonic_ns() - began_ns) / NS_PER_S)

    def _handle(self, now_ns: int, handled: list[AnyEvent]) -> None:
        count = min(len(self._facts), TURN_FACTS_MAX)
        for _ in range(count):
            arrived_ns, fact, answer = self._facts.popleft()
            handled.append(fact)  # type: ignore[arg-type]
            refusal: Exception | None = None
            try:
                self._engine.handle(fact, now_ns)
            except OutpaceError as error:
                # A caller asked for what can't be; facts of switch and store never get here.
                refusal = error
            except OverflowError as error:
                # A number that no field holds, neither the engine's nor the journal's: the engine has seen nothing.
                handled.pop()
                refusal = error
            if refusal is not None:
                self._refuse(fact, refusal, waited_for=answer is not None)
            if answer is not None:
                self._answers.append((answer, refusal))
            self.lag_s.observe((monotonic_ns() - arrived_ns) / NS_PER_S)
        self.facts_handled += count

    def _refuse(self, fact: Event, error: Exception, *, waited_for: bool) -> None:
        self.refused[type(fact).__name__] += 1
        level = logging.DEBUG if waited_for else logging.WARNING
        log.log(level, "refused: %s", error, extra={"fact": type(fact).__name__})

    def _answer(self) -> None:
        for answer, refusal in self._answers:
            if answer.done():
                continue  # nobody waits any more
            if refusal is None:
                answer.set_result(None)
            else:
                answer.set_exception(refusal)
        self._answers.clear()

    def _route(self, commands: list[AnyCommand], now_ns: int) -> None:
        routed: tuple[list[AnyCommand], ...] = ([], [], [])
        seen: list[AnyCommand] = []
        for command in commands:
            kind = type(command)
            route = _ROUTE[kind]
            routed[route].append(command)
            self.commands_sent[kind.__name__] += 1
            if route == _NOTICE or kind is RecordAttempt:
                seen.append(command)
        if routed[_STORE]:
            self._store.submit(routed[_STORE], now_ns)  # type: ignore[arg-type]
        if routed[_SWITCH]:
            self._switch.submit(routed[_SWITCH])  # type: ignore[arg-type]
        for command in seen:
            for watcher in self._watchers:
                watcher(command)

    def _arm(self, now_ns: int) -> None:
        # One timer, left alone while the deadline it was set for stands.
        deadline_ns = self._engine.next_deadline_ns()
        if self._timer is not None:
            if deadline_ns == self._armed_ns:
                return
            self._timer.cancel()
        self._armed_ns = deadline_ns
        delay_s = _TIMER_MAX_S if deadline_ns == _NEVER_NS else self._clock.real_s(deadline_ns - now_ns)
        # Rounded up to what loops can measure: a timer that fires early would spin until the time has come.
        delay_s = ceil(max(delay_s, 0.0) / _TIMER_STEP_S) * _TIMER_STEP_S
        self._timer = self._loop.call_later(min(delay_s, _TIMER_MAX_S), self._on_timer)
