"""A histogram with fixed upper bounds, cheap enough for one observation per turn of the pump."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

#: Upper bounds in seconds, from the cost of a turn to what a caller would notice.
LATENCY_BOUNDS_S = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5
)  # fmt: skip


class Histogram:
    """Counts of observations per bucket, and their sum.

    Parameters
    ----------
    bounds : increasing upper bounds, inclusive; one bucket more takes what is above the last.
    """

    def __init__(self, bounds: Sequence[float] = LATENCY_BOUNDS_S) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0
        self.max = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count `times` observations of a value."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.sum += value * times
        self.max = max(self.max, value)

    @property
    def total(self) -> int:
        """Number of observations."""
        return sum(self.counts)

    def quantile(self, part: float) -> float:
        """Upper bound of the bucket that holds the quantile, the greatest value seen in the last one; 0 when empty."""
        left = part * self.total
        if not left:
            return 0.0
        for bound, count in zip(self.bounds, self.counts, strict=False):
            left -= count
            if left <= 0:
                return min(bound, self.max)
        return self.max

    def cumulative(self) -> list[tuple[str, float]]:
        """Buckets as Prometheus wants them: (upper bound as text, observations at or below it)."""
        running = 0
        buckets = []
        for bound, count in zip((*self.bounds, None), self.counts, strict=True):
            running += count
            buckets.append(("+Inf" if bound is None else repr(bound), float(running)))
        return buckets
