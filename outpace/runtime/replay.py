"""Replay: a journal's facts into a fresh engine; same facts, same launches, same digests.

Starts at any file, since each opens with the engine's state. A run of files is followed as long as each continues the
one before; after a gap, or at another run, a new engine starts from the file's own state.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from outpace.domain.commands import AnyCommand, WriteIntent
from outpace.domain.errors import OutpaceError
from outpace.engine.engine import Engine
from outpace.runtime.journal_file import Header, JournalFile, Turn, journal_files

log = logging.getLogger(__name__)


class ReplayReport(msgspec.Struct):
    """What was replayed. `difference` tells of the first place where the engine did something else, "" = nowhere."""

    files: int = 0
    runs: int = 0
    turns: int = 0
    facts: int = 0
    launches: int = 0
    digests: int = 0
    damaged: list[str] = []
    difference: str = ""

    @property
    def same(self) -> bool:
        """Whether the engine did the same."""
        return not self.difference


def replay(path: Path, *, each: Callable[[Engine], None] | None = None) -> ReplayReport:
    """Replay a file or a folder of files, up to the first difference.

    Parameters
    ----------
    path : the file or folder.
    each : sees the engine in the state that a file begins with, and after each turn.

    Raises
    ------
    JournalError : a file can't be read.
    """
    report = ReplayReport()
    engine: Engine | None = None
    before: Header | None = None
    for name in journal_files(path):
        file = JournalFile(name)
        report.files += 1
        follows = _follows(file.header, before)
        if engine is None or not follows:
            engine = Engine.restore(file.header.pool, file.header.snapshot)
            report.runs += 0 if follows else 1
        report.digests += 1
        if engine.digest() != file.header.digest:
            report.difference = f"{name}: the state in its header is another one"
            return report
        if each is not None:
            each(engine)
        for index, turn in enumerate(file.turns()):
            try:
                _replay_turn(engine, turn, report)
            except Exception as error:
                log.exception("the engine failed in the replay")
                report.difference = f"the engine failed: {type(error).__name__}: {error}"
            if report.difference:
                report.difference = f"{name}, turn {index} at {turn.now_ns}: {report.difference}"
                return report
            if each is not None:
                each(engine)
        before = file.header
        if file.damaged:
            report.damaged.append(str(name))
            engine, before = None, None
    return report


def _follows(header: Header, before: Header | None) -> bool:
    if before is None or not header.continues:
        return False
    return (header.epoch, header.number) == (before.epoch, before.number + 1)


def _replay_turn(engine: Engine, turn: Turn, report: ReplayReport) -> None:
    for fact in turn.facts:
        try:
            engine.handle(fact, turn.now_ns)
        except OutpaceError as error:
            log.debug("refused, as before: %s", error)
    if turn.ticked:
        engine.tick(turn.now_ns)
    launches = _launches(engine.take_commands())
    report.turns += 1
    report.facts += len(turn.facts)
    report.launches += len(launches)
    if launches != turn.launches:
        report.difference = f"it launched {_named(launches)}, not {_named(turn.launches)}"
    elif turn.digest:
        report.digests += 1
        if engine.digest() != turn.digest:
            report.difference = "its state is another one (digests differ)"


def _launches(commands: list[AnyCommand]) -> list[WriteIntent]:
    return [command for command in commands if type(command) is WriteIntent]


def _named(launches: list[WriteIntent]) -> str:
    return ", ".join(f"call {one.call_id} to lead {one.lead_id}" for one in launches) or "nothing"
