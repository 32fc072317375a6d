"""The words as C: states, kinds of facts and commands, and the records that carry them.

The numbers are those of the Python enums (states.py, outcomes.py); `_words.constants()` lets a test hold the two
together. A fact or a command is one flat record, so that the simulator can run the engine without a Python object.
"""
from libc.stdint cimport int8_t, int32_t, int64_t


cdef enum:
    CALL_FREE = 0
    CALL_LAUNCHING = 1
    CALL_PROCEEDING = 2
    CALL_RINGING = 3
    CALL_ANSWERED = 4
    CALL_CLASSIFYING = 5
    CALL_QUEUED = 6
    CALL_CONNECTING = 7
    CALL_TALKING = 8
    CALL_TREATMENT = 9
    CALL_ENDED = 10
    CALL_STATES = 11

cdef enum:
    AGENT_LOGGED_OUT = 0
    AGENT_NOT_READY = 1
    AGENT_READY = 2
    AGENT_RESERVED = 3
    AGENT_PREVIEWING = 4
    AGENT_CONNECTING = 5
    AGENT_TALKING = 6
    AGENT_HOLD = 7
    AGENT_WRAP_UP = 8
    AGENT_STATES = 9

# what an agent wants to become
cdef enum:
    NEXT_NOTHING = 0
    NEXT_READY = 1
    NEXT_NOT_READY = 2
    NEXT_LOGGED_OUT = 3

cdef enum:
    LEG_NONE = 0
    LEG_OPENING = 1
    LEG_UP = 2
    LEG_LOST = 3

cdef enum:
    CAMPAIGN_DRAFT = 0
    CAMPAIGN_SCHEDULED = 1
    CAMPAIGN_RUNNING = 2
    CAMPAIGN_PAUSED = 3
    CAMPAIGN_DRAINING = 4
    CAMPAIGN_COMPLETED = 5
    CAMPAIGN_ARCHIVED = 6

# Facts. The first FACTS_OF_CALLS kinds drive the call state machine.
cdef enum:
    FACT_INTENT_DURABLE = 0
    FACT_INTENT_REFUSED = 1
    FACT_ORIGINATE_REFUSED = 2
    FACT_CALL_PROCEEDING = 3
    FACT_CALL_RINGING = 4
    FACT_CALL_ANSWERED = 5
    FACT_CPA_VERDICT = 6
    FACT_AGENT_CONNECTED = 7
    FACT_CONNECT_FAILED = 8
    FACT_AGENT_RELEASED = 9
    FACT_MESSAGE_ENDED = 10
    FACT_CALL_ENDED = 11
    FACT_CALL_QUERIED = 12
    FACTS_OF_CALLS = 13
    FACT_AGENT_LOGGED_IN = 20
    FACT_AGENT_LOGGED_OUT = 21
    FACT_AGENT_LEG_UP = 22
    FACT_AGENT_LEG_LOST = 23
    FACT_AGENT_READY = 24
    FACT_AGENT_NOT_READY = 25
    FACT_DISPOSITION_SET = 26
    FACT_LINK_UP = 30
    FACT_LINK_DOWN = 31
    FACT_TRUNK_CAPACITY = 32
    FACT_LEASE_REFUSED = 40
    FACT_LEASE_RENEWED = 41
    FACT_LEASE_LOST = 42
    FACT_INTENT_WITHDRAWN = 43
    FACT_ATTEMPT_RECORDED = 44
    FACT_CAMPAIGN_STARTED = 50
    FACT_CAMPAIGN_PAUSED = 51
    FACT_CAMPAIGN_DRAINING = 52
    FACT_CAMPAIGN_STOPPED = 53
    FACT_CAMPAIGN_COMPLETED = 54
    FACT_LEADS_ADDED = 55
    FACT_HOT_LEADS = 56
    FACT_NUMBER_SUPPRESSED = 57
    FACT_HANG_UP_CALL = 58

# Commands.
cdef enum:
    COMMAND_WRITE_INTENT = 1
    COMMAND_WITHDRAW_INTENT = 2
    COMMAND_ORIGINATE = 3
    COMMAND_HANG_UP = 4
    COMMAND_CONNECT_AGENT = 5
    COMMAND_PLAY_MESSAGE = 6
    COMMAND_QUERY_CALL = 7
    COMMAND_OPEN_AGENT_LEG = 8
    COMMAND_CLOSE_AGENT_LEG = 9
    COMMAND_LEASE_LEADS = 10
    COMMAND_RENEW_LEASE = 11
    COMMAND_RELEASE_LEADS = 12
    COMMAND_RECORD_ATTEMPT = 13
    COMMAND_RECORD_DISPOSITION = 14
    COMMAND_AGENT_STATE = 15
    COMMAND_CAMPAIGN_STATE = 16

cdef enum:
    OUTCOME_NONE = 0
    OUTCOME_CONNECTED = 1
    OUTCOME_ABANDONED = 2
    OUTCOME_MACHINE = 3
    OUTCOME_FAX = 4
    OUTCOME_BUSY = 5
    OUTCOME_NO_ANSWER = 6
    OUTCOME_CONGESTION = 7
    OUTCOME_INVALID = 8
    OUTCOME_REJECTED = 9
    OUTCOME_FAILED = 10
    OUTCOME_CANCELLED = 11
    OUTCOME_LOST = 12
    OUTCOME_NOTIFIED = 13
    OUTCOME_OVERDIALLED = 14
    OUTCOMES = 15

cdef enum:
    ABANDON_NONE = 0
    ABANDON_NO_AGENT_IN_TIME = 1
    ABANDON_CALLER_LEFT = 2

cdef enum:
    VERDICT_NONE = 0
    VERDICT_PERSON = 1
    VERDICT_MACHINE = 2
    VERDICT_FAX = 3
    VERDICT_UNSURE = 4

cdef enum:
    PRESENCE_GONE = 0
    PRESENCE_UNANSWERED = 1
    PRESENCE_ANSWERED = 2
    PRESENCE_BRIDGED = 3

cdef enum:
    REFUSED_NO_CIRCUIT = 1
    REFUSED_DUPLICATE = 2
    REFUSED_LINK_DOWN = 3
    REFUSED_BY_SWITCH = 4
    REFUSED_TIMED_OUT = 5

cdef enum:
    WITHDRAW_NO_CIRCUIT = 1
    WITHDRAW_LINK_DOWN = 2
    WITHDRAW_GATE_CLOSED = 3
    WITHDRAW_STORE_LATE = 4

cdef enum:
    INTENT_NUMBER_OPEN = 1
    INTENT_STALE_EPOCH = 2
    INTENT_LEASE_LOST = 3
    INTENT_SUPPRESSED = 4

cdef enum:
    LIMIT_NONE = 0
    LIMIT_PACING = 1
    LIMIT_NO_AGENTS = 2
    LIMIT_NO_LEADS = 3
    LIMIT_TRUNK_CHANNELS = 4
    LIMIT_CPS = 5
    LIMIT_PENDING_ORIGINATES = 6
    LIMIT_OUTSIDE_HOURS = 7
    LIMIT_NOT_RUNNING = 8
    LIMIT_DRAINING = 9
    LIMIT_SWITCH_DOWN = 10
    LIMIT_STORE_BEHIND = 11
    LIMIT_CALL_TABLE_FULL = 12
    LIMIT_BUDGET = 13
    LIMITS = 14

# Lowest bits of a lead's packed features.
cdef enum:
    FEATURE_KIND = 0
    FEATURE_ATTEMPTS = 2
    FEATURE_OUTCOME = 5
    FEATURE_LIST = 9
    FEATURE_SEGMENT = 15
    FEATURE_END = 21


cdef struct fact_t:
    int32_t kind
    int32_t code        # Verdict, Outcome, Refusal, CallPresence, reason: by kind
    int64_t call_id
    int64_t agent_id    # or the campaign or trunk group that the fact is about, 0 = all campaigns
    int64_t switch_ns   # the switch's own time, 0 = it has none
    # greeting end; hangup_cause | tech_cause << 16; channels; deadline; number; callback: by kind
    int64_t extra
    int64_t extra2      # speech start; lease token; suppress | place of a text << 1: by kind

cdef struct command_t:
    int32_t kind
    int32_t code        # state, cause, reason: by kind
    int64_t call_id
    int64_t agent_id    # or the campaign or trunk group
    int64_t lead_id
    int64_t number      # E.164 digits as an integer
    int64_t extra       # ring time-out, lease token, count, index of an attempt_t, callback: by kind
    int64_t extra2

cdef struct attempt_t:
    int64_t call_id
    int64_t campaign_id
    int64_t lead_id
    int64_t number
    int64_t lease_token
    int64_t trunk_group_id
    int64_t agent_id
    int32_t attempt_number
    int32_t outcome
    int32_t abandon_reason
    int32_t verdict
    int32_t hangup_cause
    int32_t tech_cause
    int32_t caller_id_index
    int32_t reserved
    int64_t retry_at_ns
    int64_t intent_ns
    int64_t launched_ns
    int64_t proceeding_ns
    int64_t ringing_ns
    int64_t answered_ns
    int64_t speech_start_ns
    int64_t greeting_end_ns
    int64_t verdict_ns
    int64_t offered_ns
    int64_t connected_ns
    int64_t talk_end_ns
    int64_t treatment_start_ns
    int64_t treatment_end_ns
    int64_t ended_ns


# next state by [state][fact], -1 = forbidden; filled from states.CALL_TRANSITIONS at import
cdef int8_t call_next[11][13]
