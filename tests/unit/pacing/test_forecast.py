"""The forecast against sums over independent calls and agents, done the long way."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from outpace.pacing import Observed
from outpace.pacing._estimates import Estimates
from outpace.pacing._forecast import risk_curve, terms_of

S = 1_000_000_000
T0 = 1_800_000_000 * S


def poisson_binomial(chances: list[float]) -> np.ndarray:
    """Distribution of the number of successes of independent trials."""
    pmf = np.ones(1)
    for chance in chances:
        pmf = np.convolve(pmf, [1 - chance, chance])
    return pmf


@pytest.mark.parametrize(("trials", "chance"), [(3, 0.2), (20, 0.5), (50, 0.1), (400, 0.99)])
def test_terms_of_a_binomial_are_the_binomials(trials: int, chance: float) -> None:
    first, found = terms_of(trials * chance, trials * chance * (1 - chance))
    exact = [math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(trials + 1)]
    whole = np.zeros(max(trials + 1, first + len(found)))
    whole[first : first + len(found)] = found
    tolerance = 0.02 if first else 1e-9  # shifted: the moments agree, the shape nearly
    assert np.abs(whole[: trials + 1] - exact).max() < tolerance
    assert whole.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(("mean", "var"), [(4.0, 6.0), (10.0, 25.0), (0.5, 0.9)])
def test_terms_above_the_poisson_are_negative_binomial(mean: float, var: float) -> None:
    first, found = terms_of(mean, var)
    r, p = mean * mean / (var - mean), mean / var
    exact = [math.exp(math.lgamma(k + r) - math.lgamma(k + 1) - math.lgamma(r)) * p**r * (1 - p) ** k for k in range(9)]
    assert first == 0
    assert found[:9] == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize(("mean", "var"), [(0.0, 0.0), (5.0, 0.0), (5.3, 0.01), (29.0, 29.0), (300.0, 3.0)])
def test_terms_keep_the_mean(mean: float, var: float) -> None:
    first, found = terms_of(mean, var)
    values = first + np.arange(len(found))
    assert (found >= 0.0).all()
    assert float((values * found).sum()) == pytest.approx(mean, abs=0.35)


@pytest.mark.parametrize(("mean", "var"), [(-1.0, 1.0), (1.0, -1.0), (1.0, 31.0), (math.nan, 1.0)])
def test_terms_of_impossible_moments_raise(mean: float, var: float) -> None:
    with pytest.raises(ValueError, match="wants a mean"):
        terms_of(mean, var)


def floor(ringing: int, talking: int, wrapping: int) -> Estimates:
    known = Estimates(1)
    known.pass_time(0, T0)
    for n in range(ringing):
        known.record(0, Observed.LAUNCHED, T0 + n * S // 10, T0 + n * S // 10)
    for n in range(talking):
        known.record(0, Observed.TALK_BEGAN, T0 + n * S // 5, T0 + n * S // 5)
    for n in range(wrapping):
        known.record(0, Observed.WRAP_UP_BEGAN, T0 + n * S // 5, T0 + n * S // 5)
    # seen for long enough that the levels are certain: the forecast is of independent events then
    known.columns["long_seen"][:] = known.columns["long_due"][:] = 1e9
    for step in range(1, 11):
        known.pass_time(0, T0 + step * S // 2)
    known.columns["long_seen"][:] = known.columns["long_due"][:] = 1e9
    return known


def held(came_by: np.ndarray, over_by: np.ndarray, first: int, wait_s: int) -> np.ndarray:
    """Chance that somebody has answered by each step and still holds an agent when the wait that is allowed is over.

    came_by: chance of an answer by the middle of each step; over_by: of a new conversation and its wrap-up being over
    so many seconds after the first. What came before the first step counts as come then.
    """
    came = np.diff(came_by, prepend=0.0)
    came[first] += came[:first].sum()
    found = np.zeros(len(came))
    for step in range(first, len(came)):
        for earlier in range(first, step + 1):
            passed = step - earlier + wait_s - 0.5
            found[step] += came[earlier] * (1.0 - np.interp(passed, np.arange(len(over_by)), over_by))
    return found


def long_way(known: Estimates, free: int, launches: int, wait_s: int) -> float:
    """The marginal risk by whole distributions of independent calls and agents at every step."""
    columns = {name: column[0] for name, column in known.columns.items()}
    new = columns["new_answer_by"]
    share = new[1:41] - new[:40]
    first = int(np.argmax(share > 1e-3 * new[40]))
    over_by = columns["free_by"][0, 0]
    middle = 0.5 * (columns["answer_by"][:, :40] + columns["answer_by"][:, 1:41])
    calls_held = np.array([held(by, over_by, first, wait_s) for by in middle])
    new_held = held(0.5 * (new[:40] + new[1:41]), over_by, first, wait_s)
    risk = 0.0
    for step in range(40):
        if share[step] <= 1e-3 * new[40]:
            continue
        by = calls_held[:, step]
        ahead = []
        for age, calls in enumerate(columns["now_calls"]):
            ahead += [by[age]] * int(calls) + ([by[age] * (calls % 1)] if calls % 1 else [])
        ahead += [new_held[step]] * launches
        freed = []
        for phase in range(2):
            table = columns["free_by"][phase]
            chance = 0.5 * (table[:, step + wait_s] + table[:, step + wait_s + 1])
            for bin_, agents in enumerate(columns["now_agents"][phase]):
                freed += [chance[bin_]] * int(agents)
        less = np.convolve(poisson_binomial(freed), poisson_binomial(ahead)[::-1])
        # element i of `less` is P(freed - ahead = i - len(ahead))
        risk += share[step] * less[: len(ahead) - free + 1].sum() if len(ahead) >= free else 0.0
    return float(risk / share[share > 1e-3 * new[40]].sum())


@pytest.mark.parametrize(
    ("free", "ringing", "talking", "wrapping"),
    [(2, 12, 10, 3), (0, 6, 12, 4), (5, 20, 8, 2), (-1, 4, 15, 5), (1, 0, 2, 1)],
)
def test_risk_is_that_of_the_long_way(free: int, ringing: int, talking: int, wrapping: int) -> None:
    known = floor(ringing, talking, wrapping)
    curve = risk_curve(known, 0, free, 8)
    for launches in (0, 3, 7):
        assert curve[launches] == pytest.approx(long_way(known, free, launches, 2), abs=4e-3)


def test_risk_of_many_is_the_same_by_terms_and_as_normal() -> None:
    known = floor(200, 90, 30)
    curve = risk_curve(known, 0, 5, 60)
    for launches in (0, 20, 59):
        assert curve[launches] == pytest.approx(long_way(known, 5, launches, 2), abs=8e-3)


def test_risk_grows_with_launches_and_falls_with_agents() -> None:
    known = floor(10, 10, 3)
    curves = [risk_curve(known, 0, free, 20) for free in range(6)]
    for curve in curves:
        assert (np.diff(curve) > -1e-12).all()
        assert ((curve >= 0.0) & (curve <= 1.0)).all()
    for fewer, more in pairwise(curves):
        assert (more <= fewer + 1e-12).all()


def test_risk_with_an_agent_for_every_call_is_none() -> None:
    assert risk_curve(floor(0, 0, 0), 0, 3, 3).max() < 1e-6


def test_longer_wait_is_less_risk() -> None:
    known = floor(10, 10, 3)
    assert risk_curve(known, 0, 0, 1, wait_s=6.0)[0] < risk_curve(known, 0, 0, 1, wait_s=2.0)[0]


def test_uncertain_level_is_more_risk() -> None:
    known = floor(10, 10, 3)
    sure = risk_curve(known, 0, 3, 4)[3]
    known.columns["long_seen"][:] = known.columns["long_due"][:] = 5.0
    assert risk_curve(known, 0, 3, 4)[3] > sure
