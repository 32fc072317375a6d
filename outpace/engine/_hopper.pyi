from typing import Any

from numpy.typing import NDArray
from typing_extensions import disjoint_base

@disjoint_base
class Hopper:
    def __init__(self, size: int) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
    def resized(self, size: int) -> Hopper: ...
