"""Means over seeds and what is known of them: Student's t intervals, without scipy."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Estimate(msgspec.Struct, frozen=True):
    """A mean over `count` seeds; it lies within `half_width` of the truth with the confidence asked for.

    The half width of a single value is infinite.
    """

    mean: float
    half_width: float
    count: int

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.half_width


def estimate(values: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Mean and t interval of independent values of one kind. ValueError: no values."""
    array = np.asarray(values, np.float64)
    if array.size == 0:
        raise ValueError("wants at least one value")
    if array.size == 1:
        return Estimate(float(array[0]), math.inf, 1)
    spread = float(array.std(ddof=1)) / math.sqrt(array.size)
    return Estimate(float(array.mean()), t_quantile(0.5 + confidence / 2.0, array.size - 1) * spread, array.size)


@lru_cache(maxsize=256)
def t_quantile(share: float, degrees: int) -> float:
    """The value below which a share of Student's t distribution lies.

    Parameters
    ----------
    share : in [0.5, 1). degrees : int, >= 1, degrees of freedom.

    References
    ----------
    Abramowitz, Stegun (1964), Handbook of Mathematical Functions, 26.7.3 and 26.7.4: the distribution function as a
    finite sum, here inverted by bisection.
    """
    if not 0.5 <= share < 1.0 or degrees < 1:
        raise ValueError(f"share must be from 0.5 to 1 and degrees at least 1, not {share:g} and {degrees}")
    low, high = 0.0, 1.0
    while _t_distribution(high, degrees) < share:
        high *= 2.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        if _t_distribution(middle, degrees) < share:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _t_distribution(value: float, degrees: int) -> float:
    # the share below a value that is not negative
    angle = math.atan2(value, math.sqrt(degrees))
    cosine = math.cos(angle)
    odd = degrees % 2
    term = total = cosine if odd else 1.0
    for place in range(2 + odd, degrees - 1, 2):
        term *= cosine * cosine * (place - 1) / place
        total += term
    if not odd:
        inside = math.sin(angle) * total
    elif degrees == 1:
        inside = 2.0 / math.pi * angle
    else:
        inside = 2.0 / math.pi * (angle + math.sin(angle) * total)
    return 0.5 + 0.5 * inside
