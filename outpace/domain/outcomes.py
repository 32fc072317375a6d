"""What became of a call: outcome, reasons, verdicts; and the causes of networks mapped to them.

Three verdicts are never mixed: the *outcome* (network and call progress analysis), the *disposition* (the agent's) and
the *hangup_cause* (Q.850). Numbers are fixed: journals and stores hold them.
"""

from __future__ import annotations

from enum import IntEnum


class Outcome(IntEnum):
    """How an attempt ended.

    A person who was promised an agent answered in CONNECTED and ABANDONED, and in no other. NOTIFIED: a person answered
    an agentless call, and the message was begun. CANCELLED: an operator's stop ended it unanswered. OVERDIALLED: pacing
    took it back while it rang, since whoever answered would hardly have found an agent.
    """

    NONE = 0
    CONNECTED = 1
    ABANDONED = 2
    MACHINE = 3
    FAX = 4
    BUSY = 5
    NO_ANSWER = 6
    CONGESTION = 7
    INVALID = 8
    REJECTED = 9
    FAILED = 10
    CANCELLED = 11
    LOST = 12
    NOTIFIED = 13
    OVERDIALLED = 14


class AbandonReason(IntEnum):
    """Why a person who answered was never connected to an agent."""

    NONE = 0
    NO_AGENT_IN_TIME = 1
    CALLER_LEFT = 2


class Verdict(IntEnum):
    """What call progress analysis heard. UNSURE counts as a person."""

    NONE = 0
    PERSON = 1
    MACHINE = 2
    FAX = 3
    UNSURE = 4


class CallPresence(IntEnum):
    """What the switch says of a call when asked."""

    GONE = 0
    UNANSWERED = 1
    ANSWERED = 2
    BRIDGED = 3


class Refusal(IntEnum):
    """Why an originate did not become a call.

    NO_CIRCUIT and LINK_DOWN are not attempts: the lead keeps its turn. DUPLICATE and TIMED_OUT leave the call's fate
    in doubt: the switch is asked. BY_SWITCH is an attempt that failed.
    """

    NO_CIRCUIT = 1
    DUPLICATE = 2
    LINK_DOWN = 3
    BY_SWITCH = 4
    TIMED_OUT = 5


class IntentRefusal(IntEnum):
    """Why the store refused a write-ahead intent."""

    NUMBER_OPEN = 1
    STALE_EPOCH = 2
    LEASE_LOST = 3
    SUPPRESSED = 4


class WithdrawReason(IntEnum):
    """Why an intent was taken back before the switch heard of it, or was no attempt."""

    NO_CIRCUIT = 1
    LINK_DOWN = 2
    GATE_CLOSED = 3
    STORE_LATE = 4


class LimitedBy(IntEnum):
    """What bound a launch decision; also the reason why nothing is dialled now."""

    NONE = 0
    PACING = 1
    NO_AGENTS = 2
    NO_LEADS = 3
    TRUNK_CHANNELS = 4
    CPS = 5
    PENDING_ORIGINATES = 6
    OUTSIDE_HOURS = 7
    NOT_RUNNING = 8
    DRAINING = 9
    SWITCH_DOWN = 10
    STORE_BEHIND = 11
    CALL_TABLE_FULL = 12
    BUDGET = 13


class Fallback(IntEnum):
    """Why a pacer that forecasts was progressive instead."""

    NONE = 0
    BUDGET_SPENT = 1  # the window's cap cannot be met any more: nobody may be abandoned
    FEED_SILENT = 2  # calls are in hand and the switch tells nothing


#: ITU-T Q.850 cause -> outcome of a call that nobody answered.
_Q850: dict[int, Outcome] = {
    1: Outcome.INVALID,  # unallocated number
    2: Outcome.CONGESTION,  # no route to transit network
    3: Outcome.INVALID,  # no route to destination
    4: Outcome.INVALID,  # send special information tone
    5: Outcome.INVALID,  # misdialled trunk prefix
    8: Outcome.REJECTED,  # preemption
    16: Outcome.NO_ANSWER,  # normal clearing before an answer
    17: Outcome.BUSY,
    18: Outcome.NO_ANSWER,  # no user responding
    19: Outcome.NO_ANSWER,  # alerting, no answer
    20: Outcome.NO_ANSWER,  # subscriber absent
    21: Outcome.REJECTED,
    22: Outcome.INVALID,  # number changed
    26: Outcome.REJECTED,  # non-selected user clearing
    27: Outcome.FAILED,  # destination out of order: a faulty line, or our own span in alarm
    28: Outcome.INVALID,  # invalid number format
    29: Outcome.REJECTED,  # facility rejected
    31: Outcome.NO_ANSWER,  # normal, unspecified
    34: Outcome.CONGESTION,  # no circuit available
    38: Outcome.FAILED,  # network out of order
    41: Outcome.FAILED,  # temporary failure
    42: Outcome.CONGESTION,  # switching equipment congestion
    44: Outcome.CONGESTION,  # requested circuit not available
    47: Outcome.CONGESTION,  # resource unavailable
    50: Outcome.REJECTED,
    57: Outcome.REJECTED,  # bearer capability not authorised
    58: Outcome.FAILED,  # bearer capability not available
    65: Outcome.FAILED,
    79: Outcome.FAILED,
    87: Outcome.REJECTED,
    88: Outcome.FAILED,  # incompatible destination
    102: Outcome.NO_ANSWER,  # recovery on timer expiry
    111: Outcome.FAILED,
    127: Outcome.FAILED,
}

#: Final SIP status -> outcome; more exact than the Q.850 cause that a switch derives from it, and the same on all.
_SIP: dict[int, Outcome] = {
    403: Outcome.REJECTED,
    404: Outcome.INVALID,
    408: Outcome.NO_ANSWER,
    410: Outcome.INVALID,
    480: Outcome.NO_ANSWER,
    484: Outcome.INVALID,
    486: Outcome.BUSY,
    487: Outcome.NO_ANSWER,
    488: Outcome.FAILED,
    500: Outcome.FAILED,
    502: Outcome.FAILED,
    503: Outcome.CONGESTION,
    504: Outcome.FAILED,
    600: Outcome.BUSY,
    603: Outcome.REJECTED,
    604: Outcome.INVALID,
    606: Outcome.FAILED,
    607: Outcome.REJECTED,
    608: Outcome.REJECTED,
}


def outcome_of_q850(cause: int) -> Outcome:
    """Outcome of an unanswered call that ended with a Q.850 cause; unknown causes are FAILED."""
    return _Q850.get(cause, Outcome.FAILED)


def outcome_of_sip(status: int) -> Outcome:
    """Outcome of an unanswered call that ended with a final SIP status (RFC 3261 section 21)."""
    known = _SIP.get(status)
    if known is not None:
        return known
    if 400 <= status < 500:
        return Outcome.REJECTED
    return Outcome.FAILED
