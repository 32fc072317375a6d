from typing_extensions import disjoint_base

from outpace.pacing._pacer import Pacer

@disjoint_base
class ErlangPacer(Pacer):
    patience_s: float
    def __init__(self, patience_s: float = 2.0) -> None: ...
