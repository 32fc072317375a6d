"""A hand-driven engine for the scenarios: literal times in seconds from T0, all invariants checked after every step."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from outpace import Agent, Campaign, Engine, Pool, TrunkGroup
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.states import AgentState, CallState, CampaignState
from outpace.sim.checkers import Checkers

S = 1_000_000_000
MS = 1_000_000
T0 = 1_700_000_000 * S
NEVER = 2**63 - 1

AnyKind = TypeVar("AnyKind", bound=c.Command)


def pool_of(*, agents: int = 1, max_calls: int = 64, trunk: dict[str, Any] | None = None, **campaign: Any) -> Pool:
    """One campaign, one trunk group (fast unless told otherwise), agents 1 to n."""
    settings = {"id": 1, "name": "one", "hopper_size": 20} | campaign
    group = {"id": 1, "name": "carrier", "channels": 30, "cps": 1000.0, "burst": 30} | (trunk or {})
    return Pool(
        campaigns=(Campaign(**settings),),
        trunk_groups=(TrunkGroup(**group),),
        agents=tuple(Agent(id=number, name=f"agent {number}") for number in range(1, agents + 1)),
        max_calls=max_calls,
    )


class Rig:
    """An engine with time, a store that answers at once when asked to, and everything that was said so far."""

    def __init__(self, pool: Pool | None = None, *, epoch: int = 1) -> None:
        self.pool = pool or pool_of()
        self.engine = Engine(self.pool, epoch=epoch)
        self.checkers = Checkers(self.engine)
        self.now = T0
        self.said: list[c.AnyCommand] = []  # by the last step
        self.history: list[tuple[int, c.AnyCommand]] = []
        self.token = 0
        self.lead = 0

    # ---- steps -----------------------------------------------------------------------------------------------------

    def do(self, *facts: e.Event) -> list[c.AnyCommand]:
        """Give facts at this moment, tick, check; returns the commands."""
        self.said = []
        for fact in facts:
            self.checkers.fact(fact, self.now)
            self.engine.handle(fact, self.now)
            self._tick()
        if not facts:
            self._tick()
        return self.said

    def _tick(self) -> None:
        for _ in range(10):
            self.engine.tick(self.now)
            taken = self.engine.take_commands()
            self.checkers.commands(taken, self.now)
            self.checkers.check()
            self.said += taken
            self.history += [(self.now, command) for command in taken]
            if self.engine.next_deadline_ns() > self.now:
                return
        raise AssertionError("the engine wants to be ticked again and again at the same moment")

    def wait(self, seconds: float) -> list[c.AnyCommand]:
        """Let time pass, stopping at every deadline on the way; returns all commands."""
        until = self.now + round(seconds * S)
        said: list[c.AnyCommand] = []
        while self.engine.next_deadline_ns() <= until:
            self.now = max(self.now, self.engine.next_deadline_ns())
            said += self.do()
        self.now = until
        self.said = said + self.do()
        return self.said

    def jump(self, seconds: float) -> list[c.AnyCommand]:
        """Time leaps, and nobody ticked in between."""
        self.now += round(seconds * S)
        return self.do()

    # ---- shortcuts -------------------------------------------------------------------------------------------------

    def start(self, *, ready: int | None = None, link: bool = True) -> Rig:
        """Link up, all agents logged in with their legs up, the first `ready` of them ready, campaigns started."""
        if link:
            self.do(e.LinkUp())
        for agent in self.pool.agents:
            self.do(e.AgentLoggedIn(agent.id), e.AgentLegUp(agent.id))
        for agent in self.pool.agents[: len(self.pool.agents) if ready is None else ready]:
            self.do(e.AgentReady(agent.id))
        for campaign in self.pool.campaigns:
            self.do(e.CampaignStarted(campaign.id))
        return self

    def lease(
        self, count: int, *, campaign: int = 1, attempts: int = 0, next_due_s: float = 0, valid_s: float = 3600
    ) -> int:
        """Answer a LeaseLeads; returns the token."""
        self.token += 1
        leads = list(range(self.lead + 1, self.lead + count + 1))
        self.lead += count
        numbers = [49_000_000_000 + lead for lead in leads]
        due = self.now + round(next_due_s * S) if next_due_s else 0
        deadline = self.now + round(valid_s * S)
        self.do(e.LeadsLeased(campaign, self.token, deadline, leads, numbers, [attempts] * count, due))
        return self.token

    def dial(self, count: int = 1, *, campaign: int = 1, **lease: Any) -> list[int]:
        """Lease leads and make their intents durable; returns the calls that were originated."""
        self.lease(count, campaign=campaign, **lease)
        intents = self.heard(c.WriteIntent)
        self.do(*[e.IntentDurable(intent.call_id) for intent in intents])
        return [command.call_id for command in self.heard(c.Originate)]

    def talk(self, **lease: Any) -> int:
        """One call in a conversation with the agent who has been idle longest; returns its id."""
        (call,) = self.dial(1, **lease)
        self.do(e.CallRinging(call), e.CallAnswered(call))
        (connect,) = self.heard(c.ConnectAgent)
        self.do(e.AgentConnected(call, connect.agent_id))
        return call

    # ---- questions -------------------------------------------------------------------------------------------------

    def heard(self, kind: type[AnyKind]) -> list[AnyKind]:
        """Commands of one kind among those of the last step."""
        return [command for command in self.said if type(command) is kind]

    def ever(self, kind: type[AnyKind]) -> list[AnyKind]:
        """Commands of one kind since the beginning."""
        return [command for _, command in self.history if type(command) is kind]

    def call(self, call_id: int) -> CallState:
        """State of a call, FREE when it is over."""
        row = self.engine.calls.ids.get(call_id)
        return CallState.FREE if row is None else CallState(int(self.engine.calls.columns["state"][row]))

    def agent(self, agent_id: int = 1) -> AgentState:
        """State of an agent."""
        return AgentState(int(self.engine.agents.columns["state"][agent_id - 1]))

    def campaign(self, campaign_id: int = 1) -> CampaignState:
        """State of a campaign."""
        return self.engine.campaign_state(campaign_id)

    def counter(self, name: str) -> Any:
        """One of the engine's counters."""
        return self.engine.counters()[name]

    def record(self) -> c.RecordAttempt:
        """The one attempt recorded by the last step."""
        (record,) = self.heard(c.RecordAttempt)
        return record


class WatchedRig(Rig):
    """A rig of which pacing counts the time, as a campaign's clock does: without it ends teach nothing."""

    def _tick(self) -> None:
        for row in range(len(self.pool.campaigns)):
            self.engine.estimates.pass_time(row, self.now)
        super()._tick()


def changed(pool: Pool, **settings: Any) -> Pool:
    """The pool with other settings of its first campaign."""
    return msgspec.structs.replace(
        pool, campaigns=(msgspec.structs.replace(pool.campaigns[0], **settings), *pool.campaigns[1:])
    )
