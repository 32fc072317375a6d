from __future__ import annotations

import gc
import sys

import pytest

from outpace.runtime.interpreter import SWITCH_S, keep_what_stays, quick_turns


def full_collections(objects: int) -> int:
    """Full collections while so many containers are made that stay."""
    before = gc.get_stats()[2]["collections"]
    kept: list[list[int]] = [[] for _ in range(objects)]
    after: int = gc.get_stats()[2]["collections"]
    kept.clear()
    return after - before


def test_what_stays_is_gone_through_seldom() -> None:
    gc.collect()
    assert full_collections(500_000) > 0
    with quick_turns():
        keep_what_stays()
        assert full_collections(500_000) == 0
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)


def test_garbage_of_the_moment_is_still_collected() -> None:
    class Knot:
        def __init__(self) -> None:
            self.itself = self

    with quick_turns():
        keep_what_stays()
        for _ in range(200_000):
            Knot()
        assert sum(type(one) is Knot for one in gc.get_objects()) < 100_000


def test_the_interpreter_is_as_before_at_the_end() -> None:
    before = sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()
    with quick_turns():
        keep_what_stays()
        assert gc.get_freeze_count() > before[2]
    assert (sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()) == before
