from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from outpace.domain.config import TrunkGroup
from outpace.engine._idmap import IdMap

class TrunkTable:
    def __init__(self, groups: Sequence[TrunkGroup]) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
    @property
    def ids(self) -> IdMap: ...
