from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from typing_extensions import disjoint_base

from outpace.domain.config import TrunkGroup
from outpace.engine._idmap import IdMap

@disjoint_base
class TrunkTable:
    def __init__(self, groups: Sequence[TrunkGroup]) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
    @property
    def ids(self) -> IdMap: ...
