"""Why so many calls now, and why none: the last decisions of a campaign with their inputs, in numbers and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from outpace.domain.outcomes import LimitedBy
from outpace.domain.states import CampaignState

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORDS = {
    LimitedBy.NONE: "nothing",
    LimitedBy.PACING: "pacing: as many calls as the mode allows for these agents",
    LimitedBy.NO_AGENTS: "a lack of agents: none is logged in and unpaused",
    LimitedBy.NO_LEADS: "a lack of leads that are due",
    LimitedBy.TRUNK_CHANNELS: "a lack of free trunk channels",
    LimitedBy.CPS: "the trunk group's calls per second",
    LimitedBy.PENDING_ORIGINATES: "the originates outstanding on the switch",
    LimitedBy.OUTSIDE_HOURS: "the calling hours",
    LimitedBy.NOT_RUNNING: "the campaign's state: it is not running",
    LimitedBy.DRAINING: "the campaign's state: it is draining",
    LimitedBy.SWITCH_DOWN: "the switch, which is out of reach",
    LimitedBy.STORE_BEHIND: "the store, which is behind or has another owner",
    LimitedBy.CALL_TABLE_FULL: "the table of calls, which is full",
    LimitedBy.BUDGET: "the abandonment budget",
}


class Decision(msgspec.Struct, frozen=True):
    """One launch decision. Counts of agents and calls are those that the pacer saw."""

    sequence: int
    now_ns: int
    wanted: int
    count: int
    limited_by: LimitedBy
    ready: int
    working: int
    talking: int
    wrap_up: int
    unanswered: int
    classifying: int
    waiting: int
    hopper: int
    trunk_room: int
    repeated: int
    expected_abandons: float

    def render(self) -> str:
        """One sentence."""
        text = (
            f"#{self.sequence}: launched {self.count} of {self.wanted} wanted with {self.ready} ready, "
            f"{self.talking} talking, {self.wrap_up} in wrap-up, {self.unanswered} unanswered, "
            f"{self.classifying} being classified, {self.waiting} waiting; bound by {_WORDS[self.limited_by]}"
        )
        return f"{text} ({self.repeated} times more)" if self.repeated else text


class Explanation(msgspec.Struct, frozen=True):
    """What a campaign does now and why; `decisions` oldest first."""

    campaign_id: int
    state: CampaignState
    reason: LimitedBy
    connected: int
    abandoned_no_agent: int
    abandoned_caller_left: int
    connected_last_hour: int
    abandoned_last_hour: int
    decisions: tuple[Decision, ...]

    def render(self) -> str:
        """A few lines for people."""
        answered = self.connected + self.abandoned_no_agent + self.abandoned_caller_left
        state = f"campaign {self.campaign_id} is {self.state.name.lower()}; dialling is bound by {_WORDS[self.reason]}"
        ledger = (
            f"answered {answered}: connected {self.connected}, abandoned {self.abandoned_no_agent} (no agent in time) "
            f"+ {self.abandoned_caller_left} (caller left)"
        )
        return "\n".join([state, ledger, *(decision.render() for decision in self.decisions)])


def reason_in_words(reason: LimitedBy) -> str:
    """The reason as a phrase that completes "bound by ..."."""
    return _WORDS[reason]


def decisions_of(ring: NDArray[np.void], made: int) -> tuple[Decision, ...]:
    """The decisions in a campaign's ring, oldest first."""
    kept = min(made, len(ring))
    rows = (ring[(made - kept + place) % len(ring)] for place in range(kept))
    return tuple(_decision(row.item()) for row in rows)


def _decision(values: tuple[Any, ...]) -> Decision:
    named = dict(zip(Decision.__struct_fields__, values, strict=True))
    named["limited_by"] = LimitedBy(named["limited_by"])
    return Decision(**named)
