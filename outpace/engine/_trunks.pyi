from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from typing_extensions import disjoint_base

from outpace.domain.config import TrunkGroup
from outpace.engine._idmap import IdMap

@disjoint_base
class TrunkTable:
    def __init__(self, groups: Sequence[TrunkGroup]) -> None: ...
    def change(self, groups: Sequence[TrunkGroup], now_ns: int) -> None: ...
    def name_callers(self, row: int, first: int, count: int) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
    @property
    def ids(self) -> IdMap: ...
