"""Agents who need no hand: people of the simulated kind, on the event loop, before whatever switch there is.

Where a campaign file says `auto_ready` they stand in for the desk: rehearsals on the simulated switch, and floors whose
agents only pick up their phone. Everybody else's login and readiness come as facts from outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from outpace.domain.commands import AgentStateChanged, AnyCommand
from outpace.domain.events import Event
from outpace.domain.units import NS_PER_S
from outpace.runtime.clock import Clock
from outpace.telephony.simulated.people import Act, People, PeopleSettings

_NEVER_NS = 2**63 - 1

#: The timer fires at least this often, in real seconds.
_LONGEST_SLEEP_S = 60.0


class AgentDriver:
    """Speaks for agents: login, readiness, a disposition after each call.

    Parameters
    ----------
    groups : how the agents of a group work, and their ids.
    post : takes facts.
    seed : of everything that is drawn.
    """

    def __init__(
        self,
        groups: Sequence[tuple[PeopleSettings, Sequence[int]]],
        post: Callable[[Sequence[Event]], None],
        clock: Clock,
        seed: int,
    ) -> None:
        self._people = [People(settings, ids, seed=seed + n) for n, (settings, ids) in enumerate(groups)]
        self._of_agent = {agent_id: self._people[n] for n, (_, ids) in enumerate(groups) for agent_id in ids}
        self._post = post
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def log_in(self) -> None:
        """Everybody comes to the desk."""
        now_ns = self._clock.now_ns()
        for people in self._people:
            people.start(now_ns)
        self._advance()

    def log_out(self) -> None:
        """Everybody leaves; whoever is talking, after the call."""
        now_ns = self._clock.now_ns()
        for agent_id, people in self._of_agent.items():
            people.plan(agent_id, now_ns, Act.ACT_LOG_OUT)
        self._advance()

    def watch(self, command: AnyCommand) -> None:
        """Follow the agents' states; give as a watcher to the pump."""
        if type(command) is not AgentStateChanged:
            return
        people = self._of_agent.get(command.agent_id)
        if people is not None:
            people.notice(command)
            self._arm()

    def close(self) -> None:
        """Say nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _advance(self) -> None:
        self._timer = None
        now_ns = self._clock.now_ns()
        for people in self._people:
            facts = people.advance(now_ns)
            if facts:
                self._post(facts)
        self._arm()

    def _arm(self) -> None:
        # One timer for the first of everybody's next acts.
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ns = min((people.next_event_ns() for people in self._people), default=_NEVER_NS)
        if due_ns != _NEVER_NS:
            delay_s = max(0.0, (due_ns - self._clock.now_ns()) / NS_PER_S / self._clock.speed)
            self._timer = self._loop.call_later(min(delay_s, _LONGEST_SLEEP_S), self._advance)
