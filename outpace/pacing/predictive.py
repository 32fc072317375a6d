"""The predictive pacer without the engine: feed it what happens, ask it how many calls to launch.

For platforms that keep their own dialer. Ids are the caller's, any int64; times are nanoseconds of one clock that does
not go back, the caller's as well. The rule and its estimators are those that the engine runs, `ForecastPacer` and
`Estimates`; examples/pacing.py shows a whole loop.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import msgspec

from outpace.domain.config import Abandonment
from outpace.domain.errors import StateError, UnknownId
from outpace.domain.outcomes import AbandonReason
from outpace.pacing._budget import Budget
from outpace.pacing._pacer import PacingSnapshot
from outpace.pacing.decision import LaunchDecision
from outpace.pacing.pacers._predictive import ForecastPacer

if TYPE_CHECKING:
    from outpace.pacing._estimates import Estimates


class Observed(IntEnum):
    """What `Estimates` can observe; the numbers are those of _estimates.pxd."""

    LAUNCHED = 0
    PERSON = 1
    NOBODY = 2
    FORGOTTEN = 3
    TALK_BEGAN = 4
    TALK_ENDED = 5
    TALK_CUT = 6
    WRAP_UP_BEGAN = 7
    WRAP_UP_ENDED = 8
    WRAP_UP_CUT = 9


class _Phase(IntEnum):
    READY = 0
    TALKING = 1
    WRAP_UP = 2


class _Call(msgspec.Struct):
    launched_ns: int
    weight: float
    waits: bool = False


class _Agent(msgspec.Struct):
    phase: _Phase
    since_ns: int


class PredictivePacer:
    """Facts in, launch decisions out, for one campaign.

    Parameters
    ----------
    abandonment : Abandonment. The cap, its window and what it counts.
    wait_s : float. Seconds that a person who answered may wait for an agent before the call counts as abandoned.

    Calls: `launched`, then one of `answered` (a person wants an agent) or `ended` (nobody). After `answered`, one of
    `connected` and `abandoned`. Agents: `agent_ready`, `connected` makes them talk, `talk_ended`, `agent_ready` again;
    `agent_gone` at any time. A fact about an unknown id raises UnknownId, one that cannot follow StateError; nothing is
    changed then.
    """

    def __init__(self, abandonment: Abandonment | None = None, *, wait_s: float = 2.0) -> None:
        rule = Abandonment() if abandonment is None else abandonment
        self._snapshot = PacingSnapshot(1, None, Budget([rule]))
        self._pacer = ForecastPacer(wait_s)
        self._calls: dict[int, _Call] = {}
        self._agents: dict[int, _Agent] = {}
        self._waiting = 0

    @property
    def estimates(self) -> Estimates:
        """What has been learned: `summary(0)` for people, `dump(0)` and `load(0, data)` across restarts."""
        return self._snapshot.estimates

    @property
    def budget(self) -> Budget:
        """The abandonment ledger."""
        return self._snapshot.budget

    # ---- calls -----------------------------------------------------------------------------------------------------

    def launched(self, call_id: int, now_ns: int, *, weight: float = 1.0) -> None:
        """A call was launched. `weight`: its chance of a person relative to the mean of all calls."""
        if call_id in self._calls:
            raise StateError(f"call {call_id} was launched already")
        self._calls[call_id] = _Call(now_ns, weight)
        self._observe(Observed.LAUNCHED, now_ns, now_ns, weight)

    def answered(self, call_id: int, now_ns: int) -> None:
        """A person is on the line and wants an agent."""
        call = self._unanswered(call_id)
        call.waits = True
        self._waiting += 1
        self._observe(Observed.PERSON, call.launched_ns, now_ns, call.weight)

    def ended(self, call_id: int, now_ns: int) -> None:
        """The call will want no agent: busy, no answer, a machine, a failure."""
        call = self._unanswered(call_id)
        del self._calls[call_id]
        self._observe(Observed.NOBODY, call.launched_ns, now_ns, call.weight)

    def forget(self, call_id: int, now_ns: int) -> None:
        """The call was cancelled or nobody knows what became of it: nothing is learned from it."""
        call = self._unanswered(call_id)
        del self._calls[call_id]
        self._observe(Observed.FORGOTTEN, call.launched_ns, now_ns, call.weight)

    def connected(self, call_id: int, agent_id: int, now_ns: int) -> None:
        """The person talks to an agent."""
        self._waiter(call_id)
        agent = self._agent(agent_id, _Phase.READY)
        self._settle(call_id, AbandonReason.NONE, now_ns)
        agent.phase, agent.since_ns = _Phase.TALKING, now_ns
        self._observe(Observed.TALK_BEGAN, now_ns, now_ns)

    def abandoned(self, call_id: int, now_ns: int, *, caller_left: bool = False) -> None:
        """The person got no agent in time, or hung up before that (`caller_left`)."""
        self._waiter(call_id)
        reason = AbandonReason.CALLER_LEFT if caller_left else AbandonReason.NO_AGENT_IN_TIME
        self._settle(call_id, reason, now_ns)

    # ---- agents ----------------------------------------------------------------------------------------------------

    def agent_ready(self, agent_id: int, now_ns: int) -> None:
        """The agent is free: new on the floor, or done with wrap-up."""
        agent = self._agents.get(agent_id)
        if agent is None:
            self._agents[agent_id] = _Agent(_Phase.READY, now_ns)
            return
        if agent.phase is _Phase.TALKING:
            self.talk_ended(agent_id, now_ns)
        if agent.phase is _Phase.WRAP_UP:
            self._observe(Observed.WRAP_UP_ENDED, agent.since_ns, now_ns)
        agent.phase, agent.since_ns = _Phase.READY, now_ns

    def talk_ended(self, agent_id: int, now_ns: int) -> None:
        """The conversation is over, wrap-up begins."""
        agent = self._agent(agent_id, _Phase.TALKING)
        self._observe(Observed.TALK_ENDED, agent.since_ns, now_ns)
        self._observe(Observed.WRAP_UP_BEGAN, now_ns, now_ns)
        agent.phase, agent.since_ns = _Phase.WRAP_UP, now_ns

    def agent_gone(self, agent_id: int, now_ns: int) -> None:
        """The agent left the floor, whatever they were doing."""
        agent = self._agents.pop(agent_id, None)
        if agent is None:
            raise UnknownId(f"no agent {agent_id}")
        if agent.phase is _Phase.TALKING:
            self._observe(Observed.TALK_CUT, agent.since_ns, now_ns)
        elif agent.phase is _Phase.WRAP_UP:
            self._observe(Observed.WRAP_UP_CUT, agent.since_ns, now_ns)

    # ---- the question ------------------------------------------------------------------------------------------------

    def decide(self, now_ns: int, *, lines: int | None = None) -> LaunchDecision:
        """How many calls to launch now. Ask once or twice a second; `lines` bounds the answer where lines are short."""
        counts = [0, 0, 0]
        for agent in self._agents.values():
            counts[agent.phase] += 1
        snapshot = self._snapshot
        if now_ns >= snapshot.budget.due_ns:
            snapshot.budget.refresh(now_ns)
        snapshot["ready"][0] = counts[_Phase.READY]
        snapshot["talking"][0] = counts[_Phase.TALKING]
        snapshot["wrap_up"][0] = counts[_Phase.WRAP_UP]
        snapshot["working"][0] = len(self._agents)
        snapshot["waiting"][0] = self._waiting
        snapshot["unanswered"][0] = len(self._calls) - self._waiting
        snapshot["lines"][0] = 2**62 if lines is None else max(0, lines)
        return self._pacer.decide(snapshot, 0, now_ns)

    # ---- within ------------------------------------------------------------------------------------------------------

    def _observe(self, what: Observed, since_ns: int, now_ns: int, weight: float = 1.0) -> None:
        self._snapshot.estimates.record(0, what, since_ns, now_ns, weight)

    def _call(self, call_id: int) -> _Call:
        try:
            return self._calls[call_id]
        except KeyError:
            raise UnknownId(f"no call {call_id}") from None

    def _unanswered(self, call_id: int) -> _Call:
        call = self._call(call_id)
        if call.waits:
            raise StateError(f"call {call_id} was answered already")
        return call

    def _waiter(self, call_id: int) -> None:
        if not self._call(call_id).waits:
            raise StateError(f"call {call_id} was not answered")

    def _settle(self, call_id: int, reason: AbandonReason, now_ns: int) -> None:
        del self._calls[call_id]
        self._waiting -= 1
        self._snapshot.budget.record(0, reason, now_ns)

    def _agent(self, agent_id: int, phase: _Phase) -> _Agent:
        agent = self._agents.get(agent_id)
        if agent is None:
            raise UnknownId(f"no agent {agent_id}")
        if agent.phase is not phase:
            raise StateError(f"agent {agent_id} is {agent.phase.name.lower()}, not {phase.name.lower()}")
        return agent
