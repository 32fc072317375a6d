"""Windows of an abandonment cap in civil time: the day and the block of days that a moment belongs to."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from outpace.domain.config import Abandonment, CapWindow
from outpace.domain.units import NS_PER_S


class CapPeriod(NamedTuple):
    """The window and its present day, as UTC nanoseconds; ends are exclusive. A rolling window ends nowhere: 0."""

    begins_ns: int
    ends_ns: int
    day_begins_ns: int
    day_ends_ns: int


def period_at(rule: Abandonment, now_ns: int) -> CapPeriod:
    """The window of the rule at `now_ns`: since when answered calls count, and until when.

    Days begin at midnight of the rule's zone; where the zone's clock skips midnight, when it does so. Blocks follow
    each other without a gap from `since` on, and before it backwards.
    """
    zone = ZoneInfo(rule.timezone)
    today = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).astimezone(zone).date()
    day_begins_ns, day_ends_ns = _midnight_ns(today, zone), _midnight_ns(today + timedelta(days=1), zone)
    if rule.window is CapWindow.ROLLING:
        return CapPeriod(now_ns - round(rule.hours * 3600 * NS_PER_S), 0, day_begins_ns, day_ends_ns)
    if rule.window is CapWindow.DAY:
        return CapPeriod(day_begins_ns, day_ends_ns, day_begins_ns, day_ends_ns)
    since = date.fromisoformat(rule.since)
    first = since + timedelta(days=(today - since).days // rule.days * rule.days)
    return CapPeriod(
        _midnight_ns(first, zone), _midnight_ns(first + timedelta(days=rule.days), zone), day_begins_ns, day_ends_ns
    )


def _midnight_ns(day: date, zone: ZoneInfo) -> int:
    # fold 0: of a midnight that comes twice the first; of one that is skipped, the old offset gives the change itself
    return round(datetime.combine(day, time(0), zone).timestamp()) * NS_PER_S
