from typing_extensions import disjoint_base

from outpace.pacing._control import KappaControl
from outpace.pacing._pacer import Pacer

@disjoint_base
class ForecastPacer(Pacer):
    wait_s: float
    cancels: bool
    @property
    def control(self) -> KappaControl: ...
    @property
    def fixed_kappa(self) -> float: ...
    def __init__(self, wait_s: float = 2.0, cancels: bool = False, *, fixed_kappa: float = 0.0) -> None: ...
