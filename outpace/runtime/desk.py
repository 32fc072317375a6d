"""What a desk needs beside the engine's tables: the person's time zone, and answers of the right kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from outpace.domain.config import AnswerKind, CallingHours
from outpace.domain.errors import ConfigError
from outpace.domain.units import e164

_WANTED = {
    AnswerKind.TEXT: "a text",
    AnswerKind.NUMBER: "a number",
    AnswerKind.YES_NO: "true or false",
    AnswerKind.DATE: "a date as YYYY-MM-DD",
}


@lru_cache(maxsize=1024)
def zone_of(number: int, hours: CallingHours | None) -> tuple[str, str]:
    """The person's time zone and how it is known.

    A number whose area lies in one zone tells it ("number"). Mobile numbers of large countries and free numbers do not:
    then it is that of the campaign's calling hours ("campaign"), or UTC ("none").
    """
    try:
        zones = time_zones_for_number(phonenumbers.parse(e164(number)))
    except NumberParseException:  # a number that is possible in no country any more
        zones = ()
    if len(zones) == 1 and zones[0] != UNKNOWN_TIMEZONE:
        return zones[0], "number"
    return (hours.timezone, "campaign") if hours is not None else ("UTC", "none")


def check_answers(kinds: Mapping[str, AnswerKind], attributes: Mapping[str, Any]) -> None:
    """Refuse answers that are not of their kind; what the campaign does not ask for is free. ConfigError."""
    for name, kind in kinds.items():
        if name in attributes and not _is(kind, attributes[name]):
            raise ConfigError(f"attributes.{name}", f"wants {_WANTED[kind]}, not {attributes[name]!r}")


def _is(kind: AnswerKind, value: Any) -> bool:  # noqa: ANN401 - anything that JSON can hold
    if kind is AnswerKind.YES_NO:
        return isinstance(value, bool)
    if kind is AnswerKind.NUMBER:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind is AnswerKind.TEXT:
        return True
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
