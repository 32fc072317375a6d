"""What several commands show alike: tables, progress, JSON instead of text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")

#: A file or a pipe takes whole lines; a terminal knows its width.
_PLAIN_WIDTH = 200


class Tell(Protocol):
    """Called with the share of the work that is done, in [0, 1], and perhaps with what goes on."""

    def __call__(self, share: float, note: str = "") -> None: ...


def show(table: RenderableType) -> None:
    """Print a table."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH).print(table)


@contextmanager
def progress_bars(*, quiet: bool = False) -> Iterator[Progress | None]:
    """Bars that vanish at the end, beside what the command prints; None where no terminal shows them, or when quiet."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(transient=True, console=Console(stderr=True)) as bars:
        yield bars


@contextmanager
def share_bar(title: str) -> Iterator[Tell]:
    """A bar that is told the share of the work that is done."""
    with progress_bars() as bars:
        task = None if bars is None else bars.add_task(title, total=1.0)

        def tell(share: float, note: str = "") -> None:
            if bars is not None and task is not None:
                bars.update(task, completed=share, description=f"{title}: {note}" if note else title)

        yield tell


def counted(count: int, one: str, more: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{count} {one if count == 1 else more or one + 's'}"
