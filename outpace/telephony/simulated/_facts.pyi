from typing import Self, final

from outpace.domain.events import Event

@final
class FactBuffer:
    def __new__(cls) -> Self: ...
    def take(self) -> list[Event]: ...
