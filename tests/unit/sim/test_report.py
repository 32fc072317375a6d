from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from outpace.sim.report import LEAST_ANSWERS, percentile_of_bins, wilson, worst_window


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_that_of_scipy(case: tuple[int, int]) -> None:
    hits, trials = case
    exact = stats.binomtest(hits, trials).proportion_ci(method="wilson")
    assert wilson(hits, trials) == pytest.approx((exact.low, exact.high), rel=1e-9, abs=1e-12)


def test_wilson_without_trials_knows_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


minutes = st.lists(
    st.integers(0, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=40
)


@given(minutes, st.integers(1, 20))
def test_the_worst_window_is_that_of_all(rows: list[tuple[int, int]], length: int) -> None:
    rates = [0.0]
    for first in range(max(1, len(rows) - length + 1)):
        answered = sum(row[0] for row in rows[first : first + length])
        abandoned = sum(row[1] for row in rows[first : first + length])
        if answered >= LEAST_ANSWERS:
            rates.append(abandoned / answered)
    assert worst_window(np.array(rows, np.int64), length) == max(rates)


def test_percentiles_are_upper_edges() -> None:
    bins = np.array([0, 5, 0, 5], np.int64)
    assert percentile_of_bins(bins, 0.5, 0.01) == pytest.approx(0.02)
    assert percentile_of_bins(bins, 0.51, 0.01) == pytest.approx(0.04)
    assert percentile_of_bins(np.zeros(4, np.int64), 0.5, 0.01) == 0.0
