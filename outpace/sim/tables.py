"""Sweeps, staffing and timelines as tables for a terminal, and as plain values for JSON. Prints nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from outpace.domain.outcomes import LimitedBy
from outpace.engine.explain import reason_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from outpace.sim.estimate import Estimate
    from outpace.sim.planner import Staffing, Sweep
    from outpace.sim.timeline import Moment

#: Fields of the reports that a sweep shows: name, heading, factor, decimals.
_FIGURES = (
    ("occupancy", "occupancy %", 100.0, 2),
    ("abandonment", "abandoned %", 100.0, 2),
    ("worst_60_min", "worst hour %", 100.0, 1),
    ("connects_per_hour", "connects/h", 1.0, 1),
    ("dials_per_connect", "dials/connect", 1.0, 2),
)
_COMPARED = (
    ("occupancy", "occupancy, points", 100.0, 2),
    ("abandonment", "abandoned, points", 100.0, 2),
    ("connects_per_hour", "connects/h", 1.0, 1),
)


def number(found: Estimate, factor: float = 1.0, decimals: int = 2, *, sign: bool = False) -> str:
    """A mean with its half width; without one where it rests on a single value."""
    text = f"{factor * found.mean:{'+' if sign else ''},.{decimals}f}"
    return text if math.isinf(found.half_width) else f"{text} ± {factor * found.half_width:.{decimals}f}"


def shown(value: object) -> str:
    """A setting's value as it is written in a file."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def sweep_table(swept: Sweep) -> RenderableType:
    """A row per point: means over the seeds with 95 % intervals; below, the differences to the first point."""
    seeds = f"{len(swept.seeds)} seeds" if len(swept.seeds) > 1 else f"seed {swept.seeds[0]}"
    columns = [
        (heading, _cells(swept.estimates(name), factor, decimals)) for name, heading, factor, decimals in _FIGURES
    ]
    parts: list[RenderableType] = [Text(f"{swept.scenario.name}, {seeds}", style="bold"), _points(swept, columns)]
    if len(swept.points) > 1:
        compared = [
            (heading, ["", *_cells(swept.differences(name), factor, decimals, sign=True)[1:]])
            for name, heading, factor, decimals in _COMPARED
        ]
        parts += [Text("\nagainst the first, seed by seed", style="bold"), _points(swept, compared)]
    return Group(*parts)


def _points(swept: Sweep, columns: Sequence[tuple[str, Sequence[str]]]) -> Table:
    table = _table()
    for key in swept.keys:
        # where room is short figures are folded, not what they are figures of
        table.add_column(key, style="bold", no_wrap=True)
    for heading, _ in columns:
        table.add_column(heading, justify="right")
    for place, point in enumerate(swept.points):
        table.add_row(*map(shown, point), *(cells[place] for _, cells in columns))
    return table


def _cells(found: list[Estimate], factor: float, decimals: int, *, sign: bool = False) -> list[str]:
    return [number(one, factor, decimals, sign=sign) for one in found]


def sweep_values(swept: Sweep) -> dict[str, Any]:
    """Plain values, for JSON: per point its settings, the estimates, the differences, and every report."""
    names = [name for name, *_ in _FIGURES]
    estimates = {name: swept.estimates(name) for name in names}
    differences = {name: swept.differences(name) for name in names}
    points = [
        {
            "settings": dict(zip(swept.keys, point, strict=True)),
            "estimates": {name: _plain(estimates[name][place]) for name in names},
            "against_first": {name: _plain(differences[name][place]) for name in names},
            "reports": [report.as_dict() for report in swept.reports[place]],
        }
        for place, point in enumerate(swept.points)
    ]
    return {"scenario": swept.scenario.name, "seeds": list(swept.seeds), "points": points}


def _plain(found: Estimate) -> dict[str, float | int | None]:
    # JSON knows no infinity
    half_width = None if math.isinf(found.half_width) else found.half_width
    return {"mean": found.mean, "half_width": half_width, "count": found.count}


def staffing_table(staffing: Staffing) -> RenderableType:
    """What was tried, and what it takes."""
    table = _table()
    table.add_column("agents", justify="right", style="bold")
    table.add_column("connects/h", justify="right")
    table.add_column("")
    for agents, one in staffing.tried.items():
        verdict = "enough" if one.low >= staffing.goal else "too few" if one.high < staffing.goal else "about"
        style = "green" if agents == staffing.agents else ""
        table.add_row(str(agents), number(one, decimals=1), verdict, style=style)
    title = f"{staffing.scenario.name}: agents for {staffing.goal:,g} connects an hour"
    most = "or more" if staffing.at_most is None else f"to {staffing.at_most}"
    found = (
        f"{staffing.agents} agents ({staffing.at_least} {most}, 95 %), busy "
        f"{number(staffing.estimate_of('occupancy'), 100.0)} % of their time, with "
        f"{number(staffing.estimate_of('abandonment'), 100.0)} % abandoned"
    )
    return Group(Text(title, style="bold"), table, Text(found))


def staffing_values(staffing: Staffing) -> dict[str, Any]:
    """Plain values, for JSON."""
    return {
        "scenario": staffing.scenario.name,
        "connects_per_hour": staffing.goal,
        "agents": staffing.agents,
        "at_least": staffing.at_least,
        "at_most": staffing.at_most,
        "occupancy": _plain(staffing.estimate_of("occupancy")),
        "abandonment": _plain(staffing.estimate_of("abandonment")),
        "tried": {str(agents): _plain(found) for agents, found in staffing.tried.items()},
    }


def timeline_table(moments: Sequence[Moment]) -> Table:
    """A row per interval. The forecast's columns are there when any decision made one."""
    forecast = any(moment.kappa > 0.0 for moment in moments)
    table = _table()
    for heading in ("until", "ready", "talking", "wrap-up", "ringing", "launched", "answered", "abandoned", "busy %"):
        table.add_column(heading, justify="right")
    for heading in ("budget", "kappa %", "risk %", "next %", "answers", "releases", "live %") if forecast else ():
        table.add_column(heading, justify="right", style="cyan")
    table.add_column("bound by")
    seconds = any(round(one.at_s) % 60 for one in moments)
    for one in moments:
        cells = [_clock(one.at_s, seconds=seconds)]
        cells += [f"{one.ready:.1f}", f"{one.talking:.1f}", f"{one.wrap_up:.1f}"]
        cells += [str(one.ringing), str(one.launches), str(one.answered), str(one.abandoned)]
        cells.append(f"{100.0 * one.occupancy:.1f}")
        if forecast:
            cells += [f"{one.budget:+.1f}", *(f"{100.0 * x:.2f}" for x in (one.kappa, one.risk, one.risk_next))]
            cells += [f"{one.answers:.1f}", f"{one.releases:.1f}", f"{100.0 * one.live_rate:.1f}"]
        table.add_row(*cells, reason_in_words(one.limited_by).split(":")[0] if one.limited_by else "")
    return table


def _clock(at_s: float, *, seconds: bool) -> str:
    minutes, rest = divmod(round(at_s), 60)
    return f"{minutes // 60}:{minutes % 60:02d}" + (f":{rest:02d}" if seconds else "")


def timeline_values(moments: Sequence[Moment]) -> list[dict[str, Any]]:
    """Plain values, for JSON."""
    return [{**msgspec.to_builtins(one), "limited_by": LimitedBy(one.limited_by).name.lower()} for one in moments]


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="dim")
