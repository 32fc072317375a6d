from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.domain._words cimport attempt_t, command_t
from outpace.engine._campaigns cimport CampaignTable
from outpace.engine._tables cimport AgentTable, CallTable
from outpace.engine._timers cimport TimerHeap
from outpace.engine._trunks cimport TrunkTable
from outpace.pacing._answer_model cimport AnswerModel
from outpace.pacing._budget cimport Budget
from outpace.pacing._estimates cimport Estimates

# registers: the engine's scalars, in one array so that snapshot and digest miss none
cdef enum:
    REG_NOW = 0              # the latest now_ns
    REG_EPOCH = 1
    REG_SEQUENCE = 2         # of attempt ids
    REG_LINK_UP = 3
    REG_FENCED = 4           # another engine owns the pool: launch nothing
    REG_UNRECORDED = 5       # attempts whose ending is not durable yet
    REG_ROTATION = 6         # which campaign decides first
    REG_DIRTY = 7            # a decision may be due
    REG_FACTS = 8
    REG_FORBIDDEN = 9        # facts that the table forbids
    REG_STRAY = 10           # facts of calls that are not ours (any more)
    REG_QUERIES = 11
    REG_LOST = 12            # calls closed without a word from the switch
    REG_CLOCK_JUMPS = 13
    REG_DECISIONS = 14       # sequence of decisions over all campaigns
    REG_WITHDRAWN = 15       # intents that became no attempt
    REG_LEASE_EXPIRED = 16
    REG_WINDOW_NS = 17       # when calling hours change next, 0 = never
    REGISTERS = 24

# what a switch is given to answer, in engine time
cdef enum:
    INTENT_LIMIT_MS = 10000
    LAUNCH_LIMIT_MS = 15000      # from the originate to the first sign of progress, beyond the ring time
    RING_GRACE_MS = 5000
    CONNECT_TIMEOUT_MS = 3000
    RELEASE_GRACE_MS = 500       # from the end of a bridge to the end of the call
    HANGUP_LIMIT_MS = 5000
    QUERY_LIMIT_MS = 5000
    QUERY_TRIES = 3
    TALK_AUDIT_MS = 120000
    LEG_LIMIT_MS = 45000
    LEG_BUSY_LIMIT_MS = 2000

cdef enum:
    MAX_UNRECORDED = 5000        # endings the store may lag behind

cdef class EngineState:
    cdef readonly CallTable calls
    cdef readonly AgentTable agents
    cdef readonly TrunkTable trunks
    cdef readonly CampaignTable campaigns
    cdef readonly TimerHeap timers
    cdef readonly Estimates estimates     # what pacing has learned, a row per campaign
    cdef readonly AnswerModel answer_model    # which leads answer, a row per campaign
    cdef readonly Budget budget           # the abandonment ledger, a row per campaign
    cdef readonly object registers_array
    cdef int64_t[::1] registers
    cdef int32_t agent_slots              # first timer slot of the agents
    cdef int32_t campaign_slots           # ... of the campaigns' leases
    cdef int32_t trunk_slots              # ... of the trunk groups' rates
    cdef int32_t pacing_slots             # ... of the campaigns' pacing clocks
    cdef command_t* commands
    cdef Py_ssize_t command_count
    cdef Py_ssize_t command_space
    cdef attempt_t* attempts
    cdef Py_ssize_t attempt_count
    cdef Py_ssize_t attempt_space

    cdef command_t* emit(self, int32_t kind) noexcept nogil
    cdef void emit_call(self, int32_t kind, int32_t row, int32_t code) noexcept nogil
    cdef void clear_commands(self) noexcept nogil
    cdef void set_call_state(self, int32_t row, int32_t state) noexcept nogil
    cdef void arm_call(self, int32_t row, int64_t deadline_ns) noexcept nogil
    cdef void count_connected(self, int32_t campaign, int64_t now_ns) noexcept nogil
    cdef void count_abandoned(self, int32_t campaign, int32_t reason, int64_t now_ns) noexcept nogil
    cdef void count_left_unheard(self, int32_t campaign, int64_t now_ns) noexcept nogil
    cdef bint is_watched(self, int32_t campaign, int64_t now_ns) noexcept nogil
    cdef void mark_dirty(self, int32_t campaign) noexcept nogil
    cdef void mark_dirty_mask(self, uint64_t campaigns) noexcept nogil
    cdef int relate(self) except -1
    # filled in by the layers above
    cdef void offer_waiting(self, int32_t agent, int64_t now_ns) noexcept nogil
    cdef void connect_failed(self, int32_t row, bint leg_lost, int64_t now_ns) noexcept nogil
    cdef void leg_broke(self, int32_t row, int64_t now_ns) noexcept nogil
