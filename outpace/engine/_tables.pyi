from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from outpace.engine._idmap import IdMap

LIFE_DTYPE: np.dtype[np.void]

@disjoint_base
class CallTable:
    def __init__(self, capacity: int) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
    @property
    def ids(self) -> IdMap: ...

@disjoint_base
class AgentTable:
    def __init__(self, agent_ids: Sequence[int], campaign_masks: Sequence[int]) -> None: ...
    def change(self, agent_ids: Sequence[int], campaign_masks: Sequence[int]) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
    @property
    def ids(self) -> IdMap: ...
