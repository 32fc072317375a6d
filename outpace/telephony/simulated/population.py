"""Who is on a list: segments of leads that answer more or less readily, by the hour."""

from __future__ import annotations

import math

import msgspec

from outpace.domain.errors import ConfigError

_HOURS = 24
_SEGMENTS = 63


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Leads of a kind.

    share : of the list; relative to those of the other segments. live : how readily a person answers, relative to the
    other segments. hours : factors of the same by the hour of the day (24 of them), empty = all alike.
    """

    share: float
    live: float = 1.0
    hours: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for key in ("share", "live"):
            _check_factor(key, getattr(self, key))
        if self.hours and len(self.hours) != _HOURS:
            raise ConfigError("hours", f"wants {_HOURS} factors or none, not {len(self.hours)}")
        for factor in self.hours:
            _check_factor("hours", factor)


def relative_chances(segments: tuple[Segment, ...]) -> list[tuple[float, list[float]]]:
    """Share of each segment, and its chance of a person by the hour relative to the mean of the list at that hour.

    So the list as a whole answers at every hour as the carrier's profile says.

    Raises
    ------
    ConfigError : no segment, too many, or a list of which nobody answers at some hour.
    """
    if not 1 <= len(segments) <= _SEGMENTS:
        raise ConfigError("segments", f"wants 1 to {_SEGMENTS} segments, not {len(segments)}")
    whole = math.fsum(segment.share for segment in segments)
    if whole <= 0.0:
        raise ConfigError("segments", "want shares that are not all 0")
    shares = [segment.share / whole for segment in segments]
    chances = [[segment.live * (segment.hours[hour] if segment.hours else 1.0) for hour in range(_HOURS)]
               for segment in segments]  # fmt: skip
    for hour in range(_HOURS):
        mean = math.fsum(share * chance[hour] for share, chance in zip(shares, chances, strict=True))
        if mean <= 0.0:
            raise ConfigError("segments", f"leave nobody who answers at {hour} o'clock")
        for chance in chances:
            chance[hour] /= mean
    return list(zip(shares, chances, strict=True))


def _check_factor(key: str, value: float) -> None:
    if not 0.0 <= value <= 1000.0:
        raise ConfigError(key, f"must be from 0 to 1000, not {value:g}")
