"""Engine time: UTC nanoseconds that never go back, and the factor between engine seconds and real ones.

The only module (with `loops`) that asks the operating system what time it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from outpace.domain.units import NS_PER_S

#: A wall clock that was set back is followed at this part of the time that passes: time slows down, but goes on.
_SLEW_DIVISOR = 10


class Clock:
    """Engine time in UTC nanoseconds, non-decreasing.

    At `speed` 1 it follows the wall clock: forward steps at once (the engine re-arms its timers after a jump),
    backward steps by running a tenth slower until the wall has caught up. At another speed it starts at `start_ns`
    (default: the wall's time) and runs `speed` engine seconds in a real one, by the monotonic clock alone.

    Parameters
    ----------
    speed : float, 0.01 to 10,000. Engine seconds per real second.
    start_ns : int. Engine time at construction where the wall's time is earlier; keeps engine time from going back
        over a restart of an accelerated run.
    wall, monotonic : clocks in nanoseconds; tests give their own.
    """

    def __init__(
        self,
        speed: float = 1.0,
        start_ns: int = 0,
        *,
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        if not 0.01 <= speed <= 10_000.0:
            raise ValueError(f"speed must be from 0.01 to 10000, not {speed}")
        self.speed = speed
        self._wall = wall
        self._monotonic = monotonic
        self._start_mono_ns = self._seen_mono_ns = monotonic()
        self._start_ns = max(wall(), start_ns)
        self._offset_ns = self._start_ns - self._start_mono_ns

    def now_ns(self) -> int:
        """Engine time now."""
        mono_ns = self._monotonic()
        if self.speed != 1.0:
            return self._start_ns + round((mono_ns - self._start_mono_ns) * self.speed)
        offset_ns = self._wall() - mono_ns
        if offset_ns < self._offset_ns:
            offset_ns = max(offset_ns, self._offset_ns - (mono_ns - self._seen_mono_ns) // _SLEW_DIVISOR)
        self._offset_ns = offset_ns
        self._seen_mono_ns = mono_ns
        return mono_ns + offset_ns

    def behind_ns(self) -> int:
        """How far engine time is ahead of a wall clock that was set back; 0 at other speeds, where they part anyway."""
        if self.speed != 1.0:
            return 0
        return max(0, self._monotonic() + self._offset_ns - self._wall())

    def real_s(self, engine_ns: int) -> float:
        """Real seconds in which so many engine nanoseconds pass."""
        return engine_ns / NS_PER_S / self.speed


def wall_ns() -> int:
    """The wall's time in UTC nanoseconds; may step either way."""
    return time.time_ns()


def monotonic_ns() -> int:
    """Nanoseconds of real time since an arbitrary start; for measuring how long our own work takes."""
    return time.monotonic_ns()
