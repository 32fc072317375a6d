"""A queue of people who call in, by simulation: what Erlang's formulas cannot say of times that are not exponential.

The formulas (`outpace.pacing.erlang`) hold for exponential times; calls are lognormal, and people's patience is what
was recorded. Some ten million customers a second, so that a figure's error can be made as small as one likes.
"""

from __future__ import annotations

import msgspec

from outpace.domain.errors import ConfigError
from outpace.sim._queue import run_queue
from outpace.telephony.simulated.distributions import Seconds, build


class QueueReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the customers. Shares are in [0, 1].

    abandoned : share that left before the answer. delayed : share not answered at once. level : share answered within
    the time that was asked for. mean_wait_s : of everybody, until the answer or the leaving. occupancy : of the agents.
    """

    customers: int
    abandoned: float
    delayed: float
    level: float
    mean_wait_s: float
    occupancy: float


def simulate_queue(
    agents: int,
    between: Seconds,
    handle: Seconds,
    patience: Seconds | None = None,
    *,
    customers: int = 1_000_000,
    within_s: float = 20.0,
    seed: int = 1,
) -> QueueReport:
    """A queue of `agents` who serve first come, first served.

    Parameters
    ----------
    agents : int, 1 to 1,000,000.
    between : seconds from one arrival to the next. handle : of talk and wrap-up together.
    patience : how long people wait, None = for ever.
    customers : int, >= 1. People who are counted; a tenth as many come before, so that the queue has no beginning.
    within_s : float, 0 to 1e6. How soon an answer counts for the service level.
    seed : of everything that is drawn; equal seeds give equal reports.

    Raises
    ------
    ConfigError : what is out of range.
    """
    for key, value, low, high in (
        ("agents", agents, 1, 1_000_000),
        ("customers", customers, 1, 10**12),
        ("within_s", within_s, 0.0, 1e6),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if not low <= value <= high:
            raise ConfigError(key, f"must be from {low:g} to {high:g}, not {value:g}")
    abandoned, delayed, in_time, waited_s, busy_s, length_s = run_queue(
        agents,
        build(between, "between"),
        build(handle, "handle"),
        None if patience is None else build(patience, "patience"),
        customers=customers,
        warm_up=customers // 10,
        within_s=within_s,
        seed=seed,
    )
    return QueueReport(
        customers=customers,
        abandoned=abandoned / customers,
        delayed=delayed / customers,
        level=in_time / customers,
        mean_wait_s=waited_s / customers,
        occupancy=busy_s / (agents * length_s) if length_s > 0.0 else 0.0,
    )
