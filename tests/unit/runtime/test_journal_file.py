from __future__ import annotations

from pathlib import Path

import pytest

from outpace.domain.commands import WriteIntent
from outpace.domain.config import Agent, CallingHours, Campaign, DialMode, Pool, RetryRule, TrunkGroup
from outpace.domain.events import CallEnded, LeadsLeased, LinkUp
from outpace.domain.outcomes import Outcome
from outpace.runtime.journal_file import (
    MAGIC,
    Header,
    JournalError,
    JournalFile,
    Turn,
    append_record,
    file_name,
    journal_files,
)

POOL = Pool(
    campaigns=(
        Campaign(
            id=3,
            name="c",
            mode=DialMode.RATIO,
            retry={"busy": RetryRule(wait_s=60.0)},
            calling_hours=CallingHours(timezone="Europe/Berlin"),
        ),
    ),
    trunk_groups=(TrunkGroup(id=1, name="t"),),
    agents=(Agent(id=1, name="a", campaigns=(3,)),),
)
HEADER = Header("1", 5, 1, False, 1_000, POOL, b"snapshot", b"digest")
TURNS = [
    Turn(1_001, [LinkUp(), LeadsLeased(3, 7, 9_000, [1, 2], [41, 42], [0, 1], 0)], [], b"d1"),
    Turn(1_002, [CallEnded(1 << 32, Outcome.BUSY, 17, 486)], [WriteIntent(1, 3, 1, 41, 7, 1, 1)]),
    Turn(1_003),
]


def file_of(folder: Path, cut: int | None = None, spoil: int | None = None) -> Path:
    buffer = bytearray(MAGIC)
    append_record(buffer, HEADER)
    for turn in TURNS:
        append_record(buffer, turn)
    if spoil is not None:
        buffer[spoil] ^= 0xFF
    path = folder / "one.journal"
    path.write_bytes(buffer[:cut])
    return path


def test_read_gives_what_was_written(tmp_path: Path) -> None:
    file = JournalFile(file_of(tmp_path))
    assert file.header == HEADER
    assert list(file.turns()) == TURNS
    assert not file.damaged


def test_read_of_a_torn_file_gives_the_whole_records_before(tmp_path: Path) -> None:
    whole = file_of(tmp_path).stat().st_size
    seen = set()
    for cut in range(whole - 1, 0, -1):
        try:
            file = JournalFile(file_of(tmp_path, cut))
        except JournalError:
            seen.add("header")
            continue
        turns = list(file.turns())
        assert turns == TURNS[: len(turns)]
        seen.add(len(turns))
    assert seen == {"header", 0, 1, 2}


def test_read_of_a_spoilt_record_stops_before_it(tmp_path: Path) -> None:
    file = JournalFile(file_of(tmp_path, spoil=-1))
    assert list(file.turns()) == TURNS[:2]
    assert file.damaged


@pytest.mark.parametrize("data", [b"", b"OUTPJNL", b"something else entirely", MAGIC, MAGIC + b"\xff" * 64])
def test_read_of_what_is_no_journal_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.journal"
    path.write_bytes(data)
    with pytest.raises(JournalError, match=r"x\.journal"):
        JournalFile(path)


def test_files_of_a_folder_come_in_the_order_of_writing(tmp_path: Path) -> None:
    names = [file_name(2_000_000_000, 1, 1), file_name(2_000_000_000, 1, 10), file_name(10**19, 2, 1)]
    for name in reversed(names):
        (tmp_path / name).touch()
    assert [path.name for path in journal_files(tmp_path)] == names
    assert journal_files(tmp_path / names[0]) == [tmp_path / names[0]]
    with pytest.raises(JournalError, match="no such"):
        journal_files(tmp_path / "none")
