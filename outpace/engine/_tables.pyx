"""The tables of calls and agents: columns of numpy arrays, rows reused through free lists, handles by id.

They own their memory; callers see read-only views. Rows hold what the hot path asks; what is only carried along until
the attempt is recorded is one record a row (`life`), so that closing a call copies one block.
"""
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memset

import numpy as np

from outpace.domain._words cimport AGENT_STATES, CALL_FREE, attempt_t
from outpace.engine._idmap cimport IdMap

from outpace.engine.columns import with_rows_of

#: The layout of attempt_t, for numpy. Every field is UTC nanoseconds, an id or an enum's number.
LIFE_DTYPE = np.dtype([
    *((name, np.int64) for name in (
        "call_id", "campaign_id", "lead_id", "number", "lease_token", "trunk_group_id", "agent_id")),
    *((name, np.int32) for name in (
        "attempt_number", "outcome", "abandon_reason", "verdict", "hangup_cause", "tech_cause", "caller_id_index",
        "reserved")),
    *((name, np.int64) for name in (
        "retry_at_ns", "intent_ns", "launched_ns", "proceeding_ns", "ringing_ns", "answered_ns", "speech_start_ns",
        "greeting_end_ns", "verdict_ns", "offered_ns", "connected_ns", "talk_end_ns", "treatment_start_ns",
        "treatment_end_ns", "ended_ns")),
], align=True)


cdef class CallTable:
    """`capacity` calls at most."""

    def __init__(self, Py_ssize_t capacity):
        self.capacity = capacity
        self.ids = IdMap(capacity)
        self.columns = {
            "state": np.zeros(capacity, np.int8), "flags": np.zeros(capacity, np.int32),
            "campaign": np.zeros(capacity, np.int32), "trunk": np.full(capacity, -1, np.int32),
            "agent": np.full(capacity, -1, np.int32), "queries": np.zeros(capacity, np.int32),
            "previous": np.full(capacity, -1, np.int32), "next": np.arange(1, capacity + 1, dtype=np.int32),
            "generation": np.zeros(capacity, np.uint32), "clock_ns": np.zeros(capacity, np.int64),
            "limit_ns": np.zeros(capacity, np.int64), "weight": np.ones(capacity),
            "features": np.zeros(capacity, np.int64), "hour_slot": np.full(capacity, -1, np.int32),
            "life": np.zeros(capacity, LIFE_DTYPE), "registers": np.zeros(3, np.int32),
        }
        self.columns["next"][capacity - 1] = -1
        self.state = self.columns["state"]
        self.flags = self.columns["flags"]
        self.campaign = self.columns["campaign"]
        self.trunk = self.columns["trunk"]
        self.agent = self.columns["agent"]
        self.queries = self.columns["queries"]
        self.previous = self.columns["previous"]
        self.next = self.columns["next"]
        self.generation = self.columns["generation"]
        self.clock_ns = self.columns["clock_ns"]
        self.limit_ns = self.columns["limit_ns"]
        self.weight = self.columns["weight"]
        self.features = self.columns["features"]
        self.hour_slot = self.columns["hour_slot"]
        self.life = self.columns["life"]
        self.registers = self.columns["registers"]

    # hot
    cdef int32_t allocate(self, int64_t call_id) noexcept nogil:
        cdef int32_t row = self.registers[0]
        if row < 0:
            return -1
        self.registers[0] = self.next[row]
        self.registers[1] += 1
        if row >= self.registers[2]:
            self.registers[2] = row + 1
        memset(&self.life[row], 0, sizeof(attempt_t))
        self.life[row].call_id = call_id
        self.flags[row] = 0
        self.trunk[row] = -1
        self.agent[row] = -1
        self.queries[row] = 0
        self.previous[row] = -1
        self.next[row] = -1
        self.clock_ns[row] = 0
        self.limit_ns[row] = 0
        self.weight[row] = 1.0
        self.features[row] = 0
        self.hour_slot[row] = -1
        self.ids.put(call_id, row)
        return row

    cdef void release(self, int32_t row) noexcept nogil:
        self.ids.remove(self.life[row].call_id)
        self.state[row] = CALL_FREE
        self.generation[row] += 1
        self.next[row] = self.registers[0]
        self.registers[0] = row
        self.registers[1] -= 1
    # end hot


cdef class AgentTable:
    """The agents of the pool; nobody's row ever changes, logging in and out is a state."""

    def __init__(self, agent_ids, campaign_masks):
        self.columns = {}
        self.change(agent_ids, campaign_masks)

    def change(self, agent_ids, campaign_masks):
        """Take over whom each agent serves; agents behind those there are get new rows."""
        cdef Py_ssize_t row
        cdef Py_ssize_t count = len(agent_ids)
        cdef Py_ssize_t size = max(count, 1)
        if not self.columns or count > self.count:
            self.count = count
            self.ids = IdMap(size)
            self._bind(with_rows_of(self.columns, self._columns(size)))
        for row in range(count):
            self.agent_id[row] = agent_ids[row]
            self.campaigns[row] = campaign_masks[row]
            self.ids.put(agent_ids[row], <int32_t>row)

    def _columns(self, Py_ssize_t size):
        return {
            "agent_id": np.zeros(size, np.int64), "campaigns": np.zeros(size, np.uint64),
            "state": np.zeros(size, np.int8), "leg": np.zeros(size, np.int8), "wants": np.zeros(size, np.int8),
            "leg_busy": np.zeros(size, np.int8), "adopted": np.zeros(size, np.int8),
            "observed": np.zeros(size, np.int8), "reason": np.zeros(size, np.int32),
            "call": np.full(size, -1, np.int32),
            "leg_failures": np.zeros(size, np.int32), "previous": np.full(size, -1, np.int32),
            "next": np.full(size, -1, np.int32), "in_list": np.zeros(size, np.int32),
            "last_call": np.zeros(size, np.int64), "last_campaign": np.zeros(size, np.int32),
            "last_number": np.zeros(size, np.int64),
            "since_ns": np.zeros(size, np.int64), "calls": np.zeros(size, np.int64),
            "spent_ns": np.zeros((size, AGENT_STATES), np.int64), "registers": np.full(2, -1, np.int32),
        }

    def _bind(self, columns):
        self.columns = columns
        self.agent_id = self.columns["agent_id"]
        self.campaigns = self.columns["campaigns"]
        self.state = self.columns["state"]
        self.leg = self.columns["leg"]
        self.wants = self.columns["wants"]
        self.leg_busy = self.columns["leg_busy"]
        self.adopted = self.columns["adopted"]
        self.observed = self.columns["observed"]
        self.reason = self.columns["reason"]
        self.call = self.columns["call"]
        self.leg_failures = self.columns["leg_failures"]
        self.previous = self.columns["previous"]
        self.next = self.columns["next"]
        self.in_list = self.columns["in_list"]
        self.last_call = self.columns["last_call"]
        self.last_campaign = self.columns["last_campaign"]
        self.last_number = self.columns["last_number"]
        self.since_ns = self.columns["since_ns"]
        self.calls = self.columns["calls"]
        self.spent_ns = self.columns["spent_ns"]
        self.registers = self.columns["registers"]

    # hot
    cdef void append_ready(self, int32_t row) noexcept nogil:
        cdef int32_t tail = self.registers[1]
        self.previous[row] = tail
        self.next[row] = -1
        self.in_list[row] = 1
        if tail >= 0:
            self.next[tail] = row
        else:
            self.registers[0] = row
        self.registers[1] = row

    cdef void prepend_ready(self, int32_t row) noexcept nogil:
        cdef int32_t head = self.registers[0]
        self.previous[row] = -1
        self.next[row] = head
        self.in_list[row] = 1
        if head >= 0:
            self.previous[head] = row
        else:
            self.registers[1] = row
        self.registers[0] = row

    cdef void remove_ready(self, int32_t row) noexcept nogil:
        cdef int32_t before = self.previous[row]
        cdef int32_t after = self.next[row]
        if self.in_list[row] == 0:
            return
        if before >= 0:
            self.next[before] = after
        else:
            self.registers[0] = after
        if after >= 0:
            self.previous[after] = before
        else:
            self.registers[1] = before
        self.previous[row] = -1
        self.next[row] = -1
        self.in_list[row] = 0

    cdef int32_t longest_idle(self, uint64_t campaign_bit, uint64_t needed) noexcept nogil:
        cdef int32_t row = self.registers[0]
        cdef int32_t best = -1
        cdef int32_t least = 65
        cdef int32_t count
        cdef uint64_t rest
        while row >= 0:
            if self.campaigns[row] & campaign_bit:
                count = 0
                rest = self.campaigns[row] & needed
                while rest:
                    rest &= rest - 1
                    count += 1
                if count == 0:
                    return row
                if count < least:
                    least = count
                    best = row
            row = self.next[row]
        return best
    # end hot
