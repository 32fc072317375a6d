from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t, uint64_t

from outpace.domain._words cimport attempt_t
from outpace.engine._idmap cimport IdMap

# flags of a call
cdef enum:
    FLAG_DURABLE = 1        # the intent is on disk
    FLAG_SENT = 2           # the switch has heard of the call
    FLAG_PENDING = 4        # sent, no progress yet: counts as an outstanding originate
    FLAG_HANGUP = 8         # HangUp was sent
    FLAG_QUERIED = 16       # QueryCall was sent, its answer is awaited
    FLAG_CLASSIFY = 32      # call progress analysis is wanted
    FLAG_CANCELLED = 64     # ended by an operator's stop
    FLAG_LAUNCHED = 128     # pacing was told of the launch, and not yet of what came of it
    FLAG_OVERDIALLED = 256  # taken back while it rang, because it risked to abandon its person
    FLAG_AGENTLESS = 512    # who answers gets the message and no agent: the mode at the launch

cdef class CallTable:
    cdef readonly dict columns            # name -> array, the owner of the memory
    cdef readonly IdMap ids
    cdef Py_ssize_t capacity
    cdef int8_t[::1] state                # CallState, 0 = free
    cdef int32_t[::1] flags
    cdef int32_t[::1] campaign            # row of the campaign
    cdef int32_t[::1] trunk               # row of the trunk group, -1 = holds no channel
    cdef int32_t[::1] agent               # row of the agent, -1 = none
    cdef int32_t[::1] queries             # QueryCalls unanswered in a row
    cdef int32_t[::1] previous            # links of the call's list (people waiting, or calls waiting for the rate)
    cdef int32_t[::1] next                # ... and of the free list
    cdef uint32_t[::1] generation         # counts the lives of the row
    cdef int64_t[::1] clock_ns            # engine time from which the connect limit runs
    # engine time until which the call's present wait is good; while it rings, from which it may be cancelled, 0 = never
    cdef int64_t[::1] limit_ns
    cdef double[::1] weight               # chance of a person relative to the mean, as pacing was told at the launch
    cdef int64_t[::1] features            # of the lead, see domain/features.py
    cdef int32_t[::1] hour_slot           # of the launch; -1 = before it, or the lead's features are not known
    cdef attempt_t[::1] life              # ids, times and verdicts, as the attempt will be recorded
    cdef int32_t[::1] registers           # [0] head of the free list, [1] rows in use, [2] rows ever used

    cdef int32_t allocate(self, int64_t call_id) noexcept nogil    # row, -1 = full
    cdef void release(self, int32_t row) noexcept nogil

cdef class AgentTable:
    cdef readonly dict columns
    cdef readonly IdMap ids
    cdef Py_ssize_t count
    cdef int64_t[::1] agent_id
    cdef uint64_t[::1] campaigns          # bit c: serves the campaign of row c
    cdef int8_t[::1] state                # AgentState
    cdef int8_t[::1] leg                  # LegState
    cdef int8_t[::1] wants                # NextState
    cdef int8_t[::1] leg_busy             # the leg has not left its bridge yet
    cdef int8_t[::1] adopted              # on a call of an earlier epoch before having logged in
    cdef int8_t[::1] observed             # pacing was told of the present talk or wrap-up, and expects its end
    cdef int32_t[::1] reason              # pause code
    cdef int32_t[::1] call                # row of the call in hand, -1 = none
    cdef int32_t[::1] leg_failures        # in a row
    cdef int32_t[::1] previous            # links of the ready list
    cdef int32_t[::1] next
    cdef int32_t[::1] in_list             # 1 = in the ready list
    cdef int64_t[::1] last_call           # id of the last call, for its disposition
    cdef int32_t[::1] last_campaign       # its campaign row
    cdef int64_t[::1] last_number         # its number
    cdef int64_t[::1] since_ns            # when the state was entered
    cdef int64_t[::1] calls               # conversations begun
    cdef int64_t[:, ::1] spent_ns         # (agents, states): time spent, without the present stay
    cdef int32_t[::1] registers           # [0] head, [1] tail of the ready list

    cdef void append_ready(self, int32_t row) noexcept nogil
    cdef void prepend_ready(self, int32_t row) noexcept nogil
    cdef void remove_ready(self, int32_t row) noexcept nogil
    # the longest idle of the campaign's, of those who serve the fewest campaigns in `needed`; row, -1 = none
    cdef int32_t longest_idle(self, uint64_t campaign_bit, uint64_t needed) noexcept nogil
