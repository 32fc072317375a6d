"""Every launch decision of a run, from its journal: so many calls then, and why.

A journal holds facts, not decisions: a fresh engine is given the facts and makes the decisions again. It works on the
journal of a run that is going on, too; what that shows is a few seconds old.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from outpace.domain.units import NS_PER_S
from outpace.engine.engine import Engine
from outpace.engine.explain import Decision
from outpace.runtime.journal_file import journal_files
from outpace.runtime.replay import ReplayReport, replay

_NS_PER_US = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Explained(msgspec.Struct, frozen=True):
    """A decision of a campaign. `epoch` is that of the engine's start: sequences begin anew with it."""

    epoch: int
    campaign_id: int
    decision: Decision

    def render(self) -> str:
        """Time of the decision (UTC) and what it was, in one line."""
        at = _EPOCH + timedelta(microseconds=self.decision.now_ns // _NS_PER_US)
        return f"{at:%Y-%m-%d %H:%M:%S}.{self.decision.now_ns % NS_PER_S // 1_000_000:03d} {self.decision.render()}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON: numbers, and the words of what bound it."""
        named = msgspec.structs.asdict(self.decision)
        for key in ("limited_by", "fallback"):
            named[key] = named[key].name.lower()
        return {"epoch": self.epoch, "campaign_id": self.campaign_id, **named}


def decisions_in(path: Path, *, whole: bool = False) -> tuple[list[Explained], ReplayReport]:
    """The decisions of a journal in the order in which they were made, and how its replay went.

    Parameters
    ----------
    path : a journal's file or folder.
    whole : all files of a folder; else the newest, and the last decisions before it that its state holds (256).

    Raises
    ------
    JournalError : a file can't be read.
    """
    gathered = _Gathered()
    report = replay(path if whole else journal_files(path)[-1], each=gathered.look)
    return gathered.all(), report


class _Gathered:
    # The latest decision of a campaign is read again when the next one is there: until then it may have been repeated.
    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._epoch = 0
        self._done: list[Explained] = []
        self._latest: dict[int, Explained] = {}

    def look(self, engine: Engine) -> None:
        """Take what the engine has decided since; an engine that was not seen before goes on in a later file."""
        if engine is not self._engine:
            epoch = int(engine.counters()["epoch"])
            if epoch != self._epoch:
                self._close()
            self._engine, self._epoch = engine, epoch
        for campaign in engine.pool.campaigns:
            latest = self._latest.get(campaign.id)
            found = engine.decisions(campaign.id, after=latest.decision.sequence - 1 if latest is not None else 0)
            if found:
                *done, last = (Explained(self._epoch, campaign.id, decision) for decision in found)
                self._done += done
                self._latest[campaign.id] = last

    def all(self) -> list[Explained]:
        """Everything, the latest decisions as they are now."""
        if self._engine is not None:
            self.look(self._engine)
        self._close()
        return self._done

    def _close(self) -> None:
        self._done += self._latest.values()
        self._latest.clear()
        self._done.sort(key=lambda one: (one.epoch, one.decision.sequence))
