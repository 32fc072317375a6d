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

    [[link_down]]             # the link to the switch; [[store_down]] is the same for the store
    at_s = 3600.0
    for_s = 30.0

    [[alarms]]                # a span of a voice card trunk group, by its place in the file
    trunk_group = 1
    span = 0
    at_s = 7200.0
    for_s = 60.0

    [[changes]]
    at_s = 14400.0
    live = 0.36

Paths are relative to the file. Without trunk groups there is one that never binds.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from outpace.domain.config import Agent, Campaign, DialMode, Pool, TrunkGroup, TrunkKind
from outpace.domain.errors import ConfigError
from outpace.telephony.simulated.distributions import Seconds, build
from outpace.telephony.simulated.people import PeopleSettings
from outpace.telephony.simulated.profile import CarrierProfile, base_mix, check_profile, load_profile

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


class Outage(_Settings, frozen=True):
    """Something is down for a while."""

    at_s: float
    for_s: float

    def __post_init__(self) -> None:
        _check_span(self.at_s, self.for_s)


class Alarm(_Settings, frozen=True, kw_only=True):
    """A span of a voice card is in alarm for a while; its calls end. `trunk_group` is a trunk group's id."""

    trunk_group: int
    span: int = 0
    at_s: float
    for_s: float

    def __post_init__(self) -> None:
        _check_span(self.at_s, self.for_s)


class Change(_Settings, frozen=True):
    """Something changes at a time: the share of people, the talk time, or agents who pause and come back."""

    at_s: float
    live: float | None = None
    talk: Seconds | None = None
    pause_agents: int = 0
    resume_agents: int = 0

    def __post_init__(self) -> None:
        _check_span(self.at_s, 1.0)
        if self.live is not None:
            base_mix(self.live)
        if self.talk is not None:
            build(self.talk, "talk")
        for key in ("pause_agents", "resume_agents"):
            if getattr(self, key) < 0:
                raise ConfigError(key, f"must not be negative: {getattr(self, key)}")


class Scenario(_Settings, frozen=True):
    """One simulated campaign: see the module's head.

    hours : length of the day. agents : they are 1, 2, ... live, talk : instead of the profile's. leads : 0 = endless.
    lease_s : how long a batch of leads may be kept. store_s : how long the store takes to answer. max_calls : rows of
    the engine's table of calls, 0 = as many as the trunks have channels and a few.
    """

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
    link_down: tuple[Outage, ...] = ()
    store_down: tuple[Outage, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    changes: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        for key, low, high in (
            ("hours", 0.01, 24.0 * 31),
            ("seed", 0, 2**63 - 1),
            ("agents", 1, 20_000),
            ("leads", 0, 10**9),
            ("lease_s", 1.0, 86_400.0),
            ("store_s", 0.0, 60.0),
            ("max_calls", 0, 1_000_000),
        ):
            if not low <= getattr(self, key) <= high:
                raise ConfigError(key, f"must be from {low:g} to {high:g}, not {getattr(self, key):g}")
        pool = self.pool()
        profile = self.carrier_profile()
        for key in ("link_down", "store_down"):
            _check_apart(key, getattr(self, key))
        for alarm in self.alarms:
            group = next((one for one in pool.trunk_groups if one.id == alarm.trunk_group), None)
            if group is None or group.kind is TrunkKind.SIP:
                raise ConfigError("alarms", f"trunk group {alarm.trunk_group} is no voice card's")
            spans = -(-group.channels // profile.voice_card.channels_per_span)
            if not 0 <= alarm.span < spans:
                raise ConfigError("alarms", f"trunk group {group.id} has spans 0 to {spans - 1}, not {alarm.span}")

    def pool(self) -> Pool:
        """Campaign 1, its trunk groups and agents. ConfigError names the key."""
        lines = min(max(20 * self.agents, 200), 100_000)
        unbound = {"name": "carrier", "channels": lines, "cps": 100_000.0, "burst": 10_000, "max_pending": lines}
        groups = self.trunk_groups or (unbound,)
        trunk_groups = tuple(
            _converted({"id": place, **group}, TrunkGroup, f"trunk_groups[{place - 1}]")
            for place, group in enumerate(groups, 1)
        )
        if "id" in self.campaign:
            raise ConfigError("campaign", "a scenario has one campaign: its id is 1")
        settings = {
            "id": 1,
            "name": self.name,
            "mode": DialMode.PRECISE.value,
            "trunk_groups": tuple(group.id for group in trunk_groups),
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
        shipped = load_profile(self.profile)
        live = self.live if live is None else live
        talk = self.talk if talk is None else talk
        if live is not None:
            shipped = msgspec.structs.replace(shipped, mix=base_mix(live))
        if talk is not None:
            shipped = msgspec.structs.replace(shipped, times=msgspec.structs.replace(shipped.times, talk=talk))
            check_profile(shipped)
        return shipped


def _converted(settings: dict[str, Any], to: type[_T], key: str) -> _T:
    try:
        return msgspec.convert(settings, to)
    except msgspec.ValidationError as error:
        raise ConfigError(key, str(error)) from error


def _check_span(at_s: float, for_s: float) -> None:
    for key, value, low in (("at_s", at_s, 0.0), ("for_s", for_s, 0.001)):
        if not (math.isfinite(value) and low <= value <= 31 * 86_400.0):
            raise ConfigError(key, f"must be from {low:g} to {31 * 86_400}, not {value:g}")


def _check_apart(key: str, outages: tuple[Outage, ...]) -> None:
    until_s = 0.0
    for outage in sorted(outages, key=lambda one: one.at_s):
        if outage.at_s < until_s:
            raise ConfigError(key, f"the outage at {outage.at_s:g} s begins before that before it has ended")
        until_s = outage.at_s + outage.for_s


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario. ConfigError names the file, the key and the reason."""
    file = Path(path)
    try:
        raw = msgspec.toml.decode(file.read_bytes())
    except OSError as error:
        raise ConfigError(str(file), error.strerror or str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), f"is not TOML: {error}") from error
    profile = raw.get("profile")
    if isinstance(profile, str) and (file.parent / profile).is_file():
        raw["profile"] = str(file.parent / profile)
    _place_csv(raw, file.parent)
    try:
        return msgspec.convert(raw, Scenario)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).rpartition(" - at `$")
        key = where.strip("`.")
        raise ConfigError(f"{file}: {key}" if key else str(file), reason or str(error)) from error


def _place_csv(table: dict[str, Any], folder: Path) -> None:
    # paths of recorded distributions are relative to the file that names them
    for key, value in table.items():
        if key == "csv" and isinstance(value, str):
            table[key] = str(folder / value)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                _place_csv(one, folder)
