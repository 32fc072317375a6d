"""Fixed ratios: so many calls per free agent, or so many lines per working agent, set by hand and held."""
from libc.stdint cimport int64_t

from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t
from outpace.sim.rivals._counting cimport TICK_NS, tell, up_to_free, up_to_working


cdef class PerFreeAgent(Pacer):
    """Launch round(ratio x free agents) less the people waiting and the calls under way.

    Parameters
    ----------
    ratio : float, >= 0. Calls per free agent; 1 is progressive.
    """

    cdef readonly double ratio

    def __init__(self, double ratio):
        if not 0.0 <= ratio <= 1e6:
            raise ValueError(f"ratio must be from 0 to a million, not {ratio}")
        self.ratio = ratio
        self.interval_ns = TICK_NS

    # hot
    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        tell(snapshot, row, up_to_free(snapshot, row, self.ratio), out)
    # end hot


cdef class PerWorkingAgent(Pacer):
    """Launch round(ratio x agents who are free or in a call) less the lines up.

    Parameters
    ----------
    ratio : float, >= 0. Lines per such agent.
    """

    cdef readonly double ratio

    def __init__(self, double ratio):
        if not 0.0 <= ratio <= 1e6:
            raise ValueError(f"ratio must be from 0 to a million, not {ratio}")
        self.ratio = ratio
        self.interval_ns = TICK_NS

    # hot
    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        tell(snapshot, row, up_to_working(snapshot, row, self.ratio), out)
    # end hot
