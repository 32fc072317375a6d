"""Kappa: the risk allowed to the last call launched, steered so that the window's abandonment lands on the cap.

Marginal risk and realised ratio differ by a factor that nobody knows beforehand: it depends on the team's size, on how
sure the forecast is, and on the day. The control law finds it. With r = cap x answers per second,

    K = 2 + r max(60, min(1800, half the seconds left))     people that the budget may be off by
    R = 2 + 2.5 sqrt(60 r)                                  people held back for bursts that are already ringing
    x = (0.99 of the allowance - abandoned - R) / K
    kappa = 0.7 cap exp(clip(x + z, -5, 0.9)),  dz/dt = x / 1800 s,  z in [-4, 1]

The proportional part acts within half an hour, and faster towards the end of the day; the integral part learns the
factor, so that the balance itself need not stand off its aim. Large teams at low caps need a kappa far under the cap
(at 1000 agents and 1 % about 0.03 of it): z starts there from the team's size, and follows the size when it changes.
"""
from libc.math cimport exp, log1p, sqrt
from libc.stdint cimport int64_t

from outpace.pacing._budget cimport Budget, budget_t

import numpy as np

cdef double NS_PER_S = 1e9
cdef double KAPPA_PER_CAP = 0.7
cdef double KAPPA_MOST = 0.9     # whatever the cap: a call that would surely find nobody is not launched
cdef double TIME_S = 1800.0
cdef double LEAST_S = 60.0
cdef double RESERVE = 2.0
cdef double BURST_S = 60.0
cdef double BURST = 2.5
cdef double UNDER = 0.01         # share of the allowance that is not meant to be used: the day is to end under the cap
cdef double EXPONENT_LEAST = -5.0
cdef double EXPONENT_MOST = 0.9
cdef double INTEGRAL_LEAST = -4.0
cdef double INTEGRAL_MOST = 1.0
cdef double ERROR_MOST = 5.0     # |x| that is integrated: the exponent is at its clip long before
cdef double STEP_MOST_S = 5.0    # a longer gap is a jump of the clock, or nobody was dialling: nothing was learned
# log1p(agents x SIZE / cap): 0.3 at 100 agents and 3 %, 1.5 at 1000, 2.4 at 1000 and 1 %
cdef double SIZE = 1.1e-4


# hot: its terms
cdef double lowered_by_size(double cap, int64_t agents) noexcept nogil:
    if cap <= 0:
        return 0.0
    return -min(-INTEGRAL_LEAST, log1p(max(agents, 0) * SIZE / cap))


cdef double error(const budget_t* budget) noexcept nogil:
    # x: by how many times K the budget is off its aim
    cdef double per_s = budget.cap * budget.rate
    cdef double span_s = max(LEAST_S, min(TIME_S, 0.5 * budget.seconds_left))
    cdef double slack = budget.slack - UNDER * budget.cap * budget.answered
    return (slack - RESERVE - BURST * sqrt(BURST_S * per_s)) / (RESERVE + per_s * span_s)
# end hot


cdef class KappaControl:
    """One row per campaign.

    Parameters
    ----------
    campaigns : int, >= 1
    """

    def __init__(self, Py_ssize_t campaigns):
        if campaigns < 1:
            raise ValueError(f"campaigns must be at least 1, not {campaigns}")
        self.campaigns = campaigns
        self.columns = {
            "integral": np.zeros(campaigns),
            "size": np.zeros(campaigns),
            "last_ns": np.zeros(campaigns, np.int64),
        }
        self.integral = self.columns["integral"]
        self.size = self.columns["size"]
        self.last_ns = self.columns["last_ns"]

    # hot: the control law
    cdef void advance(self, Py_ssize_t row, const budget_t* budget, int64_t agents, int64_t now_ns) noexcept nogil:
        cdef double seconds = (now_ns - self.last_ns[row]) / NS_PER_S if self.last_ns[row] > 0 else 0.0
        cdef double x
        self.last_ns[row] = now_ns
        if agents <= 0:
            return
        self.size[row] = lowered_by_size(budget.cap, agents)
        # nobody has answered for half an hour: what the balance does then says nothing of kappa
        if budget.rate <= 0:
            return
        x = min(max(error(budget), -ERROR_MOST), ERROR_MOST)
        self.integral[row] += x * min(max(seconds, 0.0), STEP_MOST_S) / TIME_S
        self.integral[row] = max(self.integral[row], INTEGRAL_LEAST - self.size[row])
        self.integral[row] = min(self.integral[row], INTEGRAL_MOST - self.size[row])

    cdef double kappa(self, Py_ssize_t row, const budget_t* budget) noexcept nogil:
        cdef double exponent
        if budget.spent or budget.cap <= 0:
            return 0.0
        exponent = error(budget) + self.integral[row] + self.size[row]
        exponent = min(max(exponent, EXPONENT_LEAST), EXPONENT_MOST)
        return min(KAPPA_MOST, KAPPA_PER_CAP * budget.cap * exp(exponent))
    # end hot

    def update(self, Budget budget not None, Py_ssize_t row, int64_t agents, int64_t now_ns):
        """Let time pass for one campaign and return the kappa that holds then, a float in [0, 0.9].

        `agents` are those logged in and not paused. The budget is read, not refreshed. A second call at the same time
        changes nothing.

        Raises
        ------
        IndexError : no such row.
        """
        cdef budget_t seen
        if not 0 <= row < min(self.campaigns, budget.campaigns):
            raise IndexError(f"row {row} of {self.campaigns} campaigns and {budget.campaigns} budgets")
        budget.look(row, now_ns, &seen)
        self.advance(row, &seen, agents, now_ns)
        return self.kappa(row, &seen)
