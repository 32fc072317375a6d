"""Seconds, nanoseconds and numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.units import NS_PER_MS, NS_PER_S, e164, ns_to_seconds, seconds_to_ns


def test_seconds_when_not_exact_in_binary_then_rounded_to_the_nearest_ns() -> None:
    assert seconds_to_ns(0.1) == 100 * NS_PER_MS
    assert seconds_to_ns(2.0) == 2 * NS_PER_S
    assert seconds_to_ns(1e-9) == 1


@given(st.integers(-(10**15), 10**15))
def test_ns_to_seconds_and_back_when_below_eleven_days_then_equal(ns: int) -> None:
    assert seconds_to_ns(ns_to_seconds(ns)) == ns


def test_e164_writes_the_plus() -> None:
    assert e164(4930123456) == "+4930123456"
