"""Agents who need no hand: logged in at the start, ready after each call's wrap-up.

Stands in for the desk where a campaign file says `auto_ready`: rehearsals on the simulated switch, and floors whose
agents only pick up their phone. Everybody else's login and readiness come as facts from outside.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from outpace.domain.commands import AgentStateChanged, AnyCommand
from outpace.domain.events import AgentLoggedIn, AgentReady, DispositionSet, Event
from outpace.domain.states import AgentState
from outpace.runtime.clock import Clock

#: Draws a wrap-up time in engine nanoseconds.
WrapUp = Callable[[random.Random], int]


class AgentDriver:
    """Speaks for agents: login, readiness, a disposition after each call.

    Parameters
    ----------
    wrap_ups : agent id -> how long that agent's wrap-up takes.
    post : takes facts.
    seed : of the wrap-up times.
    """

    def __init__(
        self, wrap_ups: dict[int, WrapUp], post: Callable[[Sequence[Event]], None], clock: Clock, seed: int
    ) -> None:
        self._wrap_ups = wrap_ups
        self._post = post
        self._clock = clock
        self._random = random.Random(seed)
        self._loop = asyncio.get_running_loop()
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def log_in(self) -> None:
        """Everybody comes to the desk and is ready."""
        self._post([AgentLoggedIn(agent_id) for agent_id in self._wrap_ups])
        self._post([AgentReady(agent_id) for agent_id in self._wrap_ups])

    def watch(self, command: AnyCommand) -> None:
        """Follow the agents' states; give as a watcher to the pump."""
        if type(command) is not AgentStateChanged or command.agent_id not in self._wrap_ups:
            return
        timer = self._timers.pop(command.agent_id, None)
        if timer is not None:
            timer.cancel()
        if command.state is AgentState.WRAP_UP:
            wrap_up_ns = self._wrap_ups[command.agent_id](self._random)
            self._timers[command.agent_id] = self._loop.call_later(
                self._clock.real_s(wrap_up_ns), self._finish, command.agent_id, command.call_id
            )

    def close(self) -> None:
        """Say nothing more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _finish(self, agent_id: int, call_id: int) -> None:
        self._timers.pop(agent_id, None)
        facts: list[Event] = [AgentReady(agent_id)]
        if call_id:
            facts.insert(0, DispositionSet(agent_id, call_id, 0))
        self._post(facts)
