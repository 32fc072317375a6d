from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from numpy.typing import ArrayLike, NDArray
from typing_extensions import disjoint_base

from outpace.domain.config import Abandonment
from outpace.domain.outcomes import AbandonReason

class BudgetState(msgspec.Struct, frozen=True, kw_only=True):
    cap: float
    answered: int
    abandoned: int
    legal_abandoned: int
    ratio: float
    bound: float
    drops_left: int | None
    balance: float
    answers_per_s: float
    seconds_left: float | None
    window_begins_ns: int
    window_ends_ns: int
    spent: bool

@disjoint_base
class Budget:
    def __init__(self, rules: Sequence[Abandonment]) -> None: ...
    @property
    def campaigns(self) -> int: ...
    @property
    def rules(self) -> tuple[Abandonment, ...]: ...
    @property
    def columns(self) -> Mapping[str, NDArray[Any]]: ...
    @property
    def due_ns(self) -> int: ...
    def refresh(self, now_ns: int) -> None: ...
    def record(self, row: int, reason: AbandonReason, now_ns: int) -> None: ...
    def load(self, row: int, connected: int, no_agent: int, caller_left: int, at_ns: int) -> None: ...
    def restore(self, columns: Mapping[str, ArrayLike]) -> None: ...
    def state(self, row: int, now_ns: int) -> BudgetState: ...
