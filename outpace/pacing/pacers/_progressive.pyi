from typing_extensions import disjoint_base

from outpace.pacing._pacer import Pacer

@disjoint_base
class ProgressivePacer(Pacer):
    def __init__(self) -> None: ...
