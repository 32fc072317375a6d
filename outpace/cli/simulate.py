"""`outpace simulate`: a day, a sweep, a plan, or a day explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outpace.cli.exits import errors
from outpace.cli.terminal import json_option, share_bar, show

if TYPE_CHECKING:
    from outpace.sim.scenario import Scenario

_DEFAULT_SEEDS = 4


@click.command()
@click.argument("scenario_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Default: the scenario's.")
@click.option("--seeds", type=click.IntRange(1, 10_000), help="So many runs, from that seed on. [default: 1, or 4]")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Another value of a scenario's key.")
@click.option("--cap", type=click.FloatRange(0.0, 1.0), help="The cap of abandonment, as a share.")
@click.option("--sweep", "sweeps", multiple=True, metavar="KEY=A,B,..", help="Compare values, e.g. cap=0.01,0.03.")
@click.option("--plan", metavar="connects_per_hour=N", help="How many agents that takes.")
@click.option(
    "--explain",
    is_flag=False,
    flag_value=60,
    metavar="[N]",
    type=click.IntRange(1, 10_000),
    help="A timeline of N points. [default: 60]",
)
@click.option("--workers", type=click.IntRange(0, 1024), default=0, help="Processes. [default: one a core]")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write a picture (PNG, SVG, PDF).")
@json_option
def simulate(
    *,
    scenario_file: Path,
    seed: int | None,
    seeds: int | None,
    settings: tuple[str, ...],
    cap: float | None,
    sweeps: tuple[str, ...],
    plan: str | None,
    explain: int | None,
    workers: int,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Play a scenario in virtual time with the same engine, and report.

    SCENARIO_FILE is a file, or the name of a shipped scenario such as P6.
    """
    with errors():
        from outpace.domain.errors import ConfigError
        from outpace.sim.scenario import load_scenario, with_settings

        if sum((bool(sweeps), plan is not None, explain is not None)) > 1:
            raise ConfigError("simulate", "one of --sweep, --plan and --explain at a time")
        if explain is not None and seeds is not None:
            raise ConfigError("--seeds", "--explain shows one day; --seed says which")
        given = {key: _parsed(value) for key, value in _pairs(settings).items()}
        for key, value in (("cap", cap), ("seed", seed)):
            if value is not None:
                if key in given:
                    raise ConfigError(key, f"given twice, by --set and by --{key}")
                given[key] = value
        scenario = with_settings(load_scenario(scenario_file), given)
        if plot is not None:
            from outpace.sim.plots import check_picture

            check_picture(plot)  # what cannot be drawn is told before the runs, not after them
        if plan is not None:
            _plan(scenario, plan, seeds=seeds or _DEFAULT_SEEDS, workers=workers, plot=plot, as_json=as_json)
        elif explain is not None:
            _explain(scenario, explain, plot=plot, as_json=as_json)
        elif sweeps or seeds is not None or plot is not None:
            _sweep(scenario, sweeps, seeds=seeds or _DEFAULT_SEEDS, workers=workers, plot=plot, as_json=as_json)
        else:
            _play(scenario, as_json=as_json)


def _play(scenario: Scenario, *, as_json: bool) -> None:
    from outpace.sim.world import simulate as play

    with share_bar(f"simulating {scenario.name}") as tell:
        result = play(scenario, progress=tell)
    click.echo(json.dumps(result.as_dict()) if as_json else result.render())


def _sweep(
    scenario: Scenario, sweeps: tuple[str, ...], *, seeds: int, workers: int, plot: Path | None, as_json: bool
) -> None:
    from outpace.sim import charts, planner, plots, tables

    values = {key: [_parsed(one) for one in text.split(",")] for key, text in _pairs(sweeps).items()}
    with share_bar(f"simulating {scenario.name}") as tell:
        swept = planner.sweep(scenario, values, seeds=seeds, workers=workers, progress=tell)
    if plot is not None:
        plots.save_sweep(swept, plot)
    if as_json:
        click.echo(json.dumps(tables.sweep_values(swept)))
    else:
        show(tables.sweep_table(swept))
        if len(swept.points) > 1:
            click.echo(f"\n{charts.sweep_chart(swept)}")


def _plan(scenario: Scenario, goal: str, *, seeds: int, workers: int, plot: Path | None, as_json: bool) -> None:
    from outpace.domain.errors import ConfigError
    from outpace.sim import charts, planner, plots, tables

    key, text = _pair(goal)
    value = _parsed(text)
    if key != "connects_per_hour" or isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError("--plan", f"wants connects_per_hour=N, not {goal}")
    with share_bar("looking for the number of agents") as tell:
        found = planner.agents_needed(
            scenario,
            float(value),
            seeds=seeds,
            workers=workers,
            progress=lambda agents, share: tell(share, f"trying {agents}"),
        )
    if plot is not None:
        plots.save_staffing(found, plot)
    if as_json:
        click.echo(json.dumps(tables.staffing_values(found)))
    else:
        show(tables.staffing_table(found))
        click.echo(f"\n{charts.staffing_chart(found)}")


def _explain(scenario: Scenario, points: int, *, plot: Path | None, as_json: bool) -> None:
    from outpace.sim import charts, plots, tables
    from outpace.sim.timeline import trace

    with share_bar(f"simulating {scenario.name}") as tell:
        report, moments = trace(scenario, points=points, progress=tell)
    if plot is not None:
        plots.save_timeline(moments, f"{scenario.name}, seed {report.seed}", plot)
    if as_json:
        click.echo(json.dumps({"report": report.as_dict(), "timeline": tables.timeline_values(moments)}))
    else:
        show(tables.timeline_table(moments))
        click.echo(f"\n{charts.timeline_chart(moments)}\n\n{report.render()}")


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    from outpace.domain.errors import ConfigError

    found: dict[str, str] = {}
    for key, value in map(_pair, texts):
        if key in found:
            raise ConfigError(key, "given twice")
        found[key] = value
    return found


def _pair(text: str) -> tuple[str, str]:
    from outpace.domain.errors import ConfigError

    key, sign, value = text.partition("=")
    if not (key and sign and value):
        raise ConfigError(text, "wants KEY=VALUE")
    return key, value


def _parsed(text: str) -> bool | float | str:
    # numbers, true and false are themselves; the rest is text
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
