"""Events as Python holds them, packed into the flat record that the core takes."""
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport (
    FACT_AGENT_CONNECTED, FACT_AGENT_LEG_LOST, FACT_AGENT_LEG_UP, FACT_AGENT_LOGGED_IN, FACT_AGENT_LOGGED_OUT,
    FACT_AGENT_NOT_READY, FACT_AGENT_READY, FACT_AGENT_RELEASED, FACT_ATTEMPT_RECORDED, FACT_CALL_ANSWERED,
    FACT_CALL_ENDED, FACT_CALL_PROCEEDING, FACT_CALL_QUERIED, FACT_CALL_RINGING, FACT_CAMPAIGN_COMPLETED,
    FACT_CAMPAIGN_DRAINING, FACT_CAMPAIGN_PAUSED, FACT_CAMPAIGN_STARTED, FACT_CAMPAIGN_STOPPED, FACT_CONNECT_FAILED,
    FACT_CPA_VERDICT, FACT_DISPOSITION_SET, FACT_HANG_UP_CALL, FACT_HOT_LEADS, FACT_INTENT_DURABLE,
    FACT_INTENT_REFUSED, FACT_INTENT_WITHDRAWN, FACT_LEADS_ADDED, FACT_LEASE_LOST, FACT_LEASE_REFUSED,
    FACT_LEASE_RENEWED, FACT_LINK_DOWN, FACT_LINK_UP, FACT_MESSAGE_ENDED, FACT_NUMBER_SUPPRESSED,
    FACT_ORIGINATE_REFUSED, FACT_TRUNK_CAPACITY, fact_t,
)

from outpace.domain import events

cdef dict KINDS = {
    events.IntentDurable: FACT_INTENT_DURABLE,
    events.IntentRefused: FACT_INTENT_REFUSED,
    events.OriginateRefused: FACT_ORIGINATE_REFUSED,
    events.CallProceeding: FACT_CALL_PROCEEDING,
    events.CallRinging: FACT_CALL_RINGING,
    events.CallAnswered: FACT_CALL_ANSWERED,
    events.CpaVerdict: FACT_CPA_VERDICT,
    events.AgentConnected: FACT_AGENT_CONNECTED,
    events.ConnectFailed: FACT_CONNECT_FAILED,
    events.AgentReleased: FACT_AGENT_RELEASED,
    events.MessageEnded: FACT_MESSAGE_ENDED,
    events.CallEnded: FACT_CALL_ENDED,
    events.CallQueried: FACT_CALL_QUERIED,
    events.AgentLoggedIn: FACT_AGENT_LOGGED_IN,
    events.AgentLoggedOut: FACT_AGENT_LOGGED_OUT,
    events.AgentLegUp: FACT_AGENT_LEG_UP,
    events.AgentLegLost: FACT_AGENT_LEG_LOST,
    events.AgentReady: FACT_AGENT_READY,
    events.AgentNotReady: FACT_AGENT_NOT_READY,
    events.DispositionSet: FACT_DISPOSITION_SET,
    events.LinkUp: FACT_LINK_UP,
    events.LinkDown: FACT_LINK_DOWN,
    events.TrunkCapacity: FACT_TRUNK_CAPACITY,
    events.LeaseRefused: FACT_LEASE_REFUSED,
    events.LeaseRenewed: FACT_LEASE_RENEWED,
    events.LeaseLost: FACT_LEASE_LOST,
    events.IntentWithdrawn: FACT_INTENT_WITHDRAWN,
    events.AttemptRecorded: FACT_ATTEMPT_RECORDED,
    events.CampaignStarted: FACT_CAMPAIGN_STARTED,
    events.CampaignPaused: FACT_CAMPAIGN_PAUSED,
    events.CampaignDraining: FACT_CAMPAIGN_DRAINING,
    events.CampaignStopped: FACT_CAMPAIGN_STOPPED,
    events.CampaignCompleted: FACT_CAMPAIGN_COMPLETED,
    events.LeadsAdded: FACT_LEADS_ADDED,
    events.HotLeads: FACT_HOT_LEADS,
    events.NumberSuppressed: FACT_NUMBER_SUPPRESSED,
    events.HangUpCall: FACT_HANG_UP_CALL,
}
cdef object LEASE = events.LeadsLeased
cdef object TIME = events.TimePassed
cdef set RARE = {
    events.CallAdopted, events.LedgerLoaded, events.EstimatesLoaded, events.PacingChanged, events.PoolChanged,
}


cdef int pack(object event, fact_t* fact) except -1:
    """Fill `fact` from an event; returns how it is to be applied (INTAKE_*). TypeError for what is no event."""
    cdef object kind_of = KINDS.get(type(event))
    cdef int kind
    if kind_of is None:
        if type(event) is LEASE:
            return INTAKE_LEASE
        if type(event) is TIME:
            return INTAKE_TIME
        if type(event) in RARE:
            return INTAKE_RARE
        raise TypeError(f"not an event: {event!r}")
    kind = kind_of
    memset(fact, 0, sizeof(fact_t))
    fact.kind = kind
    if kind <= FACT_CALL_QUERIED:
        fact.call_id = event.call_id
        pack_call(event, kind, fact)
    elif FACT_AGENT_LOGGED_IN <= kind <= FACT_DISPOSITION_SET:
        fact.agent_id = event.agent_id
        if kind == FACT_AGENT_NOT_READY:
            fact.code = event.reason
        elif kind == FACT_DISPOSITION_SET:
            fact.call_id = event.call_id
            fact.code = event.disposition
            fact.extra = event.callback_ns
            fact.extra2 = event.suppress
    elif kind == FACT_TRUNK_CAPACITY:
        fact.agent_id = event.trunk_group_id
        fact.extra = event.channels
    elif kind == FACT_LEASE_RENEWED or kind == FACT_LEASE_LOST:
        fact.agent_id = event.campaign_id
        fact.extra2 = event.token
        if kind == FACT_LEASE_RENEWED:
            fact.extra = event.deadline_ns
    elif kind == FACT_HANG_UP_CALL:
        fact.call_id = event.call_id
    elif kind == FACT_LEASE_REFUSED or kind >= FACT_CAMPAIGN_STARTED:
        fact.agent_id = event.campaign_id
        if kind == FACT_LEASE_REFUSED:
            fact.code = event.hot
        elif kind == FACT_NUMBER_SUPPRESSED:
            fact.extra = event.number
    elif kind == FACT_ATTEMPT_RECORDED or kind == FACT_INTENT_WITHDRAWN:
        fact.call_id = event.call_id
    return INTAKE_FACT


cdef int pack_call(object event, int kind, fact_t* fact) except -1:
    if kind == FACT_INTENT_DURABLE:
        return 0
    if kind == FACT_INTENT_REFUSED:
        fact.code = event.reason
        return 0
    fact.switch_ns = event.switch_ns
    if kind == FACT_CALL_ENDED:
        fact.code = event.outcome
        fact.extra = (<int64_t>event.hangup_cause & 0xFFFF) | ((<int64_t>event.tech_cause & 0xFFFF) << 16)
    elif kind == FACT_AGENT_CONNECTED or kind == FACT_AGENT_RELEASED:
        fact.agent_id = event.agent_id
    elif kind == FACT_CPA_VERDICT:
        fact.code = event.verdict
        fact.extra = event.greeting_end_ns
        fact.extra2 = event.speech_start_ns
    elif kind == FACT_CONNECT_FAILED:
        fact.agent_id = event.agent_id
        fact.code = event.leg_lost
    elif kind == FACT_CALL_QUERIED:
        fact.code = event.presence
        fact.agent_id = event.agent_id
    elif kind == FACT_ORIGINATE_REFUSED:
        fact.code = event.reason
    return 0
