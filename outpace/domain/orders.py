"""What can be asked of a running node, and what it can be told to do: the words of its one door.

A `Question` changes nothing. An `Order` does, and is written to the audit with its actor. Both name the type of their
answer; both are plain data, so that the door may lie between two processes. Bodies of the control API are these very
structs without what the address says already.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from outpace.domain.access import Role
from outpace.domain.config import Campaign, TrunkGroup
from outpace.domain.resources import (
    AgentView,
    AlarmView,
    AttemptView,
    AuditEntry,
    BoardView,
    CallView,
    CampaignView,
    DeadLetter,
    DecisionView,
    DeskView,
    HealthView,
    LeadView,
    ListView,
    Page,
    ReportView,
    SettingsVersion,
    SuppressionView,
    TrunkGroupView,
    WebhookView,
    WhyView,
)

T = TypeVar("T")


class Question(msgspec.Struct, Generic[T], frozen=True, kw_only=True, tag=True):
    """Asks; T is the answer. Unknown ids raise UnknownId."""


class Order(msgspec.Struct, Generic[T], frozen=True, kw_only=True, tag=True):
    """Tells; T is the answer. Raises UnknownId, StateError, ConfigError, or VersionConflict."""


class _Paged(Question[T], Generic[T], frozen=True, kw_only=True):
    cursor: str = ""
    limit: int = 100


# ---- campaigns ---------------------------------------------------------------------------------------------------


class ListCampaigns(_Paged[Page[CampaignView]], frozen=True, kw_only=True):
    """All campaigns, archived ones only when asked for."""

    archived: bool = False


class GetCampaign(Question[CampaignView], frozen=True, kw_only=True):
    """One campaign."""

    campaign_id: int


class CreateCampaign(Order[CampaignView], frozen=True, kw_only=True):
    """A new campaign, in draft. `settings.id` is ignored: the store gives ids."""

    settings: Campaign


class ChangeCampaign(Order[CampaignView], frozen=True, kw_only=True):
    """Change settings, running or not: `changes` is a JSON merge patch (RFC 7396) of the settings.

    `version` = that of the settings that the change was made on; another one raises VersionConflict. 0 = whatever.
    """

    campaign_id: int
    changes: dict[str, Any]
    version: int = 0


class StartCampaign(Order[CampaignView], frozen=True, kw_only=True):
    """Dial. Also after a pause."""

    campaign_id: int


class PauseCampaign(Order[CampaignView], frozen=True, kw_only=True):
    """Launch no more; calls in hand go on."""

    campaign_id: int


class StopCampaign(Order[CampaignView], frozen=True, kw_only=True):
    """Launch no more; with `now` hang up what is unanswered, else let it end (drain)."""

    campaign_id: int
    now: bool = False


class ArchiveCampaign(Order[CampaignView], frozen=True, kw_only=True):
    """Put a campaign away that does not run. Its attempts stay."""

    campaign_id: int


class CampaignVersions(_Paged[Page[SettingsVersion]], frozen=True, kw_only=True):
    """The settings' history, latest first."""

    campaign_id: int


class GetBoard(Question[BoardView], frozen=True, kw_only=True):
    """The live figures."""

    campaign_id: int


class GetDecisions(Question[list[DecisionView]], frozen=True, kw_only=True):
    """The last launch decisions (at most 256) with a sequence greater than `after`, oldest first."""

    campaign_id: int
    after: int = 0


class WhyNothing(Question[WhyView], frozen=True, kw_only=True):
    """Why a campaign dials nothing now."""

    campaign_id: int


class WhyNotLead(Question[WhyView], frozen=True, kw_only=True):
    """Why a lead is not dialled now."""

    lead_id: int


# ---- lists and leads ---------------------------------------------------------------------------------------------


class ListLists(_Paged[Page[ListView]], frozen=True, kw_only=True):
    """Lists of a campaign (0 = of all), latest first."""

    campaign_id: int = 0


class GetList(Question[ListView], frozen=True, kw_only=True):
    """One list."""

    list_id: int


class ListLeads(_Paged[Page[LeadView]], frozen=True, kw_only=True):
    """Leads of a campaign by id, of one state or list if given; or those of one number."""

    campaign_id: int = 0
    list_id: int = 0
    state: str = ""
    number: str = ""


class GetLead(Question[LeadView], frozen=True, kw_only=True):
    """One lead."""

    lead_id: int


class CountLeads(Question[dict[str, int]], frozen=True, kw_only=True):
    """Leads of a campaign by state, with `total` and `due` (callable now)."""

    campaign_id: int


class AddLead(Order[LeadView], frozen=True, kw_only=True):
    """Add one lead. `hot`: it is dialled before all others, as soon as pacing launches a call."""

    campaign_id: int
    number: str
    region: str = ""
    reference: str = ""
    attributes: dict[str, Any] = {}
    due_at: datetime | None = None
    hot: bool = False


class LeadsAdded(Order[None], frozen=True, kw_only=True):
    """An import has added leads in another process: a campaign that has run dry looks again."""

    campaign_id: int


class RevealNumber(Order[str], frozen=True, kw_only=True):
    """The number of a lead in full, for who sees it masked. An order, since it is audited."""

    lead_id: int


class ListSuppression(_Paged[Page[SuppressionView]], frozen=True, kw_only=True):
    """Suppressed numbers, by number."""

    campaign_id: int = 0
    number: str = ""


class Suppress(Order[SuppressionView], frozen=True, kw_only=True):
    """Never dial a number again, from this moment on; a call to it that is unanswered is hung up."""

    number: str
    region: str = ""
    campaign_id: int = 0
    reason: str = ""
    expires_at: datetime | None = None


class Unsuppress(Order[None], frozen=True, kw_only=True):
    """Take a number off the list."""

    number: str
    campaign_id: int = 0


class NumbersSuppressed(Order[int], frozen=True, kw_only=True):
    """An import has suppressed numbers in another process; answers of how many leads the engine must let go.

    None of them is dialled any more from the moment in which the store knows; this ends what is under way.
    """

    campaign_id: int = 0


# ---- agents and calls --------------------------------------------------------------------------------------------


class ListAgents(Question[list[AgentView]], frozen=True, kw_only=True):
    """The floor: all agents, or those of a campaign."""

    campaign_id: int = 0


class GetAgent(Question[AgentView], frozen=True, kw_only=True):
    """One agent, without the call in hand."""

    agent_id: int


class GetDesk(Question[DeskView], frozen=True, kw_only=True):
    """An agent and the call in hand."""

    agent_id: int


class DefineAgent(Order[AgentView], frozen=True, kw_only=True):
    """Add an agent (agent_id 0) or change one."""

    agent_id: int = 0
    name: str
    leg: str
    campaigns: list[int]


class LogIn(Order[DeskView], frozen=True, kw_only=True):
    """Open the agent's leg; not ready until said so."""

    agent_id: int
    leg: str = ""


class LogOut(Order[DeskView], frozen=True, kw_only=True):
    """Log out: now, or after the call in hand."""

    agent_id: int


class SetReady(Order[DeskView], frozen=True, kw_only=True):
    """Ready for calls; ends a wrap-up."""

    agent_id: int


class SetNotReady(Order[DeskView], frozen=True, kw_only=True):
    """Pause with a reason code (0 to 255): now, or after the call in hand."""

    agent_id: int
    reason: int = 0


class SetDisposition(Order[DeskView], frozen=True, kw_only=True):
    """The agent's verdict on the call in hand or in wrap-up.

    `callback_at` schedules the lead again; `suppress` never dials the number again.
    """

    agent_id: int
    call_id: str
    disposition: str
    attributes: dict[str, Any] = {}
    callback_at: datetime | None = None
    suppress: bool = False
    ready: bool = False


class ListCalls(Question[list[CallView]], frozen=True, kw_only=True):
    """Calls in flight, of a campaign if given, in the order of their launch; `limit` at most 10,000."""

    campaign_id: int = 0
    limit: int = 1_000


class GetCall(Question[CallView], frozen=True, kw_only=True):
    """One call in flight."""

    call_id: str


class HangUpCall(Order[None], frozen=True, kw_only=True):
    """End a call in flight."""

    call_id: str


class ListAttempts(_Paged[Page[AttemptView]], frozen=True, kw_only=True):
    """Attempts that ended in [since, until), latest first; 0 and "" do not filter."""

    campaign_id: int = 0
    lead_id: int = 0
    agent_id: int = 0
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


class GetReport(Question[ReportView], frozen=True, kw_only=True):
    """Figures of attempts that ended in [since, until) by `campaign`, `agent`, `hour` or `outcome`."""

    by: str
    since: datetime
    until: datetime
    campaign_id: int = 0


# ---- the rest ----------------------------------------------------------------------------------------------------


class ListTrunkGroups(Question[list[TrunkGroupView]], frozen=True, kw_only=True):
    """All trunk groups."""


class ChangeTrunkGroup(Order[TrunkGroupView], frozen=True, kw_only=True):
    """Change a trunk group's settings by a merge patch; see ChangeCampaign."""

    trunk_group_id: int
    changes: dict[str, Any]
    version: int = 0


class CreateTrunkGroup(Order[TrunkGroupView], frozen=True, kw_only=True):
    """A new trunk group. `settings.id` is ignored."""

    settings: TrunkGroup


class ListAudit(_Paged[Page[AuditEntry]], frozen=True, kw_only=True):
    """Acts, latest first."""

    subject: str = ""
    actor: str = ""


class GetHealth(Question[HealthView], frozen=True, kw_only=True):
    """How the node is."""


class ListAlarms(Question[list[AlarmView]], frozen=True, kw_only=True):
    """Alarms that are on, then those that were since the node's start, the latest first."""


class ListWebhooks(Question[list[WebhookView]], frozen=True, kw_only=True):
    """All webhooks."""


class CreateWebhook(Order[WebhookView], frozen=True, kw_only=True):
    """Post events of these topics there, signed with the secret."""

    url: str
    topics: list[str]
    secret: str


class DeleteWebhook(Order[None], frozen=True, kw_only=True):
    """Post nothing more there."""

    webhook_id: int


class ListDeadLetters(_Paged[Page[DeadLetter]], frozen=True, kw_only=True):
    """Events that a webhook did not take, oldest first."""

    webhook_id: int


class RetryDeadLetters(Order[int], frozen=True, kw_only=True):
    """Post them again; answers how many."""

    webhook_id: int


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token without its secret."""

    token_id: int
    name: str
    role: Role
    agent_id: int
    created_at: datetime
    expires_at: datetime | None
    revoked: bool
