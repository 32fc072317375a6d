from typing_extensions import disjoint_base

from outpace.pacing._pacer import Pacer

@disjoint_base
class ForecastPacer(Pacer):
    wait_s: float
    @property
    def fixed_kappa(self) -> float: ...
    def __init__(self, wait_s: float = 2.0, *, fixed_kappa: float = 0.0) -> None: ...
