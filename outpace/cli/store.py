"""The store that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from outpace.store.port import Store

DEFAULT_STORE = Path("var/outpace.db")

store_option = click.option(
    "--store", "store_path", type=click.Path(dir_okay=False, path_type=Path), help="The store's SQLite file."
)


@contextmanager
def open_store(path: Path, *, create: bool) -> Iterator[Store]:
    """A SQLite file, closed at the end; `create` makes it and its folder where they are not. StoreError: no store."""
    from outpace.store.sqlite import SqliteStore

    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    with SqliteStore(path, create=create) as store:
        yield store
