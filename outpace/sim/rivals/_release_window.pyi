from typing_extensions import disjoint_base

from outpace.pacing._pacer import Pacer

@disjoint_base
class ReleaseWindow(Pacer):
    def __init__(self, window_s: float) -> None: ...
    @property
    def window_s(self) -> float: ...
