from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from outpace.pacing._pacer import Pacer, PacingSnapshot

def decide_batch(pacers: Sequence[Pacer], snapshot: PacingSnapshot, now_ns: int) -> dict[str, NDArray[Any]]: ...
