"""Charts of sweeps, plans and timelines as lines of text, for a terminal of any kind."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from outpace.sim.tables import number, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outpace.sim.estimate import Estimate
    from outpace.sim.planner import Staffing, Sweep
    from outpace.sim.timeline import Moment

_BLOCKS = " ▁▂▃▄▅▆▇█"


def sweep_chart(swept: Sweep, name: str = "occupancy", *, factor: float = 100.0, width: int = 60) -> str:
    """A line per point: where the mean lies on a common scale, and its interval."""
    labels = [", ".join(f"{key} {shown(value)}" for key, value in zip(swept.keys, point, strict=True))
              for point in swept.points]  # fmt: skip
    scale = _Scale(swept.estimates(name), width)
    return "\n".join([f"{name}, 95 % intervals: {scale.ends(factor, 2)}", *scale.lines(labels, factor, 2)])


def staffing_chart(staffing: Staffing, *, width: int = 60) -> str:
    """A line per number of agents that was tried near the answer: what it reached; ┊ is the goal."""
    most = max(staffing.tried) if staffing.at_most is None else staffing.at_most
    near = {agents: one for agents, one in staffing.tried.items() if staffing.at_least - 1 <= agents <= most}
    scale = _Scale(list(near.values()), width, mark=staffing.goal)
    head = f"connects/h, 95 % intervals: {scale.ends(1.0, 1)}; ┊ is the goal"
    return "\n".join([head, *scale.lines([f"{agents} agents" for agents in near], 1.0, 1)])


class _Scale:
    # what lies between the lowest and the highest end of some intervals, and of a mark
    def __init__(self, found: Sequence[Estimate], width: int, mark: float | None = None) -> None:
        ends = [end for one in found for end in (one.low, one.high, one.mean) if math.isfinite(end)]
        if mark is not None:
            ends.append(mark)
        self._found, self._width, self._mark = found, width, mark
        self._low, self._high = min(ends), max(ends)

    def ends(self, factor: float, decimals: int) -> str:
        return f"{factor * self._low:,.{decimals}f} to {factor * self._high:,.{decimals}f}"

    def lines(self, labels: Sequence[str], factor: float, decimals: int) -> list[str]:
        room = max(map(len, labels))
        return [
            f"{label:<{room}} |{self._cells(one)}| {number(one, factor, decimals)}"
            for label, one in zip(labels, self._found, strict=True)
        ]

    def _cells(self, one: Estimate) -> str:
        cells = [" "] * self._width
        if math.isfinite(one.half_width):
            first, last = self._place(one.low), self._place(one.high)
            cells[first : last + 1] = "─" * (last + 1 - first)
            cells[first], cells[last] = "├", "┤"
        if self._mark is not None:
            cells[self._place(self._mark)] = "┊"
        cells[self._place(one.mean)] = "●"
        return "".join(cells)

    def _place(self, value: float) -> int:
        return round((value - self._low) / max(self._high - self._low, 1e-12) * (self._width - 1))


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
