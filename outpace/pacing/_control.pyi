from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from typing_extensions import disjoint_base

from outpace.pacing._budget import Budget

@disjoint_base
class KappaControl:
    def __init__(self, campaigns: int) -> None: ...
    @property
    def campaigns(self) -> int: ...
    @property
    def columns(self) -> Mapping[str, NDArray[Any]]: ...
    def update(self, budget: Budget, row: int, agents: int, now_ns: int) -> float: ...
