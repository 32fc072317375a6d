from typing import Self, final

@final
class TimerHeap:
    def __new__(cls) -> Self: ...

@final
class IdIndex:
    def __new__(cls) -> Self: ...
