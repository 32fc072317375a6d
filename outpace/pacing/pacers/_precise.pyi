from outpace.pacing._pacer import Pacer

class PrecisePacer(Pacer):
    reserve: int
    def __init__(self, reserve: int = 0) -> None: ...
