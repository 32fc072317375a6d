"""Precise: never more calls under way than agents ready for them."""
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_NO_AGENTS, LIMIT_PACING
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t


cdef class PrecisePacer(Pacer):
    """Unanswered plus waiting calls at most ready agents less k.

    The reservation is a count: which agent gets the call is decided when it is answered. With k = 0 this is what the
    field calls progressive; with k >= 1 idle agents are kept back, so that everybody who answers has an agent even
    when one of them leaves meanwhile.

    Parameters
    ----------
    reserve : int, >= 0. The k agents kept back.
    """

    def __init__(self, int64_t reserve=0):
        if reserve < 0:
            raise ValueError(f"reserve must not be negative: {reserve}")
        self.reserve = reserve
        self.interval_ns = 0

    # hot
    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        cdef int64_t under_way = snapshot.unanswered[row] + snapshot.classifying[row] + snapshot.waiting[row]
        cdef int64_t room = snapshot.ready[row] - self.reserve - under_way
        memset(out, 0, sizeof(decision_t))
        out.limited_by = LIMIT_PACING if snapshot.working[row] > 0 else LIMIT_NO_AGENTS
        out.count = room if room > 0 else 0
    # end hot
