"""What has been learned of calls and agents, a row per campaign."""
from libc.stdint cimport int32_t, int64_t

import numpy as np


cdef class Estimates:
    """Estimators of `campaigns` campaigns."""

    def __init__(self, Py_ssize_t campaigns):
        if campaigns < 1:
            raise ValueError(f"campaigns must be at least 1, not {campaigns}")
        self.campaigns = campaigns
        self.columns = {"observed": np.zeros((campaigns, OBSERVATIONS), np.int64)}
        self.observed = self.columns["observed"]

    cdef void observe(
        self, Py_ssize_t row, int32_t what, int64_t since_ns, double weight, int64_t now_ns
    ) noexcept nogil:
        self.observed[row, what] += 1
