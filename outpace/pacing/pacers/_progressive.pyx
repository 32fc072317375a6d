"""Progressive: one call for every agent who is ready and has none coming."""
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_NO_AGENTS, LIMIT_PACING
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t


# hot
cdef int64_t progressive_room(PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
    cdef int64_t under_way = snapshot.unanswered[row] + snapshot.classifying[row] + snapshot.waiting[row]
    return max(0, snapshot.ready[row] - under_way)
# end hot


cdef class ProgressivePacer(Pacer):
    """Calls under way at most ready agents: nobody who answers waits, unless an agent leaves meanwhile.

    What precise is with k = 0; no setting can turn it into more.
    """

    # hot
    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        memset(out, 0, sizeof(decision_t))
        out.limited_by = LIMIT_PACING if snapshot.working[row] > 0 else LIMIT_NO_AGENTS
        out.count = progressive_room(snapshot, row)
    # end hot
