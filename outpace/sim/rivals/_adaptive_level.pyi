from typing_extensions import disjoint_base

from outpace.pacing._pacer import Pacer

METHODS: tuple[str, ...]

@disjoint_base
class AdaptiveLevel(Pacer):
    def __init__(
        self,
        method: str = "hard_limit",
        most: float = 3.0,
        *,
        target: float = 0.0,
        intensity: float = 0.0,
        hours: float = 8.0,
    ) -> None: ...
    @property
    def method(self) -> str: ...
    @property
    def most(self) -> float: ...
    @property
    def target(self) -> float: ...
    @property
    def intensity(self) -> float: ...
    @property
    def hours(self) -> float: ...
