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

    [[list.segments]]         # leads that answer more or less readily than others
    share = 0.3
    live = 2.0
    [[list.segments]]
    share = 0.7

    [course]                  # what drifts: a value for each span, one after the other
    every_s = 900.0
    live = [0.15, 0.17, 0.2]
    talk_mean = [90.0, 95.0, 100.0]

    [mix]                     # instead of the profile's; [times] and [amd] likewise, key by key
    live = 0.25
    no_answer = 0.75

    [times]
    answer = { kind = "exponential", mean = 10.0 }

Paths are relative to the file. Without trunk groups there is one that never binds. The scenarios of the pacing study
are shipped: `load_scenario("P6")` (see scenarios/README.md).
"""

from __future__ import annotations

import math
from functools import lru_cache
from importlib import resources
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from outpace.domain.config import Agent, Campaign, DialMode, Pool, TrunkGroup, TrunkKind
from outpace.domain.errors import ConfigError
from outpace.sim.rivals import RIVALS
from outpace.telephony.simulated._population import Population
from outpace.telephony.simulated.distributions import DistributionSettings, Seconds, build
from outpace.telephony.simulated.people import PeopleSettings
from outpace.telephony.simulated.population import Segment, relative_chances
from outpace.telephony.simulated.profile import Amd, CarrierProfile, Mix, base_mix, check_profile, load_profile

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """Something changes at a time: the share of people, talk or wrap-up, or agents who pause and come back."""

    at_s: float
    live: float | None = None
    talk: Seconds | None = None
    wrap_up: Seconds | None = None
    pause_agents: int = 0
    resume_agents: int = 0

    def __post_init__(self) -> None:
        _check_span(self.at_s, 1.0)
        if self.live is not None:
            base_mix(self.live)
        for key in ("talk", "wrap_up"):
            if getattr(self, key) is not None:
                build(getattr(self, key), key)
        for key in ("pause_agents", "resume_agents"):
            if getattr(self, key) < 0:
                raise ConfigError(key, f"must not be negative: {getattr(self, key)}")


class Course(_Settings, frozen=True):
    """What drifts over the day: the k-th value holds from k * every_s on, the last one to the end.

    live : share of people. talk_mean : mean of the talk time in seconds; its shape stays that of the scenario.
    """

    every_s: float = 900.0
    live: tuple[float, ...] = ()
    talk_mean: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _check_span(0.0, self.every_s)

    def changes(self, talk: Seconds) -> tuple[Change, ...]:
        """The same as changes. ConfigError: `talk` is a distribution without a mean."""
        return tuple(
            Change(at_s=place * self.every_s, live=live, talk=None if mean is None else _of_mean(talk, mean))
            for place, (live, mean) in enumerate(zip_longest(self.live, self.talk_mean))
        )


class ListSettings(_Settings, frozen=True):
    """Who is on the list, and what is known of them.

    segments : none = all leads are alike. told : whether a lead's features tell its segment. noise : whether they also
    hold what tells nothing. weights : what tells pacing the leads apart: `learned` (the engine's answer model),
    `exact` (the chances that the carrier draws by) or `even` (nothing does).
    """

    segments: tuple[Segment, ...] = ()
    told: bool = True
    noise: bool = False
    weights: Literal["learned", "exact", "even"] = "learned"

    def __post_init__(self) -> None:
        if self.segments:
            relative_chances(self.segments)

    def population(self, seed: int) -> Population:
        """The people behind the numbers."""
        return Population(self.segments or (Segment(share=1.0),), seed=seed)


class Scenario(_Settings, frozen=True):
    """One simulated campaign: see the module's head.

    hours : length of the day. agents : they are 1, 2, ... pacer : a dial mode or a rival (`outpace.sim.rivals`) that
    paces instead of the campaign's mode. live, talk : instead of the profile's. leads : 0 = endless. lease_s : how long
    a batch of leads may be kept. store_s : how long the store takes to answer. max_calls : rows of the engine's table
    of calls, 0 = as many as the trunks have channels and a few.
    """

    name: str
    hours: float = 8.0
    seed: int = 1
    agents: int = 10
    pacer: str = ""
    profile: str = "base"
    live: float | None = None
    talk: Seconds | None = None
    mix: Mix | None = None
    times: dict[str, Seconds] = {}
    amd: Amd | None = None
    leads: int = 0
    list: ListSettings | None = None
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
    course: Course | None = None

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
        if self.pacer and self.pacer not in RIVALS and self.pacer not in _MODES:
            raise ConfigError("pacer", f"no such pacer: {self.pacer!r}; there are {', '.join((*_MODES, *RIVALS))}")
        pool = self.pool()
        profile = self.carrier_profile()
        self.course_of_the_day()
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
        if self.pacer:
            # a rival takes the place of whatever pacer the engine makes
            settings["mode"] = self.pacer if self.pacer in _MODES else DialMode.PRECISE.value
        channels = sum(group.channels for group in trunk_groups)
        return Pool(
            campaigns=(_converted(settings, Campaign, "campaign"),),
            trunk_groups=trunk_groups,
            agents=tuple(Agent(id=number, name=f"agent {number}") for number in range(1, self.agents + 1)),
            max_calls=self.max_calls or channels + 64,
        )

    def carrier_profile(self, live: float | None = None, talk: Seconds | None = None) -> CarrierProfile:
        """The carrier's profile with what the scenario sets in its place, or with the share and talk time given."""
        shipped = load_profile(self.profile)
        live = self.live if live is None else live
        talk = self.talk if talk is None else talk
        if self.mix is not None and self.live is not None:
            raise ConfigError("live", "cannot be given together with mix")
        if "talk" in self.times and self.talk is not None:
            raise ConfigError("talk", "cannot be given together with times.talk")
        for key in self.times:
            if key not in shipped.times.__struct_fields__:
                raise ConfigError(f"times.{key}", f"no such time; one of {', '.join(shipped.times.__struct_fields__)}")
        times = msgspec.structs.replace(shipped.times, **self.times)
        made = msgspec.structs.replace(
            shipped,
            mix=base_mix(live) if live is not None else self.mix or shipped.mix,
            times=times if talk is None else msgspec.structs.replace(times, talk=talk),
            amd=self.amd or shipped.amd,
        )
        check_profile(made)
        return made

    def course_of_the_day(self) -> tuple[Change, ...]:
        """All changes in the order of their times, those of the course included and first."""
        drift = () if self.course is None else self.course.changes(self.carrier_profile().times.talk)
        return tuple(sorted((*drift, *self.changes), key=lambda one: one.at_s))


#: Dial modes as a scenario's `pacer` names them.
_MODES = tuple(mode.value for mode in DialMode)


def _of_mean(talk: Seconds, mean: float) -> Seconds:
    if not isinstance(talk, DistributionSettings):
        return mean
    if talk.mean is None:
        raise ConfigError("course.talk_mean", "wants a talk time that has a mean: constant, exponential, lognormal")
    return msgspec.structs.replace(talk, mean=mean)


def _converted(settings: dict[str, Any], to: type[_T], key: str) -> _T:
    try:
        return msgspec.convert(settings, to)
    except msgspec.ValidationError as error:
        raise _refusal(error, key) from error


def _refusal(error: msgspec.ValidationError, table: str) -> ConfigError:
    # "reason - at `$.people.shifts`"; what a struct's own check refuses names its key itself
    reason, _, path = str(error).partition(" - at `$")
    where = f"{table}{path.rstrip('`')}"
    if isinstance(error.__cause__, ConfigError):
        where, reason = f"{where}.{error.__cause__.where}", error.__cause__.reason
    return ConfigError(where.strip("."), reason)


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


@lru_cache(maxsize=1)
def shipped_scenarios() -> dict[str, Path]:
    """Name -> file of the scenarios that come with the package."""
    folder = Path(str(resources.files("outpace.sim") / "scenarios"))
    return {file.stem: file for file in sorted(folder.glob("*.toml"), key=lambda file: (len(file.stem), file.stem))}


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario: a file, or the name of a shipped one. ConfigError names the file, the key and the reason."""
    file = Path(path)
    if not file.exists():
        file = shipped_scenarios().get(str(path), file)
    try:
        raw = msgspec.toml.decode(file.read_bytes())
    except FileNotFoundError as error:
        shipped = ", ".join(shipped_scenarios())
        raise ConfigError(str(file), f"No such file, nor a shipped scenario; these are {shipped}") from error
    except OSError as error:
        raise ConfigError(str(file), error.strerror or str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), f"is not TOML: {error}") from error
    profile = raw.get("profile")
    if isinstance(profile, str) and (file.parent / profile).is_file():
        raw["profile"] = str(file.parent / profile)
    _place_csv(raw, file.parent)
    try:
        return _made(raw)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error.where}" if error.where else str(file), error.reason) from error


def with_settings(scenario: Scenario, settings: Mapping[str, Any]) -> Scenario:
    """The same scenario with other values of some keys.

    Parameters
    ----------
    settings : key -> value. A key is that of a scenario file, or one of its [campaign], tables joined by dots:
        `agents`, `live`, `talk.mean`, `people.wrap_up.mean`, `ratio`, `abandonment.cap`. Short: `cap`, `p`, `k`.

    Raises
    ------
    ConfigError : no such key, one that is given under two names, or a value that is refused.
    """
    raw: dict[str, Any] = msgspec.to_builtins(scenario)
    known: dict[str, str] = {}
    for given, value in settings.items():
        key = full_key(given)
        if key in known:
            raise ConfigError(given, f"given twice, as {known[key]} as well")
        known[key] = given
        *path, last = key.split(".")
        if path and path[0] == "talk" and raw["talk"] is None:
            raw["talk"] = msgspec.to_builtins(scenario.carrier_profile().times.talk)
        table = raw
        for name in path:
            if table.get(name) is None:
                table[name] = {}
            table = table[name]
            if not isinstance(table, dict):
                raise ConfigError(given, f"{name} is not a table")
        table[last] = value
    return _made(raw)


def full_key(key: str) -> str:
    """A key as a scenario file has it, with its tables: `cap` is `campaign.abandonment.cap`."""
    key = SHORT_KEYS.get(key, key)
    return key if key.partition(".")[0] in Scenario.__struct_fields__ else f"campaign.{key}"


#: Short names of keys that are often varied.
SHORT_KEYS = {"cap": "campaign.abandonment.cap", "p": "live", "k": "campaign.reserve"}


def _made(raw: dict[str, Any]) -> Scenario:
    try:
        return msgspec.convert(raw, Scenario)
    except msgspec.ValidationError as error:
        raise _refusal(error, "") from error


def _place_csv(table: dict[str, Any], folder: Path) -> None:
    # paths of recorded distributions are relative to the file that names them
    for key, value in table.items():
        if key == "csv" and isinstance(value, str):
            table[key] = str(folder / value)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                _place_csv(one, folder)
