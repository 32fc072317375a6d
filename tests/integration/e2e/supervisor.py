"""What safe_asterisk is in production: starts the switch again when it crashes by its own fault.

Asterisk 22.10 does that now and then under these tests' load (seen: a task pushed to a task processor that is gone).
A run survives it, but what a test says of every call need not hold then: the test is run once more.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.lab.lab import Lab, runs

LOOKS_EVERY_S = 0.3


class Supervisor:
    """Watches the lab's Asterisk in a thread, and starts it again; `crashes` counts how often."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor")
        self.crashes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(LOOKS_EVERY_S):
            if not is_alive(self._lab):
                self.crashes += 1
                self._lab.start_asterisk()


def is_alive(lab: Lab) -> bool:
    """Whether the lab's Asterisk runs."""
    try:
        return runs(int((lab.root / "asterisk.pid").read_text()))
    except (OSError, ValueError):
        return False


def supervised(test: Callable[[Lab, Path], Any]) -> Callable[[Lab, Path], None]:
    """Run a test under a supervisor; once more, in a folder of its own, when it failed and the switch had crashed."""

    def once(lab: Lab, folder: Path) -> None:
        folder.mkdir()
        if inspect.iscoroutinefunction(test):
            asyncio.run(test(lab, folder))
        else:
            test(lab, folder)

    @functools.wraps(test)
    def run(lab: Lab, tmp_path: Path) -> None:
        with Supervisor(lab) as supervisor:
            try:
                once(lab, tmp_path / "first")
            except Exception as error:
                if not supervisor.crashes:
                    raise
                print(f"\nAsterisk crashed ({type(error).__name__}: {str(error)[:80]}); once more")
                once(lab, tmp_path / "again")

    # pytest's asyncio mode looks at the wrapped function
    if inspect.iscoroutinefunction(test):
        del run.__wrapped__
        run.__signature__ = inspect.signature(test)
    return run
