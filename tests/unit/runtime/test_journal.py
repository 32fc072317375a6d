from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from outpace.domain.commands import WriteIntent
from outpace.domain.config import Agent, Campaign, DialMode, Pool, TrunkGroup
from outpace.domain.errors import OutpaceError
from outpace.domain.events import (
    AgentLegUp,
    AgentLoggedIn,
    AgentReady,
    AnyEvent,
    CampaignStarted,
    DispositionSet,
    HangUpCall,
    HotLeads,
    LeadsAdded,
    LeadsLeased,
    LinkUp,
    NumberSuppressed,
    PacingChanged,
    PoolChanged,
    TrunkCapacity,
)
from outpace.engine.engine import Engine
from outpace.runtime import journal as module
from outpace.runtime.journal import Journal
from outpace.runtime.journal_file import JournalFile, journal_files
from outpace.runtime.replay import replay

S = 1_000_000_000
POOL = Pool(campaigns=(Campaign(id=1, name="c"),), trunk_groups=(TrunkGroup(id=1, name="t"),), max_calls=8)


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        threading.Event().wait(0.01)
    raise TimeoutError


class Recorder:
    """An engine whose turns are written down."""

    def __init__(self, folder: Path, **settings: int) -> None:
        self.engine = Engine(POOL, epoch=3)
        self.journal = Journal(folder, version="1", **settings)
        self.now_ns = S
        self.journal.open(self.engine, 3, self.now_ns)

    def turns(self, count: int) -> None:
        for n in range(count):
            self.turn(TrunkCapacity(1, n % 30))

    def turn(self, fact: AnyEvent) -> None:
        self.now_ns += S // 10
        with suppress(OutpaceError):
            self.engine.handle(fact, self.now_ns)
        self.engine.tick(self.now_ns)
        launches = [one for one in self.engine.take_commands() if isinstance(one, WriteIntent)]
        self.journal.turn(self.now_ns, [fact], launches)

    def close(self) -> None:
        self.journal.close(self.now_ns)


def test_files_are_begun_at_their_size_and_the_oldest_go(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, file_bytes=2000, keep=3)
    recorder.turns(400)
    recorder.close()
    files = journal_files(tmp_path)
    headers = [JournalFile(path).header for path in files]
    assert len(files) == 3
    assert headers[0].number > 1
    assert [header.continues for header in headers] == [True, True, True]
    result = replay(tmp_path)
    assert result.difference == ""
    assert result.files == 3


def test_pool_that_changes_is_followed_over_files_as_one_run(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, file_bytes=1500)
    recorder.turn(LinkUp())
    for number in range(2, 12):
        pool = recorder.engine.pool
        changed = msgspec.structs.replace(pool.campaigns[0], ratio=number, mode=DialMode.RATIO)
        campaigns = (changed, *pool.campaigns[1:], Campaign(id=number, name=f"c{number}"))
        agents = (*pool.agents, Agent(id=number, name=f"a{number}", campaigns=(1, number)))
        recorder.turn(PoolChanged(msgspec.structs.replace(pool, campaigns=campaigns, agents=agents)))
        recorder.turn(PoolChanged(POOL))  # refused: it would take something away
        recorder.turns(10)
        recorder.turn(PacingChanged(1, 1.5, 0, 0.01))
        for fact in (
            AgentLoggedIn(number),
            AgentLegUp(number),
            AgentReady(number),
            CampaignStarted(number),
            HotLeads(number),
            LeadsLeased(number, number, 10**12, [number], [49_000 + number], [0], hot=True),
            LeadsAdded(number),
            NumberSuppressed(49_000 + number),
            HangUpCall(3 << 32 | number),
            DispositionSet(number, 3 << 32 | number, 0, '{"a": 1}', 10**12, True),
        ):
            recorder.turn(fact)
    recorder.close()
    result = replay(tmp_path)
    assert (result.difference, result.runs, result.damaged) == ("", 1, [])
    assert result.files > 3
    assert result.launches == 10
    assert JournalFile(journal_files(tmp_path)[-1]).header.pool == recorder.engine.pool


def test_digests_come_at_their_pace_and_at_the_end(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, digest_every_ns=2 * S)
    recorder.turns(100)
    recorder.close()
    (path,) = journal_files(tmp_path)
    digested = [turn for turn in JournalFile(path).turns() if turn.digest]
    assert len(digested) == 10 // 2 + 1
    assert not digested[-1].ticked
    assert replay(tmp_path).digests == len(digested) + 1


def test_what_a_killed_process_takes_with_it_is_what_came_after_the_last_digest(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, digest_every_ns=2 * S)
    for turns in (20, 20, 19):
        wait_for(lambda: not recorder.journal.gauges()["waiting_chunks"])
        recorder.turns(turns)
    wait_for(lambda: replay(tmp_path).turns >= 40)
    found = replay(tmp_path)  # the file as it is now, without an end
    assert (found.turns, found.digests, found.damaged) == (40, 3, [])
    recorder.close()


def test_a_disk_that_does_not_keep_up_leaves_a_gap_and_the_journal_goes_on_in_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = threading.Event()
    write = Journal._write

    def slow(self: Journal) -> None:
        disk.wait(10)
        write(self)

    monkeypatch.setattr(module, "_QUEUE_CHUNKS", 4)
    monkeypatch.setattr(Journal, "_write", slow)
    recorder = Recorder(tmp_path, file_bytes=1000)
    recorder.turns(300)
    assert recorder.journal.gauges()["gaps_total"] == 1
    disk.set()
    wait_for(lambda: not recorder.journal.gauges()["waiting_chunks"])
    recorder.turns(5)
    recorder.close()
    files = [JournalFile(path).header for path in journal_files(tmp_path)]
    assert not files[-1].continues
    result = replay(tmp_path)
    assert result.difference == ""
    assert result.turns < 305


def test_a_folder_that_cannot_be_written_switches_the_journal_off(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "j", file_bytes=500)
    for path in journal_files(tmp_path / "j") if any((tmp_path / "j").iterdir()) else ():
        path.unlink()
    recorder.journal._folder = tmp_path / "gone"
    recorder.turns(100)
    recorder.close()
    assert recorder.journal.gauges()["broken"] == 1
