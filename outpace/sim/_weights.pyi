from typing_extensions import disjoint_base

from outpace.pacing import AnswerModel
from outpace.telephony.simulated._population import Population

class EvenWeights(AnswerModel): ...

@disjoint_base
class TrueWeights(AnswerModel):
    def __init__(self, campaigns: int, population: Population) -> None: ...
