"""The answer model in plain Python, written from its description: Gaussian beliefs by name, no arrays, no enums.

A belief is a mean and a variance. A call has one belief of each group in play, and the intercept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

TOLD = {"kind": 0.25, "attempts": 0.2, "outcome": 0.2, "list": 0.2, "segment": 0.2}
TOLD |= {"kind and hour": 0.1, "segment and part": 0.07}
VARIANCES = TOLD | {"hour": 0.2, "weekday": 0.05}


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


@dataclass
class Belief:
    mean: float
    variance: float

    def step(self, x: float, error: float, gain: float) -> None:
        """A Kalman step for an input x; error and gain are those of the prediction, divided by its scale."""
        self.mean += self.variance * x * error
        self.variance -= (self.variance * x) ** 2 * gain

    def forget(self, keep: float, variance: float) -> None:
        """The product of the belief to the power of `keep` and a prior N(0, variance) to the power of the rest."""
        precision = keep / self.variance + (1.0 - keep) / variance
        self.mean *= keep / self.variance / precision
        self.variance = 1.0 / precision


class Reference:
    def __init__(self) -> None:
        self.beliefs: dict[tuple[str, object], Belief] = {}
        self.intercept = Belief(math.log(1 / 3), 4.0)
        self.level = Belief(math.log(1 / 3), 4.0)
        self.slopes = {group: Belief(0.0, 1.0) for group in TOLD}
        self.shares: dict[tuple[str, object], float] = {}
        self.calls = 0
        self.ratio_mean = 1.0

    @staticmethod
    def values(features: int, slot: int) -> dict[str, object]:
        kind, segment, hour = features % 4, features // 2**15 % 64, slot % 24
        return {
            "kind": kind,
            "attempts": features // 4 % 8,
            "outcome": features // 32 % 16,
            "list": features // 512 % 64,
            "segment": segment,
            "kind and hour": (kind, hour),
            "segment and part": (segment, hour // 4),
            "hour": hour,
            "weekday": slot // 24,
        }

    def in_play(self, features: int, slot: int) -> dict[str, Belief]:
        return {
            group: self.beliefs.setdefault((group, value), Belief(0.0, VARIANCES[group]))
            for group, value in self.values(features, slot).items()
        }

    def said(self, features: int, slot: int) -> dict[str, float]:
        beliefs = self.in_play(features, slot)
        found = {group: beliefs[group].mean for group in TOLD}
        for (group, value), share in self.shares.items():
            found[group] -= share * self.beliefs[group, value].mean
        return found

    def trust(self, group: str) -> float:
        slope = self.slopes[group]
        squared_z = slope.mean**2 / slope.variance
        return min(slope.mean, 1.5) * (1.0 - 6.0 / squared_z) if slope.mean > 0 and squared_z > 6.0 else 0.0

    def ratio(self, features: int, slot: int) -> float:
        deviation = sum(self.trust(group) * said for group, said in self.said(features, slot).items())
        return sigmoid(self.level.mean + deviation) / sigmoid(self.level.mean)

    def weight(self, features: int, slot: int) -> float:
        return min(max(self.ratio(features, slot) / self.ratio_mean, 0.05), 10.0)

    def learn(self, features: int, slot: int, answered: bool) -> None:
        said = self.said(features, slot)
        self.ratio_mean += (self.ratio(features, slot) - self.ratio_mean) / 512

        inputs = {group: (self.slopes[group], said[group]) for group in TOLD}
        self.step([(self.level, 1.0), *inputs.values()], answered)
        self.level.variance = min(self.level.variance / 0.99, 4.0)
        for slope in self.slopes.values():
            slope.forget(1 - 1 / 4096, 1.0)

        beliefs = self.in_play(features, slot)
        self.step([(one, 1.0) for one in (self.intercept, *beliefs.values())], answered)
        self.intercept.variance = min(self.intercept.variance / 0.99, 4.0)
        for group, one in beliefs.items():
            one.forget(1 - 1 / 5000, VARIANCES[group])

        self.calls += 1
        pace = max(1 / 512, 1 / (1 + self.calls))
        self.shares = {place: share * (1 - pace) for place, share in self.shares.items()}
        values = self.values(features, slot)
        for group in TOLD:
            place = group, values[group]
            self.shares[place] = self.shares.get(place, 0.0) + pace

    @staticmethod
    def step(inputs: list[tuple[Belief, float]], answered: bool) -> None:
        """One step of an extended Kalman filter for sigmoid(sum of belief x input), covariances left out."""
        chance = sigmoid(sum(belief.mean * x for belief, x in inputs))
        known = chance * (1 - chance)
        scale = 1 + known * sum(belief.variance * x * x for belief, x in inputs)
        for belief, x in inputs:
            belief.step(x, (answered - chance) / scale, known / scale)
