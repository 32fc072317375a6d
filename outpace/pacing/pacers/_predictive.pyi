from typing_extensions import disjoint_base

from outpace.pacing._control import KappaControl
from outpace.pacing._pacer import Pacer

@disjoint_base
class ForecastPacer(Pacer):
    wait_s: float
    @property
    def control(self) -> KappaControl: ...
    def __init__(self, wait_s: float = 2.0) -> None: ...
