"""PI control: what was abandoned lately sets the level of dialling, with a proportional and an integral part."""
from libc.math cimport exp
from libc.stdint cimport int64_t

from outpace.pacing._budget cimport budget_t
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t
from outpace.sim.rivals._counting cimport TICK_NS, tell, up_to_free, up_to_working

import numpy as np

cdef int64_t STEP_NS = 15_000_000_000
cdef double MEMORY_S = 600.0
cdef double LEAST_ERROR = -0.05
cdef double MOST_ERROR = 0.03
cdef double MOST_INTEGRAL = 2.5
cdef double OVER = 0.1               # off the exponent while the day is over its cap


cdef class AbandonmentControl(Pacer):
    """Every 15 s: level = exp(integral + gain x error), where error = cap - abandonment of the last ten minutes.

    The memory is exponential. The level counts calls per free agent, or lines per working agent. The description leaves
    both gains open: the defaults come nearest to the published figures; a gain of 10 holds better where the answer rate
    is low or jumps.

    Parameters
    ----------
    gain : float, >= 0. Of the error, in the exponent.
    pace : float, >= 0. What an error adds to the integral, per second.
    per_working : bool. What the level counts.
    """

    cdef readonly double gain
    cdef readonly double pace
    cdef readonly bint per_working
    cdef double[::1] answered        # (1,) people of the last ten minutes
    cdef double[::1] abandoned       # (1,)
    cdef double[::1] integral        # (1,)
    cdef double[::1] level           # (1,) >= 1
    cdef int64_t[::1] counted        # (2,) the ledger's answered and abandoned at the last step
    cdef int64_t[::1] step           # (1,) number of the last step

    def __init__(self, double gain=3.0, double pace=0.05, *, bint per_working=False):
        if not (0.0 <= gain <= 1e3 and 0.0 <= pace <= 1e3):
            raise ValueError(f"gain and pace must be from 0 to 1000, not {gain} and {pace}")
        self.gain = gain
        self.pace = pace
        self.per_working = per_working
        self.interval_ns = TICK_NS
        self.columns = {name: np.zeros(1) for name in ("answered", "abandoned", "integral")}
        self.columns["level"] = np.ones(1)
        self.columns["counted"] = np.zeros(2, np.int64)
        self.columns["step"] = np.zeros(1, np.int64)
        self.answered = self.columns["answered"]
        self.abandoned = self.columns["abandoned"]
        self.integral = self.columns["integral"]
        self.level = self.columns["level"]
        self.counted = self.columns["counted"]
        self.step = self.columns["step"]

    # hot
    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        cdef budget_t budget
        cdef double cap = snapshot.budget.cap[row]
        cdef double seconds = <double>STEP_NS * 1e-9
        cdef double fade = exp(-seconds / MEMORY_S)
        cdef double error, exponent
        if now_ns // STEP_NS == self.step[0]:
            return
        self.step[0] = now_ns // STEP_NS
        snapshot.budget.look(row, now_ns, &budget)
        # a new day's ledger begins at nothing
        self.answered[0] = self.answered[0] * fade + <double>max(0, budget.answered - self.counted[0])
        self.abandoned[0] = self.abandoned[0] * fade + <double>max(0, budget.abandoned - self.counted[1])
        self.counted[0] = budget.answered
        self.counted[1] = budget.abandoned
        error = cap - (self.abandoned[0] + 0.5 * cap) / (self.answered[0] + 0.5)
        error = min(max(error, LEAST_ERROR), MOST_ERROR)
        self.integral[0] = min(max(self.integral[0] + self.pace * error * seconds, 0.0), MOST_INTEGRAL)
        exponent = self.integral[0] + self.gain * error
        if <double>budget.abandoned > cap * <double>budget.answered:
            exponent -= OVER
        self.level[0] = max(1.0, exp(exponent))

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        if self.per_working:
            tell(snapshot, row, up_to_working(snapshot, row, self.level[0]), out)
        else:
            tell(snapshot, row, up_to_free(snapshot, row, self.level[0]), out)
    # end hot
