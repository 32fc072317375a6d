"""The engine inside somebody else's program: facts in, commands out, no socket, no clock, no thread of outpace's own.

Run it with:  python examples/embed.py

The program below owns the switch (here a few lines that make people answer), the list and the time. It gives the
engine what happened and carries out what the engine wants. The tables are read as numpy arrays, without a copy.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from outpace import Agent, Campaign, Engine, Pool, TrunkGroup
from outpace.domain import commands, events
from outpace.domain.config import DialMode
from outpace.domain.outcomes import Outcome
from outpace.domain.states import AgentState, CallState

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND = 1_000_000_000
START = 1_767_603_600 * SECOND  # any UTC time: the engine never looks at a clock

POOL = Pool(
    campaigns=(Campaign(id=1, name="renewals", mode=DialMode.RATIO, ratio=1.5, connect_limit_s=2.0),),
    trunk_groups=(TrunkGroup(id=1, name="carrier", channels=20, cps=5.0),),
    agents=tuple(Agent(id=number, name=f"agent {number}") for number in range(1, 6)),
    max_calls=64,
)


class Platform:
    """The embedding program: a list of numbers, a toy network, and a heap of what happens next."""

    def __init__(self, leads: int) -> None:
        self.engine = Engine(POOL, epoch=1)
        self.agenda: list[tuple[int, int, events.Event]] = []
        self.order = 0
        self.waiting = [(lead, 441632960000 + lead) for lead in range(leads)]
        self.attempts: list[commands.RecordAttempt] = []

    def later(self, at_ns: int, event: events.Event) -> None:
        """Something will happen."""
        self.order += 1
        heapq.heappush(self.agenda, (at_ns, self.order, event))

    def run(self) -> None:
        """Give facts, let time pass, carry out commands, until the campaign is complete."""
        for event in self.opening():
            self.later(START, event)
        while self.agenda:
            now_ns = min(self.agenda[0][0], max(self.engine.next_deadline_ns(), START))
            while self.agenda and self.agenda[0][0] <= now_ns:
                self.engine.handle(heapq.heappop(self.agenda)[2], now_ns)
            self.engine.tick(now_ns)
            for command in self.engine.take_commands():
                self.carry_out(command, now_ns)

    def opening(self) -> Iterator[events.Event]:
        """The switch is there, five agents sit down, the campaign starts."""
        yield events.LinkUp()
        for agent in POOL.agents:
            yield events.AgentLoggedIn(agent.id)
        yield events.CampaignStarted(1)

    def carry_out(self, command: commands.AnyCommand, now_ns: int) -> None:
        """What the engine wants, and what comes of it."""
        match command:
            case commands.LeaseLeads(campaign_id, count):
                batch, self.waiting = self.waiting[:count], self.waiting[count:]
                leased = events.LeadsLeased(
                    campaign_id,
                    token=self.order + 1,
                    deadline_ns=now_ns + 300 * SECOND,
                    lead_ids=[lead for lead, _ in batch],
                    numbers=[number for _, number in batch],
                    attempts=[0] * len(batch),
                )
                self.later(now_ns, leased)
            case commands.WriteIntent(call_id):
                # a real platform writes this to disk first: it is the promise that no number is dialled twice
                self.later(now_ns, events.IntentDurable(call_id))
            case commands.Originate(call_id):
                self.network(call_id, now_ns)
            case commands.ConnectAgent(call_id, agent_id):
                self.later(now_ns, events.AgentConnected(call_id, agent_id))
                self.later(now_ns + 40 * SECOND, events.AgentReleased(call_id, agent_id))
                self.later(now_ns + 40 * SECOND, events.CallEnded(call_id, hangup_cause=16))
            case commands.HangUp(call_id):
                self.later(now_ns, events.CallEnded(call_id, hangup_cause=16))
            case commands.OpenAgentLeg(agent_id):
                self.later(now_ns, events.AgentLegUp(agent_id))
                self.later(now_ns, events.AgentReady(agent_id))
            case commands.AgentStateChanged(agent_id, AgentState.WRAP_UP):
                self.later(now_ns + 10 * SECOND, events.AgentReady(agent_id))
            case commands.RecordAttempt(call_id):
                self.attempts.append(command)
                self.later(now_ns, events.AttemptRecorded(call_id))

    def network(self, call_id: int, now_ns: int) -> None:
        """Every third number is answered after 8 s, the others ring out."""
        self.later(now_ns + SECOND, events.CallRinging(call_id))
        if call_id % 3 == 0:
            self.later(now_ns + 8 * SECOND, events.CallAnswered(call_id))
        else:
            self.later(now_ns + 20 * SECOND, events.CallEnded(call_id, Outcome.NO_ANSWER, hangup_cause=19))


def main() -> None:
    """Dial sixty leads and show what the tables hold."""
    platform = Platform(leads=60)
    platform.run()
    engine = platform.engine
    outcomes = [attempt.outcome for attempt in platform.attempts]
    print("attempts:", {outcome.name.lower(): outcomes.count(outcome) for outcome in sorted(set(outcomes))})

    agents = engine.agent_columns  # numpy views of the engine's own tables, read-only
    talk_s = agents["spent_ns"][:, AgentState.TALKING] / SECOND
    print("talk seconds by agent:", talk_s.round(1).tolist())
    print("calls live:", int((engine.call_columns["state"] != CallState.FREE).sum()))
    print(engine.explain(1).decisions[-1].render())

    assert len(outcomes) == 60, "every lead has one attempt"
    assert not agents["spent_ns"].flags.writeable


if __name__ == "__main__":
    main()
