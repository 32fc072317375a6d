"""Settings as keyword arguments.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Required, TypedDict

from outpace.domain.config import (
    Abandonment,
    AnswerKind,
    AnswerSupervision,
    CallingHours,
    CapWindow,
    ConnectClock,
    DialMode,
    Guard,
    InboundLoad,
    MachineAction,
    RatioCounts,
    RetryRule,
    TrunkKind,
)


class CallingHoursSettings(TypedDict, total=False):
    """Settings of CallingHours: what is left out has its default."""

    timezone: Required[str]
    start: str
    end: str
    days: Sequence[int]


class RetryRuleSettings(TypedDict, total=False):
    """Settings of RetryRule: what is left out has its default."""

    wait_s: float
    max_attempts: int


class AbandonmentSettings(TypedDict, total=False):
    """Settings of Abandonment: what is left out has its default."""

    cap: float
    window: CapWindow | Literal["day", "rolling", "block"]
    hours: float
    days: int
    since: str
    timezone: str
    counts_caller_left: bool
    guard: Guard | Literal["target", "bound"]
    confidence: float


class AbandonmentChanges(TypedDict, total=False):
    """Settings of Abandonment: what is left out stays, None is the default again."""

    cap: float | None
    window: CapWindow | Literal["day", "rolling", "block"] | None
    hours: float | None
    days: int | None
    since: str | None
    timezone: str | None
    counts_caller_left: bool | None
    guard: Guard | Literal["target", "bound"] | None
    confidence: float | None


class NewCampaign(TypedDict, total=False):
    """Settings of Campaign: what is left out has its default."""

    name: Required[str]
    mode: DialMode | Literal["precise", "ratio", "progressive", "predictive", "erlang", "agentless"]
    ratio: float
    ratio_counts: RatioCounts | Literal["ready", "logged_in"]
    reserve: int
    trunk_groups: Sequence[int]
    ring_timeout_s: float
    connect_limit_s: float
    connect_clock: ConnectClock | Literal["answer", "greeting_end", "verdict"]
    amd: bool
    amd_timeout_s: float
    machine_action: MachineAction | Literal["hang_up", "message"]
    message: str
    message_max_s: float
    wrap_up_max_s: float
    hopper_size: int
    dispositions: Sequence[str]
    answers: Mapping[str, AnswerKind | Literal["text", "number", "yes_no", "date"]]
    script: str
    retry: Mapping[str, RetryRule | RetryRuleSettings]
    calling_hours: CallingHours | CallingHoursSettings | None
    abandonment: Abandonment | AbandonmentSettings
    cancels: bool
    min_ring_s: float
    inbound: InboundLoad | None


class CampaignChanges(TypedDict, total=False):
    """Settings of Campaign: what is left out stays, None is the default again."""

    name: str | None
    mode: DialMode | Literal["precise", "ratio", "progressive", "predictive", "erlang", "agentless"] | None
    ratio: float | None
    ratio_counts: RatioCounts | Literal["ready", "logged_in"] | None
    reserve: int | None
    trunk_groups: Sequence[int] | None
    ring_timeout_s: float | None
    connect_limit_s: float | None
    connect_clock: ConnectClock | Literal["answer", "greeting_end", "verdict"] | None
    amd: bool | None
    amd_timeout_s: float | None
    machine_action: MachineAction | Literal["hang_up", "message"] | None
    message: str | None
    message_max_s: float | None
    wrap_up_max_s: float | None
    hopper_size: int | None
    dispositions: Sequence[str] | None
    answers: Mapping[str, AnswerKind | Literal["text", "number", "yes_no", "date"]] | None
    script: str | None
    retry: Mapping[str, RetryRule | RetryRuleSettings] | None
    calling_hours: CallingHours | CallingHoursSettings | None
    abandonment: Abandonment | AbandonmentChanges | None
    cancels: bool | None
    min_ring_s: float | None
    inbound: InboundLoad | None


class NewTrunkGroup(TypedDict, total=False):
    """Settings of TrunkGroup: what is left out has its default."""

    name: Required[str]
    kind: TrunkKind | Literal["sip", "isdn_pri", "ss7", "mfc_r2", "analogue"]
    channels: int
    cps: float
    burst: int
    max_pending: int
    caller_ids: Sequence[str]
    answer_supervision: AnswerSupervision | Literal["trusted", "guessed"]
    dial: str
    strip: str
    prefix: str


class TrunkGroupChanges(TypedDict, total=False):
    """Settings of TrunkGroup: what is left out stays, None is the default again."""

    name: str | None
    kind: TrunkKind | Literal["sip", "isdn_pri", "ss7", "mfc_r2", "analogue"] | None
    channels: int | None
    cps: float | None
    burst: int | None
    max_pending: int | None
    caller_ids: Sequence[str] | None
    answer_supervision: AnswerSupervision | Literal["trusted", "guessed"] | None
    dial: str | None
    strip: str | None
    prefix: str | None
