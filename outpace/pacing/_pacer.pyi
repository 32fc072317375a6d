from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from outpace.domain.outcomes import LimitedBy

@disjoint_base
class PacingSnapshot:
    def __init__(self, campaigns: int) -> None: ...
    @property
    def columns(self) -> Mapping[str, NDArray[np.int64]]: ...
    def __getitem__(self, name: str, /) -> NDArray[np.int64]: ...
    def __len__(self) -> int: ...

class LaunchDecision:
    count: int
    limited_by: LimitedBy
    expected_abandons: float
    def __init__(self, count: int, limited_by: LimitedBy, expected_abandons: float) -> None: ...

@disjoint_base
class Pacer:
    @property
    def interval_ns(self) -> int: ...
    def decide(self, snapshot: PacingSnapshot, row: int = 0, now_ns: int = 0) -> LaunchDecision: ...
