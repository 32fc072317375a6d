from array import array
from collections.abc import Sequence
from enum import IntEnum
from typing import Self, final

class Role(IntEnum):
    ROLE_OUTCOME = 0
    ROLE_SETUP = 1
    ROLE_RING = 2
    ROLE_TALK = 3
    ROLE_PATIENCE = 4
    ROLE_CLASSIFY = 5
    ROLE_LATENCY = 6
    ROLE_FAULT = 7
    ROLE_WRAP_UP = 8
    ROLE_DISPOSITION = 9
    ROLE_BREAK = 10
    ROLE_SHIFT = 11
    ROLE_LEAD = 12
    ROLES = 13

@final
class Distribution:
    def __new__(cls) -> Self: ...
    @staticmethod
    def constant(value: float) -> Distribution: ...
    @staticmethod
    def uniform(low: float, high: float) -> Distribution: ...
    @staticmethod
    def exponential(mean: float) -> Distribution: ...
    @staticmethod
    def lognormal(mean: float, cv: float) -> Distribution: ...
    @staticmethod
    def empirical(values: Sequence[float]) -> Distribution: ...
    def clipped(self, low: float, high: float) -> Distribution: ...
    def truncated(self, low: float, high: float) -> Distribution: ...
    def sample(self, seed: int, role: int, k: int, index: int = 0, stream: int = 0) -> float: ...
    def samples(self, seed: int, role: int, count: int, stream: int = 0) -> array[float]: ...

def uniform(seed: int, role: int, k: int, index: int = 0, stream: int = 0) -> float: ...
