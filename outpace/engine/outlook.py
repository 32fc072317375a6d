"""What who answers may expect of the agents: waits and service levels of the Erlang models, and agents for inbound."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from outpace.pacing import service

if TYPE_CHECKING:
    from outpace.domain.config import InboundLoad


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """The queue of a campaign as the Erlang models see it.

    Parameters
    ----------
    agents, ready, waiting : agents at work, those of them who are ready, people who wait for one.
    withheld : agents whom dialling leaves to inbound calls.
    answered_per_h : people who answered, over the last hour.
    handle_s : mean time from one connection to the agent's next readiness; 0 = nobody has talked yet.
    load_erlangs : answered_per_h x handle_s.
    estimated_wait_s : seconds until a person who answers now gets an agent; 0 with an agent ready, None without agents.
    service_level : share of people that would get an agent within `limit_s` if they answered at random (Erlang A with
        `limit_s` as mean patience); pacing, which times its calls, should do better. None = nothing is known yet.
    """

    agents: int
    ready: int
    waiting: int
    withheld: int
    answered_per_h: float
    handle_s: float
    load_erlangs: float
    limit_s: float
    estimated_wait_s: float | None
    service_level: float | None

    def render(self) -> str:
        """One sentence."""
        held = f"; {self.withheld} are left to inbound calls" if self.withheld else ""
        if self.estimated_wait_s is None:
            return f"no agent is at work{held}"
        wait = f"who answers now waits {self.estimated_wait_s:.1f} s for one of {self.agents} agents"
        if self.service_level is None:
            return f"{wait}{held}"
        return (
            f"{wait}; by Erlang A {self.service_level:.0%} of {self.answered_per_h:.0f} people an hour at "
            f"{self.handle_s:.0f} s each would be served within {self.limit_s:g} s if they answered at random{held}"
        )


def outlook(
    *, agents: int, ready: int, waiting: int, withheld: int, answered_per_h: float, handle_s: float, limit_s: float
) -> Outlook:
    """Work out what follows from counts and means; the parameters are those of `Outlook`."""
    load = answered_per_h * handle_s / 3600.0
    wait: float | None = None
    level: float | None = None
    if agents > 0 and ready > waiting:
        wait = 0.0
    elif agents > 0 and handle_s > 0.0:
        wait = float(service.estimated_wait_s(waiting - ready + 1, agents, handle_s, limit_s))
    if agents > 0 and load > 0.0:
        level = float(service.service_level(load, agents, handle_s, limit_s, limit_s))
    return Outlook(
        agents=agents,
        ready=ready,
        waiting=waiting,
        withheld=withheld,
        answered_per_h=answered_per_h,
        handle_s=handle_s,
        load_erlangs=load,
        limit_s=limit_s,
        estimated_wait_s=wait,
        service_level=level,
    )


def agents_for_inbound(inbound: InboundLoad | None) -> int:
    """Agents whom dialling must leave free, so that the forecast inbound calls are served at their level."""
    if inbound is None:
        return 0
    load = inbound.calls_per_h * inbound.handle_s / 3600.0
    patience_s = inbound.patience_s or math.inf
    held = service.agents_to_hold_back(load, inbound.handle_s, inbound.within_s, inbound.service_level, patience_s)
    return int(held)
