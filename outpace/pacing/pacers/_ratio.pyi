from typing_extensions import disjoint_base

from outpace.pacing._pacer import Pacer

@disjoint_base
class RatioPacer(Pacer):
    ratio: float
    counts_working: bool
    def __init__(self, ratio: float = 1.0, counts_working: bool = False) -> None: ...
