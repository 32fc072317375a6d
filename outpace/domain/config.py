"""Settings of a pool: campaigns, agents, trunk groups. Frozen and checked; reads no file.

Seconds are floats and say so in their names; ids are small integers chosen by the caller, unique per kind.
"""

from __future__ import annotations

import math
from datetime import date, time
from enum import Enum
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from outpace.domain.errors import ConfigError
from outpace.domain.outcomes import Outcome

MAX_CAMPAIGNS = 64

#: Trunk groups that a campaign may use.
MAX_TRUNK_GROUPS = 16


class DialMode(Enum):
    """How launches are paced."""

    PRECISE = "precise"
    RATIO = "ratio"
    PROGRESSIVE = "progressive"
    PREDICTIVE = "predictive"
    ERLANG = "erlang"
    AGENTLESS = "agentless"


class CapWindow(Enum):
    """Over what the share of abandoned calls is taken: the calendar day, the last hours, blocks of days."""

    DAY = "day"
    ROLLING = "rolling"
    BLOCK = "block"


class Guard(Enum):
    """What must stay under the cap: the share itself (`target`), or its upper confidence bound too (`bound`)."""

    TARGET = "target"
    BOUND = "bound"


class RatioCounts(Enum):
    """Which agents a ratio multiplies: `ready` ones, or all `logged_in` ones that are not paused."""

    READY = "ready"
    LOGGED_IN = "logged_in"


class ConnectClock(Enum):
    """The moment from which the connect limit runs."""

    ANSWER = "answer"
    GREETING_END = "greeting_end"
    VERDICT = "verdict"


class MachineAction(Enum):
    """What happens to an answering machine: hang up, or leave the recorded message."""

    HANG_UP = "hang_up"
    MESSAGE = "message"


class AnswerKind(Enum):
    """What an agent fills in with a disposition: a line of text, a number, yes or no, a date (YYYY-MM-DD)."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"


class TrunkKind(Enum):
    """Signalling of a trunk group."""

    SIP = "sip"
    ISDN_PRI = "isdn_pri"
    SS7 = "ss7"
    MFC_R2 = "mfc_r2"
    ANALOGUE = "analogue"


class AnswerSupervision(Enum):
    """Whether an answer is signalled by the network or guessed from what is heard."""

    TRUSTED = "trusted"
    GUESSED = "guessed"


def _unique(key: str, ids: list[int]) -> set[int]:
    seen: set[int] = set()
    for one in ids:
        if one in seen:
            raise ConfigError(key, f"id {one} occurs twice")
        seen.add(one)
    return seen


def _check(key: str, value: float, *, low: float, high: float) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise ConfigError(key, f"must be from {low:g} to {high:g}, not {value:g}")


def _check_line(key: str, value: str) -> None:
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ConfigError(key, "holds a control character")


def _time_of_day(key: str, text: str) -> time:
    try:
        hours, minutes = text.split(":")
        if len(hours) != 2 or len(minutes) != 2 or not (hours + minutes).isdecimal() or not text.isascii():
            raise ValueError
        if (hours, minutes) == ("24", "00"):
            return time.max
        return time(int(hours), int(minutes))
    except ValueError as error:
        raise ConfigError(key, f"wants a time of day as HH:MM, not {text!r}") from error


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base: unknown keys are refused, and so are numbers out of `BOUNDS` (least and greatest, by key)."""

    BOUNDS: ClassVar[dict[str, tuple[float, float]]] = {}

    def __post_init__(self) -> None:
        for key, (low, high) in self.BOUNDS.items():
            _check(key, getattr(self, key), low=low, high=high)


class CallingHours(_Settings, frozen=True):
    """When the campaign may dial, in the civil time of one zone. Days 1 (Monday) to 7 (Sunday).

    `end` is exclusive and later than `start`: a window never crosses midnight.
    """

    timezone: str
    start: str = "09:00"
    end: str = "20:00"
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6)

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigError("timezone", f"no such time zone: {self.timezone!r}") from error
        if not self.start_time < self.end_time:
            raise ConfigError("end", f"must be later than start ({self.start}), not {self.end}")
        if not self.days or any(day not in range(1, 8) for day in self.days):
            raise ConfigError("days", "wants at least one of 1 (Monday) to 7 (Sunday)")

    @property
    def start_time(self) -> time:
        """Start as a time of day."""
        return _time_of_day("start", self.start)

    @property
    def end_time(self) -> time:
        """End as a time of day."""
        return _time_of_day("end", self.end)


class RetryRule(_Settings, frozen=True):
    """What follows one outcome: how long to wait, and how many attempts a lead may have in all."""

    BOUNDS = {"wait_s": (0.0, 366 * 86400.0), "max_attempts": (1, 100)}

    wait_s: float = 3600.0
    max_attempts: int = 3


class Abandonment(_Settings, frozen=True):
    """The share of people who answer and may find no agent in time.

    `cap` is a share (0.03 = 3 %). `window`: the calendar day in `timezone`; the last `hours`; or blocks of `days` days
    that follow each other from `since` on, a date. `counts_caller_left` says whether the rule counts people who hang
    up before the connect limit; pacing always does, but for those who leave while call progress analysis listens yet.
    `confidence` is that of the bound. With `guard = bound` a window begins with nobody abandoned until enough have
    answered for one to be allowed: 156 at a cap of 3 % and 95 %. With a cap of 0 nobody ever
    is, with a cap of 1 nothing is forbidden.
    """

    BOUNDS = {
        "cap": (0.0, 1.0),
        "hours": (1.0, 24.0 * 31),
        "days": (1, 366),
        "confidence": (0.5, 0.9999),
    }

    cap: float = 0.03
    window: CapWindow = CapWindow.DAY
    hours: float = 24.0
    days: int = 30
    since: str = "2026-01-01"
    timezone: str = "UTC"
    counts_caller_left: bool = False
    guard: Guard = Guard.TARGET
    confidence: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            date.fromisoformat(self.since)
        except ValueError as error:
            raise ConfigError("since", f"wants a date as YYYY-MM-DD, not {self.since!r}") from error
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigError("timezone", f"no such time zone: {self.timezone!r}") from error


class InboundLoad(_Settings, frozen=True):
    """Calls that come in to the same agents from elsewhere, as forecast: dialling leaves agents free for them.

    `calls_per_h` people call in, each keeps an agent for `handle_s` on average, and `service_level` of them are to be
    served within `within_s`. Who waits leaves after `patience_s` on average; 0 = stays.
    """

    BOUNDS = {
        "calls_per_h": (0.0, 1e6),
        "handle_s": (1.0, 86_400.0),
        "service_level": (0.01, 0.9999),
        "within_s": (0.0, 3600.0),
        "patience_s": (0.0, 86_400.0),
    }

    calls_per_h: float
    handle_s: float = 180.0
    service_level: float = 0.8
    within_s: float = 20.0
    patience_s: float = 0.0


#: Outcomes after which a lead may be dialled again, by the key that a campaign file uses.
RETRIABLE: dict[str, Outcome] = {
    "busy": Outcome.BUSY,
    "no_answer": Outcome.NO_ANSWER,
    "congestion": Outcome.CONGESTION,
    "machine": Outcome.MACHINE,
    "failed": Outcome.FAILED,
    "rejected": Outcome.REJECTED,
    "abandoned": Outcome.ABANDONED,
    "cancelled": Outcome.CANCELLED,
    "overdialled": Outcome.OVERDIALLED,
    "lost": Outcome.LOST,
}


class Campaign(_Settings, frozen=True):
    """One campaign: what is dialled, how it is paced, and what happens to those who answer."""

    BOUNDS = {
        "id": (1, 2**31 - 1),
        "min_ring_s": (15.0, 120.0),
        "ratio": (0.1, 100.0),
        "reserve": (0, 10_000),
        "ring_timeout_s": (5.0, 180.0),
        "connect_limit_s": (0.1, 60.0),
        "amd_timeout_s": (0.5, 30.0),
        "message_max_s": (1.0, 600.0),
        "wrap_up_max_s": (0.0, 86_400.0),
        "hopper_size": (1, 1_000_000),
    }

    id: int
    name: str
    mode: DialMode = DialMode.PRECISE
    ratio: float = 1.0
    ratio_counts: RatioCounts = RatioCounts.READY
    reserve: int = 0
    trunk_groups: tuple[int, ...] = (1,)
    ring_timeout_s: float = 25.0
    connect_limit_s: float = 2.0
    connect_clock: ConnectClock = ConnectClock.ANSWER
    amd: bool = False
    amd_timeout_s: float = 6.0
    machine_action: MachineAction = MachineAction.HANG_UP
    message: str = ""
    message_max_s: float = 60.0
    wrap_up_max_s: float = 0.0
    hopper_size: int = 500
    dispositions: tuple[str, ...] = ("done",)
    answers: dict[str, AnswerKind] = {}
    script: str = ""
    retry: dict[str, RetryRule] = {}
    calling_hours: CallingHours | None = None
    abandonment: Abandonment = Abandonment()
    cancels: bool = False
    min_ring_s: float = 15.0
    inbound: InboundLoad | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.name:
            raise ConfigError("name", "must not be empty")
        if not self.trunk_groups:
            raise ConfigError("trunk_groups", "wants at least one trunk group")
        if len(self.trunk_groups) > MAX_TRUNK_GROUPS:
            raise ConfigError("trunk_groups", f"a campaign may use {MAX_TRUNK_GROUPS} trunk groups, not more")
        if not self.dispositions:
            raise ConfigError("dispositions", "wants at least one")
        if "" in self.answers:
            raise ConfigError("answers", "wants a name for each answer")
        if self.mode is DialMode.AGENTLESS and not self.message:
            raise ConfigError("message", "is what mode = 'agentless' plays to whoever answers: it must not be empty")
        if self.connect_clock is not ConnectClock.ANSWER and not self.amd:
            raise ConfigError("connect_clock", f"{self.connect_clock.value!r} needs amd = true")
        for key in self.retry:
            if key not in RETRIABLE:
                raise ConfigError(f"retry.{key}", f"no such outcome; one of {', '.join(RETRIABLE)}")


class TrunkGroup(_Settings, frozen=True):
    """Lines of one kind to one carrier or span group.

    `dial` is the switch's channel string: `{number}` stands for the E.164 digits without plus, after `strip` has been
    taken off their front and `prefix` put there. `cps` is calls per second, `burst` how many may start at once.
    """

    BOUNDS = {
        "id": (1, 2**31 - 1),
        "channels": (1, 100_000),
        "cps": (0.01, 100_000.0),
        "burst": (1, 10_000),
        "max_pending": (1, 100_000),
    }

    id: int
    name: str
    kind: TrunkKind = TrunkKind.SIP
    channels: int = 30
    cps: float = 10.0
    burst: int = 1
    max_pending: int = 200
    caller_ids: tuple[str, ...] = ()
    answer_supervision: AnswerSupervision = AnswerSupervision.TRUSTED
    dial: str = "PJSIP/{number}@carrier"
    strip: str = ""
    prefix: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.name:
            raise ConfigError("name", "must not be empty")
        if self.dial.count("{number}") != 1 or self.dial.replace("{number}", "").strip("{}") != self.dial.replace(
            "{number}", ""
        ):
            raise ConfigError("dial", "must hold {number} exactly once and no other braces")
        for key in ("dial", "strip", "prefix"):
            _check_line(key, getattr(self, key))
        for caller_id in self.caller_ids:
            _check_line("caller_ids", caller_id)


class Agent(_Settings, frozen=True):
    """Somebody who talks to people. `leg` is how the switch reaches the desk, e.g. `PJSIP/agent7`."""

    BOUNDS = {"id": (1, 2**31 - 1)}

    id: int
    name: str
    leg: str = ""
    campaigns: tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.name:
            raise ConfigError("name", "must not be empty")
        _check_line("leg", self.leg)


class Pool(_Settings, frozen=True):
    """Agents, trunks and campaigns that share each other: what one engine owns at a time."""

    BOUNDS = {"max_calls": (1, 1_000_000)}

    campaigns: tuple[Campaign, ...]
    trunk_groups: tuple[TrunkGroup, ...]
    agents: tuple[Agent, ...] = ()
    max_calls: int = 8192
    name: str = "default"

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.campaigns) > MAX_CAMPAIGNS:
            raise ConfigError("campaigns", f"may be {MAX_CAMPAIGNS}, not {len(self.campaigns)}")
        campaigns = _unique("campaigns", [c.id for c in self.campaigns])
        groups = _unique("trunk_groups", [g.id for g in self.trunk_groups])
        _unique("agents", [a.id for a in self.agents])
        for campaign in self.campaigns:
            for group in campaign.trunk_groups:
                if group not in groups:
                    raise ConfigError("trunk_groups", f"campaign {campaign.name!r} names trunk group {group}: no such")
        for agent in self.agents:
            for number in agent.campaigns:
                if number not in campaigns:
                    raise ConfigError("agents", f"agent {agent.name!r} names campaign {number}: no such")
