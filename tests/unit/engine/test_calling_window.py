"""Calling hours: civil time, day lists, midnight, and both changes of the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from outpace.domain.config import CallingHours
from outpace.engine.calling_window import window_at

S = 1_000_000_000


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()) * S


def hours(**settings: Any) -> CallingHours:
    return CallingHours(**({"timezone": "Europe/Berlin"} | settings))


@pytest.mark.parametrize(
    ("now", "is_open", "changes"),
    [
        ("2026-11-20T08:59:59", False, "2026-11-20T09:00:00"),  # a Friday
        ("2026-11-20T09:00:00", True, "2026-11-20T20:00:00"),
        ("2026-11-20T19:59:59", True, "2026-11-20T20:00:00"),
        ("2026-11-20T20:00:00", False, "2026-11-21T09:00:00"),
        ("2026-11-21T20:00:00", False, "2026-11-23T09:00:00"),  # Saturday evening: Sunday is no calling day
        ("2026-11-22T12:00:00", False, "2026-11-23T09:00:00"),
    ],
)
def test_window_on_plain_days(now: str, is_open: bool, changes: str) -> None:
    assert window_at(hours(), at(now)) == (is_open, at(changes))


def test_window_a_nanosecond_before_it_opens_is_shut() -> None:
    opens = at("2026-11-20T09:00:00")
    assert window_at(hours(), opens - 1) == (False, opens)
    assert window_at(hours(), opens)[0]


def test_window_when_one_day_a_week_is_allowed_and_it_is_over_then_opens_next_week() -> None:
    monday = hours(days=(1,))
    assert window_at(monday, at("2026-11-23T20:00:00")) == (False, at("2026-11-30T09:00:00"))


def test_window_when_it_ends_at_24_then_closes_at_midnight() -> None:
    late = hours(start="18:00", end="24:00", days=(5,))
    assert window_at(late, at("2026-11-20T23:59:59")) == (True, at("2026-11-21T00:00:00"))
    assert window_at(late, at("2026-11-21T00:00:00")) == (False, at("2026-11-27T18:00:00"))


def test_window_when_all_day_every_day_then_open_always() -> None:
    always = hours(start="00:00", end="24:00", days=(1, 2, 3, 4, 5, 6, 7))
    for day in range(20, 27):
        assert window_at(always, at(f"2026-11-{day}T00:00:00"))[0]
        assert window_at(always, at(f"2026-11-{day}T23:59:59"))[0]


def test_window_on_the_day_summer_time_begins_is_an_hour_shorter() -> None:
    # 29 March 2026: 02:00 becomes 03:00 in Berlin
    night = hours(start="01:00", end="04:00", days=(7,))
    is_open, changes = window_at(night, at("2026-03-29T01:00:00"))
    assert is_open
    assert changes - at("2026-03-29T01:00:00") == 2 * 3600 * S
    assert not window_at(night, changes)[0]


def test_window_when_its_start_is_skipped_then_opens_at_the_moment_of_the_change() -> None:
    night = hours(start="02:30", end="05:00", days=(7,))
    change = at("2026-03-29T03:00:00")
    assert window_at(night, change - 1)[0] is False
    assert window_at(night, at("2026-03-29T01:59:59")) == (False, change)
    assert window_at(night, change)[0]


def test_window_when_its_end_is_skipped_then_closes_at_the_moment_of_the_change() -> None:
    night = hours(start="01:00", end="02:30", days=(7,))
    change = at("2026-03-29T03:00:00")
    assert window_at(night, at("2026-03-29T01:59:59")) == (True, change)
    assert not window_at(night, change)[0]


def test_window_on_the_day_summer_time_ends_is_an_hour_longer() -> None:
    # 25 October 2026: 03:00 becomes 02:00 in Berlin
    night = hours(start="01:00", end="04:00", days=(7,))
    is_open, changes = window_at(night, at("2026-10-25T01:00:00"))
    assert is_open
    assert changes - at("2026-10-25T01:00:00") == 4 * 3600 * S


def test_window_when_its_end_comes_twice_then_the_first_counts() -> None:
    night = hours(start="01:00", end="02:30", days=(7,))
    first = at("2026-10-25T02:30:00", fold=0)
    assert window_at(night, at("2026-10-25T02:00:00")) == (True, first)
    assert not window_at(night, at("2026-10-25T02:15:00", fold=1))[0]


@pytest.mark.parametrize(
    ("zone", "now", "is_open"),
    [
        ("Asia/Kathmandu", "2026-11-20T03:15:00+00:00", True),  # UTC+5:45: 09:00
        ("Asia/Kathmandu", "2026-11-20T03:14:59+00:00", False),
        ("Pacific/Auckland", "2026-11-19T20:00:00+00:00", True),  # Friday 09:00 there
        ("America/Los_Angeles", "2026-11-21T04:00:00+00:00", False),  # Friday 20:00 there
    ],
)
def test_window_counts_in_the_civil_time_of_its_zone(zone: str, now: str, is_open: bool) -> None:
    moment = round(datetime.fromisoformat(now).timestamp()) * S
    assert window_at(hours(timezone=zone), moment)[0] is is_open
