"""The Erlang functions as Python sees them: numbers, arrays, shapes, and what they refuse."""

from __future__ import annotations

import doctest
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from outpace.pacing import erlang, service

#: Each function with arguments in range.
CASES: dict[str, tuple[Any, ...]] = {
    "erlang_b": (8.0, 10),
    "erlang_c": (8.0, 10),
    "erlang_c_wait": (8.0, 10, 180.0),
    "erlang_c_level": (8.0, 10, 180.0, 20.0),
    "erlang_a": (8.0, 10, 180.0, 60.0),
    "erlang_a_abandoned": (8.0, 10, 180.0, 60.0),
    "erlang_a_wait": (8.0, 10, 180.0, 60.0),
    "erlang_a_queued": (8.0, 10, 180.0, 60.0, 20.0),
    "erlang_a_level": (8.0, 10, 180.0, 60.0, 20.0),
    "lines_for_blocking": (8.0, 0.01),
    "load_for_blocking": (10, 0.01),
    "agents_for_wait": (8.0, 180.0, 10.0),
    "agents_for_level": (8.0, 180.0, 20.0, 0.8, 60.0),
    "agents_for_abandoned": (8.0, 180.0, 60.0, 0.03),
    "load_for_abandoned": (10, 180.0, 60.0, 0.03),
    "wait_at_place": (3, 10, 180.0, 60.0),
}
WHOLE = {"lines_for_blocking", "agents_for_wait", "agents_for_level", "agents_for_abandoned"}


def repr_short(value: object) -> str:
    return repr(value)[:8]


def function(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(erlang, name)
    return found


def test_all_functions_have_a_case() -> None:
    assert set(CASES) == set(erlang.__all__)


@pytest.mark.parametrize("name", CASES)
def test_numbers_give_a_number_and_arrays_an_array_of_the_same(name: str) -> None:
    arguments = CASES[name]
    one = function(name)(*arguments)
    assert type(one) is (int if name in WHOLE else float)
    for place in range(len(arguments)):
        some = [*arguments]
        some[place] = np.array([arguments[place]] * 3)
        many = function(name)(*some)
        assert many.dtype == (np.int64 if name in WHOLE else np.float64)
        assert many.tolist() == [one] * 3
    assert function(name)(*(np.array(value) for value in arguments)) == one
    assert function(name)(*([value] for value in arguments)).tolist() == [one]


@pytest.mark.parametrize("name", CASES)
def test_arguments_broadcast_as_numpy_has_it(name: str) -> None:
    arguments = CASES[name]
    rows = np.asarray(arguments[0])[None, None] * np.ones((4, 1), type(arguments[0]))
    columns = np.asarray(arguments[1])[None] * np.ones(3, type(arguments[1]))
    found = function(name)(rows, columns, *arguments[2:])
    assert found.shape == (4, 3)
    assert (found == function(name)(*arguments)).all()
    assert function(name)(np.empty((0, 3)), columns, *arguments[2:]).shape == (0, 3)
    with pytest.raises(ValueError, match="broadcast"):
        function(name)(rows[:2], np.repeat(columns[:1], 5).reshape(5, 1), *arguments[2:])


LOADS = np.arange(1.0, 121.0).reshape(2, 3, 4, 5)
READ_ONLY = np.arange(1.0, 6.0)
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    ("loads", "servers", "patience"),
    [
        (LOADS.T, np.arange(1, 5)[:, None, None], 30.0),
        (LOADS.transpose(2, 0, 3, 1), np.arange(1, 6)[:, None], np.array([2.0, 30.0, math.inf])),
        (LOADS[::-1, :, ::2, ::-2], np.array([7, 90, 1], np.uint8), np.float32(30.0)),
        (LOADS[0, 0, 0], np.arange(4, 0, -1, np.int32)[:, None, None], np.array([[[2.0], [600.0]]])),
        (np.asfortranarray(LOADS[0, 0]), 3, READ_ONLY),
        (np.arange(1, 6, dtype=">i4"), [[9], [2]], READ_ONLY[::-1]),
        (LOADS[:, :0], 3, 30.0),
        (5, np.empty((0, 1), int), READ_ONLY),
    ],
    ids=["transposed", "permuted", "strided", "each its own axis", "fortran", "foreign order", "none", "none by some"],
)
def test_every_point_of_arrays_of_any_layout_is_the_single_value(loads: Any, servers: Any, patience: Any) -> None:
    wide = np.broadcast_arrays(loads, servers, patience)
    for name, rest in (("erlang_a", (180.0,)), ("erlang_b", ())):
        function_of = function(name)
        places = wide if rest else np.broadcast_arrays(loads, servers)
        found = function_of(loads, servers, *rest, patience) if rest else function_of(loads, servers)
        assert found.shape == places[0].shape
        for index in np.ndindex(found.shape):
            load, count, *others = (array[index].item() for array in places)
            assert found[index] == pytest.approx(function_of(load, count, *rest, *others), rel=1e-13, abs=0)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("wrong", [-1.0, math.nan, -math.inf, 1e300, 10**400], ids=repr_short)
def test_argument_when_out_of_range_then_says_which_and_where(name: str, wrong: float) -> None:
    for place in range(len(CASES[name])):
        arguments = [*CASES[name]]
        arguments[place] = wrong
        with pytest.raises(ValueError, match=r"^\w+ must be .*, not "):
            function(name)(*arguments)
        if wrong != 10**400:
            arguments[place] = np.array([[CASES[name][place], wrong]])
            with pytest.raises(ValueError, match=r"^\w+ must be .*, not .* at index \(0, 1\)$"):
                function(name)(*arguments)
            arguments[place] = np.array(wrong)
            with pytest.raises(ValueError, match=r"^\w+ must be .*, not [-+.\w]+$"):
                function(name)(*arguments)


@pytest.mark.parametrize("servers", [0, 1.5, 1_000_000_001, np.array([3, 0])])
def test_servers_when_none_or_a_part_or_too_many_then_value_error(servers: Any) -> None:
    with pytest.raises(ValueError, match="servers must be a whole number from 1 to 1e9"):
        erlang.erlang_b(1.0, servers)


def test_other_edges_of_what_is_refused() -> None:
    for call in (
        lambda: erlang.load_for_blocking(5, 1.0),
        lambda: erlang.lines_for_blocking(5.0, 0.0),
        lambda: erlang.agents_for_level(5.0, 180.0, 20.0, 1.0),
        lambda: erlang.agents_for_wait(5.0, 180.0, 0.0),
        lambda: erlang.erlang_a(5.0, 5, 0.0, 60.0),
        lambda: erlang.agents_for_abandoned(5.0, 180.0, math.inf, 0.1),
        lambda: erlang.wait_at_place(0, 5, 180.0),  # type: ignore[call-overload]
    ):
        with pytest.raises((ValueError, TypeError)):
            call()
    with pytest.raises(ValueError, match="could not convert"):
        erlang.erlang_b("many", 5)  # type: ignore[call-overload]


def test_no_load_needs_nobody_and_loses_nobody() -> None:
    assert erlang.erlang_b(0.0, 3) == erlang.erlang_c(0.0, 3) == erlang.erlang_a(0.0, 3, 180.0, 2.0) == 0.0
    assert erlang.erlang_a_abandoned(0.0, 3, 180.0, 2.0) == erlang.erlang_a_queued(0.0, 3, 180.0, 2.0, 5.0) == 0.0
    assert erlang.erlang_a_level(0.0, 3, 180.0, 2.0, 5.0) == erlang.erlang_c_level(0.0, 3, 180.0, 5.0) == 1.0
    assert erlang.lines_for_blocking(0.0, 0.01) == erlang.agents_for_level(0.0, 180.0, 20.0, 0.8) == 1
    assert erlang.load_for_blocking(3, 0.0) == erlang.load_for_abandoned(3, 180.0, 2.0, 0.0) == 0.0
    assert erlang.erlang_b(1e-300, 3) == 0.0
    assert erlang.erlang_b(1e-80, 2) == pytest.approx(5e-161, rel=1e-15, abs=0)


def test_extremes_stay_numbers() -> None:
    loads = np.array([0.0, 1e-300, 1e-9, 1.0, 1e5, 1e9, 1e12])
    servers = np.array([1, 2, 39, 40, 100_000, 10**9])[:, None]
    for times in ((1e-6, 1e9), (1e9, 1e-6), (180.0, 2.0)):
        for name in ("erlang_a", "erlang_a_abandoned"):
            found = function(name)(loads, servers, *times)
            assert ((found >= 0.0) & (found <= 1.0)).all()
        for within in (0.0, 20.0, 1e9):
            for name in ("erlang_a_queued", "erlang_a_level"):
                found = function(name)(loads, servers, *times, within)
                assert ((found >= 0.0) & (found <= 1.0 + 1e-9)).all(), (name, times, within)
    for name in ("erlang_b", "erlang_c"):
        assert not np.isnan(function(name)(loads, servers)).any()


def test_tables_are_the_single_values() -> None:
    # rows of consecutive servers go by the recurrence
    loads = np.array([0.0, 0.3, 7.0, 95.0, 2000.0])
    servers = np.arange(1, 301)
    table = erlang.erlang_b(loads[:, None], servers)
    singles = [[erlang.erlang_b(float(load), int(count)) for count in servers] for load in loads]
    np.testing.assert_allclose(table, singles, rtol=1e-12, atol=1e-290)


def test_docstrings_hold() -> None:
    runner = doctest.DocTestRunner()
    for name in erlang.__all__:
        text = function(name).__doc__
        assert text
        runner.run(doctest.DocTestParser().get_doctest(text, {name: function(name)}, name, None, 0))
    assert runner.tries >= 6
    assert runner.failures == 0


def test_service_figures() -> None:
    assert service.estimated_wait_s(3, 10, 180.0) == pytest.approx(54.0)
    assert service.estimated_wait_s(2, 10, 180.0, 60.0) == pytest.approx(18.0 + 1.0 / (10 / 180.0 + 1 / 60.0))
    assert service.estimated_wait_s([1, 2], 10, 180.0).tolist() == pytest.approx([18.0, 36.0])
    assert service.service_level(10.0, 14, 180.0, 20.0) == pytest.approx(0.8884, abs=5e-5)
    assert service.service_level(10.0, [0, 14], 180.0, 20.0, 60.0)[0] == 0.0
    assert service.service_level(10.0, 14, 180.0, 20.0, 60.0) > 0.8884


def test_agents_to_hold_back_are_those_whom_the_level_needs_less_those_at_it() -> None:
    needed = erlang.agents_for_level(10.0, 180.0, 20.0, 0.8)
    assert service.agents_to_hold_back(10.0, 180.0, 20.0, 0.8) == needed
    assert service.agents_to_hold_back(10.0, 180.0, 20.0, 0.8, busy=4) == needed - 4
    assert service.agents_to_hold_back(10.0, 180.0, 20.0, 0.8, busy=[0, 5, 99]).tolist() == [needed, needed - 5, 0]
    assert service.agents_to_hold_back([0.0, 10.0], 180.0, 20.0, 0.8).tolist() == [0, needed]
    assert service.agents_to_hold_back(10.0, 180.0, 20.0, 0.8, 30.0) < needed
    held = service.agents_to_hold_back(10.0, 180.0, 20.0, 0.8, busy=[4.0, 5.0])
    assert isinstance(held, np.ndarray)
    assert held.dtype == np.int64
    for busy in (-1, 2.5, math.nan, math.inf, [3, -1]):
        with pytest.raises(ValueError, match="busy must be whole numbers"):
            service.agents_to_hold_back(10.0, 180.0, 20.0, 0.8, busy=busy)
