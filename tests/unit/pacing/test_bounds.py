"""Bounds and tails against whole-number arithmetic, scipy, published intervals, and as laws."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from outpace.pacing._bounds import binomial_tail, clopper_pearson_lower, clopper_pearson_upper, drops_left

CONFIDENCES = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.9999])
SMALL = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
LARGE = st.integers(1, 10_000_000).flatmap(
    lambda n: st.tuples(st.integers(0, n) | st.floats(0, 0.08).map(lambda share: int(share * n)), st.just(n))
)
CAPS = st.sampled_from([0.001, 0.01, 0.03, 0.05, 0.07, 0.29, 0.5, 0.99])


def exact_tail(successes: int, trials: int, chance: Fraction) -> Fraction:
    """P(X >= successes) in whole numbers."""
    p, q = chance, 1 - chance
    terms = (math.comb(trials, k) * p**k * q ** (trials - k) for k in range(max(0, successes), trials + 1))
    return sum(terms, start=Fraction(0))


@pytest.mark.parametrize("trials", [1, 2, 3, 15, 16, 17, 60])
@pytest.mark.parametrize("chance", [Fraction(1, 64), Fraction(3, 32), Fraction(1, 2), Fraction(29, 32)])
def test_tail_is_that_of_whole_numbers(trials: int, chance: Fraction) -> None:
    for successes in range(-1, trials + 2):
        expected = float(exact_tail(successes, trials, chance))
        assert binomial_tail(successes, trials, float(chance)) == pytest.approx(expected, rel=1e-13, abs=0)


@given(LARGE, st.floats(-4, 4))
def test_tail_is_that_of_scipy(case: tuple[int, int], deviations: float) -> None:
    hits, trials = case
    chance = (hits + 0.5) / (trials + 1)
    hits = min(trials, max(0, round(hits + deviations * math.sqrt(trials * chance * (1 - chance)))))
    # scipy itself holds about 1e-11 here
    expected = stats.binom.sf(hits - 1, trials, chance)
    assert binomial_tail(hits, trials, chance) == pytest.approx(expected, rel=1e-10, abs=1e-300)


@pytest.mark.parametrize(
    ("successes", "trials", "chance", "expected"),
    [(0, 0, 0.3, 1.0), (1, 0, 0.3, 0.0), (5, 9, 0.0, 0.0), (0, 9, 0.0, 1.0), (9, 9, 1.0, 1.0), (10, 9, 1.0, 0.0)],
)
def test_tail_at_the_edges(successes: int, trials: int, chance: float, expected: float) -> None:
    assert binomial_tail(successes, trials, chance) == expected


@pytest.mark.parametrize(
    ("hits", "trials", "lower", "upper"),
    [  # the two-sided 95 % interval of Clopper and Pearson, as textbooks print it
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (4, 20, 0.0573, 0.4366),
        (10, 100, 0.0490, 0.1762),
        (10, 10, 0.6915, 1.0),
    ],
)
def test_bounds_are_those_published(hits: int, trials: int, lower: float, upper: float) -> None:
    assert clopper_pearson_lower(hits, trials, 0.975) == pytest.approx(lower, abs=5e-5)
    assert clopper_pearson_upper(hits, trials, 0.975) == pytest.approx(upper, abs=5e-5)


@given(SMALL | LARGE, CONFIDENCES)
def test_bounds_are_those_of_scipy(case: tuple[int, int], confidence: float) -> None:
    hits, trials = case
    upper = 1.0 if hits == trials else stats.beta.ppf(confidence, hits + 1, trials - hits)
    lower = 0.0 if hits == 0 else stats.beta.ppf(1 - confidence, hits, trials - hits + 1)
    rel = 1e-10 + 1e-16 * trials  # scipy's inverse is off by up to some 1e-11, and few of very many leave fewer digits
    assert clopper_pearson_upper(hits, trials, confidence) == pytest.approx(upper, rel=rel, abs=0)
    assert clopper_pearson_lower(hits, trials, confidence) == pytest.approx(lower, rel=rel, abs=0)
    assert lower <= hits / trials <= upper


def exact_upper(hits: int, trials: int, confidence: float) -> Decimal:
    """Where P(X <= hits) is what the confidence leaves, to 50 digits: the sum itself, by secants."""
    rest = 1 - Decimal(confidence)

    def off(share: Decimal) -> Decimal:
        term = total = (1 - share) ** trials
        for k in range(1, hits + 1):
            term *= (trials - k + 1) * share / (k * (1 - share))
            total += term
        return total - rest

    near = Decimal(clopper_pearson_upper(hits, trials, confidence))
    one, two = near * (1 - Decimal("1e-6")), near * (1 + Decimal("1e-6"))
    at_one, at_two = off(one), off(two)
    while abs(two - one) > Decimal("1e-45") and at_one != at_two:
        one, two, at_one = two, two - at_two * (two - one) / (at_two - at_one), at_two
        at_two = off(two)
    return two


@pytest.mark.parametrize(
    ("hits", "trials", "confidence"), [(999, 100_055, 0.9), (3, 400, 0.95), (0, 156, 0.95), (40, 50, 0.99), (1, 2, 0.5)]
)
def test_upper_bound_to_the_last_digits(hits: int, trials: int, confidence: float) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = exact_upper(hits, trials, confidence)
        found = Decimal(clopper_pearson_upper(hits, trials, confidence))
        assert abs(found / exact - 1) < Decimal("1e-14") + Decimal("1e-17") * trials


@given(SMALL, CONFIDENCES)
def test_bounds_when_put_back_then_the_tail_is_what_was_left(case: tuple[int, int], confidence: float) -> None:
    hits, trials = case
    if hits < trials:
        upper = clopper_pearson_upper(hits, trials, confidence)
        assert 1 - binomial_tail(hits + 1, trials, upper) == pytest.approx(1 - confidence, rel=1e-8)
    if hits > 0:
        lower = clopper_pearson_lower(hits, trials, confidence)
        assert binomial_tail(hits, trials, lower) == pytest.approx(1 - confidence, rel=1e-8)


@pytest.mark.parametrize("trials", [2, 10, 17, 400, 100_000])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.9999, 1 - 2.0**-20])
def test_bounds_next_to_an_end_keep_their_distance_to_it(trials: int, confidence: float) -> None:
    # P(X <= n - 1) = 1 - p^n is 1 - confidence at the root of it; so the other way round
    distance = -math.expm1(math.log(confidence) / trials)
    assert 1 - clopper_pearson_upper(trials - 1, trials, confidence) == pytest.approx(distance, rel=1e-8, abs=2e-16)
    assert clopper_pearson_lower(1, trials, confidence) == pytest.approx(distance, rel=1e-11, abs=0)


@given(st.integers(1, 300), st.floats(0.001, 0.999), CONFIDENCES)
def test_bounds_hold_at_least_as_often_as_they_say(trials: int, chance: float, confidence: float) -> None:
    chances = stats.binom.pmf(range(trials + 1), trials, chance)
    covered = sum(
        p for hits, p in enumerate(chances) if chance <= clopper_pearson_upper(hits, trials, confidence) * (1 + 1e-12)
    )
    assert covered >= confidence - 1e-9


@given(SMALL, CONFIDENCES)
def test_upper_bound_grows_with_each_hit_and_falls_with_each_miss(case: tuple[int, int], confidence: float) -> None:
    hits, trials = case
    here = clopper_pearson_upper(hits, trials, confidence)
    assert clopper_pearson_upper(hits + 1, trials + 1, confidence) >= here
    assert clopper_pearson_upper(hits, trials + 1, confidence) <= here


def test_bounds_without_trials_say_nothing() -> None:
    assert clopper_pearson_upper(0, 0) == 1.0
    assert clopper_pearson_lower(0, 0) == 0.0


@pytest.mark.parametrize(
    ("answered", "abandoned", "cap", "left"),
    [
        (0, 0, 0.03, 0),
        (32, 0, 0.03, 0),  # 1 of 33 is 3.03 %
        (33, 0, 0.03, 1),  # 1 of 34 is 2.94 %
        (97, 0, 0.03, 3),  # 3 of 100 are 3 %
        (96, 0, 0.03, 2),
        (100, 3, 0.03, 0),
        (100, 90, 0.03, 0),
        (71, 0, 0.29, 29),  # 29 of 100: 0.29 x 100 is less than 29 in binary
        (10, 0, 0.0, 0),
        (10, 10, 1.0, 2**63 - 1),
    ],
)
def test_drops_left_to_the_target(answered: int, abandoned: int, cap: float, left: int) -> None:
    assert drops_left(abandoned, answered, cap) == left


@given(SMALL, CAPS)
def test_drops_left_to_the_target_is_the_largest(case: tuple[int, int], cap: float) -> None:
    hits, trials = case
    left = drops_left(hits, trials, cap)
    assert left == 0 or Fraction(hits + left, trials + left) <= Fraction(str(cap))
    assert Fraction(hits + left + 1, trials + left + 1) > Fraction(str(cap))


@pytest.mark.parametrize(
    ("answered", "left"), [(0, 0), (99, 0), (155, 0), (156, 1), (205, 1), (206, 2), (982, 20), (983, 21)]
)
def test_drops_left_to_the_bound(answered: int, left: int) -> None:
    assert drops_left(0, answered, 0.03, confidence=0.95) == left
    if left:
        assert clopper_pearson_upper(left, answered + left, 0.95) <= 0.03
    assert clopper_pearson_upper(left + 1, answered + left + 1, 0.95) > 0.03


@given(st.integers(0, 40), st.integers(0, 3000), CAPS, st.sampled_from([0.5, 0.9, 0.95, 0.99]), st.integers(-5, 400))
def test_drops_left_to_the_bound_is_the_largest(
    hits: int, misses: int, cap: float, confidence: float, guess: int
) -> None:
    trials = hits + misses
    left = drops_left(hits, trials, cap, confidence=confidence, guess=guess)
    assert left == drops_left(hits, trials, cap, confidence=confidence)
    # at a cap and a confidence of one half the bound meets the cap exactly: rounding may take either side
    assert clopper_pearson_upper(hits + left + 1, trials + left + 1, confidence) > cap * (1 - 1e-12)
    if left > 0:
        assert clopper_pearson_upper(hits + left, trials + left, confidence) <= cap * (1 + 1e-12)


def test_when_out_of_range_then_raises() -> None:
    for trials, chance in ((-1, 0.5), (3, -0.1), (3, 1.1), (3, math.nan)):
        with pytest.raises(ValueError, match="chance in"):
            binomial_tail(1, trials, chance)
    for bound in (clopper_pearson_upper, clopper_pearson_lower):
        for hits, trials, confidence in ((-1, 3, 0.95), (4, 3, 0.95), (1, 3, 0.0), (1, 3, 1.0), (1, 3, math.nan)):
            with pytest.raises(ValueError, match="hits <= trials"):
                bound(hits, trials, confidence)
    for abandoned, answered, cap in ((-1, 3, 0.03), (4, 3, 0.03), (1, 3, -0.1), (1, 3, 1.1), (1, 3, math.nan)):
        with pytest.raises(ValueError, match="abandoned <= answered"):
            drops_left(abandoned, answered, cap)
    for confidence in (0.4, 1.0, math.nan):
        with pytest.raises(ValueError, match="confidence"):
            drops_left(1, 3, 0.03, confidence=confidence)
