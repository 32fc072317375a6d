"""Sweeps, plans and timelines as pictures. matplotlib comes with the extra `plot` and is loaded only here."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from outpace.domain.errors import ConfigError
from outpace.sim.tables import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from outpace.sim.planner import Staffing, Sweep
    from outpace.sim.timeline import Moment


def new_figure(width: float = 9.0, height: float = 6.0) -> Figure:
    """An empty picture, in inches. ConfigError: matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - only those who want a picture need it
    except ImportError as error:
        raise ConfigError("plot", "needs matplotlib: install outpace with its extra `plot`") from error
    return Figure(figsize=(width, height), layout="constrained")


def check_picture(path: Path) -> None:
    """Whether a picture can be written there, before the runs that it is to show.

    ConfigError: no matplotlib, a kind of picture that it does not make, no such folder, or not ours to write into.
    """
    kinds = new_figure().canvas.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in kinds:
        raise ConfigError(str(path), "wants a name that ends in .png, .svg or .pdf")
    if not path.parent.is_dir():
        raise ConfigError(str(path), f"there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError(str(path), "cannot be written")


def save(figure: Figure, path: Path) -> None:
    """Write a picture; its name says of what kind. ConfigError: it cannot be written."""
    try:
        figure.savefig(path, dpi=120)
    except OSError as error:
        raise ConfigError(str(path), error.strerror or str(error)) from error


def colours(count: int) -> list[Any]:
    """So many colours that can be told apart, up to 20; beyond they begin again."""
    from matplotlib import colormaps  # noqa: PLC0415 - as above

    strong_and_pale = [colormaps["tab20"](place) for place in (*range(0, 20, 2), *range(1, 20, 2))]
    return list(itertools.islice(itertools.cycle(strong_and_pale), count))


def save_sweep(swept: Sweep, path: Path) -> None:
    """Occupancy and abandonment over the first key, a line for each combination of the others."""
    figure = new_figure(9.0, 4.0)
    left, right = figure.subplots(1, 2)
    _panel(left, swept, "occupancy", "occupancy, %")
    _panel(right, swept, "abandonment", "abandonment, %")
    if len(swept.keys) > 1:
        right.legend(fontsize="small")
    figure.suptitle(f"{swept.scenario.name}: mean and 95 % interval of {len(swept.seeds)} seeds", fontsize="medium")
    save(figure, path)


def _panel(axes: Axes, swept: Sweep, name: str, label: str) -> None:
    found = [(point, one) for point, one in zip(swept.points, swept.estimates(name), strict=True)]
    firsts = list(dict.fromkeys(point[0] if point else "" for point in swept.points))
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in firsts)
    others = list(dict.fromkeys(point[1:] for point in swept.points))
    for rest in others:
        mine = [(point, one) for point, one in found if point[1:] == rest]
        if numeric:
            mine.sort(key=lambda one: float(one[0][0]))
        places: list[Any] = [point[0] if numeric else firsts.index(point[0] if point else "") for point, _ in mine]
        half = [one.half_width if np.isfinite(one.half_width) else 0.0 for _, one in mine]
        axes.errorbar(
            places,
            [100.0 * one.mean for _, one in mine],
            yerr=[100.0 * width for width in half],
            marker="o",
            capsize=3,
            label=", ".join(f"{key} {shown(value)}" for key, value in zip(swept.keys[1:], rest, strict=False)),
        )
    axes.set_xticks(firsts if numeric else range(len(firsts)), [shown(value) for value in firsts], rotation=30)
    axes.set_xlabel(swept.keys[0] if swept.keys else "")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)


def save_staffing(staffing: Staffing, path: Path) -> None:
    """Connects an hour over the number of agents, with the goal and between what numbers it is reached."""
    figure = new_figure(9.0, 4.5)
    axes = figure.subplots()
    half = [one.half_width for one in staffing.tried.values()]
    means = [one.mean for one in staffing.tried.values()]
    axes.errorbar(list(staffing.tried), means, yerr=half, marker="o", capsize=3, label="mean and 95 % interval")
    axes.axhline(staffing.goal, color="black", linewidth=0.8, label="goal")
    most = max(staffing.tried) if staffing.at_most is None else staffing.at_most
    most_text = "or more" if staffing.at_most is None else f"to {most}"
    axes.axvspan(staffing.at_least, most, alpha=0.15, label=f"{staffing.at_least} {most_text} agents, 95 %")
    axes.axvline(staffing.agents, linestyle=":", label=f"{staffing.agents} agents")
    axes.set_xlabel("agents")
    axes.set_ylabel("connects an hour")
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)
    title = f"{staffing.scenario.name}: agents for {staffing.goal:,g} connects an hour"
    figure.suptitle(f"{title}, {len(staffing.reports)} seeds", fontsize="medium")
    save(figure, path)


def save_timeline(moments: Sequence[Moment], title: str, path: Path) -> None:
    """Agents, calls, risk and budget over the day."""
    figure = new_figure(9.0, 8.0)
    agents, calls, risk, budget = figure.subplots(4, 1, sharex=True)
    hours = [one.at_s / 3600.0 for one in moments]
    agents.stackplot(
        hours,
        [one.talking for one in moments],
        [one.wrap_up for one in moments],
        [one.ready for one in moments],
        labels=("talking", "wrap-up", "ready"),
    )
    agents.set_ylabel("agents")
    calls.plot(hours, [one.ringing for one in moments], label="ringing")
    widths = [later - sooner for sooner, later in itertools.pairwise((0.0, *hours))]
    rates = [one.launches / width / 60.0 for one, width in zip(moments, widths, strict=True)]
    calls.plot(hours, rates, label="launched a minute")
    calls.set_ylabel("calls")
    for name in ("kappa", "risk", "risk_next"):
        risk.plot(hours, [100.0 * getattr(one, name) for one in moments], label=name.replace("_", " "))
    shares = [100.0 * one.abandoned / one.answered if one.answered else 0.0 for one in moments]
    risk.plot(hours, shares, label="abandoned", linestyle=":")
    risk.set_ylabel("%")
    budget.plot(hours, [one.budget for one in moments], label="cap x answered - abandoned")
    budget.axhline(0.0, color="grey", linewidth=0.8)
    budget.set_ylabel("people")
    budget.set_xlabel("hours")
    for axes in (agents, calls, risk, budget):
        axes.legend(loc="best", fontsize="small", ncols=3)
        axes.grid(alpha=0.3)
    figure.suptitle(title, fontsize="medium")
    save(figure, path)
