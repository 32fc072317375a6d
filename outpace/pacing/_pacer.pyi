from collections.abc import Mapping
from typing import Any

import msgspec
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from outpace.domain.outcomes import Fallback, LimitedBy
from outpace.pacing._budget import Budget
from outpace.pacing._estimates import Estimates

@disjoint_base
class PacingSnapshot:
    def __init__(self, campaigns: int, estimates: Estimates | None = None, budget: Budget | None = None) -> None: ...
    @property
    def columns(self) -> Mapping[str, NDArray[Any]]: ...
    @property
    def estimates(self) -> Estimates: ...
    @property
    def budget(self) -> Budget: ...
    def __getitem__(self, name: str, /) -> NDArray[Any]: ...
    def __len__(self) -> int: ...

class LaunchDecision(msgspec.Struct, frozen=True, kw_only=True):
    count: int
    cancels: int
    limited_by: LimitedBy
    fallback: Fallback
    expected_abandons: float
    kappa: float
    risk: float
    risk_next: float
    answers: float
    releases: float
    live_rate: float
    balance: float

@disjoint_base
class Pacer:
    @property
    def interval_ns(self) -> int: ...
    @property
    def columns(self) -> Mapping[str, NDArray[Any]]: ...
    def decide(self, snapshot: PacingSnapshot, row: int = 0, now_ns: int = 0) -> LaunchDecision: ...
