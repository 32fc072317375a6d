"""The states of calls, agents, legs, campaigns and leads, and the transition table of a call.

Busy, no answer, machine, abandoned and lost are *outcomes on ended* (outcomes.py), not states. Numbers are fixed:
journals and stores hold them, and `_words.pxd` repeats them for C.
"""

from __future__ import annotations

from enum import IntEnum


class CallState(IntEnum):
    """Where a call is. ANSWERED is passed through at once: to CLASSIFYING with call progress analysis, else QUEUED."""

    FREE = 0
    LAUNCHING = 1
    PROCEEDING = 2
    RINGING = 3
    ANSWERED = 4
    CLASSIFYING = 5
    QUEUED = 6
    CONNECTING = 7
    TALKING = 8
    TREATMENT = 9
    ENDED = 10


class AgentState(IntEnum):
    """What an agent does.

    RESERVED, PREVIEWING and HOLD belong to preview dialing and to hold; no mode here enters them.
    """

    LOGGED_OUT = 0
    NOT_READY = 1
    READY = 2
    RESERVED = 3
    PREVIEWING = 4
    CONNECTING = 5
    TALKING = 6
    HOLD = 7
    WRAP_UP = 8


class NextState(IntEnum):
    """What an agent wants to become as soon as that can be: after the call in hand, or when the leg is up."""

    NOTHING = 0
    READY = 1
    NOT_READY = 2
    LOGGED_OUT = 3


class LegState(IntEnum):
    """The standing leg on which an agent is reached. READY requires UP."""

    NONE = 0
    OPENING = 1
    UP = 2
    LOST = 3


class CampaignState(IntEnum):
    """Life of a campaign."""

    DRAFT = 0
    SCHEDULED = 1
    RUNNING = 2
    PAUSED = 3
    DRAINING = 4
    COMPLETED = 5
    ARCHIVED = 6


class LeadState(IntEnum):
    """Life of a lead (record) in the store."""

    NEW = 0
    LEASED = 1
    DIALING = 2
    IN_CALL = 3
    WRAP_UP = 4
    RETRY_WAIT = 5
    SCHEDULED = 6
    COMPLETED = 7
    EXHAUSTED = 8
    SUPPRESSED = 9
    INVALID = 10


class CallFact(IntEnum):
    """Kinds of facts that drive the call state machine; the numbers of `FACT_*` in `_words.pxd`."""

    INTENT_DURABLE = 0
    INTENT_REFUSED = 1
    ORIGINATE_REFUSED = 2
    PROCEEDING = 3
    RINGING = 4
    ANSWERED = 5
    CPA_VERDICT = 6
    AGENT_CONNECTED = 7
    CONNECT_FAILED = 8
    AGENT_RELEASED = 9
    MESSAGE_ENDED = 10
    ENDED = 11
    QUERIED = 12


_S, _F = CallState, CallFact

#: (state, fact) -> next state. What is missing is forbidden: the fact is counted, dropped and, where the state is in
#: doubt, answered with QueryCall. The engine refines ANSWERED (to CLASSIFYING or QUEUED), a person's verdict (QUEUED),
#: a failed connect (QUEUED or TREATMENT) and a query's answer; the table says what may happen at all.
CALL_TRANSITIONS: dict[tuple[CallState, CallFact], CallState] = {
    (_S.LAUNCHING, _F.INTENT_DURABLE): _S.LAUNCHING,
    (_S.LAUNCHING, _F.INTENT_REFUSED): _S.ENDED,
    (_S.LAUNCHING, _F.ORIGINATE_REFUSED): _S.ENDED,
    (_S.LAUNCHING, _F.PROCEEDING): _S.PROCEEDING,
    (_S.LAUNCHING, _F.RINGING): _S.RINGING,
    (_S.LAUNCHING, _F.ANSWERED): _S.ANSWERED,
    (_S.LAUNCHING, _F.ENDED): _S.ENDED,
    (_S.LAUNCHING, _F.QUERIED): _S.LAUNCHING,
    (_S.PROCEEDING, _F.ORIGINATE_REFUSED): _S.ENDED,
    (_S.PROCEEDING, _F.RINGING): _S.RINGING,
    (_S.PROCEEDING, _F.ANSWERED): _S.ANSWERED,
    (_S.PROCEEDING, _F.ENDED): _S.ENDED,
    (_S.PROCEEDING, _F.QUERIED): _S.PROCEEDING,
    (_S.RINGING, _F.ANSWERED): _S.ANSWERED,
    (_S.RINGING, _F.ENDED): _S.ENDED,
    (_S.RINGING, _F.QUERIED): _S.RINGING,
    (_S.CLASSIFYING, _F.CPA_VERDICT): _S.QUEUED,
    (_S.CLASSIFYING, _F.ENDED): _S.ENDED,
    (_S.CLASSIFYING, _F.QUERIED): _S.CLASSIFYING,
    (_S.QUEUED, _F.ENDED): _S.ENDED,
    (_S.QUEUED, _F.QUERIED): _S.QUEUED,
    (_S.CONNECTING, _F.AGENT_CONNECTED): _S.TALKING,
    (_S.CONNECTING, _F.CONNECT_FAILED): _S.QUEUED,
    (_S.CONNECTING, _F.ENDED): _S.ENDED,
    (_S.CONNECTING, _F.QUERIED): _S.CONNECTING,
    (_S.TALKING, _F.AGENT_RELEASED): _S.TALKING,
    (_S.TALKING, _F.ENDED): _S.ENDED,
    (_S.TALKING, _F.QUERIED): _S.TALKING,
    (_S.TREATMENT, _F.MESSAGE_ENDED): _S.TREATMENT,
    (_S.TREATMENT, _F.ENDED): _S.ENDED,
    (_S.TREATMENT, _F.QUERIED): _S.TREATMENT,
}
