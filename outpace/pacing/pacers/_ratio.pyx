"""Ratio: the operator sets lines per agent, the pacer holds it."""
from libc.math cimport ceil, floor
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_NO_AGENTS, LIMIT_PACING
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t


cdef class RatioPacer(Pacer):
    """Unanswered calls at most ratio times agents.

    Calls that are answered but not classified yet count as unanswered: nobody knows yet whether they need an agent.
    While people wait for an agent nothing is launched beyond what the ratio leaves after them.

    Parameters
    ----------
    ratio : float, > 0 and finite. Lines per agent.
    counts_working : bool. Which agents count: those logged in and not paused, or (False) the ready ones.
    """

    def __init__(self, double ratio=1.0, bint counts_working=False):
        if not 0.0 < ratio < 1e6:
            raise ValueError(f"ratio must be a positive number, not {ratio}")
        self.ratio = ratio
        self.counts_working = counts_working
        self.interval_ns = 0

    # hot
    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        cdef int64_t agents = snapshot.working[row] if self.counts_working else snapshot.ready[row]
        cdef int64_t lines = <int64_t>floor(self.ratio * <double>agents + 1e-9) if agents > 0 else 0
        cdef int64_t room = lines - snapshot.unanswered[row] - snapshot.classifying[row] - snapshot.waiting[row]
        memset(out, 0, sizeof(decision_t))
        out.limited_by = LIMIT_PACING if snapshot.working[row] > 0 else LIMIT_NO_AGENTS
        out.count = room if room > 0 else 0

    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        cdef int64_t under_way = snapshot.unanswered[row] + snapshot.classifying[row]
        return snapshot.waiting[row] + <int64_t>ceil(<double>under_way / self.ratio - 1e-9)
    # end hot
