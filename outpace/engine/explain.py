"""Why so many calls now, and why none: the last decisions of a campaign with their inputs, in numbers and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from outpace.domain.outcomes import Fallback, LimitedBy
from outpace.domain.states import CampaignState

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from outpace.engine.outlook import Outlook
    from outpace.pacing.budget_state import BudgetState

_ANY_NUMBER = 2**63 - 1

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


_FALLBACKS = {
    Fallback.BUDGET_SPENT: "the budget of abandoned people is spent: only as many calls as agents are ready",
    Fallback.FEED_SILENT: "the switch has gone silent over calls in hand: only as many calls as agents are ready",
}


class Decision(msgspec.Struct, frozen=True):
    """One launch decision. Counts of agents and calls are those that the pacer saw.

    fallback : why a pacer that forecasts did not. cancels : ringing calls that were cancelled. answered, abandoned,
    legal_abandoned, drops_left, bound, balance : the budget as it stood. kappa : the marginal risk allowed; risk,
    risk_next : that of the last call wanted and of the first not wanted. answers, releases : people and free agents
    expected over the horizon. live_rate : share of new calls that a person is expected to answer. A rule that makes no
    forecast has 0.
    """

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
    fallback: Fallback = Fallback.NONE
    cancels: int = 0
    answered: int = 0
    abandoned: int = 0
    legal_abandoned: int = 0
    drops_left: int = 0
    expected_abandons: float = 0.0
    kappa: float = 0.0
    risk: float = 0.0
    risk_next: float = 0.0
    answers: float = 0.0
    releases: float = 0.0
    live_rate: float = 0.0
    balance: float = 0.0
    bound: float = 0.0

    def render(self) -> str:
        """One sentence: what was done, why, and what the forecast and the budget were."""
        seen = (
            f"#{self.sequence}: launched {self.count} of {self.wanted} wanted with {self.ready} ready, "
            f"{self.talking} talking, {self.wrap_up} in wrap-up, {self.unanswered} unanswered, "
            f"{self.classifying} being classified, {self.waiting} waiting"
        )
        parts = [seen, f"bound by {_WORDS[self.limited_by]}"]
        if self.cancels:
            parts.append(f"cancelled {self.cancels} that rang longest")
        if self.fallback is not Fallback.NONE:
            parts.append(_FALLBACKS[self.fallback])
        elif self.kappa > 0.0:
            parts += [self._risks(), self._forecast()]
        if self.kappa > 0.0 or self.fallback is not Fallback.NONE:
            parts.append(self._budget())
        text = "; ".join(parts)
        return f"{text} ({self.repeated} times more)" if self.repeated else text

    def _risks(self) -> str:
        if not self.wanted:
            return f"a call would risk {self.risk_next:.1%} of abandoning its person against {self.kappa:.1%} allowed"
        last = f"the {_ordinal(self.wanted)} call risks {self.risk:.1%} of abandoning its person"
        further = f", the {_ordinal(self.wanted + 1)} {self.risk_next:.1%}" if self.risk_next else ""
        return f"{last} against {self.kappa:.1%} allowed{further}"

    def _forecast(self) -> str:
        return (
            f"{self.answers:.1f} people and {self.releases:.1f} free agents expected of what is under way, a person in "
            f"{self.live_rate:.0%} of new calls, {self.expected_abandons:.2f} people abandoned of these"
        )

    def _budget(self) -> str:
        return (
            f"budget: {self.legal_abandoned} abandoned of {self.answered} answered, at most {self.bound:.1%} with "
            f"confidence, {drops_in_words(self.drops_left)} may still be, balance {self.balance:+.1f}"
        )


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
    latest: Decision | None = None
    budget: BudgetState | None = None
    outlook: Outlook | None = None

    def render(self) -> str:
        """A few lines for people."""
        answered = self.connected + self.abandoned_no_agent + self.abandoned_caller_left
        state = f"campaign {self.campaign_id} is {self.state.name.lower()}; dialling is bound by {_WORDS[self.reason]}"
        ledger = (
            f"answered {answered}: connected {self.connected}, abandoned {self.abandoned_no_agent} (no agent in time) "
            f"+ {self.abandoned_caller_left} (caller left)"
        )
        lines = [state, ledger]
        if self.budget is not None:
            lines.append(_budget_line(self.budget))
        if self.outlook is not None:
            lines.append(self.outlook.render())
        return "\n".join([*lines, *(decision.render() for decision in self.decisions)])


def _budget_line(budget: BudgetState) -> str:
    spent = "; spent: nobody may be abandoned any more" if budget.spent else ""
    return (
        f"budget of {budget.cap:.1%}: {budget.legal_abandoned} of {budget.answered} in the window ({budget.ratio:.2%}, "
        f"at most {budget.bound:.2%} with confidence), {drops_in_words(budget.drops_left)} may still be{spent}"
    )


def drops_in_words(drops: int | None) -> str:
    """How many people may still be abandoned, as a phrase; None or the largest number: as many as there are."""
    return "any number" if drops is None or drops == _ANY_NUMBER else str(drops)


def reason_in_words(reason: LimitedBy) -> str:
    """The reason as a phrase that completes "bound by ..."."""
    return _WORDS[reason]


def decisions_of(ring: NDArray[np.void], made: int, after: int = 0) -> tuple[Decision, ...]:
    """The decisions in a campaign's ring with a sequence greater than `after`, oldest first."""
    kept = min(made, int((ring["sequence"] > after).sum()))
    rows = (ring[(made - kept + place) % len(ring)] for place in range(kept))
    return tuple(decision_of(row) for row in rows)


def decision_of(row: np.void) -> Decision:
    """One row of a ring."""
    named: dict[str, Any] = dict(zip(Decision.__struct_fields__, row.item(), strict=True))
    named["limited_by"] = LimitedBy(named["limited_by"])
    named["fallback"] = Fallback(named["fallback"])
    return Decision(**named)


def _ordinal(number: int) -> str:
    # 1st, 2nd, 3rd, 4th, 11th, 21st
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
