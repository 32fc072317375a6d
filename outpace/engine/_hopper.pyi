from typing import Any

from numpy.typing import NDArray

class Hopper:
    def __init__(self, size: int) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
