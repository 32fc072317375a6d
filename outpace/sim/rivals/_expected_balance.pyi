from typing_extensions import disjoint_base

from outpace.pacing._pacer import Pacer

@disjoint_base
class ExpectedBalance(Pacer):
    def __init__(self, weight: float) -> None: ...
    @property
    def weight(self) -> float: ...
