"""What a command ends with: exit codes, and errors as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

EXIT_PROBLEM = 1
EXIT_CONFIG = 2
EXIT_STORE = 3
EXIT_SWITCH = 4
EXIT_STOPPED = 130


@contextmanager
def errors() -> Iterator[None]:
    """An error that is not a fault of the program is told in one line, with its exit code and without a traceback."""
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
