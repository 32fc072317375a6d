"""`outpace run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

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
    from outpace.runtime.node import Ending, Node, NodeOptions

PLAIN_EVERY_S = 5.0
BOARD_PER_S = 4


@click.command()
@click.argument("campaign_file", type=click.Path(dir_okay=False, path_type=Path))
@store_option
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
        problems = print_report(node.store_path, setup.campaign.name, as_json=as_json, ended=ending.value != "stopped")
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
        options, rejects = setup.lead_list.options(), rejects_beside(store_path, path)
        import_into(store, setup.campaign.name, path, options, rejects, quiet=quiet)
