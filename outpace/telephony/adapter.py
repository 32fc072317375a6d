"""The port to a switch: commands go in, facts come out. One conformance suite runs against every adapter.

An adapter owns its link: it connects, reconnects with backoff, and reconciles by itself, and tells of it in facts
(LinkUp, LinkDown, TrunkCapacity). It never raises into the pump for what a switch says or fails to do; every command
gets its fact. It reads the loop's clock for its own time-outs only; `switch_ns` is the switch's own time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from outpace.domain.commands import SwitchCommand
from outpace.domain.config import Pool
from outpace.domain.events import Event
from outpace.domain.outcomes import AbandonReason, CallPresence

#: Takes facts in the order in which they happened. Called on the event loop only.
FactSink = Callable[[Sequence[Event]], None]


class Capabilities(msgspec.Struct, frozen=True):
    """What the switch can do; the runtime refuses a campaign that needs more."""

    amd: bool
    play_message: bool
    agent_legs: bool
    query_calls: bool
    trunk_alarms: bool
    dead_man: bool


class LiveCall(msgspec.Struct, frozen=True):
    """A call of ours that is on the switch now, or that the switch kept a result of."""

    call_id: int
    presence: CallPresence
    agent_id: int = 0


class KeptResult(msgspec.Struct, frozen=True):
    """What the dead-man's timer did with a call while no dialer was there: the person got the recorded message."""

    call_id: int
    abandon_reason: AbandonReason
    at_ns: int


class TelephonyAdapter(Protocol):
    """A switch, as the pump sees it. All methods are called on the event loop."""

    capabilities: Capabilities

    async def connect(self, sink: FactSink) -> None:
        """Start the link; returns when it is up (LinkUp was given to the sink), raises LinkDown when it cannot be."""

    def check(self, pool: Pool) -> None:
        """Raise ConfigError for settings that this switch cannot carry out."""

    def change(self, pool: Pool) -> None:
        """Take the pool's settings from now on, after `check`; calls in flight keep theirs. Nothing is ever removed.

        A trunk group's capacity that is another one is told (TrunkCapacity).
        """

    def submit(self, commands: Iterable[SwitchCommand]) -> None:
        """Carry the commands out, in order, without blocking. Outstanding originates beyond the bound wait inside."""

    async def snapshot(self) -> list[LiveCall]:
        """Every call of ours (any epoch) that lives on the switch. Raises LinkDown."""

    async def kept_results(self) -> list[KeptResult]:
        """What dead-man's timers have kept. Reading removes nothing; `forget` does. Raises LinkDown."""

    async def forget(self, call_ids: Sequence[int]) -> None:
        """Remove kept results that are durable in the store now."""

    def pressure(self) -> dict[str, float]:
        """Gauges for monitoring: outstanding actions, queue lengths, link state, round trip."""

    async def close(self) -> None:
        """Close the link; live calls stay on the switch."""
