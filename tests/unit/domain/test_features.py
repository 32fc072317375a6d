"""Packed features of a lead."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.features import (
    BUCKETS,
    MAX_ATTEMPTS,
    FeatureBit,
    NumberKind,
    after_attempt,
    bucket_of,
    pack_features,
)
from outpace.domain.outcomes import Outcome

BUCKET = st.integers(0, BUCKETS - 1)


def fields(features: int) -> list[int]:
    bits = list(FeatureBit)
    return [features >> low & (1 << high - low) - 1 for low, high in pairwise(bits)]


def test_pack_features_of_an_unknown_lead_is_zero() -> None:
    assert pack_features() == 0


def test_pack_features_when_packed_then_each_field_is_in_its_place() -> None:
    packed = pack_features(NumberKind.FIXED, attempts=3, last=Outcome.LOST, list_bucket=63, segment_bucket=33)
    assert packed == 0b100001_111111_1100_011_10


@given(st.sampled_from(NumberKind), st.integers(0, 40), st.sampled_from(Outcome), BUCKET, BUCKET)
def test_pack_features_keeps_all_fields_apart(
    kind: NumberKind, attempts: int, last: Outcome, list_bucket: int, segment_bucket: int
) -> None:
    packed = pack_features(kind, attempts=attempts, last=last, list_bucket=list_bucket, segment_bucket=segment_bucket)
    assert fields(packed) == [kind, min(attempts, MAX_ATTEMPTS), last, list_bucket, segment_bucket]


@given(st.integers(0, (1 << 40) - 1), st.sampled_from(Outcome))
def test_after_attempt_changes_the_history_only(features: int, outcome: Outcome) -> None:
    kind, attempts, _, *buckets = fields(features)
    after = after_attempt(features, outcome)
    assert fields(after) == [kind, min(attempts + 1, MAX_ATTEMPTS), outcome, *buckets]
    assert after >> FeatureBit.END == features >> FeatureBit.END


def test_bucket_of_a_name_is_the_same_for_ever_and_that_of_no_name_is_zero() -> None:
    assert [bucket_of(text) for text in ("", "gold", "silver", "Bäckerei.csv")] == [0, 12, 53, 30]


@given(st.text(min_size=1))
def test_bucket_of_a_name_is_never_that_of_no_name(text: str) -> None:
    assert 1 <= bucket_of(text) < BUCKETS


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"attempts": -1}, "attempts must not be negative: -1"),
        ({"list_bucket": 64}, "list_bucket must be from 0 to 63, not 64"),
        ({"segment_bucket": -1}, "segment_bucket must be from 0 to 63, not -1"),
    ],
)
def test_pack_features_refuses_what_does_not_fit(wrong: dict[str, int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        pack_features(**wrong)  # type: ignore[arg-type]
