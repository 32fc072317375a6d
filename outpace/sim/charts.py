"""Charts of sweeps and timelines as lines of text, for a terminal of any kind."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from outpace.sim.tables import number, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outpace.sim.estimate import Estimate
    from outpace.sim.planner import Sweep
    from outpace.sim.timeline import Moment

_BLOCKS = " ▁▂▃▄▅▆▇█"


def sweep_chart(swept: Sweep, name: str = "occupancy", *, factor: float = 100.0, width: int = 60) -> str:
    """A line per point: where the mean lies on a common scale, and its interval."""
    found = swept.estimates(name)
    labels = [", ".join(f"{key} {shown(value)}" for key, value in zip(swept.keys, point, strict=True))
              for point in swept.points]  # fmt: skip
    ends = [end for one in found for end in (one.low, one.high, one.mean) if math.isfinite(end)]
    low, high = min(ends), max(ends)
    room = max(map(len, labels))
    lines = [f"{name}, 95 % intervals: {factor * low:.2f} to {factor * high:.2f}"]
    for label, one in zip(labels, found, strict=True):
        lines.append(f"{label:<{room}} |{_interval(one, low, high, width)}| {number(one, factor)}")
    return "\n".join(lines)


def _interval(one: Estimate, low: float, high: float, width: int) -> str:
    def place(value: float) -> int:
        return round((value - low) / max(high - low, 1e-12) * (width - 1))

    cells = [" "] * width
    if math.isfinite(one.half_width):
        first, last = place(one.low), place(one.high)
        cells[first : last + 1] = "─" * (last + 1 - first)
        cells[first], cells[last] = "├", "┤"
    cells[place(one.mean)] = "●"
    return "".join(cells)


def timeline_chart(moments: Sequence[Moment]) -> str:
    """A line per quantity, a character per interval; the scale of each line goes from 0 to its highest value."""
    rows: list[tuple[str, list[float], str]] = [
        ("ready", [one.ready for one in moments], ".1f"),
        ("talking", [one.talking for one in moments], ".1f"),
        ("ringing", [float(one.ringing) for one in moments], ".0f"),
        ("launched", [float(one.launches) for one in moments], ".0f"),
        ("abandoned", [float(one.abandoned) for one in moments], ".0f"),
    ]
    if any(one.kappa > 0.0 for one in moments):
        rows += [
            ("kappa %", [100.0 * one.kappa for one in moments], ".2f"),
            ("risk %", [100.0 * one.risk for one in moments], ".2f"),
            ("live %", [100.0 * one.live_rate for one in moments], ".1f"),
        ]
    return "\n".join(f"{name:<10}|{_blocks(values)}| up to {max(values):{form}}" for name, values, form in rows)


def _blocks(values: Sequence[float]) -> str:
    top = max(*values, 1e-12)
    return "".join(_BLOCKS[math.ceil(max(0.0, value) / top * (len(_BLOCKS) - 1) - 1e-9)] for value in values)
