"""Draws against scipy's distributions, at fixed seeds."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from outpace.domain.errors import ConfigError
from outpace.telephony.simulated.distributions import (
    Distribution,
    DistributionSettings,
    Role,
    build,
    resolve,
    uniform,
)

COUNT = 40_000


def draws(distribution: Distribution, seed: int = 1) -> np.ndarray:
    return np.frombuffer(distribution.samples(seed, Role.ROLE_TALK, COUNT))


def lognormal(mean: float, cv: float) -> stats.rv_continuous:
    variance = math.log1p(cv * cv)
    return stats.lognorm(s=math.sqrt(variance), scale=mean * math.exp(-variance / 2))


@pytest.mark.parametrize(
    ("distribution", "reference"),
    [
        (Distribution.uniform(2.0, 4.0), stats.uniform(2.0, 2.0)),
        (Distribution.exponential(20.0), stats.expon(scale=20.0)),
        (Distribution.lognormal(11.0, 0.45), lognormal(11.0, 0.45)),
        (Distribution.lognormal(60.0, 1.2), lognormal(60.0, 1.2)),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 2**63])
def test_draws_follow_the_distribution(distribution, reference, seed) -> None:
    assert stats.kstest(draws(distribution, seed), reference.cdf).pvalue > 0.001


def test_the_moments_are_those_asked_for() -> None:
    talk = draws(Distribution.lognormal(60.0, 1.2))
    assert talk.mean() == pytest.approx(60.0, rel=0.02)
    assert talk.std() / talk.mean() == pytest.approx(1.2, rel=0.05)


def test_clipping_puts_what_lies_outside_onto_the_limits() -> None:
    plain = Distribution.lognormal(11.0, 0.45)
    assert np.array_equal(draws(plain.clipped(1.5, 25.0)), np.clip(draws(plain), 1.5, 25.0))


def test_truncating_draws_only_what_lies_inside() -> None:
    reference = lognormal(11.0, 0.45)
    inside = draws(Distribution.lognormal(11.0, 0.45).truncated(8.0, 15.0))
    assert inside.min() >= 8.0
    assert inside.max() <= 15.0
    low, high = reference.cdf([8.0, 15.0])
    assert stats.kstest(inside, lambda x: (reference.cdf(x) - low) / (high - low)).pvalue > 0.001


def test_stored_values_are_drawn_alike_often() -> None:
    values, counts = np.unique(draws(Distribution.empirical([3.0, 1.0, 1.0, 7.5])), return_counts=True)
    assert values.tolist() == [1.0, 3.0, 7.5]
    assert stats.chisquare(counts, [COUNT / 2, COUNT / 4, COUNT / 4]).pvalue > 0.001


@pytest.mark.parametrize("u", [1e-12, 1e-6, 0.01, 0.3, 0.5, 0.7, 0.99, 1 - 1e-6])
def test_the_tails_are_inverted_exactly(u) -> None:
    # a draw at a chosen quantile: truncating to a sliver around it leaves nothing else
    reference = lognormal(11.0, 0.45)
    low, high = reference.ppf(u) * (1 - 1e-7), reference.ppf(u) * (1 + 1e-7)
    value = Distribution.lognormal(11.0, 0.45).truncated(low, high).sample(5, Role.ROLE_RING, 0)
    assert value == pytest.approx(reference.ppf(u), rel=1e-7)


def test_uniform_numbers_are_even_and_independent_over_every_key() -> None:
    over_k = np.array([uniform(1, 0, k) for k in range(20_000)])
    over_index = np.array([uniform(1, 0, 7, index) for index in range(20_000)])
    over_seed = np.array([uniform(seed, 0, 7) for seed in range(20_000)])
    over_role = np.array([uniform(1, 1, k) for k in range(20_000)])
    for numbers in (over_k, over_index, over_seed, over_role):
        assert stats.kstest(numbers, "uniform").pvalue > 0.001
        assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.03
    assert abs(np.corrcoef(over_k, over_role)[0, 1]) < 0.03
    assert over_k.min() > 0.0
    assert over_k.max() < 1.0


def test_a_draw_depends_on_nothing_but_its_key() -> None:
    one = Distribution.exponential(5.0)
    forward = [one.sample(3, Role.ROLE_TALK, k, index=2, stream=4) for k in range(100)]
    backward = [one.sample(3, Role.ROLE_TALK, k, index=2, stream=4) for k in reversed(range(100))]
    assert forward == backward[::-1]
    assert list(one.samples(3, Role.ROLE_TALK, 100)) == [one.sample(3, Role.ROLE_TALK, k) for k in range(100)]
    assert forward != [one.sample(3, Role.ROLE_TALK, k, index=2, stream=5) for k in range(100)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Distribution.constant(-1.0),
        lambda: Distribution.constant(math.nan),
        lambda: Distribution.uniform(2.0, 2.0),
        lambda: Distribution.uniform(-1.0, 2.0),
        lambda: Distribution.exponential(0.0),
        lambda: Distribution.lognormal(math.inf, 1.0),
        lambda: Distribution.lognormal(1.0, -1.0),
        lambda: Distribution.empirical([]),
        lambda: Distribution.empirical([1.0, -2.0]),
        lambda: Distribution.exponential(1.0).clipped(2.0, 1.0),
        lambda: Distribution.constant(1.0).truncated(0.0, 2.0),
        lambda: Distribution.uniform(0.0, 1.0).truncated(2.0, 3.0),
    ],
)
def test_wrong_arguments_are_refused(make) -> None:
    with pytest.raises(ValueError):
        make()


def test_a_plain_number_is_a_constant() -> None:
    assert build(2.5, "times.busy").sample(1, 0, 9) == 2.5


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"kind": "uniform", "low": 1.0}, "high"),
        ({"kind": "exponential", "mean": 1.0, "cv": 1.0}, "cv"),
        ({"csv": "calls.csv"}, "column"),
        ({}, "csv"),
        ({"kind": "exponential", "mean": 1.0, "clip": (0.0, 1.0), "truncate": (0.0, 1.0)}, "clip"),
    ],
)
def test_keys_that_do_not_belong_together_are_refused(keys, where) -> None:
    with pytest.raises(ConfigError) as caught:
        DistributionSettings(**keys)
    assert caught.value.where == where


def test_a_column_is_read_from_where_the_settings_lie(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("who,talk\na,10\nb,30\n")
    settings = resolve(DistributionSettings(csv="calls.csv", column="talk"), tmp_path)
    assert set(build(settings, "times.talk").samples(1, 0, 50)) == {10.0, 30.0}


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("talk\n10\nlong\n", "talk", "line 3: talk wants a number, not 'long'"),
        ("talk\n10\n", "wrap", "has no column 'wrap'; it has talk"),
        ("talk\n", "talk", "wants at least one value"),
        ("talk\n-4\n", "talk", "must be finite and at least 0"),
    ],
)
def test_a_bad_column_is_refused_with_its_place(tmp_path: Path, text, column, reason) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        build(DistributionSettings(csv=str(path), column=column), "times.talk")
    assert caught.value.where.startswith("times.talk.")
    assert str(path) in caught.value.reason
    assert reason in caught.value.reason


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"times\.talk\.csv: .*none\.csv: No such file"):
        build(DistributionSettings(csv=str(tmp_path / "none.csv"), column="talk"), "times.talk")
