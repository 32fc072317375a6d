"""Distributions as a settings file writes them.

A plain number is a constant. Otherwise a table, one of::

    { kind = "uniform", low = 2.0, high = 4.0 }
    { kind = "exponential", mean = 20.0 }
    { kind = "lognormal", mean = 11.0, cv = 0.45, clip = [1.5, 25.0] }
    { csv = "calls.csv", column = "talk_seconds" }

`clip` moves draws that lie outside onto the limits, `truncate` draws only inside. All values are seconds.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

from outpace.domain.errors import ConfigError
from outpace.telephony.simulated._random import Distribution, Role, uniform

__all__ = ["Distribution", "DistributionSettings", "Role", "Seconds", "build", "resolve", "uniform"]

#: What each kind wants, besides the limits.
_WANTS: dict[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "exponential": ("mean",),
    "lognormal": ("mean", "cv"),
    "": ("csv", "column"),
}


class DistributionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One distribution; which keys belong together is in the module's head."""

    kind: Literal["uniform", "exponential", "lognormal", ""] = ""
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    cv: float | None = None
    csv: str | None = None
    column: str | None = None
    clip: tuple[float, float] | None = None
    truncate: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        wants = _WANTS[self.kind]
        for key in ("low", "high", "mean", "cv", "csv", "column"):
            given = getattr(self, key) is not None
            if given and key not in wants:
                raise ConfigError(key, f"does not belong to a distribution of {_named(self.kind)}")
            if not given and key in wants:
                raise ConfigError(key, f"is missing: {_named(self.kind)} wants {' and '.join(wants)}")
        if self.clip is not None and self.truncate is not None:
            raise ConfigError("clip", "cannot be given together with truncate")


#: Seconds: a constant, or a distribution.
Seconds = float | DistributionSettings


def build(settings: Seconds, key: str) -> Distribution:
    """The distribution to draw from. ConfigError names `key`."""
    try:
        if not isinstance(settings, DistributionSettings):
            return Distribution.constant(settings)
        made = _base(settings)
        if settings.clip is not None:
            made = made.clipped(*settings.clip)
        if settings.truncate is not None:
            made = made.truncated(*settings.truncate)
    except ConfigError as error:
        raise ConfigError(f"{key}.{error.where}", error.reason) from error
    except ValueError as error:
        raise ConfigError(key, str(error)) from error
    return made


def resolve(settings: Seconds, folder: Path) -> Seconds:
    """The same with the path of a CSV file made absolute, `folder` being where relative ones start."""
    if isinstance(settings, DistributionSettings) and settings.csv is not None:
        return msgspec.structs.replace(settings, csv=str((folder / settings.csv).resolve()))
    return settings


def _base(settings: DistributionSettings) -> Distribution:
    # __post_init__ has seen to it that what a kind wants is there
    if settings.kind == "uniform":
        return Distribution.uniform(settings.low or 0.0, settings.high or 0.0)
    if settings.kind == "exponential":
        return Distribution.exponential(settings.mean or 0.0)
    if settings.kind == "lognormal":
        return Distribution.lognormal(settings.mean or 0.0, settings.cv or 0.0)
    return _from_csv(settings.csv or "", settings.column or "")


@lru_cache(maxsize=32)
def _from_csv(path: str, column: str) -> Distribution:
    values: list[float] = []
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if column not in (rows.fieldnames or ()):
                raise ConfigError(
                    "column", f"{path} has no column {column!r}; it has {', '.join(rows.fieldnames or ())}"
                )
            for row in rows:
                try:
                    values.append(float(row[column]))
                except (TypeError, ValueError) as error:
                    where = f"{path} line {rows.line_num}"
                    raise ConfigError("csv", f"{where}: {column} wants a number, not {row[column]!r}") from error
    except OSError as error:
        raise ConfigError("csv", f"{path}: {error.strerror}") from error
    try:
        return Distribution.empirical(values)
    except ValueError as error:
        raise ConfigError("csv", f"{path}: column {column}: {error}") from error


def _named(kind: str) -> str:
    return f"kind {kind!r}" if kind else "stored values"
