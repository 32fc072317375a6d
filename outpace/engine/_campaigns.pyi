from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from outpace.domain.config import Campaign
from outpace.engine._hopper import Hopper
from outpace.engine._idmap import IdMap
from outpace.pacing import Pacer

DECISION_DTYPE: np.dtype[np.void]

@disjoint_base
class CampaignTable:
    def __init__(self, campaigns: Sequence[Campaign], trunk_ids: IdMap) -> None: ...
    def change(self, campaigns: Sequence[Campaign], trunk_ids: IdMap) -> None: ...
    @property
    def columns(self) -> dict[str, NDArray[Any]]: ...
    @property
    def ids(self) -> IdMap: ...
    @property
    def hoppers(self) -> list[Hopper]: ...
    @property
    def pacers(self) -> list[Pacer]: ...
