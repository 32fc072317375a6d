"""Erlang: a steady launch rate from the textbook model of a call centre, dialled open loop."""
from libc.math cimport ceil, floor
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_BUDGET, LIMIT_NO_AGENTS, LIMIT_PACING
from outpace.pacing._budget cimport budget_t
from outpace.pacing._erlang_inverse cimport load_for_abandoned_c
from outpace.pacing._pacer cimport (
    FALLBACK_BUDGET_SPENT, FALLBACK_FEED_SILENT, FALLBACK_NONE, Pacer, PacingSnapshot, decision_t,
)
from outpace.pacing.pacers._progressive cimport progressive_room

import numpy as np

cdef int64_t INTERVAL_NS = 500_000_000
cdef int64_t COMPUTE_NS = 5_000_000_000
cdef double LONGEST_STEP_S = 1.0        # time without decisions is not made up for
cdef double LEAST_LIVE = 0.001          # live rates below this one are taken for it
cdef int64_t MOST_LINES = 60            # calls in flight per agent, whatever the model says


cdef class ErlangPacer(Pacer):
    """The largest answer rate at which the Erlang-A model loses no more than the cap, over the live rate.

    Agents: those who work. Handle time: the mean talk and wrap-up so far. Patience: exponential, with the connect
    limit for its mean. The rate is asked of the model every 5 s and dialled evenly, whoever happens to be free: what
    call-centre textbooks know, and what the predictive pacer is compared with. It does not look at the ledger unless
    that is spent; then, with a cap of 0, or when the switch has fallen silent, it is progressive.

    Parameters
    ----------
    patience_s : float, 0.01 to 3600. Seconds.
    """

    def __init__(self, double patience_s=2.0):
        if not 0.01 <= patience_s <= 3600.0:
            raise ValueError(f"patience_s must be from 0.01 to 3600 seconds, not {patience_s}")
        self.patience_s = patience_s
        self.interval_ns = INTERVAL_NS
        self.columns = {
            "credit": np.zeros(1),
            "calls_per_s": np.zeros(1),
            "last_ns": np.zeros(1, np.int64),
            "computed_ns": np.zeros(1, np.int64),
        }
        self.credit = self.columns["credit"]
        self.calls_per_s = self.columns["calls_per_s"]
        self.last_ns = self.columns["last_ns"]
        self.computed_ns = self.columns["computed_ns"]

    # hot
    cdef double model_rate(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        # calls per second
        cdef double agents = <double>snapshot.working[row]
        cdef double handle_s = snapshot.estimates.mean_talk_s(row) + snapshot.estimates.mean_wrap_up_s(row)
        cdef double live = max(LEAST_LIVE, snapshot.estimates.live_rate(row) * snapshot.lead_weight[row])
        if agents <= 0.0 or handle_s <= 0.0:
            return 0.0
        return min(
            <double>MOST_LINES * agents,
            load_for_abandoned_c(agents, handle_s, self.patience_s, snapshot.budget.cap[row]) / (handle_s * live),
        )

    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        cdef double seconds = <double>(now_ns - self.last_ns[0]) * 1e-9
        snapshot.estimates.advance(row, now_ns)
        # the whole calls of before were launched, or something held them: either way their turn is over
        self.credit[0] -= floor(self.credit[0])
        self.credit[0] += self.calls_per_s[0] * min(LONGEST_STEP_S, max(0.0, seconds))
        self.last_ns[0] = now_ns
        if not 0 <= now_ns - self.computed_ns[0] < COMPUTE_NS:
            self.computed_ns[0] = now_ns
            self.calls_per_s[0] = self.model_rate(snapshot, row)

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        cdef budget_t budget
        cdef double cap = snapshot.budget.cap[row]
        cdef int64_t under_way = snapshot.unanswered[row] + snapshot.classifying[row]
        cdef int64_t most = MOST_LINES * snapshot.working[row] - under_way
        memset(out, 0, sizeof(decision_t))
        snapshot.budget.look(row, now_ns, &budget)
        out.balance = budget.balance
        out.live_rate = snapshot.estimates.live_rate(row)
        out.limited_by = LIMIT_PACING if snapshot.working[row] > 0 else LIMIT_NO_AGENTS
        if snapshot.working[row] <= 0:
            return
        if budget.spent or cap <= 0.0:
            out.fallback = FALLBACK_BUDGET_SPENT
            out.limited_by = LIMIT_BUDGET
        elif under_way > 0 and snapshot.estimates.silent(row, now_ns):
            out.fallback = FALLBACK_FEED_SILENT
        if out.fallback != FALLBACK_NONE:
            out.count = progressive_room(snapshot, row)
            return
        out.count = max(0, min(<int64_t>floor(self.credit[0]), most))
        out.expected_abandons = <double>out.count * out.live_rate * snapshot.lead_weight[row] * cap

    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        cdef int64_t under_way = snapshot.unanswered[row] + snapshot.classifying[row]
        return snapshot.waiting[row] + <int64_t>ceil(under_way * snapshot.estimates.live_rate(row) - 1e-9)
    # end hot
