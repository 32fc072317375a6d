"""Commands of the core as the frozen structs that callers get."""
from libc.stdint cimport int64_t

from outpace.domain._words cimport (
    COMMAND_AGENT_STATE, COMMAND_CAMPAIGN_STATE, COMMAND_CLOSE_AGENT_LEG, COMMAND_CONNECT_AGENT, COMMAND_HANG_UP,
    COMMAND_LEASE_LEADS, COMMAND_OPEN_AGENT_LEG, COMMAND_ORIGINATE, COMMAND_PLAY_MESSAGE, COMMAND_QUERY_CALL,
    COMMAND_RECORD_ATTEMPT, COMMAND_RECORD_DISPOSITION, COMMAND_RELEASE_LEADS, COMMAND_RENEW_LEASE,
    COMMAND_WITHDRAW_INTENT, COMMAND_WRITE_INTENT, attempt_t, command_t,
)

from outpace.domain import commands as c
from outpace.domain.outcomes import AbandonReason, LimitedBy, Outcome, Verdict, WithdrawReason
from outpace.domain.states import AgentState, CampaignState

# enum members by number: a list look-up instead of the enum's own search
cdef list AGENT_STATE_OF = list(AgentState)
cdef list CAMPAIGN_STATE_OF = list(CampaignState)
cdef list OUTCOME_OF = list(Outcome)
cdef list REASON_OF = list(AbandonReason)
cdef list VERDICT_OF = list(Verdict)
cdef list LIMIT_OF = list(LimitedBy)


cdef object record(const attempt_t* a, dict caller_ids):
    return c.RecordAttempt(
        a.call_id, a.campaign_id, a.lead_id, a.number, a.lease_token, a.trunk_group_id, a.agent_id, a.attempt_number,
        OUTCOME_OF[a.outcome], REASON_OF[a.abandon_reason], VERDICT_OF[a.verdict], a.hangup_cause, a.tech_cause,
        caller_ids[a.trunk_group_id][a.caller_id_index], a.retry_at_ns, a.intent_ns, a.launched_ns, a.proceeding_ns,
        a.ringing_ns, a.answered_ns, a.speech_start_ns, a.greeting_end_ns, a.verdict_ns, a.offered_ns,
        a.connected_ns, a.talk_end_ns, a.treatment_start_ns, a.treatment_end_ns, a.ended_ns,
    )


cdef object unpack(
    const command_t* command, const attempt_t* attempts, dict caller_ids, dict messages, list texts
):
    cdef int kind = command.kind
    cdef int64_t text
    if kind == COMMAND_WRITE_INTENT:
        return c.WriteIntent(
            command.call_id, command.agent_id, command.lead_id, command.number, command.extra, command.extra2,
            command.code,
        )
    if kind == COMMAND_ORIGINATE:
        return c.Originate(
            command.call_id, command.lead_id, command.agent_id, command.number,
            caller_ids[command.agent_id][command.code], command.extra, command.extra2 != 0,
        )
    if kind == COMMAND_RECORD_ATTEMPT:
        return record(&attempts[command.extra], caller_ids)
    if kind == COMMAND_AGENT_STATE:
        return c.AgentStateChanged(command.agent_id, AGENT_STATE_OF[command.code], command.call_id, command.extra)
    if kind == COMMAND_CONNECT_AGENT:
        return c.ConnectAgent(command.call_id, command.agent_id)
    if kind == COMMAND_HANG_UP:
        return c.HangUp(command.call_id, command.code)
    if kind == COMMAND_PLAY_MESSAGE:
        return c.PlayMessage(command.call_id, messages[command.agent_id])
    if kind == COMMAND_QUERY_CALL:
        return c.QueryCall(command.call_id)
    if kind == COMMAND_LEASE_LEADS:
        return c.LeaseLeads(command.agent_id, command.extra, command.extra2 != 0, max(command.extra2 - 1, 0))
    if kind == COMMAND_RENEW_LEASE:
        return c.RenewLease(command.agent_id, command.extra)
    if kind == COMMAND_RELEASE_LEADS:
        return c.ReleaseLeads(command.agent_id, command.extra)
    if kind == COMMAND_WITHDRAW_INTENT:
        return c.WithdrawIntent(command.call_id, WithdrawReason(command.code), command.extra)
    if kind == COMMAND_RECORD_DISPOSITION:
        text = command.extra2 >> 1
        return c.RecordDisposition(
            command.call_id, command.agent_id, command.code, texts[text - 1] if text else "{}", command.extra,
            command.extra2 & 1 != 0,
        )
    if kind == COMMAND_OPEN_AGENT_LEG:
        return c.OpenAgentLeg(command.agent_id)
    if kind == COMMAND_CLOSE_AGENT_LEG:
        return c.CloseAgentLeg(command.agent_id)
    if kind == COMMAND_CAMPAIGN_STATE:
        return c.CampaignStateChanged(command.agent_id, CAMPAIGN_STATE_OF[command.code], LIMIT_OF[command.extra])
    raise RuntimeError(f"the core emitted an unknown command: {kind}")
