"""Predictive: one more call as long as the person who may answer it has an agent in time, with enough certainty."""
from libc.math cimport ceil, exp, sqrt
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_BUDGET, LIMIT_NO_AGENTS, LIMIT_PACING
from outpace.pacing._budget cimport budget_t
from outpace.pacing._forecast cimport forecast, forecast_t, marginal_risk
from outpace.pacing._pacer cimport (
    FALLBACK_BUDGET_SPENT, FALLBACK_FEED_SILENT, FALLBACK_NONE, Pacer, PacingSnapshot, decision_t,
)

import numpy as np

cdef int64_t INTERVAL_NS = 500_000_000
cdef int64_t MOST_LINES = 60            # calls in flight per agent, whatever the forecast says
cdef double STEADY_S = 1800.0
cdef double UNDER = 0.005               # aim so far below the cap: a share of it


cdef class ForecastPacer(Pacer):
    """Launch while the marginal risk stays within kappa; kappa steers the day's abandonment to its cap.

    The marginal risk of a call is the probability that it, if a person answers it, finds no agent within `wait_s`.
    kappa follows the abandonment budget. There is nothing to tune but the cap, which is the budget's.

    Parameters
    ----------
    wait_s : float, > 0. Seconds that a person may wait for an agent.
    fixed_kappa : float in [0, 1). For studies of the rule alone: the marginal risk that is allowed, whatever the
        abandonment; 0 = steered. A budget that is spent still stops it.
    """

    def __init__(self, double wait_s=2.0, *, double fixed_kappa=0.0):
        if not 0.0 <= wait_s < 3600.0:
            raise ValueError(f"wait_s must be seconds, not {wait_s}")
        if not 0.0 <= fixed_kappa < 1.0:
            raise ValueError(f"fixed_kappa must be from 0 to less than 1, not {fixed_kappa}")
        self.wait_s = wait_s
        self.fixed_kappa = fixed_kappa
        self.interval_ns = INTERVAL_NS
        self.columns = {"z": np.zeros(1), "last_ns": np.zeros(1, np.int64)}
        self.z = self.columns["z"]
        self.last_ns = self.columns["last_ns"]

    # hot
    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        cdef budget_t budget
        cdef double seconds, x
        snapshot.estimates.advance(row, now_ns)
        snapshot.budget.look(row, now_ns, &budget)
        seconds = <double>(now_ns - self.last_ns[0]) * 1e-9
        if 0.0 < seconds <= 5.0:
            x = position(&budget, snapshot.budget.cap[row])
            self.z[0] = min(1.0, max(-4.0, self.z[0] + x * seconds / STEADY_S))
        self.last_ns[0] = now_ns

    cdef double kappa(self, Py_ssize_t row, const budget_t* budget, double cap) noexcept nogil:
        if self.fixed_kappa > 0.0:
            return self.fixed_kappa
        return 0.7 * cap * exp(min(0.9, max(-5.0, position(budget, cap) + self.z[0])))

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        cdef budget_t budget
        cdef forecast_t f
        cdef double[2] risks
        cdef int64_t under_way = snapshot.unanswered[row] + snapshot.classifying[row]
        cdef int64_t free = snapshot.ready[row] - snapshot.waiting[row]
        cdef int64_t most = min(snapshot.lines[row], MOST_LINES * snapshot.working[row] - under_way)
        cdef double pending
        memset(out, 0, sizeof(decision_t))
        snapshot.budget.look(row, now_ns, &budget)
        out.balance = budget.balance
        out.live_rate = snapshot.estimates.live_rate(row)
        out.limited_by = LIMIT_PACING if snapshot.working[row] > 0 else LIMIT_NO_AGENTS
        if snapshot.working[row] <= 0:
            return
        if budget.spent:
            out.fallback = FALLBACK_BUDGET_SPENT
            out.limited_by = LIMIT_BUDGET
        elif under_way > 0 and snapshot.estimates.silent(row, now_ns):
            out.fallback = FALLBACK_FEED_SILENT
        if out.fallback != FALLBACK_NONE:
            out.count = max(0, free - under_way)
            return
        out.kappa = self.kappa(row, &budget, snapshot.budget.cap[row])
        pending = max(0.0, under_way - snapshot.estimates.in_flight(row))
        forecast(snapshot.estimates, row, <double>free, pending, snapshot.lead_weight[row], self.wait_s, &f)
        out.answers = f.answers[f.last].mean
        out.releases = f.releases[f.last].mean
        if f.total <= 0.0 or most <= 0:
            return
        out.count = self.most_launches(&f, out.kappa, most, risks)
        out.risk = risks[0]
        out.risk_next = risks[1]
        out.expected_abandons = out.count * f.total * snapshot.lead_weight[row] * risks[0]

    cdef int64_t most_launches(self, const forecast_t* f, double kappa, int64_t most, double* risks) noexcept nogil:
        # the risk grows with the launches before it: gallop, then halve
        cdef int64_t good = 0, bad = 1, middle
        cdef double risk
        risks[0] = 0.0
        risks[1] = marginal_risk(f, 0.0)
        if risks[1] > kappa:
            return 0
        risks[0] = risks[1]
        good = 1
        while good < most:
            bad = min(2 * good, most)
            risk = marginal_risk(f, <double>(bad - 1))
            if risk > kappa:
                risks[1] = risk
                break
            risks[0] = risk
            good = bad
        else:
            return good
        while bad - good > 1:
            middle = (good + bad) // 2
            risk = marginal_risk(f, <double>(middle - 1))
            if risk <= kappa:
                good = middle
                risks[0] = risk
            else:
                bad = middle
                risks[1] = risk
        return good

    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        cdef int64_t under_way = snapshot.unanswered[row] + snapshot.classifying[row]
        return snapshot.waiting[row] + <int64_t>ceil(under_way * snapshot.estimates.live_rate(row) - 1e-9)
    # end hot


# hot
cdef double position(const budget_t* budget, double cap) noexcept nogil:
    # the balance beyond the reserve, in units of what half an hour or half of the time left can even out
    cdef double span = max(60.0, min(STEADY_S, 0.5 * budget.seconds_left))
    cdef double drops = cap * budget.rate
    cdef double balance = budget.slack - UNDER * cap * budget.answered
    return (balance - 3.0 - 2.5 * sqrt(60.0 * drops)) / (3.0 + drops * span)
# end hot
