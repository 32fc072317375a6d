"""Rate limits, with literal times."""

from __future__ import annotations

import pytest

from outpace.api.limits import KEYS_MAX, AtOnce, RateLimit
from outpace.api.problems import ProblemError
from outpace.domain.units import NS_PER_S

T0 = 1_800_000_000 * NS_PER_S


def test_take_allows_the_burst_then_the_rate() -> None:
    limit = RateLimit(10.0, 5)
    assert [limit.take("a", T0) for _ in range(5)] == [0.0] * 5
    assert round(limit.take("a", T0), 6) == 0.1
    assert limit.take("a", T0 + NS_PER_S // 10) == 0.0
    assert limit.take("a", T0 + NS_PER_S // 10) > 0.0


def test_take_when_refused_then_nothing_is_taken() -> None:
    limit = RateLimit(1.0, 1)
    limit.take("a", T0)
    for _ in range(100):
        assert limit.take("a", T0) > 0.0
    assert limit.take("a", T0 + NS_PER_S) == 0.0


def test_take_over_a_long_time_keeps_to_the_rate() -> None:
    limit = RateLimit(7.0, 3)
    taken = sum(limit.take("a", T0 + n * NS_PER_S // 1000) == 0.0 for n in range(60_000))
    assert 420 <= taken <= 423


def test_keys_are_apart_and_bounded() -> None:
    limit = RateLimit(1.0, 1)
    for key in range(KEYS_MAX + 50):
        assert limit.take(key, T0) == 0.0
    assert limit.take(KEYS_MAX + 49, T0) > 0.0
    assert limit.take(0, T0) == 0.0


def test_clock_that_goes_back_grants_nothing() -> None:
    limit = RateLimit(1.0, 1)
    limit.take("a", T0)
    assert limit.take("a", T0 - NS_PER_S) > 1.0


def test_so_many_at_once_of_each_key() -> None:
    limit = AtOnce(2, "things")
    with limit.one("a"), limit.one("b"), limit.one("a"):
        with pytest.raises(ProblemError, match="2 things of the token are under way") as caught, limit.one("a"):
            pass
        assert caught.value.slug == "too-many-requests"
        with limit.one("b"):
            pass
    with limit.one("a"):
        pass
