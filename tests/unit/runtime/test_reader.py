from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from outpace.domain.errors import CapacityError, StateError, StoreError
from outpace.runtime import reader as module
from outpace.runtime.reader import StoreReader
from outpace.store.sqlite import SqliteStore


async def test_reads_see_what_was_committed_and_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with SqliteStore(path) as store:
        store.campaign_id("a")
        reader = StoreReader(lambda: SqliteStore(path, create=False, read_only=True))
        await reader.start()
        assert await reader.call(lambda store: store.campaigns()) == {"a": 1}
        store.campaign_id("b")
        assert await reader.call(lambda store: store.campaigns()) == {"a": 1, "b": 2}
        with pytest.raises(StoreError):
            await reader.call(lambda store: store.campaign_id("c"))
        assert reader.gauges() == {"waiting": 0.0, "reads_total": 2.0}
        await reader.close()
    with pytest.raises(StateError):
        await reader.call(lambda store: store.campaigns())


async def test_reads_beyond_the_room_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 2)
    path = tmp_path / "s.db"
    SqliteStore(path).close()
    reader = StoreReader(lambda: SqliteStore(path, create=False, read_only=True))
    await reader.start()
    go_on = threading.Event()
    waiting = [asyncio.ensure_future(reader.call(lambda _: go_on.wait(10.0))) for _ in range(2)]
    await asyncio.sleep(0.01)
    with pytest.raises(CapacityError):
        await reader.call(lambda store: store.campaigns())
    go_on.set()
    assert await asyncio.gather(*waiting) == [True, True]
    await reader.close()


async def test_a_store_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    reader = StoreReader(lambda: SqliteStore(tmp_path / "none.db", create=False, read_only=True))
    with pytest.raises(StoreError, match="no such file"):
        await reader.start()
    await reader.close()


async def test_a_closed_reader_leaves_no_thread(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    SqliteStore(path).close()
    before = set(threading.enumerate())
    for _ in range(200):  # an end that is not waited for is met by one of them
        reader = StoreReader(lambda: SqliteStore(path, create=False, read_only=True))
        await reader.start()
        await reader.close()
        assert set(threading.enumerate()) <= before
