"""The hash from outside ids to rows, against a dict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.engine._idmap import IdMap

# few distinct ids, so that they meet again, and neighbours of large ones, as attempt ids are
IDS = st.one_of(st.integers(1, 12), st.integers(0, 12).map(lambda n: (7 << 32) | n), st.integers(1, 2**62))


@given(st.lists(st.tuples(st.booleans(), IDS, st.integers(0, 1000)), max_size=200))
def test_map_answers_like_a_dict(steps: list[tuple[bool, int, int]]) -> None:
    ids, model = IdMap(16), {}
    for put, key, row in steps:
        if not put:
            ids.discard(key)
            model.pop(key, None)
        elif len(model) < 16 or key in model:
            ids.set(key, row)
            model[key] = row
        else:
            with pytest.raises(OverflowError):
                ids.set(key, row)
        assert len(ids) == len(model)
        assert {known: ids.get(known) for known in model} == model
        assert ids.get(key) == model.get(key)


def test_full_map_finds_every_consecutive_id_after_half_of_them_left() -> None:
    ids = IdMap(1000)
    first = 5 << 32
    for n in range(1000):
        ids.set(first + n, n)
    for n in range(0, 1000, 2):
        ids.discard(first + n)
    assert [ids.get(first + n) for n in range(1000)] == [n if n % 2 else None for n in range(1000)]


@pytest.mark.parametrize("key", [0, -1])
def test_set_when_the_id_is_not_positive_then_value_error(key: int) -> None:
    ids = IdMap(4)
    with pytest.raises(ValueError, match="positive"):
        ids.set(key, 1)
    assert ids.get(key) is None
    ids.discard(key)
    assert len(ids) == 0


def test_rebuild_when_the_arrays_were_overwritten_then_length_follows() -> None:
    ids, other = IdMap(4), IdMap(4)
    other.set(9, 2)
    ids.keys_array[:], ids.rows_array[:] = other.keys_array, other.rows_array
    ids.rebuild()
    assert (len(ids), ids.get(9)) == (1, 2)
