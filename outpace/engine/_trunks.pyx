"""Trunk groups: channels, calls per second, outstanding originates.

The rate is a generic cell rate algorithm (ITU-T I.371): one number a group, no queue of time stamps. A call takes its
channel when it is decided on and its token when it is sent; between the two lies the store's commit, so a group may
have a short lookahead of decided calls in the pipeline, and the token is what the carrier sees.
"""
from libc.stdint cimport INT64_MAX, int32_t, int64_t

import numpy as np

from outpace.domain._words cimport LIMIT_CPS, LIMIT_PENDING_ORIGINATES, LIMIT_TRUNK_CHANNELS
from outpace.engine._idmap cimport IdMap

# how far ahead of the rate decisions may run, to cover the commit of the intents
cdef int64_t LOOKAHEAD_NS = 100_000_000


cdef class TrunkTable:
    """One row per trunk group, in the order of the settings."""

    def __init__(self, groups):
        cdef Py_ssize_t row
        cdef int64_t interval
        self.count = len(groups)
        self.ids = IdMap(max(self.count, 1))
        self.columns = {
            name: np.zeros(self.count, np.int64)
            for name in (
                "trunk_group_id", "channels", "in_use", "pending", "max_pending", "pipeline", "interval_ns",
                "burst_ns", "theoretical_ns", "blocked_until_ns", "no_circuit", "caller_ids", "caller_next",
            )
        }
        self.columns["users"] = np.zeros(self.count, np.uint64)
        self.columns["head"] = np.full(self.count, -1, np.int32)
        self.columns["tail"] = np.full(self.count, -1, np.int32)
        self.trunk_group_id = self.columns["trunk_group_id"]
        self.channels = self.columns["channels"]
        self.in_use = self.columns["in_use"]
        self.pending = self.columns["pending"]
        self.max_pending = self.columns["max_pending"]
        self.pipeline = self.columns["pipeline"]
        self.interval_ns = self.columns["interval_ns"]
        self.burst_ns = self.columns["burst_ns"]
        self.theoretical_ns = self.columns["theoretical_ns"]
        self.blocked_until_ns = self.columns["blocked_until_ns"]
        self.no_circuit = self.columns["no_circuit"]
        self.caller_ids = self.columns["caller_ids"]
        self.caller_next = self.columns["caller_next"]
        self.users = self.columns["users"]
        self.head = self.columns["head"]
        self.tail = self.columns["tail"]
        for row in range(self.count):
            group = groups[row]
            interval = round(1e9 / group.cps)
            self.trunk_group_id[row] = group.id
            self.channels[row] = group.channels
            self.max_pending[row] = group.max_pending
            self.interval_ns[row] = interval
            self.burst_ns[row] = (group.burst - 1) * interval
            self.caller_ids[row] = len(group.caller_ids)
            self.ids.put(group.id, <int32_t>row)

    # hot
    cdef int64_t tokens(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        cdef int64_t due = self.theoretical_ns[row]
        cdef int64_t slack
        if due < now_ns:
            due = now_ns
        slack = now_ns + self.burst_ns[row] - due
        if slack < 0:
            return 0
        return slack // self.interval_ns[row] + 1

    cdef int64_t tokens_ahead(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        # those of now and those that will have come by the end of the lookahead
        cdef int64_t due = self.theoretical_ns[row]
        cdef int64_t slack
        if due < now_ns:
            due = now_ns
        slack = now_ns + LOOKAHEAD_NS + self.burst_ns[row] - due
        if slack < 0:
            return 0
        return slack // self.interval_ns[row] + 1

    cdef void take_token(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        if self.theoretical_ns[row] < now_ns:
            self.theoretical_ns[row] = now_ns
        self.theoretical_ns[row] += self.interval_ns[row]

    cdef int64_t next_token_ns(self, Py_ssize_t row) noexcept nogil:
        return self.theoretical_ns[row] - self.burst_ns[row]

    cdef int64_t next_room_ns(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        if self.blocked_until_ns[row] > now_ns:
            return self.blocked_until_ns[row]
        if self.theoretical_ns[row] <= now_ns:
            return INT64_MAX
        return (
            self.theoretical_ns[row] - self.burst_ns[row] - LOOKAHEAD_NS
            + self.tokens_ahead(row, now_ns) * self.interval_ns[row]
        )

    cdef int64_t room(self, Py_ssize_t row, int64_t now_ns, int32_t* limited_by) noexcept nogil:
        # calls that may be decided on now, and what would bind first
        cdef int64_t least = self.channels[row] - self.in_use[row]
        cdef int64_t other
        limited_by[0] = LIMIT_TRUNK_CHANNELS
        if self.blocked_until_ns[row] > now_ns:
            return 0
        other = self.max_pending[row] - self.pending[row] - self.pipeline[row]
        if other < least:
            least = other
            limited_by[0] = LIMIT_PENDING_ORIGINATES
        other = self.tokens_ahead(row, now_ns) - self.pipeline[row]
        if other < least:
            least = other
            limited_by[0] = LIMIT_CPS
        return least if least > 0 else 0
    # end hot
