"""Calling hours: whether a campaign may dial at a moment, and when that changes next. Civil time lives only here."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from outpace.domain.units import NS_PER_S

if TYPE_CHECKING:
    from outpace.domain.config import CallingHours

# a window may be shut for a week at most: one day of seven is always allowed
_DAYS_AHEAD = 8


def window_at(hours: CallingHours, now_ns: int) -> tuple[bool, int]:
    """Whether the window is open at `now_ns`, and the UTC nanoseconds at which that changes.

    The window is [start, end) of the zone's wall clock on the allowed days. Across a change to or from summer time the
    wall clock rules: a start or end that is skipped is the moment of the change, one that comes twice the first.
    """
    zone = ZoneInfo(hours.timezone)
    now = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).astimezone(zone)
    for ahead in range(_DAYS_AHEAD):
        day = now.date() + timedelta(days=ahead)
        if day.isoweekday() not in hours.days:
            continue
        opens = _utc_ns(datetime.combine(day, hours.start_time), zone)
        if hours.end_time == time.max:
            closes = _utc_ns(datetime.combine(day + timedelta(days=1), time(0)), zone)
        else:
            closes = _utc_ns(datetime.combine(day, hours.end_time), zone)
        if now_ns < opens:
            return False, opens
        if now_ns < closes:
            return True, closes
    raise AssertionError("a week without an allowed day cannot be configured")


def utc_offset_ns(hours: CallingHours, now_ns: int) -> int:
    """How far the zone's wall clock is ahead of UTC at `now_ns`, in nanoseconds."""
    offset = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).astimezone(ZoneInfo(hours.timezone)).utcoffset()
    return round((offset or timedelta(0)).total_seconds()) * NS_PER_S


def _utc_ns(wall: datetime, zone: ZoneInfo) -> int:
    before = round(wall.replace(tzinfo=zone, fold=0).timestamp())
    after = round(wall.replace(tzinfo=zone, fold=1).timestamp())
    # A wall clock that is skipped reads later than it in the old offset and earlier in the new one: in between, the
    # first second at which the zone's clock has passed it is that of the change.
    while after < before:
        middle = (after + before) // 2
        if datetime.fromtimestamp(middle, zone).replace(tzinfo=None) >= wall:
            before = middle
        else:
            after = middle + 1
    return before * NS_PER_S
