"""The commands that people type. Heavy modules are imported where they are used, so that help comes at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from outpace.cli_common import (
    EXIT_PROBLEM,
    EXIT_STOPPED,
    errors,
    json_option,
    open_store,
)
from outpace.cli_node import serve, token

if TYPE_CHECKING:
    from rich.console import RenderableType

    from outpace.runtime.board import Progress
    from outpace.runtime.campaign_file import Setup
    from outpace.runtime.node import Ending, Node, NodeOptions
    from outpace.sim.scenario import Scenario
    from outpace.store.lead_import import ImportOptions, ImportReport
    from outpace.store.port import Store

DEFAULT_STORE = Path("var/outpace.db")

PLAIN_EVERY_S = 5.0
BOARD_PER_S = 4

_store_option = click.option(
    "--store", "store_path", type=click.Path(dir_okay=False, path_type=Path), help="The store's SQLite file."
)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from outpace.domain.version import VERSION

        click.echo(f"outpace {VERSION}")
        ctx.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, callback=_version, is_eager=True, expose_value=False, help="Print the version."
)
def main() -> None:
    """An outbound dialer engine."""


@main.command()
@click.argument("campaign_file", type=click.Path(dir_okay=False, path_type=Path))
@_store_option
@click.option("--speed", type=click.FloatRange(0.01, 10_000.0), help="Engine seconds per second (simulated switch).")
@click.option("--metrics", type=click.IntRange(0, 65535), help="Serve Prometheus metrics on this loopback port.")
@click.option("--journal", type=click.Path(file_okay=False, path_type=Path), help="Write the journal to this folder.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Seed of the simulated switch and agents.")
@click.option("--loop", type=click.Choice(["uvloop", "asyncio"]), default="uvloop", show_default=True)
@click.option("--again", is_flag=True, help="Begin anew when every lead is finished (simulated switch).")
@click.option("--quiet", is_flag=True, help="No progress, only the report.")
@json_option
def run(
    *,
    campaign_file: Path,
    store_path: Path | None,
    speed: float | None,
    metrics: int | None,
    journal: Path | None,
    seed: int | None,
    loop: Literal["uvloop", "asyncio"],
    again: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run a campaign: import its list, dial until it is complete, report.

    Ctrl-C drains: nothing more is launched and the calls in hand go on; a second Ctrl-C stops now.
    """
    with errors():
        from outpace.runtime import logs
        from outpace.runtime.campaign_file import load
        from outpace.runtime.node import NodeOptions

        setup = load(campaign_file)
        live = sys.stdout.isatty() and not quiet and not as_json
        log_file = Path(setup.log.file) if setup.log.file else None
        level = "warning" if live and log_file is None else setup.log.level
        logs.configure(level, style=setup.log.format, file=log_file)
        options = NodeOptions(
            store_path=store_path,
            journal_path=journal,
            metrics_port=metrics,
            speed=speed,
            seed=seed,
        )
        if again:
            _begin_anew(setup, store_path or Path(setup.store.path), quiet=quiet or as_json)
        _import_own_list(setup, store_path or Path(setup.store.path), quiet=quiet or as_json)
        ending, node = _run_node(setup, options, loop, live=live, quiet=quiet or as_json)
        problems = _print_report(node.store_path, setup.campaign.name, as_json=as_json, ended=ending.value != "stopped")
        if ending.value == "stopped":
            raise SystemExit(EXIT_STOPPED)
        raise SystemExit(EXIT_PROBLEM if problems else 0)


def _run_node(
    setup: Setup, options: NodeOptions, loop: Literal["uvloop", "asyncio"], *, live: bool, quiet: bool
) -> tuple[Ending, Node]:
    from outpace.runtime import loops
    from outpace.runtime.node import Node

    with _progress(live=live, quiet=quiet) as show:

        async def dial() -> tuple[Ending, Node]:
            node = Node(setup, options)
            callback = (lambda progress: show(node, progress)) if show is not None else None
            every_s = 1.0 / BOARD_PER_S if live else PLAIN_EVERY_S
            return await node.run(callback, every_s=every_s, signals=True), node

        return loops.run(dial(), loop)


class _Board:
    # What a terminal shows; drawn by a thread of its own, so that the loop that dials does not wait for the terminal.
    def __init__(self) -> None:
        self._latest: tuple[Progress, float] | None = None

    def show(self, node: Node, progress: Progress) -> None:
        self._latest = progress, node.clock.speed

    def __rich__(self) -> RenderableType:
        from outpace.runtime.screen import board

        return board(*self._latest) if self._latest is not None else ""


@contextmanager
def _progress(*, live: bool, quiet: bool) -> Iterator[Callable[[Node, Progress], None] | None]:
    # What shows progress: the board on a terminal, lines elsewhere, nothing when quiet.
    if quiet:
        yield None
    elif live:
        from rich.live import Live

        shown = _Board()
        with Live(shown, refresh_per_second=BOARD_PER_S):
            yield shown.show
    else:
        from outpace.runtime.text import progress_line

        yield lambda _, progress: click.echo(progress_line(progress))


def _begin_anew(setup: Setup, store_path: Path, *, quiet: bool) -> None:
    # A rehearsal that has come to its end is played again from a new store; one that was broken off goes on.
    from outpace.domain.errors import ConfigError
    from outpace.runtime.audit import FINISHED
    from outpace.runtime.switches import SimulatedSettings

    if not isinstance(setup.switch, SimulatedSettings):
        raise ConfigError("--again", "only the simulated switch dials a finished list again")
    if not store_path.exists():
        return
    with open_store(store_path, create=False) as store:
        campaign_id = store.campaigns().get(setup.campaign.name)
        if campaign_id is None or store.open_intents():
            return
        counts = store.counts(campaign_id)
        if not 0 < counts["total"] == sum(counts[state] for state in FINISHED):
            return
    kept = store_path.with_name(f"{store_path.stem}.previous{store_path.suffix}")
    store_path.replace(kept)
    if not quiet:
        click.echo(f"every lead of {setup.campaign.name!r} was finished: its store is kept as {kept}, a new one begins")


def _import_own_list(setup: Setup, store_path: Path, *, quiet: bool) -> None:
    path = setup.list_path()
    if path is None or setup.lead_list is None:
        return
    with open_store(store_path, create=True) as store:
        options, rejects = setup.lead_list.options(), _rejects(store_path, path)
        _import_into(store, setup.campaign.name, path, options, rejects, quiet=quiet)


def _rejects(store_path: Path, path: Path) -> Path:
    return store_path.parent / f"{path.stem}.rejects.csv"


def _import_into(
    store: Store, campaign: str, path: Path, options: ImportOptions, rejects: Path, *, quiet: bool
) -> ImportReport:
    from outpace.runtime.clock import wall_ns
    from outpace.store.lead_import import import_csv

    with _import_progress(path, quiet=quiet) as progress:
        report = import_csv(
            store, store.campaign_id(campaign), path, options, wall_ns(), rejects_path=rejects, progress=progress
        )
    if not quiet:
        suppressed = f" {report.suppressed} suppressed," if report.suppressed else ""
        click.echo(
            f"{path.name}: {report.read} rows read, {report.added} leads added, {report.duplicates} known already,"
            f"{suppressed} {report.rejected} rejected" + (f" (see {rejects})" if report.rejected else "")
        )
    return report


@contextmanager
def _import_progress(path: Path, *, quiet: bool) -> Iterator[Callable[[ImportReport], None] | None]:
    if quiet or not sys.stdout.isatty():
        yield None
        return
    from rich.progress import Progress as Bar

    with Bar(transient=True) as bar:
        task = bar.add_task(f"reading {path.name}", total=None)
        yield lambda report: bar.update(task, total=report.bytes_total or None, completed=report.bytes_read)


@main.command("import")
@click.argument("list_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--campaign", required=True, help="Name of the campaign that the leads are added to.")
@_store_option
@click.option("--region", default="", help="Country (ISO 3166) of national numbers, e.g. DE.")
@click.option("--column", default="", help="Header name of the number, or its position from 1.")
@click.option("--no-header", is_flag=True, help="The first row holds data.")
@click.option("--encoding", default="utf-8", show_default=True)
@click.option("--delimiter", default="", help="Default: found out.")
@click.option("--validation", type=click.Choice(["valid", "possible"]), default="valid", show_default=True)
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="File for rows that can't be dialled.")
@click.option("--quiet", is_flag=True)
def import_(
    *,
    list_file: Path,
    campaign: str,
    store_path: Path | None,
    region: str,
    column: str,
    no_header: bool,
    encoding: str,
    delimiter: str,
    validation: Literal["valid", "possible"],
    rejects: Path | None,
    quiet: bool,
) -> None:
    """Import a list of leads (CSV) into a campaign."""
    with errors():
        from outpace.store.lead_import import ImportOptions

        store_path = store_path or DEFAULT_STORE
        settings = ImportOptions(
            region=region,
            column=int(column) if column.isdigit() else column,
            header=not no_header,
            encoding=encoding,
            delimiter=delimiter,
            validation=validation,
        )
        with open_store(store_path, create=True) as store:
            rejects = rejects or _rejects(store_path, list_file)
            report = _import_into(store, campaign, list_file, settings, rejects, quiet=quiet)
        raise SystemExit(0 if report.added or report.duplicates or report.suppressed else EXIT_PROBLEM)


@main.command()
@_store_option
@click.option("--campaign", help="Default: what was run last.")
@click.option("--all", "whole", is_flag=True, help="All runs of the campaign, not only the last.")
@json_option
def report(store_path: Path | None, campaign: str | None, whole: bool, as_json: bool) -> None:
    """Report what became of a run, and check that it adds up."""
    with errors():
        from outpace.domain.errors import ConfigError
        from outpace.runtime.audit import read_mark

        store_path = store_path or DEFAULT_STORE
        names: tuple[str, ...] = (campaign,) if campaign else ()
        if not names:
            mark = read_mark(store_path)
            if mark is None:
                raise ConfigError(str(store_path), "nothing was run here; name the campaign with --campaign")
            names = mark.campaigns
        problems = [
            problem
            for name in names
            for problem in _print_report(store_path, name, as_json=as_json, ended=False, whole=whole)
        ]
        raise SystemExit(EXIT_PROBLEM if problems else 0)


def _print_report(store_path: Path, campaign: str, *, as_json: bool, ended: bool, whole: bool = False) -> list[str]:
    import msgspec

    from outpace.domain.errors import ConfigError
    from outpace.runtime.audit import audit
    from outpace.runtime.text import report_text
    from outpace.store import reporting

    with open_store(store_path, create=False) as store:
        known = store.campaigns()
        if campaign not in known:
            raise ConfigError(str(store_path), f"no campaign {campaign!r}; there is {', '.join(known) or 'none'}")
        campaign_id = known[campaign]
        figures = reporting.report(store, campaign_id, whole_campaign=whole)
        problems = audit(store, campaign_id, ended=ended)
    if as_json:
        fields = {"campaign": campaign, **msgspec.to_builtins(figures), "problems": problems, "adds_up": not problems}
        click.echo(json.dumps(fields))
    else:
        click.echo(report_text(campaign, figures, problems))
    return problems


@main.command()
@click.argument("journal", type=click.Path(path_type=Path))
@json_option
def replay(journal: Path, as_json: bool) -> None:
    """Feed a journal to a fresh engine and compare what it does: same facts, same decisions, same digests."""
    with errors():
        import msgspec

        from outpace.runtime.replay import replay as replay_journal

        result = replay_journal(journal)
        if as_json:
            click.echo(json.dumps({**msgspec.to_builtins(result), "same": result.same}))
        else:
            click.echo(
                f"{_number(result.turns, 'turn')} with {_number(result.facts, 'fact')} and"
                f" {_number(result.launches, 'launch', 'launches')}, from {_number(result.runs, 'run')} in"
                f" {_number(result.files, 'file')}; {_number(result.digests, 'digest')} compared"
            )
            for path in result.damaged:
                click.echo(f"{path}: the end is torn; what is before it was replayed")
            click.echo("the engine did the same" if result.same else f"first difference: {result.difference}")
        raise SystemExit(0 if result.same else EXIT_PROBLEM)


@main.command()
@click.argument("journal", type=click.Path(path_type=Path))
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="So many decisions.")
@click.option("--all", "whole", is_flag=True, help="Every decision, of all the files of a folder.")
@json_option
def explain(journal: Path, last: int, whole: bool, as_json: bool) -> None:
    """Say why so many calls were launched, decision by decision, from a journal; that of a run going on as well."""
    with errors():
        from outpace.runtime.decisions import decisions_in

        found, result = decisions_in(journal, whole=whole)
        shown = found if whole else found[-last:]
        if as_json:
            click.echo(json.dumps({"decisions": [one.as_dict() for one in shown], "difference": result.difference}))
        else:
            click.echo("\n".join(one.render() for one in shown) or "no decision yet")
        if result.difference:
            click.echo(f"outpace: after that the engine did something else: {result.difference}", err=True)
        raise SystemExit(0 if result.same else EXIT_PROBLEM)


def _number(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"


@main.command()
@click.argument("campaign_file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@_store_option
@json_option
def doctor(campaign_file: Path | None, store_path: Path | None, as_json: bool) -> None:
    """Check the installation and a campaign's settings, store and switch; say what is wrong and how to mend it."""
    with errors():
        import msgspec

        from outpace.runtime.doctor import examine

        checks = examine(campaign_file, store_path)
        wrong = [check for check in checks if not check.ok]
        if as_json:
            click.echo(json.dumps({"ok": not wrong, "checks": msgspec.to_builtins(checks)}))
        else:
            for check in checks:
                verdict = click.style("ok   ", fg="green") if check.ok else click.style("WRONG", fg="red")
                click.echo(f"{verdict} {check.name}: {check.detail}")
                if check.mend:
                    click.echo(f"      {check.mend}")
        raise SystemExit(EXIT_PROBLEM if wrong else 0)


@main.command()
@click.argument("scenario_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Default: the scenario's.")
@click.option("--seeds", type=click.IntRange(1, 10_000), help="So many runs, from that seed on. [default: 1, or 4]")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Another value of a scenario's key.")
@click.option("--cap", type=click.FloatRange(0.0, 1.0), help="The cap of abandonment, as a share.")
@click.option("--sweep", "sweeps", multiple=True, metavar="KEY=A,B,..", help="Compare values, e.g. cap=0.01,0.03.")
@click.option("--plan", metavar="connects_per_hour=N", help="How many agents that takes.")
@click.option("--explain", is_flag=False, flag_value=60, type=click.IntRange(1, 10_000), help="A timeline of N points.")
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
        given = {key: _parsed(value) for key, value in map(_pair, settings)}
        given |= {} if cap is None else {"cap": cap}
        given |= {} if seed is None else {"seed": seed}
        scenario = with_settings(load_scenario(scenario_file), given)
        if plot is not None:
            from outpace.sim.plots import new_figure

            new_figure()  # what cannot be drawn is told before the runs, not after them
        if plan is not None:
            _plan(scenario, plan, seeds=seeds or 4, workers=workers, as_json=as_json)
        elif explain is not None:
            _explain(scenario, explain, plot=plot, as_json=as_json)
        elif sweeps or seeds is not None or plot is not None:
            _sweep(scenario, sweeps, seeds=seeds or 4, workers=workers, plot=plot, as_json=as_json)
        else:
            from outpace.sim.world import simulate as play

            with _share_bar(f"simulating {scenario.name}", quiet=as_json) as progress:
                result = play(scenario, progress=progress)
            click.echo(json.dumps(result.as_dict()) if as_json else result.render())


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


def _sweep(
    scenario: Scenario, sweeps: tuple[str, ...], *, seeds: int, workers: int, plot: Path | None, as_json: bool
) -> None:
    from outpace.sim import charts, planner, plots, tables

    values = {key: [_parsed(one) for one in text.split(",")] for key, text in map(_pair, sweeps)}
    with _share_bar(f"simulating {scenario.name}", quiet=as_json) as progress:
        swept = planner.sweep(scenario, values, seeds=seeds, workers=workers, progress=progress)
    if plot is not None:
        plots.save_sweep(swept, plot)
    if as_json:
        click.echo(json.dumps(tables.sweep_values(swept)))
    else:
        _show(tables.sweep_table(swept))
        if len(swept.points) > 1:
            click.echo(f"\n{charts.sweep_chart(swept)}")


def _plan(scenario: Scenario, goal: str, *, seeds: int, workers: int, as_json: bool) -> None:
    from outpace.domain.errors import ConfigError
    from outpace.sim import planner, tables

    key, text = _pair(goal)
    value = _parsed(text)
    if key != "connects_per_hour" or isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError("--plan", f"wants connects_per_hour=N, not {goal}")
    with _status("looking for the number of agents", quiet=as_json) as tell:
        found = planner.agents_needed(
            scenario,
            float(value),
            seeds=seeds,
            workers=workers,
            told=lambda agents, one: tell(f"{agents} agents connect {tables.number(one, decimals=1)} an hour"),
        )
    if as_json:
        click.echo(json.dumps(tables.staffing_values(found)))
    else:
        _show(tables.staffing_table(found))


def _explain(scenario: Scenario, points: int, *, plot: Path | None, as_json: bool) -> None:
    from outpace.sim import charts, plots, tables
    from outpace.sim.timeline import trace

    with _share_bar(f"simulating {scenario.name}", quiet=as_json) as progress:
        report, moments = trace(scenario, points=points, progress=progress)
    if plot is not None:
        plots.save_timeline(moments, f"{scenario.name}, seed {report.seed}", plot)
    if as_json:
        click.echo(json.dumps({"report": report.as_dict(), "timeline": tables.timeline_values(moments)}))
    else:
        _show(tables.timeline_table(moments))
        click.echo(f"\n{charts.timeline_chart(moments)}\n\n{report.render()}")


def _show(table: RenderableType) -> None:
    # a file or a pipe takes whole lines; a terminal knows its width
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 200).print(table)


@contextmanager
def _status(title: str, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    if quiet or not sys.stdout.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console().status(title) as status:
        yield status.update


@contextmanager
def _share_bar(title: str, *, quiet: bool) -> Iterator[Callable[[float], None] | None]:
    if quiet or not sys.stdout.isatty():
        yield None
        return
    from rich.progress import Progress as Bar

    with Bar(transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share)


main.add_command(serve)
main.add_command(token)
