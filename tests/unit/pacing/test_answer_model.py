"""The answer model: against an independent implementation, and on lists whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outpace.domain.features import NumberKind, bucket_of, pack_features
from outpace.domain.outcomes import Outcome
from outpace.pacing import AnswerModel
from tests.unit.pacing.answer_reference import Reference

FEATURES = st.integers(0, (1 << 21) - 1)
SLOTS = st.integers(0, 167)
CALLS = st.lists(st.tuples(FEATURES, SLOTS, st.booleans()), max_size=60)

#: Segments of a list: share of the leads, chance relative to the mean (0.25).
SEGMENTS = {"pensioners": (0.3, 1.9), "employed": (0.5, 0.7), "moved away": (0.2, 0.4)}
MEAN = 0.25

Call = tuple[int, int, float]  # features, slot, the chance of a person
Draw = Callable[[Random, int], Call]


def slot_at(call: int) -> int:
    """The hour slot of a day with 2000 calls an hour, from Monday 9 o'clock on."""
    return 24 * (call // 16_000 % 7) + 9 + call // 2000 % 8


def noise(draw: Random, **known: int) -> int:
    found = {"attempts": draw.randrange(8), "list_bucket": draw.randrange(64), "segment_bucket": draw.randrange(64)}
    return pack_features(NumberKind(draw.randrange(4)), last=Outcome(draw.randrange(13)), **(found | known))


def segmented(draw: Random, call: int) -> Call:
    names, rows = list(SEGMENTS), list(SEGMENTS.values())
    which = draw.choices(range(3), [share for share, _ in rows])[0]
    features = pack_features(NumberKind(draw.randrange(1, 4)), segment_bucket=bucket_of(names[which]))
    return features, slot_at(call), MEAN * rows[which][1]


def segmented_with_noise(draw: Random, call: int) -> Call:
    features, slot, chance = segmented(draw, call)
    return noise(draw, segment_bucket=features >> 15), slot, chance


def only_noise(draw: Random, call: int) -> Call:
    return noise(draw), slot_at(call), MEAN


def nothing(_: Random, call: int) -> Call:
    return 0, slot_at(call), MEAN


def jumping(of: Draw) -> Draw:
    """The same with a level that jumps every 1300 calls, by up to five times: nothing that a lead could tell."""
    levels = (0.20, 0.45, 0.10, 0.30, 0.08, 0.40, 0.15, 0.50, 0.12, 0.36)

    def drawn(draw: Random, call: int) -> Call:
        features, slot, chance = of(draw, call)
        return features, slot, min(chance / MEAN * levels[call // 1300 % 10], 0.98)

    return drawn


def kinds_by_hour(draw: Random, call: int) -> Call:
    kind = NumberKind(draw.randrange(1, 3))
    good = (kind is NumberKind.MOBILE) == (slot_at(call) % 24 < 13)
    return pack_features(kind), slot_at(call), MEAN * (1.6 if good else 0.4)


class Run:
    """A model that has learned from calls, and the weights it gave them before: (weight, chance, answered) a row."""

    def __init__(self, of: Draw, calls: int, seed: int = 1) -> None:
        draw = Random(seed)
        self.model = AnswerModel(1)
        rows = []
        for call in range(calls):
            features, slot, chance = of(draw, call)
            weight, answered = self.model.weight_of(features, slot), draw.random() < chance
            self.model.observe(features, slot, answered)
            rows.append((weight, chance, answered))
        self.weights, self.chances, self.answered = np.array(rows, float).T

    def misfit(self, since: int) -> float:
        """Root mean square of weight - truth, relative to the truth's own spread: 1 = nothing gained, 0 = perfect."""
        truth = self.chances[since:] / self.chances[since:].mean()
        return float(np.sqrt(np.mean((self.weights[since:] - truth) ** 2)) / truth.std())

    @property
    def gain(self) -> float:
        """Log loss gained over the level alone, on held-out calls, in nats."""
        calls, model, level = self.model.log_losses()
        return calls * (level - model)

    def attainable(self) -> float:
        """The same of somebody who knows each lead's chance, over the mean chance."""
        rows = zip(self.chances, self.answered, strict=True)
        mean = self.chances.mean()
        return sum(math.log(c / mean) if answered else math.log((1 - c) / (1 - mean)) for c, answered in rows)


@settings(deadline=None)
@given(CALLS, FEATURES, SLOTS)
def test_model_is_the_reference_on_any_calls(calls: list[tuple[int, int, bool]], features: int, slot: int) -> None:
    model, reference = AnswerModel(2), Reference()
    for one in calls:
        assert model.weight_of(one[0], one[1], 1) == pytest.approx(reference.weight(one[0], one[1]), rel=1e-9)
        model.observe(*one, row=1)
        reference.learn(*one)
    assert model.weight_of(features, slot, 1) == pytest.approx(reference.weight(features, slot), rel=1e-9)
    assert model.weight_of(features, slot, 0) == 1.0


@pytest.mark.parametrize("of", [segmented_with_noise, jumping(segmented), kinds_by_hour])
def test_model_is_the_reference_on_a_long_list(of: Draw) -> None:
    draw, model, reference = Random(5), AnswerModel(1), Reference()
    for call in range(5000):
        features, slot, chance = of(draw, call)
        if call % 10 == 0:
            assert model.weight_of(features, slot) == pytest.approx(reference.weight(features, slot), rel=1e-7)
            trust = [reference.trust(group) for group in reference.slopes]
            assert list(model.trust().values()) == pytest.approx(trust, rel=1e-7, abs=1e-12)
        answered = draw.random() < chance
        model.observe(features, slot, answered)
        reference.learn(features, slot, answered)
    assert max(model.trust().values()) > 0.5


@pytest.mark.parametrize(("of", "misfit"), [(segmented, 0.2), (segmented_with_noise, 0.2), (kinds_by_hour, 0.35)])
def test_model_finds_what_the_features_tell(of: Draw, misfit: float) -> None:
    run = Run(of, 12_000)
    assert run.misfit(1000) < 0.4
    assert run.misfit(4000) < misfit
    assert run.gain > 0.85 * run.attainable()


def test_model_is_calibrated_on_calls_that_it_has_not_seen() -> None:
    run = Run(segmented_with_noise, 20_000)
    told, came = run.weights[4000:] * MEAN, run.answered[4000:]
    edges = np.quantile(told, np.linspace(0, 1, 11)[1:-1])
    for tenth in range(10):
        here = np.searchsorted(edges, told) == tenth
        sigma = math.sqrt(told[here].mean() * (1 - told[here].mean()) / here.sum())
        assert abs(came[here].mean() - told[here].mean()) < 0.02 + 3 * sigma


@pytest.mark.parametrize("of", [nothing, only_noise])
@pytest.mark.parametrize("seed", range(1, 7))
def test_weights_stay_at_one_when_the_features_tell_nothing(of: Draw, seed: int) -> None:
    run = Run(of, 16_000, seed)
    assert np.sqrt(np.mean((run.weights - 1.0) ** 2)) < 0.01
    assert run.gain > -1.0


@pytest.mark.parametrize("of", [nothing, only_noise])
@pytest.mark.parametrize("seed", range(1, 4))
def test_weights_leave_a_jumping_level_to_the_pacer(of: Draw, seed: int) -> None:
    assert np.sqrt(np.mean((Run(jumping(of), 16_000, seed).weights - 1.0) ** 2)) < 0.01


def test_weights_have_a_mean_of_one_over_a_jumping_level() -> None:
    weights = Run(jumping(segmented), 16_000).weights
    assert np.abs(weights.reshape(-1, 1000).mean(axis=1) - 1.0).max() < 0.15


def test_model_forgets_what_is_no_longer_true() -> None:
    def turned(draw: Random, call: int) -> Call:
        features, slot, chance = segmented(draw, call)
        return features, slot, chance if call < 8000 else 0.52 - chance

    run = Run(turned, 24_000)
    assert run.misfit(18_000) < 0.5


@pytest.mark.parametrize("answered", [False, True])
def test_model_bears_calls_that_all_end_alike(answered: bool) -> None:
    model = AnswerModel(1)
    draw = Random(1)
    for call in range(5000):
        model.observe(noise(draw), slot_at(call), answered)
    weights = [model.weight_of(noise(draw), slot_at(call)) for call in range(200)]
    assert all(0.9 < weight < 1.1 for weight in weights)
    assert all(np.isfinite(column).all() for column in model.columns.values())


@given(st.integers(-(1 << 63), (1 << 63) - 1), SLOTS, st.booleans())
def test_weight_of_any_features_is_in_its_bounds(features: int, slot: int, answered: bool) -> None:
    model = AnswerModel(1)
    model.columns["slope"][...], model.columns["slope_precision"][...] = 1.2, 1e4  # trusted
    model.columns["mean"][...] = np.random.default_rng(1).normal(0, 3, (1, 668))
    assert 0.05 <= model.weight_of(features, slot) <= 10.0
    model.observe(features, slot, answered)
    assert all(np.isfinite(column).all() for column in model.columns.values())


def test_columns_are_all_that_is_known() -> None:
    run = Run(segmented, 3000)
    other = AnswerModel(1)
    for name, column in run.model.columns.items():
        other.columns[name][...] = column
    draw = Random(9)
    for call in range(500):
        features, slot, chance = segmented(draw, call)
        assert other.weight_of(features, slot) == run.model.weight_of(features, slot)
        answered = draw.random() < chance
        other.observe(features, slot, answered)
        run.model.observe(features, slot, answered)
    assert other.log_losses() == run.model.log_losses()


def test_equal_calls_give_equal_bits() -> None:
    first, second = (Run(segmented_with_noise, 3000).model for _ in range(2))
    assert all(first.columns[name].tobytes() == second.columns[name].tobytes() for name in first.columns)


OUT_OF_RANGE: list[tuple[Callable[[AnswerModel], object], str]] = [
    (lambda model: model.weight_of(0, 0, 2), "row 2 of 2 campaigns"),
    (lambda model: model.observe(0, 0, True, -1), "row -1 of 2 campaigns"),
    (lambda model: model.weight_of(0, 168), "hour slot 168 of 168"),
    (lambda model: model.observe(0, -1, False), "hour slot -1 of 168"),
    (lambda model: model.trust(5), "row 5 of 2 campaigns"),
    (lambda model: model.log_losses(5), "row 5 of 2 campaigns"),
]


@pytest.mark.parametrize(("call", "reason"), OUT_OF_RANGE)
def test_rows_and_slots_out_of_range_are_refused(call: Callable[[AnswerModel], object], reason: str) -> None:
    with pytest.raises(IndexError, match=reason):
        call(AnswerModel(2))


def test_a_model_of_fewer_than_no_campaigns_is_refused() -> None:
    with pytest.raises(ValueError, match="campaigns must not be negative: -1"):
        AnswerModel(-1)


def test_log_losses_without_calls_are_zero() -> None:
    assert AnswerModel(1).log_losses() == (0, 0.0, 0.0)
