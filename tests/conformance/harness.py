"""What a switch must bring to be tested: a harness around its adapter.

To add a switch, subclass `Harness`, and name a maker in `HARNESSES` of conftest.py, with what it can do that not every
switch can. Every card then runs against it, except those that need something else.
A card speaks of behaviours of a callee, never of a switch; `number` turns a behaviour into something to dial.
Times are in the switch's seconds. `seconds_per_second` says how many of them pass in one of the loop's.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, TypeVar

from outpace.domain.commands import HangUp, OpenAgentLeg, Originate, SwitchCommand
from outpace.domain.events import AgentLegUp, AgentReleased, CallAnswered, CallEnded, Event
from outpace.domain.outcomes import Outcome
from outpace.telephony.adapter import TelephonyAdapter

E = TypeVar("E", bound=Event)


class Callee(Enum):
    """What is at the other end of a number."""

    PERSON = "says hello"
    MACHINE = "an answering machine's greeting"
    RINGS = "nobody answers"
    MUTE = "the network reports nothing, not even ringing"
    BUSY = "busy"
    INVALID = "no such number"
    CONGESTION = "congestion"
    REJECTED = "rejects the call"


class Harness(ABC):
    """An adapter under test, its facts, and hands on the far side of the switch."""

    #: A trunk group of the adapter, its channels, and agents whose legs can be opened.
    trunk_group_id: int = 1
    channels: int = 4
    agent_ids: tuple[int, ...] = (1, 2)
    #: How long an answered call is left alone before the switch itself plays the message.
    dead_man_s: float
    #: Whether ringing is told apart from the answer.
    tells_ringing: bool = True
    #: How a callee who rejects the call reads on these lines.
    rejection: Outcome = Outcome.REJECTED
    #: How much too early, and how much too late the switch may be when it times something.
    slack_s: float = 0.5
    late_s: float = 0.5
    seconds_per_second: float = 1.0

    def __init__(self) -> None:
        self.adapter: TelephonyAdapter
        self.facts: list[Event] = []
        self._news = asyncio.Event()
        self._next_call = (7 << 32) + 1

    # ---- what a switch brings ------------------------------------------------------------------------------------

    @abstractmethod
    async def start(self) -> None:
        """Bring the switch up and connect an adapter whose sink is `self.sink`."""

    @abstractmethod
    async def stop(self) -> None:
        """Take everything down."""

    @abstractmethod
    async def restart(self) -> None:
        """Close the adapter and connect a new one to the same switch; its calls stay."""

    @abstractmethod
    def number(self, callee: Callee, *, ring_s: float = 0.3, stay_s: float | None = None) -> int:
        """A number that behaves so: after `ring_s` of ringing; hangs up `stay_s` after its answer (None = never)."""

    @abstractmethod
    async def lose_leg(self, agent_id: int) -> None:
        """Hang up the agent's phone."""

    async def set_alarm(self, *, on: bool) -> None:
        """Put one span of the trunk group into alarm or out of it. For lines that have alarms."""
        raise NotImplementedError

    # ---- what the cards use --------------------------------------------------------------------------------------

    def sink(self, events: Sequence[Event]) -> None:
        """Take facts from the adapter."""
        self.facts.extend(events)
        self._news.set()

    def new_call(self) -> int:
        """An unused call id."""
        self._next_call += 1
        return self._next_call

    def submit(self, *commands: SwitchCommand) -> None:
        """Give commands to the adapter."""
        self.adapter.submit(commands)

    def dial(self, number: int, *, call_id: int = 0, ring_timeout_s: float = 10.0, classify: bool = False) -> int:
        """Originate; returns the call id."""
        call_id = call_id or self.new_call()
        timeout_ns = round(ring_timeout_s * 1e9)
        self.submit(Originate(call_id, 1, self.trunk_group_id, number, "", timeout_ns, classify))
        return call_id

    async def answered_call(self, *, stay_s: float | None = None) -> int:
        """Dial a person and wait for the answer."""
        call_id = self.dial(self.number(Callee.PERSON, stay_s=stay_s))
        await self.fact(CallAnswered, call_id=call_id)
        return call_id

    async def agent(self, which: int = 0) -> int:
        """An agent whose leg is up."""
        agent_id = self.agent_ids[which]
        self.submit(OpenAgentLeg(agent_id))
        await self.fact(AgentLegUp, agent_id=agent_id)
        return agent_id

    async def hang_up(self, *call_ids: int) -> None:
        """Hang up and wait for the ends."""
        self.submit(*(HangUp(call_id, 16) for call_id in call_ids))
        for call_id in call_ids:
            await self.fact(CallEnded, call_id=call_id)

    async def fact(self, kind: type[E], *, within_s: float = 15.0, **fields: Any) -> E:
        """The first fact of the kind with these fields, waited for."""
        found: list[E] = []

        def seen() -> bool:
            found[:] = [
                one
                for one in self.facts
                if isinstance(one, kind) and all(getattr(one, key) == value for key, value in fields.items())
            ]
            return bool(found)

        await self.until(seen, within_s=within_s, what=f"{kind.__name__} {fields}")
        return found[0]

    async def until(self, seen: Callable[[], bool], *, within_s: float, what: str) -> None:
        """Wait until the facts make `seen` true."""
        try:
            async with asyncio.timeout(max(10.0, within_s / self.seconds_per_second)):
                while not seen():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {what} within {within_s} s; facts: {self.facts}") from None

    async def pass_time(self, seconds: float) -> None:
        """Let the switch's time pass."""
        await asyncio.sleep(seconds / self.seconds_per_second)

    def of_call(self, call_id: int) -> list[Event]:
        """The facts of one call, as they came."""
        return [one for one in self.facts if getattr(one, "call_id", None) == call_id]

    def kinds(self, call_id: int) -> list[str]:
        """Names of the facts of one call, as they came."""
        return [type(one).__name__ for one in self.of_call(call_id)]


def ended_once(facts: Iterable[Event], call_id: int) -> bool:
    """Whether the call's last fact is its only end. The agent's leg may leave the bridge a moment later than that."""
    told = [one for one in facts if getattr(one, "call_id", None) == call_id]
    names = [type(one).__name__ for one in told if not isinstance(one, AgentReleased)]
    return names.count("CallEnded") == 1 and names[-1] == "CallEnded"
