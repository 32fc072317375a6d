"""The machine of the simulated carrier. Contract only; see _core.pyx."""
from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.domain._words cimport command_t, fact_t
from outpace.telephony.simulated._facts cimport FactBuffer
from outpace.telephony.simulated._lines cimport Lines
from outpace.telephony.simulated._plan cimport Plan
from outpace.telephony.simulated._population cimport Population
from outpace.telephony.simulated._timers cimport IdIndex, TimerHeap

cdef enum:
    SEIZING = 1         # no channel yet, or the network has not taken the call yet
    DIALLED = 2         # the network works on it
    RINGING = 3
    CLASSIFYING = 4     # answered, the detector listens
    WAITING = 5         # answered, nothing is done with it
    CONNECTING = 6      # being bridged
    TALKING = 7
    PLAYING = 8         # the recorded message, at the dialer's order
    FAREWELL = 9        # the recorded message, by the dead-man's timer

cdef enum:
    STAT_ORIGINATED = 0
    STAT_NO_CIRCUIT = 1
    STAT_CONGESTED = 2
    STAT_REFUSED = 3
    STAT_ANSWERED_LIVE = 4
    STAT_ANSWERED_OTHER = 5
    STAT_CONNECTED = 6
    STAT_ENDED = 7
    STAT_CALLER_LEFT = 8
    STAT_DEAD_MAN = 9
    STAT_FACTS_LOST = 10
    STATS = 11

cdef struct call_t:
    int64_t call_id         # 0 = the row is free
    int64_t agent_id        # bridged or being bridged, 0 = nobody
    int64_t k               # ordinal of the dial in its stream: the key of all its draws
    int64_t step_ns         # when the state's next step is due
    int64_t leave_ns        # when the far end, or unanswered our time-out, ends the call
    int64_t dead_ns         # when the dead-man's timer fires
    int64_t picked_up_ns    # when the far end answered (a card may notice later)
    int64_t ready_ns        # since when the person can be connected
    int64_t number
    int64_t coded_ring_ns   # coded numbers: ringing, -1 = for ever
    int64_t coded_leave_ns  # coded numbers: answer to hang-up, -1 = never; 0 = the number is not coded
    int32_t state
    int32_t nature
    int32_t stream
    int32_t lines           # index of the trunk group
    int32_t channel
    int32_t tries           # seizures that met an incoming call
    int32_t sip_status      # coded numbers
    int32_t leg             # row of the agent's leg, -1
    bint classify
    bint taken_for_machine

cdef struct leg_t:
    int64_t agent_id
    int32_t state           # LEG_*
    int32_t call            # row of the call that it is bridged to, -1
    int64_t openings        # the key of its draws

cdef struct stream_t:
    int64_t campaign_id
    int64_t dials
    uint64_t base[13]       # by role


cdef class CarrierCore:
    cdef readonly FactBuffer facts      # what happened and was not taken yet
    cdef TimerHeap timers               # items: rows of calls, then rows of legs
    cdef IdIndex call_rows              # call_id -> row
    cdef IdIndex leg_rows               # agent_id -> row
    cdef call_t* calls                  # (capacity,)
    cdef int32_t* free_rows             # (capacity,) stack
    cdef int32_t free_count
    cdef int32_t capacity               # all channels of all groups
    cdef leg_t* legs                    # (leg_capacity,)
    cdef int32_t leg_count
    cdef int32_t leg_capacity
    cdef stream_t* streams              # one a campaign
    cdef int32_t stream_count
    cdef int32_t stream_capacity
    cdef list plans                     # Plan of each stream
    cdef Plan default_plan
    cdef Population population          # whom the numbers belong to, None = all alike
    cdef dict own_plans                 # campaign_id -> Plan
    cdef list lines                     # Lines of each trunk group
    cdef object profile                 # CarrierProfile; what new lines are made by
    cdef dict kept                      # call_id -> when the dead-man's timer fired
    cdef uint64_t seed
    cdef int64_t dead_man_ns            # 0 = there is none
    cdef int64_t congested              # key of the draws of calls beyond the rate
    cdef int64_t seizures               # key of the draws of glare
    cdef uint64_t card_base
    cdef bint link
    cdef int64_t stats_[11]

    # the C face: commands one at a time, then `run` up to a time; facts gather in `facts`
    cdef int command(self, const command_t* command, int64_t now_ns) except -1
    cdef int run(self, int64_t now_ns) except -1
    cdef int64_t next_ns(self) noexcept

    cdef fact_t* emit(self, int32_t kind, int64_t call_id, int64_t agent_id, int64_t when_ns) except NULL
    cdef double draw(self, const call_t* call, int role, uint64_t index) noexcept
    cdef int arm(self, int32_t row) except -1
    cdef int32_t stream_of(self, int64_t campaign_id) except -1
    cdef int originate(self, const command_t* command, int64_t now_ns) except -1
    cdef int refuse(self, int64_t call_id, int32_t reason, int64_t now_ns) except -1
    cdef int set_lines(self, trunk_groups) except -1
    cdef int dial(self, call_t* call, Lines lines, int64_t now_ns) except -1
    cdef int seize(self, int32_t row, int64_t now_ns) except -1
    cdef int connect_agent(self, const command_t* command, int64_t now_ns) except -1
    cdef int play(self, int32_t row, int64_t now_ns) except -1
    cdef int hang_up(self, int32_t row, int32_t cause, int64_t now_ns) except -1
    cdef int query(self, int64_t call_id, int64_t now_ns) except -1
    cdef int fire(self, int32_t row, int64_t when_ns) except -1
    cdef int step(self, int32_t row, int64_t when_ns) except -1
    cdef int leave(self, int32_t row, int64_t when_ns) except -1
    cdef int dead_man(self, int32_t row, int64_t when_ns) except -1
    cdef int proceed(self, int32_t row, int64_t when_ns) except -1
    cdef int ring_or_end(self, int32_t row, int64_t when_ns) except -1
    cdef int guess(self, call_t* call, int64_t when_ns) except -1
    cdef int pick_up(self, int32_t row, int64_t when_ns) except -1
    cdef int verdict(self, int32_t row, int64_t when_ns) except -1
    cdef int bridge(self, int32_t row, int64_t when_ns) except -1
    cdef int wait(self, int32_t row, int64_t when_ns) except -1
    cdef int end(self, int32_t row, int64_t when_ns, int32_t outcome, int32_t cause, int32_t tech) except -1
    cdef int end_unanswered(self, int32_t row, int64_t when_ns) except -1
    cdef int vacate(self, int32_t row) except -1
    cdef int open_leg(self, int64_t agent_id, int64_t now_ns) except -1
    cdef int drop_leg(self, int64_t agent_id, int32_t cause, int64_t now_ns) except -1


cdef int32_t presence_of(const call_t* call) noexcept
cdef int64_t bridged_agent(const call_t* call) noexcept
