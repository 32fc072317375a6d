"""What all commands share: exit codes, errors in one line, the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from outpace.store.port import Store

EXIT_PROBLEM = 1
EXIT_CONFIG = 2
EXIT_STORE = 3
EXIT_SWITCH = 4
EXIT_STOPPED = 130

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


@contextmanager
def open_store(path: Path, *, create: bool) -> Iterator[Store]:
    """A SQLite store, closed in the end."""
    from outpace.store.sqlite import SqliteStore

    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    with SqliteStore(path, create=create) as store:
        yield store


@contextmanager
def errors() -> Iterator[None]:
    """An error that is not a fault of the program: one line and its exit code, no traceback."""
    from outpace.domain.errors import ConfigError, OutpaceError, StoreError, TelephonyError

    try:
        yield
    except OutpaceError as error:
        click.echo(f"outpace: {error}", err=True)
        code = EXIT_PROBLEM
        for kind, kind_code in ((ConfigError, EXIT_CONFIG), (StoreError, EXIT_STORE), (TelephonyError, EXIT_SWITCH)):
            if isinstance(error, kind):
                code = kind_code
        raise SystemExit(code) from error
    except BrokenPipeError:
        raise SystemExit(EXIT_PROBLEM) from None
