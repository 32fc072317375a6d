"""The seam between engine and pacing: a snapshot of arrays in, a LaunchDecision with its binding constraint out.

A pacer has two halves: `observe` keeps estimators up to date, `decide` is pure. The engine calls both without the GIL
or a Python object; `Pacer.decide` is the same for callers in Python.
"""
from outpace.domain._words cimport LIMIT_NO_AGENTS

import numpy as np

from outpace.domain.outcomes import LimitedBy

_COLUMNS = ("ready", "working", "talking", "wrap_up", "unanswered", "classifying", "waiting")


cdef class PacingSnapshot:
    """What pacers may read: one int64 array per quantity, one element per campaign.

    Parameters
    ----------
    campaigns : int, >= 1. Length of every array.

    `snapshot[name]` is the writable array of a quantity: ready, working, talking, wrap_up (agents), unanswered,
    classifying, waiting (calls). All counts, >= 0 but for `ready`, which other campaigns' claims can push below 0.
    """

    def __init__(self, Py_ssize_t campaigns):
        if campaigns < 1:
            raise ValueError(f"campaigns must be at least 1, not {campaigns}")
        self.columns = {name: np.zeros(campaigns, np.int64) for name in _COLUMNS}
        self.ready = self.columns["ready"]
        self.working = self.columns["working"]
        self.talking = self.columns["talking"]
        self.wrap_up = self.columns["wrap_up"]
        self.unanswered = self.columns["unanswered"]
        self.classifying = self.columns["classifying"]
        self.waiting = self.columns["waiting"]

    def __getitem__(self, name):
        return self.columns[name]

    def __len__(self):
        return self.ready.shape[0]


class LaunchDecision:
    """How many calls to launch now, and what bound the number.

    Attributes
    ----------
    count : int, >= 0.
    limited_by : LimitedBy.
    expected_abandons : float, people of these calls who are expected to find no agent.
    """

    __slots__ = ("count", "expected_abandons", "limited_by")

    def __init__(self, count, limited_by, expected_abandons):
        self.count = count
        self.limited_by = limited_by
        self.expected_abandons = expected_abandons

    def __repr__(self):
        return f"LaunchDecision(count={self.count}, limited_by={self.limited_by.name})"


cdef class Pacer:
    """Base of all pacers: launches nothing, learns nothing."""

    cdef void observe(self, int32_t what, int64_t key, int64_t now_ns) noexcept nogil:
        # Rules without memory (precise, ratio) have nothing to learn.
        pass

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        out.count = 0
        out.limited_by = LIMIT_NO_AGENTS
        out.reserved = 0
        out.expected_abandons = 0.0

    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil:
        return snapshot.unanswered[row] + snapshot.classifying[row] + snapshot.waiting[row]

    def decide(self, PacingSnapshot snapshot not None, Py_ssize_t row=0, int64_t now_ns=0):
        """Decide for one campaign of the snapshot.

        Raises
        ------
        IndexError : no such row.
        """
        cdef decision_t out
        if not 0 <= row < snapshot.ready.shape[0]:
            raise IndexError(f"row {row} of {snapshot.ready.shape[0]} campaigns")
        self.decide_row(snapshot, row, now_ns, &out)
        return LaunchDecision(out.count, LimitedBy(out.limited_by), out.expected_abandons)
