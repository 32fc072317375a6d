from typing_extensions import disjoint_base

from outpace.pacing._pacer import Pacer

@disjoint_base
class PrecisePacer(Pacer):
    reserve: int
    def __init__(self, reserve: int = 0) -> None: ...
