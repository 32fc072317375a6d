"""The decisions of many campaigns at once, as arrays."""
from libc.stdint cimport int64_t

from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t

import numpy as np

cdef tuple COUNTS = ("count", "cancels", "limited_by", "fallback")
cdef tuple FIGURES = ("expected_abandons", "kappa", "risk", "risk_next", "answers", "releases", "live_rate", "balance")


def decide_batch(pacers, PacingSnapshot snapshot not None, int64_t now_ns):
    """Let time pass up to `now_ns` for every campaign of the snapshot, and decide for each.

    Each decides by itself, as `Pacer.decide` would: where campaigns share agents, it is the caller who takes from
    `snapshot["ready"]` what others claim. Days of the budget that are over by `now_ns` are closed first.

    Parameters
    ----------
    pacers : sequence of Pacer, one per row of the snapshot. A pacer with a state of its own (`columns`) serves one row.
    snapshot : PacingSnapshot
    now_ns : int. Nanoseconds of the clock that the estimates and the budget were told.

    Returns
    -------
    dict : name -> array of shape (campaigns,), for every field of LaunchDecision and with its units; int64 for counts
        and for the numbers of LimitedBy and Fallback, float64 for the rest.

    Raises
    ------
    ValueError : more or fewer pacers than rows, or one with a state of its own for two rows. TypeError : what is not a
        Pacer. Nothing is changed then.
    """
    cdef list each = list(pacers)
    cdef Py_ssize_t campaigns = snapshot.ready.shape[0]
    cdef Py_ssize_t row
    cdef decision_t out
    _check(each, campaigns)
    counts = np.empty((len(COUNTS), campaigns), np.int64)
    figures = np.empty((len(FIGURES), campaigns))
    cdef int64_t[:, ::1] count = counts
    cdef double[:, ::1] figure = figures
    if now_ns >= snapshot.budget.due_ns:
        snapshot.budget.refresh(now_ns)
    for row in range(campaigns):
        (<Pacer>each[row]).advance_row(snapshot, row, now_ns)
        (<Pacer>each[row]).decide_row(snapshot, row, now_ns, &out)
        count[0, row], count[1, row] = out.count, out.cancels
        count[2, row], count[3, row] = out.limited_by, out.fallback
        figure[0, row], figure[1, row], figure[2, row] = out.expected_abandons, out.kappa, out.risk
        figure[3, row], figure[4, row], figure[5, row] = out.risk_next, out.answers, out.releases
        figure[6, row], figure[7, row] = out.live_rate, out.balance
    return dict(zip(COUNTS + FIGURES, [*counts, *figures], strict=True))


def _check(list each, Py_ssize_t campaigns):
    seen = {}
    if len(each) != campaigns:
        raise ValueError(f"{len(each)} pacers for {campaigns} campaigns")
    for row, pacer in enumerate(each):
        if not isinstance(pacer, Pacer):
            raise TypeError(f"row {row}: {pacer!r} is no pacer")
        if pacer.columns and seen.setdefault(id(pacer), row) != row:
            raise ValueError(f"rows {seen[id(pacer)]} and {row} share a pacer that has a state of its own")
