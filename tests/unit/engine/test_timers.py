"""The heap of timers, against a plain dict with heapq's order: earliest first, ties in the order of arming."""

from __future__ import annotations

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.engine._timers import TimerHeap

SLOTS = 9
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(0, SLOTS - 1), st.integers(0, 30)),
        st.tuples(st.just("clear"), st.integers(0, SLOTS - 1), st.just(0)),
        st.tuples(st.just("pop"), st.just(0), st.integers(0, 30)),
        st.tuples(st.just("shift"), st.just(0), st.integers(0, 5)),
    ),
    max_size=120,
)


@given(STEPS)
def test_heap_pops_like_heapq(steps: list[tuple[str, int, int]]) -> None:
    timers, model = TimerHeap(SLOTS), {}
    for order, (what, slot, at) in enumerate(steps):
        if what == "set":
            timers.set(slot, at)
            model[slot] = (at, order)
        elif what == "clear":
            timers.clear(slot)
            model.pop(slot, None)
        elif what == "shift":
            timers.shift(at)
            model = {one: (due + at, when) for one, (due, when) in model.items()}
        else:
            queue = [(due, when, one) for one, (due, when) in model.items()]
            heapq.heapify(queue)
            wanted = queue[0][2] if queue and queue[0][0] <= at else None
            assert timers.pop(at) == wanted
            model.pop(wanted, None)
        assert len(timers) == len(model)
        assert timers.first() == (min(due for due, _ in model.values()) if model else None)


def test_pop_when_deadlines_tie_then_first_armed_first() -> None:
    timers = TimerHeap(4)
    for slot in (2, 0, 3, 1):
        timers.set(slot, 500)
    timers.set(2, 500)  # armed again: last now
    assert [timers.pop(500) for _ in range(5)] == [0, 3, 1, 2, None]


def test_pop_when_a_nanosecond_is_missing_then_none() -> None:
    timers = TimerHeap(1)
    timers.set(0, 1_000_000_000)
    assert timers.pop(999_999_999) is None
    assert timers.pop(1_000_000_000) == 0


@pytest.mark.parametrize("slot", [-1, 3])
def test_set_and_clear_when_there_is_no_such_slot_then_index_error(slot: int) -> None:
    timers = TimerHeap(3)
    with pytest.raises(IndexError, match="of 3"):
        timers.set(slot, 1)
    with pytest.raises(IndexError, match="of 3"):
        timers.clear(slot)
