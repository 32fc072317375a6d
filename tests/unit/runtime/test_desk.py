from __future__ import annotations

from typing import Any

import pytest

from outpace.domain.config import AnswerKind, CallingHours
from outpace.domain.errors import ConfigError
from outpace.runtime.desk import check_answers, zone_of

VIENNA = CallingHours(timezone="Europe/Vienna")


@pytest.mark.parametrize(
    ("number", "hours", "zone"),
    [
        (4930123456, VIENNA, ("Europe/Berlin", "number")),
        (12125550123, None, ("America/New_York", "number")),
        (8613800138000, None, ("Asia/Shanghai", "number")),
        (18005550123, VIENNA, ("Europe/Vienna", "campaign")),
        (18005550123, None, ("UTC", "none")),
        (99912345, None, ("UTC", "none")),
    ],
)
def test_zone_of_a_number(number: int, hours: CallingHours | None, zone: tuple[str, str]) -> None:
    assert zone_of(number, hours) == zone


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (AnswerKind.TEXT, ["", "so"], [1, None, ["so"]]),
        (AnswerKind.NUMBER, [0, -1, 2.5], [True, "1", None]),
        (AnswerKind.YES_NO, [True, False], [0, "yes", None]),
        (AnswerKind.DATE, ["2026-02-28"], ["2026-02-29", "20260228", "tomorrow", 20260228, None]),
    ],
)
def test_answers_are_of_their_kind(kind: AnswerKind, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        check_answers({"asked": kind}, {"asked": value, "free": object()})
    for value in bad:
        with pytest.raises(ConfigError, match="asked"):
            check_answers({"asked": kind}, {"asked": value})
    check_answers({"asked": kind}, {})
