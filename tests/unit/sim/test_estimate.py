from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from outpace.sim.estimate import estimate, t_quantile


@given(st.floats(0.5, 0.9995), st.integers(1, 200))
def test_quantiles_are_those_of_scipy(share: float, degrees: int) -> None:
    assert t_quantile(share, degrees) == pytest.approx(stats.t.ppf(share, degrees), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("share", "degrees"), [(0.4, 3), (1.0, 3), (0.9, 0)])
def test_what_is_no_quantile_is_refused(share: float, degrees: int) -> None:
    with pytest.raises(ValueError, match="share must be"):
        t_quantile(share, degrees)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_interval_is_students(values: list[float], confidence: float) -> None:
    found = estimate(values, confidence)
    scale = stats.sem(values)
    expected = (found.mean, found.mean) if scale == 0.0 else stats.t.interval(
        confidence, len(values) - 1, loc=sum(values) / len(values), scale=scale
    )  # fmt: skip
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-8, abs=1e-8)
    assert found.count == len(values)


def test_a_single_value_says_nothing_of_the_next() -> None:
    found = estimate([0.7])
    assert (found.mean, found.half_width, found.count) == (0.7, math.inf, 1)
    with pytest.raises(ValueError, match="at least one"):
        estimate([])
