"""What the control API shows: one struct per resource, in the field's terms.

They are read by people and programs outside, so that ids of calls are decimal text (64 bits do not fit into the
numbers of JavaScript), times are UTC date-times, durations seconds, shares 0 to 1, numbers of people E.164 with a plus.
A share comes with its numerator and denominator.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from outpace.domain.config import AnswerKind, Campaign, TrunkGroup

T = TypeVar("T")


class Resource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of all resources."""


class Page(Resource, Generic[T], frozen=True, kw_only=True):
    """Some of many. `next_cursor` None = there is no more."""

    items: list[T]
    next_cursor: str | None = None


class Rate(Resource, frozen=True, kw_only=True):
    """A share with what it is of. `value` None when the denominator is 0."""

    value: float | None
    numerator: int
    denominator: int


class Interval(Resource, frozen=True, kw_only=True):
    """A share with its confidence bounds."""

    value: float | None
    low: float
    high: float
    confidence: float


# ---- campaigns ---------------------------------------------------------------------------------------------------


class CampaignView(Resource, frozen=True, kw_only=True):
    """A campaign: settings, the version of these settings, state, and what binds dialling now.

    `reason` is a LimitedBy in lower case, `reason_text` the same in words.
    """

    campaign_id: int
    name: str
    settings: Campaign
    version: int
    state: str
    reason: str
    reason_text: str
    created_at: datetime
    changed_at: datetime
    changed_by: str


class SettingsVersion(Resource, frozen=True, kw_only=True):
    """One version of a campaign's settings. `changes` maps each changed key to [before, after]."""

    version: int
    settings: Campaign
    changes: dict[str, list[Any]]
    changed_at: datetime
    changed_by: str


class BudgetView(Resource, frozen=True, kw_only=True):
    """The abandonment budget in its window. `drops_left` None = any number."""

    cap: float
    window: str
    abandoned: Rate
    bound: float
    confidence: float
    drops_left: int | None
    spent: bool


class DecisionView(Resource, frozen=True, kw_only=True):
    """One launch decision: its numbers (engine.explain.Decision) and its words."""

    sequence: int
    at: datetime
    launched: int
    wanted: int
    cancelled: int
    limited_by: str
    text: str
    inputs: dict[str, float]


class BoardView(Resource, frozen=True, kw_only=True):
    """The live figures of a campaign since it was started on this node; rates per minute are of the last minute."""

    campaign_id: int
    name: str
    state: str
    reason: str
    reason_text: str
    at: datetime
    elapsed_s: float
    agents: dict[str, int]
    calls: dict[str, int]
    outcomes: dict[str, int]
    launches: int
    answered: int
    connected: int
    abandoned: int
    launches_per_minute: float
    answers_per_minute: float
    occupancy: Rate
    budget: BudgetView
    leads_left: int
    leads_total: int
    trunks: list[TrunkUse]
    decisions: list[DecisionView]


class TrunkUse(Resource, frozen=True, kw_only=True):
    """Channels of a trunk group in use, of those there are."""

    trunk_group_id: int
    name: str
    used: int
    channels: int
    cps: float


class TrunkGroupView(Resource, frozen=True, kw_only=True):
    """A trunk group: settings, their version, use, and channels that the switch reports out of service."""

    settings: TrunkGroup
    version: int
    used: int
    channels: int
    launches: int


# ---- lists and leads ---------------------------------------------------------------------------------------------


class ListView(Resource, frozen=True, kw_only=True):
    """A list that was imported into a campaign. `state` of its import: running, done, failed, cancelled."""

    list_id: int
    campaign_id: int
    name: str
    state: str
    added: int
    duplicates: int
    rejected: int
    suppressed: int
    created_at: datetime
    finished_at: datetime | None = None
    error: str = ""
    job_id: str = ""


class LeadView(Resource, frozen=True, kw_only=True):
    """A lead (record) as it stands. `state` is a LeadState in lower case; `due_at` None = it has no turn any more."""

    lead_id: int
    campaign_id: int
    list_id: int
    number: str
    reference: str
    attributes: dict[str, Any]
    state: str
    attempts: int
    due_at: datetime | None
    added_at: datetime


class Obstacle(Resource, frozen=True, kw_only=True):
    """One thing that keeps a lead or a campaign from being dialled; `opens_at` when it ends by itself, if known."""

    guard: str
    text: str
    opens_at: datetime | None = None


class WhyView(Resource, frozen=True, kw_only=True):
    """Why not now: every guard that is closed, the one that binds first. Empty: nothing stands in the way."""

    dialable: bool
    obstacles: list[Obstacle]
    decision: DecisionView | None = None


class SuppressionView(Resource, frozen=True, kw_only=True):
    """A number that is never dialled, by any campaign (campaign_id 0) or by one; until `expires_at` if that is set."""

    number: str
    campaign_id: int
    reason: str
    added_at: datetime
    added_by: str
    expires_at: datetime | None = None


# ---- agents and calls --------------------------------------------------------------------------------------------


class AgentView(Resource, frozen=True, kw_only=True):
    """An agent on the floor.

    `since` None = in this state since before the node knew the agent. `next_state` is what follows the call in hand,
    "" = as usual.
    """

    agent_id: int
    name: str
    campaigns: list[int]
    leg: str
    leg_state: str
    state: str
    since: datetime | None
    reason: str
    next_state: str
    call_id: str
    calls: int
    occupancy: Rate


class CallView(Resource, frozen=True, kw_only=True):
    """A call in flight."""

    call_id: str
    campaign_id: int
    lead_id: int
    number: str
    state: str
    since: datetime
    launched_at: datetime
    trunk_group_id: int
    agent_id: int
    attempt_number: int


class DeskCall(Resource, frozen=True, kw_only=True):
    """What the agent sees of the call in hand (or in wrap-up): the record, the script, what may be said of it.

    `answers` are the attributes that a disposition of this campaign may carry, with their kinds. `timezone` is the
    person's, of the tz database, `timezone_from` how it is known: "number", else the "campaign" and its calling hours,
    else "none" and it is UTC. `wrap_up_max_s` 0 = the wrap-up ends when the agent says so.
    """

    call: CallView
    campaign: str
    lead: LeadView
    script_ref: str
    dispositions: list[str]
    answers: dict[str, AnswerKind]
    disposition: str
    timezone: str
    timezone_from: str
    wrap_up_max_s: float


class DeskView(Resource, frozen=True, kw_only=True):
    """An agent's desk. `at` is the node's time, which all times of the desk are of."""

    at: datetime
    agent: AgentView
    call: DeskCall | None


class AttemptView(Resource, frozen=True, kw_only=True):
    """An attempt that has ended, with all its times."""

    call_id: str
    campaign_id: int
    lead_id: int
    number: str
    trunk_group_id: int
    agent_id: int
    attempt_number: int
    outcome: str
    abandon_reason: str
    verdict: str
    hangup_cause: int
    tech_cause: int
    caller_id: str
    disposition: str
    launched_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    verdict_at: datetime | None
    connected_at: datetime | None
    talk_ended_at: datetime | None
    ended_at: datetime
    retry_at: datetime | None
    talk_s: float
    attributes: dict[str, Any]


class DispositionView(Resource, frozen=True, kw_only=True):
    """What an agent has said of a call. `campaign_id` and the rest of the call are 0 and "" when it was long ago."""

    call_id: str
    agent_id: int
    campaign_id: int
    lead_id: int
    number: str
    disposition: str
    attributes: dict[str, Any]
    callback_at: datetime | None
    suppress: bool


# ---- reports, jobs, health ---------------------------------------------------------------------------------------


class Column(Resource, frozen=True, kw_only=True):
    """A column of a report. `numerator` and `denominator` say what a rate divides; "" for counts."""

    name: str
    unit: str
    meaning: str
    numerator: str = ""
    denominator: str = ""


class ReportView(Resource, frozen=True, kw_only=True):
    """A report: what each column means, and the rows; the last row is the total."""

    by: str
    since: datetime
    until: datetime
    columns: list[Column]
    rows: list[dict[str, Any]]
    total: dict[str, Any]


class JobView(Resource, frozen=True, kw_only=True):
    """Long work. `state`: queued, running, done, failed, cancelled. `progress` 0 to 1."""

    job_id: str
    kind: str
    state: str
    progress: float
    text: str
    created_at: datetime
    created_by: str
    finished_at: datetime | None = None
    result: Any = None
    error: str = ""


class AuditEntry(Resource, frozen=True, kw_only=True):
    """Who did what to what, when. `detail` holds the changes, without secrets."""

    entry_id: int
    at: datetime
    actor: str
    role: str
    action: str
    subject: str
    detail: dict[str, Any]


class WebhookView(Resource, frozen=True, kw_only=True):
    """Where events are posted; the secret is never shown again."""

    webhook_id: int
    url: str
    topics: list[str]
    enabled: bool
    created_at: datetime
    delivered: int
    dead: int
    last_error: str


class DeadLetter(Resource, frozen=True, kw_only=True):
    """An event that a webhook did not take."""

    letter_id: int
    webhook_id: int
    event: dict[str, Any]
    attempts: int
    error: str
    at: datetime


class Alarm(Resource, frozen=True, kw_only=True):
    """Something that somebody should look at. `severity`: warning, critical."""

    alarm: str
    severity: str
    subject: str
    text: str
    since: datetime


class AlarmView(Resource, frozen=True, kw_only=True):
    """An alarm that is on, or was since the node's start; `until` None = it is on."""

    alarm: str
    severity: str
    subject: str
    text: str
    since: datetime
    until: datetime | None = None


class HealthView(Resource, frozen=True, kw_only=True):
    """Whether the node works: each part's state and what is wrong with it."""

    ready: bool
    version: str
    parts: dict[str, str]
    alarms: list[Alarm]
