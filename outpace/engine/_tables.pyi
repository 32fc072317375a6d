from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from outpace.engine._idmap import IdMap

LIFE_DTYPE: np.dtype[np.void]

class CallTable:
    def __init__(self, capacity: int) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
    @property
    def ids(self) -> IdMap: ...

class AgentTable:
    def __init__(self, agent_ids: Sequence[int], campaign_masks: Sequence[int]) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
    @property
    def ids(self) -> IdMap: ...
