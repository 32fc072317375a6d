"""Limits: a token bucket a key, of bounded number; and so many of a key at once."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from outpace.api.problems import ProblemError
from outpace.domain.units import NS_PER_S

#: Keys that are remembered; the one that was idle longest is forgotten first.
KEYS_MAX = 10_000


class RateLimit:
    """Allows `per_s` acts a second per key on average, and `burst` at once.

    A key that was forgotten starts with a full bucket, so with more than `KEYS_MAX` busy keys the limit is looser.
    """

    def __init__(self, per_s: float, burst: int) -> None:
        self._period_ns = NS_PER_S / per_s
        self._depth_ns = self._period_ns * burst
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()  # when the bucket is full again

    def take(self, key: Hashable, now_ns: int) -> float:
        """Take one; returns 0, or the seconds after which there is one again."""
        full_at = max(self._full_at.get(key, 0.0), now_ns) + self._period_ns
        over_ns = full_at - now_ns - self._depth_ns
        if over_ns > 0.5:  # nanoseconds: what floats round away
            return over_ns / NS_PER_S
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > KEYS_MAX:
            self._full_at.popitem(last=False)
        return 0.0


class AtOnce:
    """Allows `most` of a key at once; `what` they are is told to who has more."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._under_way: Counter[Hashable] = Counter()

    @contextmanager
    def one(self, key: Hashable) -> Iterator[None]:
        """While one of the key is under way. ProblemError `too-many-requests`: there are as many as may be."""
        if self._under_way[key] >= self._most:
            raise ProblemError(
                "too-many-requests",
                f"{self._most} {self._what} of the token are under way",
                headers={"Retry-After": "1"},
            )
        self._under_way[key] += 1
        try:
            yield
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]
