"""`outpace` with a death of its own: the same node, killed by SIGKILL at a chosen point. The tests run it as a program.

First argument: where, `before` or `after` of which step, and at the how-manieth: `before-intent:7`, `after-record:3`,
`before-originate:12`, ... intent, record: the commit of a transaction that holds intents or endings. originate: the
command's way to the switch; 25 ms after it the bytes have left. The other arguments are outpace's.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from outpace.cli import main
from outpace.domain.commands import Originate, RecordAttempt, StoreCommand, SwitchCommand, WriteIntent
from outpace.domain.events import Event
from outpace.runtime import runner
from outpace.store.sqlite import SqliteStore
from outpace.telephony.adapter import TelephonyAdapter

STEPS = {"intent": WriteIntent, "record": RecordAttempt}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Fate:
    """Counts the steps of a kind and ends the process before or after the chosen one."""

    def __init__(self, text: str) -> None:
        words, _, count = text.partition(":")
        self.when, _, self.step = words.partition("-")
        self.left = int(count)

    def struck(self, passed: int) -> bool:
        """Whether the step is among those that are passing now."""
        due = 0 < self.left <= passed
        self.left -= passed
        return due


class MortalConnection:
    """A connection that kills its process at the COMMIT of a batch that is marked."""

    def __init__(self, connection: Any, when: str) -> None:
        self._connection = connection
        self._when = when
        self.marked = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *parameters: Any) -> Any:
        mine = self.marked and statement == "COMMIT"
        if mine and self._when == "before":
            die()
        answer = self._connection.execute(statement, *parameters)
        if mine:
            die()
        return answer


def mortal_store(fate: Fate) -> type[SqliteStore]:
    """The store's class, with a fate."""

    class MortalStore(SqliteStore):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **settings)
            self._db: Any = MortalConnection(self._db, fate.when)

        def execute(self, commands: Sequence[StoreCommand], now_ns: int) -> list[Event]:
            kind = STEPS[fate.step]
            self._db.marked = fate.struck(sum(isinstance(command, kind) for command in commands))
            return super().execute(commands, now_ns)

    return MortalStore


def mortal_adapter(adapter: TelephonyAdapter, fate: Fate) -> TelephonyAdapter:
    """The adapter, with a fate."""
    pass_on = adapter.submit

    def submit(commands: Iterable[SwitchCommand]) -> None:
        commands = list(commands)
        struck = fate.struck(sum(isinstance(command, Originate) for command in commands))
        if struck and fate.when == "before":
            die()
        pass_on(commands)
        if struck:
            asyncio.get_running_loop().call_later(0.025, die)

    adapter.submit = submit  # type: ignore[method-assign]
    return adapter


def condemn(fate: Fate) -> None:
    """Give the node its fate."""
    if fate.step in STEPS:
        runner.SqliteStore = mortal_store(fate)  # type: ignore[misc]
        return
    build = runner.build_adapter

    def build_adapter(*args: Any, **settings: Any) -> TelephonyAdapter:
        return mortal_adapter(build(*args, **settings), fate)

    runner.build_adapter = build_adapter


if __name__ == "__main__":
    condemn(Fate(sys.argv.pop(1)))
    main()
