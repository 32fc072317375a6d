"""Drives a carrier in virtual time, with a policy for what is done with facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from outpace.domain.commands import Originate, SwitchCommand
from outpace.domain.config import TrunkGroup
from outpace.domain.events import Event
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated.profile import CarrierProfile, Mix, Numbers, Times

S = 1_000_000_000
NEVER = 2**63 - 1

CODED = CarrierProfile(
    name="coded", mix=Mix(live=1.0), numbers=Numbers.CODED, times=Times(proceeding=0.1, ringing=0.2, message=5.0)
)


def carrier(profile: CarrierProfile, *groups: TrunkGroup, seed: int = 1, dead_man_s: float = 0.0) -> SimulatedCarrier:
    """A carrier with its link up and the facts of that taken."""
    groups = groups or (TrunkGroup(id=1, name="sip", channels=5000, cps=100_000.0),)
    made = SimulatedCarrier(profile, groups, seed=seed, dead_man_s=dead_man_s)
    made.set_link(True, 0)
    made.advance(0)
    return made


def originate(call_id: int, number: int = 4930_000_000, *, classify: bool = False, campaign_id: int = 1) -> Originate:
    """A command to dial with a ring time-out of 25 s."""
    return Originate(call_id, campaign_id, 1, number, "", 25 * S, classify)


def play(
    made: SimulatedCarrier,
    until_ns: int = NEVER - 1,
    policy: Callable[[Event], Iterable[SwitchCommand]] = lambda event: (),
) -> list[Event]:
    """Let everything happen up to a time; the policy answers each fact at its time."""
    told: list[Event] = []
    while (due_ns := made.next_event_ns()) <= until_ns:
        events = made.advance(due_ns)
        told += events
        made.submit([command for event in events for command in policy(event)], due_ns)
    return told
