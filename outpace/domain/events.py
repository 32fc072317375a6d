"""Facts: what has happened, with the switch's own time where it has one. `Engine.handle(event, now_ns)` takes them.

`call_id` is the attempt id (epoch << 32 | sequence), `switch_ns` the switch's clock in UTC nanoseconds, 0 = unknown.
Settings, operators' acts and the store's answers are facts too: what is not a fact cannot change the engine.
"""

from __future__ import annotations

import msgspec

from outpace.domain.config import Pool
from outpace.domain.outcomes import CallPresence, IntentRefusal, Outcome, Refusal, Verdict


class Event(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Base of all facts; a journal stores them tagged with their class name."""


# ---- of calls, from the switch ---------------------------------------------------------------------------------


class OriginateRefused(Event, frozen=True):
    """The switch did not start the call."""

    call_id: int
    reason: Refusal
    switch_ns: int = 0


class CallProceeding(Event, frozen=True):
    """The switch has a channel for the call and the network is working on it."""

    call_id: int
    switch_ns: int = 0


class CallRinging(Event, frozen=True):
    """The callee is alerted."""

    call_id: int
    switch_ns: int = 0


class CallAnswered(Event, frozen=True):
    """Somebody or something answered."""

    call_id: int
    switch_ns: int = 0


class CpaVerdict(Event, frozen=True):
    """Call progress analysis has decided.

    `greeting_end_ns` is the verdict's time less the detector's closing silence.
    """

    call_id: int
    verdict: Verdict
    greeting_end_ns: int = 0
    speech_start_ns: int = 0
    switch_ns: int = 0


class AgentConnected(Event, frozen=True):
    """The call and the agent's leg are bridged."""

    call_id: int
    agent_id: int
    switch_ns: int = 0


class ConnectFailed(Event, frozen=True):
    """The bridge could not be made. `leg_lost` says that the agent's leg is the cause."""

    call_id: int
    agent_id: int
    leg_lost: bool = False
    switch_ns: int = 0


class AgentReleased(Event, frozen=True):
    """The agent's leg has left the bridge."""

    call_id: int
    agent_id: int
    switch_ns: int = 0


class MessageEnded(Event, frozen=True):
    """The recorded message was played to its end."""

    call_id: int
    switch_ns: int = 0


class CallEnded(Event, frozen=True):
    """The call is over on the switch. `outcome` is the network's view, used where nobody answered.

    ABANDONED says that the switch itself met a person whom nobody else met in time (the dead-man's timer), at
    `switch_ns`.
    """

    call_id: int
    outcome: Outcome = Outcome.NONE
    hangup_cause: int = 0
    tech_cause: int = 0
    switch_ns: int = 0


class CallQueried(Event, frozen=True):
    """Answer to QueryCall."""

    call_id: int
    presence: CallPresence
    agent_id: int = 0
    switch_ns: int = 0


class CallAdopted(Event, frozen=True):
    """A call of an earlier epoch that is still alive on the switch; the engine takes it over."""

    call_id: int
    campaign_id: int
    lead_id: int
    number: int
    trunk_group_id: int
    attempt_number: int
    presence: CallPresence
    agent_id: int = 0
    lease_token: int = 0
    launched_ns: int = 0


# ---- of agents ---------------------------------------------------------------------------------------------------


class AgentLoggedIn(Event, frozen=True):
    """The agent is at the desk; the engine opens the standing leg."""

    agent_id: int


class AgentLoggedOut(Event, frozen=True):
    """The agent leaves; takes effect after the call in hand."""

    agent_id: int


class AgentLegUp(Event, frozen=True):
    """The agent's standing leg is up."""

    agent_id: int
    switch_ns: int = 0


class AgentLegLost(Event, frozen=True):
    """The agent's leg is gone or could not be opened."""

    agent_id: int
    cause: int = 0
    switch_ns: int = 0


class AgentReady(Event, frozen=True):
    """The agent wants calls; also ends wrap-up."""

    agent_id: int


class AgentNotReady(Event, frozen=True):
    """The agent wants no more calls; takes effect after the call in hand. `reason` is the operator's pause code."""

    agent_id: int
    reason: int = 0


class DispositionSet(Event, frozen=True):
    """The agent's verdict on a call: an index into the campaign's dispositions.

    `attributes` is what the agent has noted, as JSON text. `callback_ns`: when the lead is to be called again, 0 = as
    the retry rules say. `suppress`: its number is never to be dialled again, by any campaign.
    """

    agent_id: int
    call_id: int
    disposition: int
    attributes: str = "{}"
    callback_ns: int = 0
    suppress: bool = False


# ---- of the link and the trunks ----------------------------------------------------------------------------------


class LinkUp(Event, frozen=True):
    """The switch is reachable and its state has been read."""

    switch_ns: int = 0


class LinkDown(Event, frozen=True):
    """The switch is out of reach: nothing is launched."""

    reason: str = ""


class TrunkCapacity(Event, frozen=True):
    """Channels of a trunk group that can carry calls now (those in alarm are left out)."""

    trunk_group_id: int
    channels: int


# ---- of the store ------------------------------------------------------------------------------------------------


class LeadsLeased(Event, frozen=True):
    """Answer to LeaseLeads: leads due now, dialable until `deadline_ns` (engine time) under the fencing `token`.

    The lists have one length, but for `features` (see features.py), which may be empty: nothing is known of the leads.
    `next_due_ns`: when the next lead of the campaign falls due, or where none waits, comes back from a lease at the
    earliest; 0 = there is none. `hot`: as the LeaseLeads was; `next_due_ns` says nothing then. Of the leads the
    first `hots`, or when `hot` all that are no callbacks, are hot, and the next `callbacks` promised: these are dialled
    before what was leased earlier.
    """

    campaign_id: int
    token: int
    deadline_ns: int
    lead_ids: list[int]
    numbers: list[int]
    attempts: list[int]
    next_due_ns: int = 0
    features: list[int] = []
    hot: bool = False
    hots: int = 0
    callbacks: int = 0


class LeaseRefused(Event, frozen=True):
    """The store cannot lease now. `hot`: as the LeaseLeads was."""

    campaign_id: int
    hot: bool = False


class LeaseRenewed(Event, frozen=True):
    """The token's leads may be dialled until the new deadline."""

    campaign_id: int
    token: int
    deadline_ns: int


class LeaseLost(Event, frozen=True):
    """The token has expired; its leads are not ours any more."""

    campaign_id: int
    token: int


class IntentDurable(Event, frozen=True):
    """The intent is on disk: the switch may hear of the call."""

    call_id: int


class IntentRefused(Event, frozen=True):
    """The store wrote no intent: the call must not be made."""

    call_id: int
    reason: IntentRefusal


class IntentWithdrawn(Event, frozen=True):
    """The intent is taken back, the lead is due again."""

    call_id: int


class AttemptRecorded(Event, frozen=True):
    """The attempt's ending is durable."""

    call_id: int


class LedgerSpan(msgspec.Struct, frozen=True, array_like=True):
    """Who was connected and abandoned in a quarter of an hour that begins at `from_ns`.

    `without_verdict`: of `caller_left`, those of whom no verdict had told that they were people. With call progress
    analysis they left while it was listening.
    """

    from_ns: int
    connected: int
    no_agent_in_time: int
    caller_left: int
    without_verdict: int = 0


class LedgerLoaded(Event, frozen=True):
    """What earlier epochs have answered and abandoned in this campaign, read from the attempts at start.

    The counts are of all times; `spans`, the earliest first, tell when, as far back as the cap's window can reach: the
    abandonment budget is made of them.
    """

    campaign_id: int
    connected: int
    no_agent_in_time: int
    caller_left: int
    spans: list[LedgerSpan] = []


class EstimatesLoaded(Event, frozen=True):
    """What an earlier epoch had learned of the campaign (SaveEstimates), read at start."""

    campaign_id: int
    format: int
    data: bytes


# ---- of operators ------------------------------------------------------------------------------------------------


class CampaignStarted(Event, frozen=True):
    """Dial (from draft, or on after a pause)."""

    campaign_id: int


class CampaignPaused(Event, frozen=True):
    """Launch no more; calls in hand go on; leads stay leased."""

    campaign_id: int


class CampaignDraining(Event, frozen=True):
    """Launch no more, give the leads back, and pause when the last call has ended."""

    campaign_id: int


class CampaignStopped(Event, frozen=True):
    """Hang up what is unanswered or waiting, then as CampaignDraining. Conversations go on."""

    campaign_id: int


class CampaignCompleted(Event, frozen=True):
    """It had completed when this engine began: it dials when it is told of leads. Only before it was started here."""

    campaign_id: int


class PacingChanged(Event, frozen=True):
    """New settings of the campaign's pacer. `cap` is the share of people that may be abandoned; None = unchanged."""

    campaign_id: int
    ratio: float
    reserve: int
    cap: float | None = None


class PoolChanged(Event, frozen=True):
    """The settings of the pool from now on; campaigns, trunk groups and agents behind those there were are new.

    Any setting of a campaign, a trunk group or an agent may change. Ids and their order stay, nothing is removed, and
    `name` and `max_calls` are of the engine's whole life. Calls in flight and agents' states stay as they are: what
    began before keeps its deadline. A call is answered in the mode in which it was launched.
    """

    pool: Pool


class HangUpCall(Event, frozen=True):
    """End a call in flight, whatever its state. One that the switch has not heard of yet is not made."""

    call_id: int


class LeadsAdded(Event, frozen=True):
    """The store has new leads: a campaign that has run dry asks again, a completed one runs again."""

    campaign_id: int


class HotLeads(Event, frozen=True):
    """As LeadsAdded, of hot leads or callbacks that are due: the store is asked for them at once, beside the others."""

    campaign_id: int


class NumberSuppressed(Event, frozen=True):
    """The number must not be dialled any more, by one campaign or by all (0).

    Its leads leave the hoppers, its calls that nobody has answered yet are hung up as cancelled.
    """

    number: int
    campaign_id: int = 0


class TimePassed(Event, frozen=True):
    """A tick, as the journal writes it."""


AnyEvent = (
    OriginateRefused | CallProceeding | CallRinging | CallAnswered | CpaVerdict | AgentConnected | ConnectFailed
    | AgentReleased | MessageEnded | CallEnded | CallQueried | CallAdopted | AgentLoggedIn | AgentLoggedOut
    | AgentLegUp | AgentLegLost | AgentReady | AgentNotReady | DispositionSet | LinkUp | LinkDown | TrunkCapacity
    | LeadsLeased | LeaseRefused | LeaseRenewed | LeaseLost | IntentDurable | IntentRefused | IntentWithdrawn
    | AttemptRecorded | LedgerLoaded | EstimatesLoaded | CampaignStarted | CampaignPaused | CampaignDraining
    | CampaignStopped | CampaignCompleted | PacingChanged | PoolChanged | HangUpCall | LeadsAdded | HotLeads
    | NumberSuppressed | TimePassed
)  # fmt: skip
