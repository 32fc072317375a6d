from __future__ import annotations

from types import SimpleNamespace

import pytest

from outpace.domain import orders
from outpace.domain.errors import ConfigError
from outpace.runtime import door
from outpace.runtime.door_table import ACTS, ANSWERS, limit_of, page, place_of


def words(kind: type) -> set[type]:
    return {
        one
        for one in vars(orders).values()
        if isinstance(one, type) and issubclass(one, kind) and one is not kind and not one.__name__.startswith("_")
    }


def test_every_question_is_answered_and_every_order_carried_out() -> None:
    assert set(ANSWERS) == words(orders.Question)
    assert set(ACTS) == words(orders.Order)


def test_the_audits_words() -> None:
    assert door.action_of(orders.SetNotReady) == "set-not-ready"
    assert len({door.action_of(one) for one in ACTS}) == len(ACTS)


@pytest.mark.parametrize("cursor", ["x", "-1", "1.2", "9" * 20, str(2**63), "1 ", "\u0661", "."])
def test_a_cursor_that_was_not_given_is_refused(cursor: str) -> None:
    with pytest.raises(ConfigError) as raised:
        place_of(SimpleNamespace(cursor=cursor))
    assert raised.value.where == "cursor"


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_its_bounds(limit: int) -> None:
    with pytest.raises(ConfigError):
        limit_of(SimpleNamespace(limit=limit))


def test_pages_follow_each_other_without_gap() -> None:
    everything, cursor, seen = list(range(7)), "", []
    for _ in range(4):
        (after,) = place_of(SimpleNamespace(cursor=cursor))
        found = page(everything[after : after + 4], 3, str, lambda one: str(one + 1))
        seen += found.items
        if found.next_cursor is None:
            break
        cursor = found.next_cursor
    assert seen == [str(n) for n in range(7)]
    assert place_of(SimpleNamespace(cursor=""), 2) == (0, 0)
    assert place_of(SimpleNamespace(cursor="5.7"), 2) == (5, 7)
