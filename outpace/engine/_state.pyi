from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from outpace.domain.config import Pool
from outpace.engine._campaigns import CampaignTable
from outpace.engine._tables import AgentTable, CallTable
from outpace.engine._timers import TimerHeap
from outpace.engine._trunks import TrunkTable
from outpace.pacing._answer_model import AnswerModel
from outpace.pacing._budget import Budget
from outpace.pacing._estimates import Estimates

REGISTER_PLACES: dict[str, int]

@disjoint_base
class EngineState:
    def __init__(self, pool: Pool, *, epoch: int) -> None: ...
    @property
    def calls(self) -> CallTable: ...
    @property
    def agents(self) -> AgentTable: ...
    @property
    def trunks(self) -> TrunkTable: ...
    @property
    def campaigns(self) -> CampaignTable: ...
    @property
    def timers(self) -> TimerHeap: ...
    @property
    def estimates(self) -> Estimates: ...
    @property
    def answer_model(self) -> AnswerModel: ...
    def use_answer_model(self, model: AnswerModel) -> None: ...
    @property
    def budget(self) -> Budget: ...
    @property
    def registers_array(self) -> NDArray[np.int64]: ...
    def arrays(self) -> dict[str, NDArray[Any]]: ...
