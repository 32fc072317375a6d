"""Expected balance: agents expected to be free when the next call is answered, times a weight, against the answers."""
from libc.math cimport exp, fabs
from libc.stdint cimport int64_t

from outpace.pacing._estimates cimport HORIZONS, Estimates
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t
from outpace.sim.rivals._counting cimport TICK_NS, tell
from outpace.sim.rivals._expected_answers cimport calls_for, expected_answers


cdef class ExpectedBalance(Pacer):
    """Launch until the people expected of the calls in flight are `weight` times the agents expected.

    Agents: those free less the people waiting, and those who talk or wrap up, each with the probability to be free at
    the mean answer time of a new call; talk and wrap-up end at one pooled rate each, whatever their age.

    Parameters
    ----------
    weight : float, 0 to 10.
    """

    cdef readonly double weight

    def __init__(self, double weight):
        if not 0.0 <= weight <= 10.0:
            raise ValueError(f"weight must be from 0 to 10, not {weight}")
        self.weight = weight
        self.interval_ns = TICK_NS

    # hot
    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        snapshot.estimates.advance(row, now_ns)

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        cdef double horizon_s = mean_answer_s(snapshot.estimates, row)
        cdef double talk_s = snapshot.estimates.mean_talk_s(row)
        cdef double wrap_up_s = snapshot.estimates.mean_wrap_up_s(row)
        cdef double free = <double>(snapshot.ready[row] - snapshot.waiting[row])
        cdef double releases = <double>snapshot.talking[row] * both_by(horizon_s, talk_s, wrap_up_s)
        cdef double answers = expected_answers(snapshot, row)
        releases += <double>snapshot.wrap_up[row] * (1.0 - exp(-horizon_s / wrap_up_s))
        tell(snapshot, row, calls_for(snapshot, row, self.weight * (free + releases) - answers), out)
        out.answers = answers
        out.releases = releases
        out.live_rate = snapshot.estimates.live_rate(row)
    # end hot


# hot
cdef double mean_answer_s(Estimates estimates, Py_ssize_t row) noexcept nogil:
    # from launch to person; what is answered in a second is answered in its middle
    cdef double moments = 0.0
    cdef double total = estimates.new_answer_by[row, HORIZONS - 1]
    cdef Py_ssize_t h
    if total <= 0.0:
        return 0.0
    for h in range(1, HORIZONS):
        moments += (estimates.new_answer_by[row, h] - estimates.new_answer_by[row, h - 1]) * (<double>h - 0.5)
    return moments / total


cdef double both_by(double within_s, double first_s, double second_s) noexcept nogil:
    # P(two exponential times, one after the other, are over); of equal means it is Erlang's distribution
    cdef double gap = first_s - second_s
    if fabs(gap) < 1e-6 * first_s:
        return 1.0 - exp(-within_s / first_s) * (1.0 + within_s / first_s)
    return 1.0 - (first_s * exp(-within_s / first_s) - second_s * exp(-within_s / second_s)) / gap
# end hot
