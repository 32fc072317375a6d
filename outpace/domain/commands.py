"""Commands: what the engine wants done. Each has a fact for success, refusal and time-out.

Notices (AgentStateChanged, CampaignStateChanged) want nothing done; they tell drivers and boards what changed.
"""

from __future__ import annotations

import msgspec

from outpace.domain.outcomes import AbandonReason, LimitedBy, Outcome, Verdict, WithdrawReason
from outpace.domain.states import AgentState, CampaignState


class Command(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of all commands."""


# ---- to the store ------------------------------------------------------------------------------------------------


class LeaseLeads(Command, frozen=True):
    """Lease up to `count` due leads -> LeadsLeased, LeaseRefused.

    Hot ones come first, then callbacks. With `hot` only hot ones, and so many `callbacks` besides at the most.
    """

    campaign_id: int
    count: int
    hot: bool = False
    callbacks: int = 0


class RenewLease(Command, frozen=True):
    """Keep the token's undialled leads -> LeaseRenewed, LeaseLost."""

    campaign_id: int
    token: int


class ReleaseLeads(Command, frozen=True):
    """Give back the leads of the token that were not dialled; no answer is needed, the deadline does the same."""

    campaign_id: int
    token: int


class WriteIntent(Command, frozen=True):
    """Write ahead that the number will be dialled -> IntentDurable, IntentRefused."""

    call_id: int
    campaign_id: int
    lead_id: int
    number: int
    lease_token: int
    trunk_group_id: int
    attempt_number: int


class WithdrawIntent(Command, frozen=True):
    """Take the intent back: it was no attempt, the lead is due again at `retry_at_ns` -> IntentWithdrawn."""

    call_id: int
    reason: WithdrawReason
    retry_at_ns: int


class RecordAttempt(Command, frozen=True):
    """The attempt is over: close the intent, append the attempt, give the lead its next turn -> AttemptRecorded.

    Times are engine time in UTC nanoseconds, 0 = did not happen; answered, verdict and connected carry the switch's
    time where it gave one. `retry_at_ns` 0 = the lead is finished.
    """

    call_id: int
    campaign_id: int
    lead_id: int
    number: int
    lease_token: int
    trunk_group_id: int
    agent_id: int
    attempt_number: int
    outcome: Outcome
    abandon_reason: AbandonReason
    verdict: Verdict
    hangup_cause: int
    tech_cause: int
    caller_id: str
    retry_at_ns: int
    intent_ns: int
    launched_ns: int
    proceeding_ns: int
    ringing_ns: int
    answered_ns: int
    speech_start_ns: int
    greeting_end_ns: int
    verdict_ns: int
    offered_ns: int
    connected_ns: int
    talk_end_ns: int
    treatment_start_ns: int
    treatment_end_ns: int
    ended_ns: int


class RecordDisposition(Command, frozen=True):
    """Write the agent's verdict on an attempt; no answer is needed. Fields as those of DispositionSet."""

    call_id: int
    agent_id: int
    disposition: int
    attributes: str = "{}"
    callback_ns: int = 0
    suppress: bool = False


class SaveEstimates(Command, frozen=True):
    """Keep what pacing has learned of the campaign, over what was kept before; no answer is needed.

    `format` says what the bytes mean; whoever reads another one begins anew.
    """

    campaign_id: int
    format: int
    data: bytes


# ---- to the switch -----------------------------------------------------------------------------------------------


class Originate(Command, frozen=True):
    """Dial -> OriginateRefused, CallProceeding, CallRinging, CallAnswered, CallEnded."""

    call_id: int
    campaign_id: int
    trunk_group_id: int
    number: int
    caller_id: str
    ring_timeout_ns: int
    classify: bool


class HangUp(Command, frozen=True):
    """End the call -> CallEnded."""

    call_id: int
    cause: int


class ConnectAgent(Command, frozen=True):
    """Bridge the call to the agent's standing leg -> AgentConnected, ConnectFailed."""

    call_id: int
    agent_id: int


class PlayMessage(Command, frozen=True):
    """Play the recorded message -> MessageEnded."""

    call_id: int
    message: str


class QueryCall(Command, frozen=True):
    """Ask the switch what it knows of the call -> CallQueried."""

    call_id: int


class OpenAgentLeg(Command, frozen=True):
    """Open (or adopt) the agent's standing leg -> AgentLegUp, AgentLegLost."""

    agent_id: int


class CloseAgentLeg(Command, frozen=True):
    """Close the agent's standing leg -> AgentLegLost."""

    agent_id: int


# ---- notices -----------------------------------------------------------------------------------------------------


class AgentStateChanged(Command, frozen=True):
    """The agent has entered a state; `call_id` names the call in hand, 0 = none."""

    agent_id: int
    state: AgentState
    call_id: int
    since_ns: int


class CampaignStateChanged(Command, frozen=True):
    """The campaign has entered a state."""

    campaign_id: int
    state: CampaignState
    reason: LimitedBy


StoreCommand = (
    LeaseLeads | RenewLease | ReleaseLeads | WriteIntent | WithdrawIntent | RecordAttempt | RecordDisposition
    | SaveEstimates
)  # fmt: skip
SwitchCommand = Originate | HangUp | ConnectAgent | PlayMessage | QueryCall | OpenAgentLeg | CloseAgentLeg
Notice = AgentStateChanged | CampaignStateChanged
AnyCommand = StoreCommand | SwitchCommand | Notice
