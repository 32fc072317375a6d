"""What people are told of a campaign's abandonment budget."""

from __future__ import annotations

import msgspec


class BudgetState(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign's abandonment budget at a moment, for people.

    answered, abandoned : people of the window; `abandoned` for either reason. legal_abandoned : those of them that the
        rule counts. ratio, bound : legal_abandoned / answered and its upper confidence bound (0 and 1 without answers).
    drops_left : people who may still be abandoned now before the ratio (guard = bound: its bound) passes the cap; None
        where the cap forbids nothing. balance : cap x answered - abandoned in people, as pacing steers it.
    answers_per_s : over the last 30 minutes. seconds_left : to the end of the day or of its dialling, None = unknown.
    window_begins_ns, window_ends_ns : UTC; 0 = not known yet, and a rolling window ends nowhere.
    spent : the window's cap cannot be met any more, nobody may be abandoned.
    """

    cap: float
    answered: int
    abandoned: int
    legal_abandoned: int
    ratio: float
    bound: float
    drops_left: int | None
    balance: float
    answers_per_s: float
    seconds_left: float | None
    window_begins_ns: int
    window_ends_ns: int
    spent: bool
