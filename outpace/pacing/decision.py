"""What a pacer answers."""

from __future__ import annotations

import msgspec

from outpace.domain.outcomes import Fallback, LimitedBy


class LaunchDecision(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls to launch now, what bound the number, and the forecast that it rests on.

    count : >= 0. cancels : ringing calls that should be cancelled now, >= 0. limited_by : LimitedBy. fallback :
        Fallback, why a forecast was not followed.
    expected_abandons : people of these calls who are expected to find no agent in time.
    kappa : the marginal risk that is allowed; risk, risk_next : that of the last call wanted, of the first not wanted.
    answers, releases : people and free agents expected over the horizon. live_rate : share of new calls that a person
        is expected to answer. balance : cap x answers - abandoned, in people. 0 where the rule makes no forecast.
    """

    count: int
    cancels: int
    limited_by: LimitedBy
    fallback: Fallback
    expected_abandons: float
    kappa: float
    risk: float
    risk_next: float
    answers: float
    releases: float
    live_rate: float
    balance: float
