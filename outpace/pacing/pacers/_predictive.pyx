"""Predictive: one more call as long as the person who may answer it has an agent in time, with enough certainty."""
from libc.math cimport ceil
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_BUDGET, LIMIT_NO_AGENTS, LIMIT_PACING
from outpace.pacing._budget cimport budget_t
from outpace.pacing._control cimport KappaControl
from outpace.pacing._estimates cimport LEVEL_PERSON
from outpace.pacing._forecast cimport forecast, forecast_t, marginal_risk, old_calls, stand_t
from outpace.pacing._pacer cimport (
    FALLBACK_BUDGET_SPENT, FALLBACK_FEED_SILENT, FALLBACK_NONE, Pacer, PacingSnapshot, decision_t,
)

cdef int64_t INTERVAL_NS = 500_000_000
cdef double CANCEL_ABOVE = 3.0          # times kappa
# Calls in flight, whatever the forecast says: while nobody answers, an outage is likelier than a list without people,
# and what rings when it ends must not drown the agents.
cdef double MOST_LINES = 60.0           # per agent
cdef double UNANSWERED_LINES = 6.0      # per agent ...
cdef double ANSWERED_LINES = 20.0       # ... and per person who has answered lately


cdef class ForecastPacer(Pacer):
    """Launch while the marginal risk stays within kappa; kappa steers the day's abandonment to its cap.

    The marginal risk of a call is the probability that it, if a person answers it, finds no agent within `wait_s`.
    kappa follows the abandonment budget. There is nothing to tune but the cap, which is the budget's.

    Parameters
    ----------
    wait_s : float, > 0. Seconds that a person may wait for an agent.
    cancels : bool. Whether to say which calls that have rung long enough are better taken back: where the risk of the
        next call is more than three times kappa, as many as bring it down to that.
    fixed_kappa : float in [0, 1). For studies of the rule alone: the marginal risk that is allowed, whatever the
        abandonment; 0 = steered. A budget that is spent still stops it.
    """

    def __init__(self, double wait_s=2.0, bint cancels=False, *, double fixed_kappa=0.0):
        if not 0.0 <= wait_s < 3600.0:
            raise ValueError(f"wait_s must be seconds, not {wait_s}")
        if not 0.0 <= fixed_kappa < 1.0:
            raise ValueError(f"fixed_kappa must be from 0 to less than 1, not {fixed_kappa}")
        self.wait_s = wait_s
        self.cancels = cancels
        self.fixed_kappa = fixed_kappa
        self.interval_ns = INTERVAL_NS
        self.control = KappaControl(1)
        self.columns = dict(self.control.columns)

    # hot
    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        cdef budget_t budget
        snapshot.estimates.advance(row, now_ns)
        snapshot.budget.look(row, now_ns, &budget)
        self.control.advance(0, &budget, snapshot.working[row], now_ns)

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        cdef budget_t budget
        cdef forecast_t f
        cdef double[2] risks
        cdef int64_t under_way = snapshot.unanswered[row] + snapshot.classifying[row]
        cdef int64_t free = snapshot.ready[row] - snapshot.waiting[row]
        cdef int64_t most = min(snapshot.lines[row], most_lines(snapshot, row) - under_way)
        cdef double weight = snapshot.lead_weight[row]
        cdef stand_t stand
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
        out.kappa = self.fixed_kappa if self.fixed_kappa > 0.0 else self.control.kappa(0, &budget)
        stand.free = <double>free
        stand.pending = max(0.0, under_way - snapshot.estimates.in_flight(row))
        if not 0.0 <= weight <= 100.0:           # also what is not a number
            weight = 1.0
        stand.weight = weight
        stand.wait_s = self.wait_s
        forecast(snapshot.estimates, row, &stand, &f)
        out.answers = f.people
        out.releases = f.releases[f.last].mean
        if f.total <= 0.0:
            return
        if self.cancels:
            out.cancels = self.calls_too_many(snapshot, row, &f, CANCEL_ABOVE * out.kappa)
        if most <= 0:
            out.risk_next = marginal_risk(&f, 0.0)
            return
        out.count = self.most_launches(&f, out.kappa, most, risks)
        out.risk = risks[0]
        out.risk_next = risks[1]
        out.expected_abandons = out.count * f.total * weight * risks[0]

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
            risks[1] = 0.0                   # there are no more lines: nobody asks what the next call would risk
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

    cdef int64_t calls_too_many(
        self, PacingSnapshot snapshot, Py_ssize_t row, const forecast_t* f, double allowed
    ) noexcept nogil:
        cdef double worth
        cdef int64_t most = <int64_t>old_calls(snapshot.estimates, row, &worth)
        cdef int64_t few = 0, many, middle
        if most == 0 or worth <= 0.0 or marginal_risk(f, 0.0) <= allowed:
            return 0
        many = most
        while many - few > 1:
            middle = (many + few) // 2
            if marginal_risk(f, -worth * middle) <= allowed:
                many = middle
            else:
                few = middle
        return many

    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        cdef int64_t under_way = snapshot.unanswered[row] + snapshot.classifying[row]
        return snapshot.waiting[row] + <int64_t>ceil(under_way * snapshot.estimates.live_rate(row) - 1e-9)
    # end hot


# hot
cdef int64_t most_lines(PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
    cdef double agents = <double>snapshot.working[row]
    cdef double proven = ANSWERED_LINES * snapshot.estimates.long_seen[row, LEVEL_PERSON]
    return <int64_t>min(MOST_LINES * agents, UNANSWERED_LINES * agents + proven)
# end hot
