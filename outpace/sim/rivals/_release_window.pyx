"""Release window: the agents who are likely free within so many seconds count as free already."""
from libc.stdint cimport int64_t

from outpace.pacing._estimates cimport HORIZONS, PHASE_BINS, PHASES
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t
from outpace.sim.rivals._counting cimport TICK_NS, tell
from outpace.sim.rivals._expected_answers cimport calls_for, expected_answers


cdef class ReleaseWindow(Pacer):
    """Launch until the people expected of the calls in flight are as many as the agents free within the window.

    Agents: those free less the people waiting, and the sum over busy agents of the probability that they are free
    within the window, from hazards by the age of their talk or wrap-up.

    Parameters
    ----------
    window_s : float, 0 to 47. Between whole seconds the probability is taken as a straight line.
    """

    cdef readonly double window_s

    def __init__(self, double window_s):
        if not 0.0 <= window_s <= HORIZONS - 1:
            raise ValueError(f"window_s must be from 0 to {HORIZONS - 1} seconds, not {window_s}")
        self.window_s = window_s
        self.interval_ns = TICK_NS

    # hot
    cdef double releases(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        cdef Py_ssize_t below = min(<Py_ssize_t>self.window_s, HORIZONS - 2)
        cdef double above = self.window_s - <double>below
        cdef double agents = 0.0, share
        cdef Py_ssize_t phase, bin
        for phase in range(PHASES):
            for bin in range(PHASE_BINS):
                share = (1.0 - above) * snapshot.estimates.free_by[row, phase, bin, below]
                share += above * snapshot.estimates.free_by[row, phase, bin, below + 1]
                agents += snapshot.estimates.now_agents[row, phase, bin] * share
        return agents

    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        snapshot.estimates.advance(row, now_ns)

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        cdef double free = <double>(snapshot.ready[row] - snapshot.waiting[row])
        cdef double releases = self.releases(snapshot, row)
        cdef double answers = expected_answers(snapshot, row)
        tell(snapshot, row, calls_for(snapshot, row, free + releases - answers), out)
        out.answers = answers
        out.releases = releases
        out.live_rate = snapshot.estimates.live_rate(row)
    # end hot
