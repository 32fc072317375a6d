"""The seam between engine and pacing: a snapshot of arrays in, a LaunchDecision with its binding constraint out.

What happens is observed by `Estimates` and counted by `Budget`; `advance_row` lets time pass; `decide_row` is pure. The
engine calls all of them without the GIL or a Python object; `Pacer.decide` is the same for callers in Python.
"""
from libc.stdint cimport INT64_MAX, int64_t
from libc.string cimport memset

from outpace.domain._words cimport LIMIT_NO_AGENTS
from outpace.pacing._budget cimport Budget
from outpace.pacing._estimates cimport Estimates

import numpy as np

from outpace.domain.config import Abandonment
from outpace.domain.outcomes import Fallback, LimitedBy
from outpace.pacing.decision import LaunchDecision

_COUNTS = ("ready", "working", "talking", "wrap_up", "unanswered", "classifying", "waiting", "lines")


cdef class PacingSnapshot:
    """What pacers may read: one array per quantity, one element per campaign; what has been learned; the ledger.

    Parameters
    ----------
    campaigns : int, >= 1. Length of every array.
    estimates : Estimates of as many campaigns, or None for fresh ones.
    budget : Budget of as many campaigns, or None for one with a cap of 3 % a day.

    `snapshot[name]` is the writable array of a quantity: ready, working, talking, wrap_up (agents), unanswered,
    classifying, waiting (calls), lines (channels); int64, >= 0 but for `ready`, which other campaigns' claims can push
    below 0. lead_weight is float64 and 1.0 where nothing is known of the leads.
    """

    def __init__(self, Py_ssize_t campaigns, Estimates estimates=None, Budget budget=None):
        if campaigns < 0:
            raise ValueError(f"campaigns must not be negative: {campaigns}")
        self.estimates = Estimates(campaigns) if estimates is None else estimates
        self.budget = Budget([Abandonment()] * campaigns) if budget is None else budget
        if self.estimates.campaigns != campaigns or self.budget.campaigns != campaigns:
            raise ValueError(
                f"{campaigns} campaigns, estimates of {self.estimates.campaigns}, budgets of {self.budget.campaigns}"
            )
        self.columns = {name: np.zeros(campaigns, np.int64) for name in _COUNTS}
        self.columns["lead_weight"] = np.ones(campaigns)
        self.ready = self.columns["ready"]
        self.working = self.columns["working"]
        self.talking = self.columns["talking"]
        self.wrap_up = self.columns["wrap_up"]
        self.unanswered = self.columns["unanswered"]
        self.classifying = self.columns["classifying"]
        self.waiting = self.columns["waiting"]
        self.lines = self.columns["lines"]
        self.lines[:] = INT64_MAX
        self.lead_weight = self.columns["lead_weight"]

    def __getitem__(self, name):
        return self.columns[name]

    def __len__(self):
        return self.ready.shape[0]


cdef class Pacer:
    """Base of all pacers: launches nothing, learns nothing."""

    def __cinit__(self):
        self.columns = {}

    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        # Rules without memory (precise, ratio) learn nothing.
        pass

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        memset(out, 0, sizeof(decision_t))
        out.limited_by = LIMIT_NO_AGENTS

    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        return snapshot.unanswered[row] + snapshot.classifying[row] + snapshot.waiting[row]

    def decide(self, PacingSnapshot snapshot not None, Py_ssize_t row=0, int64_t now_ns=0):
        """Let time pass up to `now_ns` for one campaign of the snapshot, and decide for it.

        Raises
        ------
        IndexError : no such row.
        """
        cdef decision_t out
        if not 0 <= row < snapshot.ready.shape[0]:
            raise IndexError(f"row {row} of {snapshot.ready.shape[0]} campaigns")
        self.advance_row(snapshot, row, now_ns)
        self.decide_row(snapshot, row, now_ns, &out)
        return LaunchDecision(
            count=out.count,
            cancels=out.cancels,
            limited_by=LimitedBy(out.limited_by),
            fallback=Fallback(out.fallback),
            expected_abandons=out.expected_abandons,
            kappa=out.kappa,
            risk=out.risk,
            risk_next=out.risk_next,
            answers=out.answers,
            releases=out.releases,
            live_rate=out.live_rate,
            balance=out.balance,
        )
