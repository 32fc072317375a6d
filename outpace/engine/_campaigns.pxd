from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.engine._idmap cimport IdMap

cdef enum:
    MAX_TRUNKS = 16          # trunk groups a campaign may use: MAX_TRUNK_GROUPS of the settings
    LEDGER_MINUTES = 1440    # the ledger looks back a day, minute by minute
    DECISIONS = 256          # decisions kept for explain

cdef enum:
    CLOCK_ANSWER = 0
    CLOCK_GREETING_END = 1
    CLOCK_VERDICT = 2

# one decision, as explain shows it and the journal writes it
cdef struct decision_row_t:
    int64_t sequence
    int64_t now_ns
    int64_t wanted           # by the pacer
    int64_t count            # after the gate
    int64_t limited_by
    int64_t ready
    int64_t working
    int64_t talking
    int64_t wrap_up
    int64_t unanswered
    int64_t classifying
    int64_t waiting
    int64_t hopper
    int64_t trunk_room
    int64_t repeated         # further decisions with no launch and the same limit that followed this one
    int64_t fallback         # FALLBACK_*
    int64_t cancels          # calls cancelled
    int64_t answered         # people in the budget's window, at the decision
    int64_t abandoned
    int64_t legal_abandoned  # of them, those that the rule counts
    int64_t drops_left       # the largest number: the cap forbids nothing
    double expected_abandons     # this and the next seven: as decision_t has them
    double kappa
    double risk
    double risk_next
    double answers
    double releases
    double live_rate
    double balance
    double bound             # upper confidence bound of the abandonment, in [0, 1]

cdef class CampaignTable:
    cdef readonly dict columns
    cdef readonly IdMap ids
    cdef readonly list hoppers
    cdef readonly list pacers
    cdef Py_ssize_t count
    cdef int64_t[::1] campaign_id
    cdef int64_t[::1] state
    cdef int64_t[::1] live                # calls in any state
    cdef int64_t[:, ::1] in_state         # (campaigns, call states)
    cdef int64_t[:, ::1] outcomes         # (campaigns, outcomes), ended attempts
    cdef int64_t[:, ::1] agents_in        # (campaigns, agent states)
    cdef int64_t[::1] launches
    cdef int64_t[:, ::1] limited          # (campaigns, limits), decisions bound by each
    cdef int64_t[::1] reason              # why nothing is dialled now, or what bound the last launch
    cdef int64_t[::1] connected           # ledger: people connected
    cdef int64_t[::1] no_agent            # ledger: abandoned, no agent in time
    cdef int64_t[::1] caller_left         # ledger: abandoned, the caller left
    cdef int64_t[:, :, ::1] minutes       # (campaigns, LEDGER_MINUTES, 3): minute number, connected, abandoned
    cdef int32_t[::1] waiting_head        # people waiting for an agent, first come first served
    cdef int32_t[::1] waiting_tail
    cdef int64_t[::1] lease_asked         # leads asked for and not answered yet, 0 = none
    cdef int64_t[::1] lease_at_ns         # ask not before
    cdef int64_t[::1] lease_timeout_ns    # until then the store may answer what was asked
    cdef int64_t[::1] hot_asked           # the same of hot leads
    cdef int64_t[::1] hot_wanted          # there may be hot leads that were not asked for yet
    cdef int64_t[::1] hot_at_ns           # ask not before; while they are asked for: until then the store may answer
    cdef int64_t[::1] exhausted           # the store has said: nothing left
    cdef int64_t[::1] requeued            # a lead got another turn since the last lease was asked for
    cdef int64_t[::1] window_open
    cdef int64_t[::1] window_change_ns    # when the calling hours open or close next
    cdef int64_t[::1] zone_offset_ns      # of the calling hours' zone from UTC, since they opened or closed last
    cdef int64_t[::1] decided_ns          # last decision
    cdef int64_t[::1] advanced_ns         # when the pacer was last told that time passes
    cdef int64_t[::1] cancels             # ringing calls cancelled for pacing
    cdef int64_t[::1] dirty               # something has changed since
    # settings
    cdef int64_t[::1] ring_timeout_ns
    cdef int64_t[::1] connect_limit_ns
    cdef int64_t[::1] connect_clock
    cdef int64_t[::1] classify
    cdef int64_t[::1] classify_limit_ns
    cdef int64_t[::1] machine_message     # leave the message on machines
    cdef int64_t[::1] has_message
    cdef int64_t[::1] agentless           # who answers a call launched now gets the message and no agent
    cdef int64_t[::1] may_cancel          # ringing calls may be cancelled
    cdef int64_t[::1] min_ring_ns         # ... after this time
    cdef int64_t[::1] withheld            # agents that dialling leaves to inbound calls
    cdef int64_t[::1] message_max_ns
    cdef int64_t[::1] wrap_up_max_ns
    cdef int64_t[::1] dispositions
    cdef int64_t[:, ::1] retry_wait_ns    # (campaigns, outcomes)
    cdef int64_t[:, ::1] retry_max        # (campaigns, outcomes), attempts in all; 0 = never again
    cdef uint64_t[::1] partners           # bit c: shares an agent with the campaign of row c (itself included)
    cdef int64_t[::1] trunk_count
    cdef int32_t[:, ::1] trunk_rows       # (campaigns, MAX_TRUNKS)
    # explain
    cdef decision_row_t[:, ::1] decisions
    cdef decision_row_t[::1] latest       # the last decision, stored or counted; if counted, without the budget
    cdef int64_t[::1] decision_count

    cdef int64_t in_hand(self, Py_ssize_t row) noexcept nogil    # calls that may need an agent yet
    cdef int32_t hour_slot(self, Py_ssize_t row, int64_t now_ns) noexcept nogil    # weekday x 24 + hour, Monday = 0
    cdef void count_minute(self, Py_ssize_t row, Py_ssize_t column, int64_t now_ns) noexcept nogil
    cdef void count_connected(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef void count_abandoned(self, Py_ssize_t row, int32_t reason, int64_t now_ns) noexcept nogil
