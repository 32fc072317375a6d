"""A pacer that wants what a test says, and counts how often it was asked; compiled by the tests that need it."""
from libc.stdint cimport int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_PACING
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t

import numpy as np


cdef class WishPacer(Pacer):
    """Wants `count` launches and `cancels` cancels at every decision."""

    cdef public int64_t count
    cdef public int64_t cancels
    cdef public int64_t claims
    cdef int64_t[::1] asked      # [0] advances, [1] decisions, [2] time of the last

    def __init__(self, *, int64_t interval_ns=0, int64_t count=0, int64_t cancels=0, int64_t claims=0):
        self.interval_ns = interval_ns
        self.count = count
        self.cancels = cancels
        self.claims = claims
        self.columns = {"asked": np.zeros(3, np.int64)}
        self.asked = self.columns["asked"]

    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        self.asked[0] += 1

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        self.asked[1] += 1
        self.asked[2] = now_ns
        memset(out, 0, sizeof(decision_t))
        out.limited_by = LIMIT_PACING
        out.count = self.count
        out.cancels = self.cancels

    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        return self.claims
