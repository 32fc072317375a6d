from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray
from typing_extensions import disjoint_base

from outpace.domain.config import Abandonment

@disjoint_base
class Budget:
    def __init__(self, rules: Sequence[Abandonment]) -> None: ...
    @property
    def campaigns(self) -> int: ...
    @property
    def columns(self) -> Mapping[str, NDArray[Any]]: ...
