from __future__ import annotations

from outpace.runtime.histogram import Histogram


def test_observe_counts_into_the_bucket_whose_bound_is_not_below() -> None:
    histogram = Histogram((1.0, 2.0, 5.0))
    for value in (0.5, 1.0, 1.5, 5.0, 9.0):
        histogram.observe(value)
    assert histogram.counts == [2, 1, 1, 1]
    assert histogram.sum == 17.0
    assert histogram.max == 9.0
    assert histogram.cumulative() == [("1.0", 2.0), ("2.0", 3.0), ("5.0", 4.0), ("+Inf", 5.0)]


def test_quantile_is_the_bound_of_its_bucket() -> None:
    histogram = Histogram((1.0, 2.0, 5.0))
    assert histogram.quantile(0.5) == 0.0
    histogram.observe(0.5, times=90)
    histogram.observe(1.7, times=9)
    histogram.observe(8.0)
    assert histogram.quantile(0.5) == 1.0
    assert histogram.quantile(0.95) == 2.0
    assert histogram.quantile(1.0) == 8.0
