"""Time is int64 nanoseconds of UTC everywhere inside; seconds exist in configuration and in reports."""

from __future__ import annotations

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


def seconds_to_ns(seconds: float) -> int:
    """Nearest whole number of nanoseconds."""
    return round(seconds * NS_PER_S)


def ns_to_seconds(ns: int) -> float:
    """Seconds as a float."""
    return ns / NS_PER_S


def e164(number: int) -> str:
    """The number as written internationally, with its plus sign. Numbers are E.164 digits held in an int64."""
    return f"+{number}"
