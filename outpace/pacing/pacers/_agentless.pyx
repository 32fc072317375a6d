"""Agentless: people hear a message and need no agent, so only the lines bound the dialling."""
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_TRUNK_CHANNELS
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t


cdef class AgentlessPacer(Pacer):
    """As many calls as there are free lines; the launch gate holds them to the trunk group's rate.

    With no line free one call is wanted all the same: the gate then names what is in its way and wakes the campaign
    when that has passed.
    """

    # hot
    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        memset(out, 0, sizeof(decision_t))
        out.limited_by = LIMIT_TRUNK_CHANNELS
        out.count = max(1, snapshot.lines[row])

    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        return 0
    # end hot
