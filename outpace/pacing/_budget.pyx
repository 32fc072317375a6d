"""The abandonment budget: who answered, who of them was abandoned, and what that leaves."""
from libc.math cimport INFINITY
from libc.stdint cimport int64_t

import numpy as np


cdef class Budget:
    """One row per campaign.

    Parameters
    ----------
    rules : sequence of Abandonment, one per campaign.
    """

    def __init__(self, rules):
        self.campaigns = len(rules)
        self.columns = {
            "cap": np.array([rule.cap for rule in rules], np.float64),
            "answered": np.zeros(self.campaigns, np.int64),
            "abandoned": np.zeros(self.campaigns, np.int64),
            "began_ns": np.zeros(self.campaigns, np.int64),
        }
        self.cap = self.columns["cap"]
        self.answered = self.columns["answered"]
        self.abandoned = self.columns["abandoned"]
        self.began_ns = self.columns["began_ns"]

    cdef void count(self, Py_ssize_t row, bint abandoned, int64_t now_ns) noexcept nogil:
        if self.answered[row] == 0:
            self.began_ns[row] = now_ns
        self.answered[row] += 1
        self.abandoned[row] += abandoned

    def record(self, Py_ssize_t row, bint abandoned, int64_t now_ns):
        self.count(row, abandoned, now_ns)

    cdef void look(self, Py_ssize_t row, int64_t now_ns, budget_t* out) noexcept nogil:
        cdef double seconds = (now_ns - self.began_ns[row]) / 1e9
        out.answered = self.answered[row]
        out.abandoned = self.abandoned[row]
        out.balance = self.cap[row] * out.answered - out.abandoned
        out.rate = out.answered / max(60.0, seconds) if out.answered else 0.0
        out.seconds_left = INFINITY
        out.bound = 1.0
        out.drops_left = 0
        out.spent = False
