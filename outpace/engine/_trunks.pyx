"""Trunk groups: channels, calls per second, outstanding originates.

The rate is a generic cell rate algorithm (ITU-T I.371): one number a group, no queue of time stamps. A call takes its
channel when it is decided on and its token when it is sent; between the two lies the store's commit, so a group may
have a short lookahead of decided calls in the pipeline, and the token is what the carrier sees.
"""
from libc.stdint cimport INT64_MAX, int32_t, int64_t

import numpy as np

from outpace.domain._words cimport LIMIT_CPS, LIMIT_PENDING_ORIGINATES, LIMIT_TRUNK_CHANNELS
from outpace.engine._idmap cimport IdMap

from outpace.engine.columns import with_rows_of

# how far ahead of the rate decisions may run, to cover the commit of the intents
cdef int64_t LOOKAHEAD_NS = 100_000_000


cdef class TrunkTable:
    """One row per trunk group, in the order of the settings."""

    def __init__(self, groups):
        self.columns = {}
        self.change(groups, 0)

    def change(self, groups, int64_t now_ns):
        """Take over settings; groups behind those there are get new rows. Calls keep their channels."""
        cdef Py_ssize_t row
        if not self.columns or len(groups) > self.count:
            self.count = len(groups)
            self.ids = IdMap(max(self.count, 1))
            self._bind(with_rows_of(self.columns, self._columns()))
        for row in range(self.count):
            self._settle(row, groups[row], now_ns)

    def _columns(self):
        columns = {
            name: np.zeros(self.count, np.int64)
            for name in (
                "trunk_group_id", "configured", "channels", "in_use", "pending", "max_pending", "pipeline",
                "interval_ns", "burst_ns", "theoretical_ns", "blocked_until_ns", "no_circuit", "caller_first",
                "caller_ids", "caller_next",
            )
        }
        columns["users"] = np.zeros(self.count, np.uint64)
        columns["head"] = np.full(self.count, -1, np.int32)
        columns["tail"] = np.full(self.count, -1, np.int32)
        return columns

    def _bind(self, columns):
        self.columns = columns
        self.trunk_group_id = self.columns["trunk_group_id"]
        self.configured = self.columns["configured"]
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
        self.caller_first = self.columns["caller_first"]
        self.caller_ids = self.columns["caller_ids"]
        self.caller_next = self.columns["caller_next"]
        self.users = self.columns["users"]
        self.head = self.columns["head"]
        self.tail = self.columns["tail"]

    def _settle(self, Py_ssize_t row, group, int64_t now_ns):
        interval = round(1e9 / group.cps)
        ahead = self.theoretical_ns[row] - now_ns
        if ahead > 0:
            # what the old rate has let through beyond its pace counts as so many calls of the new one
            self.theoretical_ns[row] = now_ns + ahead * interval // self.interval_ns[row]
        if group.channels != self.configured[row]:
            # those in alarm stay out
            self.channels[row] = max(0, group.channels - max(0, self.configured[row] - self.channels[row]))
            self.configured[row] = group.channels
        self.trunk_group_id[row] = group.id
        self.max_pending[row] = group.max_pending
        self.interval_ns[row] = interval
        self.burst_ns[row] = (group.burst - 1) * interval
        self.ids.put(group.id, <int32_t>row)

    def name_callers(self, Py_ssize_t row, Py_ssize_t first, Py_ssize_t count):
        """Dial with `count` caller IDs from number `first` on, of all that the group has ever had; >= 1."""
        self.caller_first[row], self.caller_ids[row], self.caller_next[row] = first, count, 0

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
