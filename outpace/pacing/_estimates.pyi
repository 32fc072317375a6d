from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from typing_extensions import disjoint_base

@disjoint_base
class Estimates:
    def __init__(self, campaigns: int) -> None: ...
    @property
    def campaigns(self) -> int: ...
    @property
    def columns(self) -> Mapping[str, NDArray[Any]]: ...
