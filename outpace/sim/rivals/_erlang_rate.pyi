from typing_extensions import disjoint_base

from outpace.pacing.pacers._erlang_rate import ErlangPacer

@disjoint_base
class ErlangRate(ErlangPacer):
    def __init__(self, share: float, patience_s: float = 2.0) -> None: ...
    @property
    def share(self) -> float: ...
