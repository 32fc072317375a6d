"""`outpace import`, and the import that a run begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from outpace.cli.exits import EXIT_PROBLEM, errors
from outpace.cli.store import DEFAULT_STORE, open_store, store_option
from outpace.cli.terminal import progress_bars

if TYPE_CHECKING:
    from outpace.store.lead_import import ImportOptions, ImportReport
    from outpace.store.port import Store


@click.command("import")
@click.argument("list_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--campaign", required=True, help="Name of the campaign that the leads are added to.")
@store_option
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
            column=int(column) if column.isdecimal() else column,
            header=not no_header,
            encoding=encoding,
            delimiter=delimiter,
            validation=validation,
        )
        with open_store(store_path, create=True) as store:
            rejects = rejects or rejects_beside(store_path, list_file)
            report = import_into(store, campaign, list_file, settings, rejects, quiet=quiet)
        raise SystemExit(0 if report.added or report.duplicates or report.suppressed else EXIT_PROBLEM)


def rejects_beside(store_path: Path, path: Path) -> Path:
    """Where the rows of a list go that cannot be dialled, unless told otherwise."""
    return store_path.parent / f"{path.stem}.rejects.csv"


def import_into(
    store: Store, campaign: str, path: Path, options: ImportOptions, rejects: Path, *, quiet: bool
) -> ImportReport:
    """Add a list to a campaign's leads, and say what became of its rows. ConfigError: no such file or column."""
    from outpace.runtime.clock import wall_ns
    from outpace.store.lead_import import import_csv

    with _reading(path, quiet=quiet) as progress:
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
def _reading(path: Path, *, quiet: bool) -> Iterator[Callable[[ImportReport], None] | None]:
    with progress_bars(quiet=quiet) as bars:
        if bars is None:
            yield None
            return
        task = bars.add_task(f"reading {path.name}", total=None)
        yield lambda report: bars.update(task, total=report.bytes_total or None, completed=report.bytes_read)
