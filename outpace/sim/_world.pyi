from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from outpace.domain.commands import AnyCommand
from outpace.domain.events import Event
from outpace.engine._core import EngineCore
from outpace.sim.leads import SimulatedList
from outpace.telephony.simulated._core import CarrierCore
from outpace.telephony.simulated._people import People

TOTAL_NAMES: tuple[str, ...]

class Watch(Protocol):
    def step(self, now_ns: int, events: list[Event], commands: list[AnyCommand]) -> None: ...

class World:
    def __init__(
        self,
        engine: EngineCore,
        carrier: CarrierCore,
        people: People,
        lists: dict[int, SimulatedList],
        *,
        start_ns: int,
        minutes: int,
        store_ns: int = 5_000_000,
        watch: Watch | None = None,
    ) -> None: ...
    @property
    def engine(self) -> EngineCore: ...
    @property
    def carrier(self) -> CarrierCore: ...
    @property
    def people(self) -> People: ...
    @property
    def now_ns(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def faults_done(self) -> dict[str, int]: ...
    @property
    def minutes_array(self) -> NDArray[np.int64]: ...
    @property
    def waits_array(self) -> NDArray[np.int64]: ...
    @property
    def outcomes_array(self) -> NDArray[np.int64]: ...
    @property
    def totals_array(self) -> NDArray[np.int64]: ...
    def at(self, at_ns: int, act: Callable[[int], Iterable[Event] | None]) -> None: ...
    def set_faults(
        self, *, seed: int, lose: float = 0.0, duplicate: float = 0.0, delay: float = 0.0, delay_ns: int = 0
    ) -> None: ...
    def give(self, event: Event) -> None: ...
    def run(self, until_ns: int) -> None: ...
    def lease(self, campaign_id: int, asked: int) -> None: ...
