"""Agents who need no hand: logged in at the start, ready after each call's wrap-up.

Stands in for the desk where a campaign file says `auto_ready`: rehearsals on the simulated switch, and floors whose
agents only pick up their phone. Everybody else's login and readiness come as facts from outside.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from outpace.domain.commands import AgentStateChanged, AnyCommand
from outpace.domain.events import AgentLoggedIn, AgentReady, DispositionSet, Event
from outpace.domain.states import AgentState
from outpace.runtime.clock import Clock
from outpace.telephony.simulated.distributions import Distribution, Role

class AgentDriver:
    """Speaks for agents: login, readiness, a disposition after each call.

    Parameters
    ----------
    wrap_ups : agent id -> how long that agent's wrap-up takes, in engine seconds.
    post : takes facts.
    seed : of the wrap-up times.
    """

    def __init__(
        self, wrap_ups: dict[int, Distribution], post: Callable[[Sequence[Event]], None], clock: Clock, seed: int
    ) -> None:
        self._wrap_ups = wrap_ups
        self._post = post
        self._clock = clock
        self._seed = seed
        self._calls: Counter[int] = Counter()
        self._loop = asyncio.get_running_loop()
        self._timers: dict[int, tuple[asyncio.TimerHandle, int]] = {}

    def log_in(self) -> None:
        """Everybody comes to the desk and is ready."""
        self._post([AgentLoggedIn(agent_id) for agent_id in self._wrap_ups])
        self._post([AgentReady(agent_id) for agent_id in self._wrap_ups])

    def watch(self, command: AnyCommand) -> None:
        """Follow the agents' states; give as a watcher to the pump."""
        if type(command) is not AgentStateChanged or command.agent_id not in self._wrap_ups:
            return
        pending = self._timers.pop(command.agent_id, None)
        if pending is not None:
            pending[0].cancel()
        if command.state is AgentState.WRAP_UP:
            agent_id = command.agent_id
            self._calls[agent_id] += 1
            wrap_up = self._wrap_ups[agent_id]
            wrap_up_s = wrap_up.sample(self._seed, Role.ROLE_WRAP_UP, agent_id, self._calls[agent_id])
            delay_s = wrap_up_s / self._clock.speed
            timer = self._loop.call_later(delay_s, self._finish, agent_id, command.call_id)
            self._timers[agent_id] = (timer, command.call_id)

    def finish(self) -> None:
        """End every wrap-up now."""
        for agent_id, (timer, call_id) in list(self._timers.items()):
            timer.cancel()
            self._finish(agent_id, call_id)

    def close(self) -> None:
        """Say nothing more."""
        for timer, _ in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _finish(self, agent_id: int, call_id: int) -> None:
        self._timers.pop(agent_id, None)
        facts: list[Event] = [AgentReady(agent_id)]
        if call_id:
            facts.insert(0, DispositionSet(agent_id, call_id, 0))
        self._post(facts)
