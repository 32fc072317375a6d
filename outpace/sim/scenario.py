"""Scenarios: what is simulated, as a TOML file.

::

    name = "base"
    hours = 8.0
    agents = 100
    profile = "base"          # a shipped carrier profile, or the path of one
    live = 0.25               # optional: share of people, the other outcomes scaled as in the base scenario

    [campaign]                # as in a campaign file
    mode = "ratio"
    ratio = 2.5

    [[trunk_groups]]
    name = "carrier"
    channels = 400
    cps = 50.0

    [people]                  # wrap-up, log-ins, breaks
    wrap_up = { kind = "lognormal", mean = 15.0, cv = 0.8 }

    [faults]
    lose = 0.001

    [[link_down]]
    at_s = 3600.0
    for_s = 30.0

    [[changes]]
    at_s = 14400.0
    live = 0.36
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from outpace.domain.config import Agent, Campaign, DialMode, Pool, TrunkGroup
from outpace.domain.errors import ConfigError
from outpace.telephony.simulated.distributions import Seconds, build
from outpace.telephony.simulated.people import PeopleSettings
from outpace.telephony.simulated.profile import CarrierProfile, base_mix, load_profile

#: Monday 2026-01-05, 09:00 UTC: the beginning of every simulated day.
DAY_BEGINS_NS = 1_767_603_600_000_000_000


_T = TypeVar("_T")


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base: unknown keys are refused."""


class Faults(_Settings, frozen=True):
    """What goes wrong between switch and engine: shares of its facts that are lost, told twice, or told late.

    A fact told late is told up to `delay_s` late, so facts overtake each other.
    """

    lose: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    delay_s: float = 1.0

    def __post_init__(self) -> None:
        for key in ("lose", "duplicate", "delay"):
            if not 0.0 <= getattr(self, key) <= 1.0:
                raise ConfigError(key, f"must be from 0 to 1, not {getattr(self, key):g}")
        if self.lose + self.duplicate + self.delay > 1.0:
            raise ConfigError("lose", "the shares of lost, doubled and late facts must sum to 1 at most")
        if not 0.0 <= self.delay_s <= 3600.0:
            raise ConfigError("delay_s", f"must be from 0 to 3600, not {self.delay_s:g}")


class LinkOutage(_Settings, frozen=True):
    """The link to the switch is down for a while."""

    at_s: float
    for_s: float

    def __post_init__(self) -> None:
        if self.at_s < 0.0 or self.for_s <= 0.0:
            raise ConfigError("link_down", "wants at_s >= 0 and for_s > 0")


class Change(_Settings, frozen=True):
    """Something changes at a time: the share of people, the talk time, or agents who pause and come back."""

    at_s: float
    live: float | None = None
    talk: Seconds | None = None
    pause_agents: int = 0
    resume_agents: int = 0

    def __post_init__(self) -> None:
        if self.at_s < 0.0:
            raise ConfigError("at_s", f"must not be negative: {self.at_s:g}")
        if self.live is not None:
            base_mix(self.live)
        if self.talk is not None:
            build(self.talk, "talk")
        if self.pause_agents < 0 or self.resume_agents < 0:
            raise ConfigError("pause_agents", "must not be negative")


class Scenario(_Settings, frozen=True):
    """One simulated campaign: see the module's head."""

    name: str
    hours: float = 8.0
    seed: int = 1
    agents: int = 10
    profile: str = "base"
    live: float | None = None
    talk: Seconds | None = None
    leads: int = 0
    lease_s: float = 300.0
    store_s: float = 0.005
    max_calls: int = 0
    campaign: dict[str, Any] = {}
    trunk_groups: tuple[dict[str, Any], ...] = ()
    people: PeopleSettings = PeopleSettings()
    faults: Faults = Faults()
    link_down: tuple[LinkOutage, ...] = ()
    changes: tuple[Change, ...] = ()
    folder: str = "."

    def __post_init__(self) -> None:
        for key, low, high in (
            ("hours", 0.01, 24.0 * 31),
            ("agents", 1, 20_000),
            ("leads", 0, 10**9),
            ("lease_s", 1.0, 86_400.0),
            ("store_s", 0.0, 60.0),
            ("max_calls", 0, 1_000_000),
        ):
            if not low <= getattr(self, key) <= high:
                raise ConfigError(key, f"must be from {low:g} to {high:g}, not {getattr(self, key):g}")
        self.pool()
        self.carrier_profile()

    def pool(self) -> Pool:
        """Campaign 1, its trunk groups and agents. ConfigError names the key."""
        groups = self.trunk_groups or ({"name": "carrier", "channels": 12 * self.agents, "cps": 2.0 * self.agents},)
        trunk_groups = tuple(
            _converted({"id": place, **group}, TrunkGroup, f"trunk_groups[{place - 1}]")
            for place, group in enumerate(groups, 1)
        )
        settings = {
            "id": 1,
            "name": self.name,
            "mode": DialMode.PRECISE.value,
            "trunk_groups": tuple(range(1, len(groups) + 1)),
            "hopper_size": max(500, 4 * self.agents),
            **self.campaign,
        }
        channels = sum(group.channels for group in trunk_groups)
        return Pool(
            campaigns=(_converted(settings, Campaign, "campaign"),),
            trunk_groups=trunk_groups,
            agents=tuple(Agent(id=number, name=f"agent {number}") for number in range(1, self.agents + 1)),
            max_calls=self.max_calls or channels + 64,
        )

    def carrier_profile(self, live: float | None = None, talk: Seconds | None = None) -> CarrierProfile:
        """The carrier's profile with the scenario's own share of people and talk time, or those given."""
        shipped = load_profile(self.profile if "." not in self.profile else Path(self.folder) / self.profile)
        live = self.live if live is None else live
        talk = self.talk if talk is None else talk
        if live is not None:
            shipped = msgspec.structs.replace(shipped, mix=base_mix(live))
        if talk is not None:
            shipped = msgspec.structs.replace(shipped, times=msgspec.structs.replace(shipped.times, talk=talk))
        return shipped


def _converted(settings: dict[str, Any], to: type[_T], key: str) -> _T:
    try:
        return msgspec.convert(settings, to)
    except msgspec.ValidationError as error:
        raise ConfigError(key, str(error)) from error


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario. ConfigError names the file, the key and the reason."""
    file = Path(path)
    try:
        scenario = msgspec.toml.decode(file.read_bytes(), type=Scenario)
    except OSError as error:
        raise ConfigError(str(file), error.strerror or str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, ConfigError) as error:
        raise ConfigError(str(file), str(error)) from error
    return msgspec.structs.replace(scenario, folder=str(file.parent))
