"""What is known of a lead before it is dialled, packed into one int64: the features of the answer model.

Five small categories; hour and weekday are those of the moment of dialling and are not kept with the lead. 0 means that
nothing is known, so a store that has never heard of features is a store whose leads are all alike.
"""

from __future__ import annotations

from enum import IntEnum
from zlib import crc32

from outpace.domain.outcomes import Outcome


class NumberKind(IntEnum):
    """What kind of line a number belongs to. OTHER is known to be neither, or may be both."""

    UNKNOWN = 0
    MOBILE = 1
    FIXED = 2
    OTHER = 3


class FeatureBit(IntEnum):
    """Lowest bit of each field of the packed features; a field ends where the next one begins."""

    KIND = 0
    ATTEMPTS = 2
    OUTCOME = 5
    LIST = 9
    SEGMENT = 15
    END = 21


#: Lists and segments are hashed into this many buckets; bucket 0 is that of the empty text.
BUCKETS = 64
#: Attempts are counted up to here.
MAX_ATTEMPTS = 7

# Arithmetic on members of an enum takes several times as long, and this is done for every attempt.
_ATTEMPTS, _OUTCOME = int(FeatureBit.ATTEMPTS), int(FeatureBit.OUTCOME)
_ALL_BUT_HISTORY = ~((1 << FeatureBit.LIST) - (1 << FeatureBit.ATTEMPTS))


def bucket_of(text: str) -> int:
    """The bucket of a list's or segment's name: 0 for the empty text, else 1 to BUCKETS - 1, the same for ever."""
    # a file's name may hold bytes that are no text
    return 1 + crc32(text.encode(errors="surrogateescape")) % (BUCKETS - 1) if text else 0


def pack_features(
    kind: NumberKind = NumberKind.UNKNOWN,
    *,
    attempts: int = 0,
    last: Outcome = Outcome.NONE,
    list_bucket: int = 0,
    segment_bucket: int = 0,
) -> int:
    """The features of a lead.

    Parameters
    ----------
    kind : NumberKind.
    attempts : int, >= 0. Attempts so far; more than MAX_ATTEMPTS count as that many.
    last : Outcome of the last attempt, NONE before the first.
    list_bucket, segment_bucket : int, 0 <= bucket < BUCKETS.

    Raises
    ------
    ValueError : a negative number of attempts, or a bucket out of range.
    """
    if attempts < 0:
        raise ValueError(f"attempts must not be negative: {attempts}")
    for name, bucket in (("list_bucket", list_bucket), ("segment_bucket", segment_bucket)):
        if not 0 <= bucket < BUCKETS:
            raise ValueError(f"{name} must be from 0 to {BUCKETS - 1}, not {bucket}")
    return (
        kind << FeatureBit.KIND
        | min(attempts, MAX_ATTEMPTS) << FeatureBit.ATTEMPTS
        | last << FeatureBit.OUTCOME
        | list_bucket << FeatureBit.LIST
        | segment_bucket << FeatureBit.SEGMENT
    )


def after_attempt(features: int, outcome: Outcome) -> int:
    """The features of a lead after one more attempt that ended so; all else stays."""
    attempts = features >> _ATTEMPTS & MAX_ATTEMPTS
    return features & _ALL_BUT_HISTORY | min(attempts + 1, MAX_ATTEMPTS) << _ATTEMPTS | outcome << _OUTCOME
