"""`outpace run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from outpace.cli.exits import EXIT_PROBLEM, EXIT_STOPPED, errors
from outpace.cli.lists import import_into, rejects_beside
from outpace.cli.report import print_report
from outpace.cli.store import open_store, store_option
from outpace.cli.terminal import json_option

if TYPE_CHECKING:
    from rich.console import RenderableType

    from outpace.runtime.board import Progress
    from outpace.runtime.campaign_file import Setup
    from outpace.runtime.node import Ending, NodeOptions

PLAIN_EVERY_S = 5.0
BOARD_PER_S = 4

Show = Callable[["Progress"], None]


class Way(NamedTuple):
    """How a campaign is run, whichever node runs it.

    `loop`: of asyncio. `live`: a terminal shows a board. `quiet`: nothing but the report.
    """

    setup: Setup
    options: NodeOptions
    store_path: Path
    loop: Literal["uvloop", "asyncio"]
    live: bool
    quiet: bool

    @property
    def every_s(self) -> float:
        """Seconds between two looks at the progress."""
        return 1.0 / BOARD_PER_S if self.live else PLAIN_EVERY_S


@click.command()
@click.argument("campaign_file", type=click.Path(dir_okay=False, path_type=Path))
@store_option
@click.option("--console", is_flag=True, help="Serve control API and console on loopback while it runs.")
@click.option("--open", "open_", is_flag=True, help="The same, and open the console where there is a display.")
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
    console: bool,
    open_: bool,
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
        from outpace.domain.errors import ConfigError
        from outpace.runtime.campaign_file import load
        from outpace.runtime.node import NodeOptions

        setup = load(campaign_file)
        console = console or open_
        if console and metrics is not None:
            raise ConfigError("--metrics", "with the console, the control API serves them at /metrics")
        options = NodeOptions(
            store_path=store_path, journal_path=journal, metrics_port=metrics, speed=speed, seed=seed
        )  # fmt: skip
        way = Way(
            setup=setup,
            options=options,
            store_path=store_path or Path(setup.store.path),
            loop=loop,
            live=sys.stdout.isatty() and not quiet and not as_json,
            quiet=quiet or as_json,
        )
        _log(way)
        if again:
            _begin_anew(way)
        ending = _attended(way, open_browser=open_) if console else _alone(way)
        problems = print_report(way.store_path, setup.campaign.name, as_json=as_json, ended=ending.value != "stopped")
        if ending.value == "stopped":
            raise SystemExit(EXIT_STOPPED)
        raise SystemExit(EXIT_PROBLEM if problems else 0)


def _log(way: Way) -> None:
    from outpace.runtime import logs

    settings = way.setup.log
    file = Path(settings.file) if settings.file else None
    # a board and a log do not share a terminal
    logs.configure("warning" if way.live and file is None else settings.level, style=settings.format, file=file)


# ---- the two ways ------------------------------------------------------------------------------------------------


def _alone(way: Way) -> Ending:
    from outpace.runtime import loops
    from outpace.runtime.node import Node

    _import_own_list(way)
    with _progress(way) as show:

        async def dial() -> Ending:
            return await Node(way.setup, way.options).run(show, every_s=way.every_s, signals=True)

        return loops.run(dial(), way.loop)


def _attended(way: Way, *, open_browser: bool) -> Ending:
    from outpace.api.attended import AttendedRun
    from outpace.api.settings import ApiSettings
    from outpace.cli.browser import open_where_seen
    from outpace.cli.node import require_extra
    from outpace.domain.access import SYSTEM
    from outpace.runtime import loops
    from outpace.runtime.audit import RunMark, write_mark
    from outpace.runtime.clock import wall_ns
    from outpace.runtime.node import journal_of
    from outpace.runtime.served_campaign import define, node_file

    require_extra("outpace run --console")
    with open_store(way.store_path, create=True) as store:
        campaign_id = define(store, way.setup, SYSTEM.name, wall_ns())
    write_mark(way.store_path, RunMark((way.setup.campaign.name,)))
    _import_own_list(way)
    file = node_file(
        way.setup, ApiSettings(), store_path=way.store_path, journal=journal_of(way.setup, way.options)
    )  # fmt: skip

    def told(address: str) -> None:
        if not way.quiet:
            click.echo(f"the console is open while this runs, to whoever has its address:\n  {address}")
        if open_browser:
            open_where_seen(address, Path(file.node.folder))

    with _progress(way) as show:
        attended = AttendedRun(file, campaign_id, speed=way.options.speed, seed=way.options.seed)
        return loops.run(attended.run(told, show, every_s=way.every_s), way.loop)


# ---- what is shown -----------------------------------------------------------------------------------------------


class _Board:
    # What a terminal shows; drawn by a thread of its own, so that the loop that dials does not wait for the terminal.
    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._latest: Progress | None = None

    def show(self, progress: Progress) -> None:
        self._latest = progress

    def __rich__(self) -> RenderableType:
        from outpace.runtime.screen import board

        return board(self._latest, self._speed) if self._latest is not None else ""


@contextmanager
def _progress(way: Way) -> Iterator[Show | None]:
    # What shows progress: the board on a terminal, lines elsewhere, nothing when quiet.
    if way.quiet:
        yield None
    elif way.live:
        from rich.live import Live

        shown = _Board(_speed(way))
        with Live(shown, refresh_per_second=BOARD_PER_S):
            yield shown.show
    else:
        from outpace.runtime.text import progress_line

        yield lambda progress: click.echo(progress_line(progress))


def _speed(way: Way) -> float:
    from outpace.runtime.switches import SimulatedSettings

    if way.options.speed is not None:
        return way.options.speed
    return way.setup.switch.speed if isinstance(way.setup.switch, SimulatedSettings) else 1.0


# ---- before it begins --------------------------------------------------------------------------------------------


def _begin_anew(way: Way) -> None:
    # A rehearsal that has come to its end is played again from a new store; one that was broken off goes on.
    from outpace.domain.errors import ConfigError
    from outpace.runtime.audit import FINISHED
    from outpace.runtime.switches import SimulatedSettings

    name, store_path = way.setup.campaign.name, way.store_path
    if not isinstance(way.setup.switch, SimulatedSettings):
        raise ConfigError("--again", "only the simulated switch dials a finished list again")
    if not store_path.exists():
        return
    with open_store(store_path, create=False) as store:
        campaign_id = store.campaigns().get(name)
        if campaign_id is None or store.open_intents():
            return
        counts = store.counts(campaign_id)
        if not 0 < counts["total"] == sum(counts[state] for state in FINISHED):
            return
    kept = store_path.with_name(f"{store_path.stem}.previous{store_path.suffix}")
    store_path.replace(kept)
    if not way.quiet:
        click.echo(f"every lead of {name!r} was finished: its store is kept as {kept}, a new one begins")


def _import_own_list(way: Way) -> None:
    path = way.setup.list_path()
    if path is None or way.setup.lead_list is None:
        return
    with open_store(way.store_path, create=True) as store:
        options, rejects = way.setup.lead_list.options(), rejects_beside(way.store_path, path)
        import_into(store, way.setup.campaign.name, path, options, rejects, quiet=way.quiet)
