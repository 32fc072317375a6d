from collections.abc import Sequence
from typing import Self

from typing_extensions import disjoint_base

from outpace.domain.config import TrunkGroup
from outpace.telephony.simulated._facts import FactBuffer
from outpace.telephony.simulated.profile import CarrierProfile

@disjoint_base
class CarrierCore:
    def __new__(
        cls, profile: CarrierProfile, trunk_groups: Sequence[TrunkGroup], *, seed: int, dead_man_s: float = 3.0
    ) -> Self: ...
    def __init__(
        self, profile: CarrierProfile, trunk_groups: Sequence[TrunkGroup], *, seed: int, dead_man_s: float = 3.0
    ) -> None: ...
    @property
    def facts(self) -> FactBuffer: ...
