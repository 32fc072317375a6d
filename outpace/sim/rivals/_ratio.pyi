from typing_extensions import disjoint_base

from outpace.pacing._pacer import Pacer

@disjoint_base
class PerFreeAgent(Pacer):
    def __init__(self, ratio: float) -> None: ...
    @property
    def ratio(self) -> float: ...

@disjoint_base
class PerWorkingAgent(Pacer):
    def __init__(self, ratio: float) -> None: ...
    @property
    def ratio(self) -> float: ...
