"""The built-in agent driver: people who log in, take calls and write them up by themselves.

`People` speaks in public facts only (AgentLoggedIn, AgentReady, DispositionSet, AgentNotReady, AgentLoggedOut) and
hears nothing but AgentStateChanged, so it works before a real switch as it does before the simulated carrier.
"""

from __future__ import annotations

import math

import msgspec

from outpace.domain.errors import ConfigError
from outpace.telephony.simulated._people import Act, People
from outpace.telephony.simulated.distributions import DistributionSettings, Seconds, build

__all__ = ["Act", "People", "PeopleSettings", "Shift"]


class Shift(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When some of the agents are there, in seconds from the start: from `start_s` to `end_s`."""

    start_s: float = 0.0
    end_s: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.start_s < self.end_s <= 31 * 86_400.0:
            raise ConfigError("end_s", f"must be later than start_s ({self.start_s:g}), not {self.end_s:g}")


class PeopleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the agents work.

    wrap_up: end of a call to being ready again. log_in_over_s: they log in evenly over this time. break_every: end
    of one break to the start of the next; none = no breaks. dispositions: weights of the codes that they set, by the
    index of the campaign's dispositions. return_s: how soon they are back after the engine put them aside. shifts: in
    turn, the first agent the first one and so on; none = everybody stays. shift_spread_s: each comes and goes up to so
    much earlier or later, but nobody logs in before their turn in log_in_over_s.
    """

    wrap_up: Seconds = DistributionSettings(kind="lognormal", mean=15.0, cv=0.8)
    log_in_over_s: float = 60.0
    break_every: Seconds | None = None
    break_length: Seconds = 600.0
    dispositions: tuple[float, ...] = (1.0,)
    return_s: float = 5.0
    shifts: tuple[Shift, ...] = ()
    shift_spread_s: float = 0.0

    def __post_init__(self) -> None:
        for key in ("wrap_up", "break_every", "break_length"):
            if getattr(self, key) is not None:
                build(getattr(self, key), key)
        for key in ("log_in_over_s", "return_s", "shift_spread_s"):
            if not 0.0 <= getattr(self, key) <= 86_400.0:
                raise ConfigError(key, f"must be from 0 to 86400, not {getattr(self, key):g}")
        weights = self.dispositions
        if not weights or not all(0.0 <= weight < math.inf for weight in weights) or math.fsum(weights) <= 0.0:
            raise ConfigError("dispositions", "wants weights, none negative, of which one is more than 0")
