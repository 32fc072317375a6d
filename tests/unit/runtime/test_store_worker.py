from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from outpace.domain.commands import LeaseLeads, RecordDisposition, StoreCommand, WriteIntent
from outpace.domain.errors import OutpaceError, StaleEpoch, StoreError
from outpace.domain.events import Event, IntentDurable, LeadsLeased, LeaseRefused
from outpace.runtime import loops, store_worker
from outpace.runtime.store_worker import Record, StoreWorker
from outpace.store.port import NewLead
from outpace.store.sqlite import SqliteStore

S = 1_000_000_000


class Desk:
    """A worker on a real file, and what it said."""

    def __init__(self, path: Path, busy_s: float = 5.0) -> None:
        self.path = path
        self.facts: list[Event] = []
        self.errors: list[OutpaceError] = []
        self.records: list[Record] = []
        self.worker = StoreWorker(
            lambda: SqliteStore(path, busy_s=busy_s), self._take, self.errors.append, self.records.extend
        )  # fmt: skip

    def _take(self, facts: Sequence[Event]) -> None:
        self.facts.extend(facts)

    async def start(self, leads: int = 50) -> None:
        await self.worker.start()
        await self.worker.call(lambda store: store.campaign_id("c"))
        await self.worker.call(lambda store: store.add_leads(1, [NewLead(4420000 + n) for n in range(leads)], S))
        await self.worker.call(lambda store: store.open_pool("p", S))

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.005)


def play(scene: Coroutine[Any, Any, None]) -> None:
    loops.run(scene)


def test_commands_of_many_submits_go_as_few_transactions_and_answer_in_order(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path / "s.db")
        await desk.start()
        desk.worker.submit([LeaseLeads(1, 40)], 2 * S)
        await desk.until(lambda: len(desk.facts) == 1)
        leased = desk.facts[0]
        assert isinstance(leased, LeadsLeased)
        calls = [(1 << 32) + n for n in range(1, 41)]
        for call_id, lead_id, number in zip(calls, leased.lead_ids, leased.numbers, strict=True):
            desk.worker.submit([WriteIntent(call_id, 1, lead_id, number, leased.token, 1, 1)], 3 * S)
        await desk.until(lambda: len(desk.facts) == 41)
        assert desk.facts[1:] == [IntentDurable(call_id) for call_id in calls]
        assert desk.worker.gauges()["commands_total"] == 41
        assert desk.worker.gauges()["batches_total"] < 20
        assert desk.worker.commit_s.total == desk.worker.gauges()["batches_total"]
        assert await desk.worker.call(lambda store: len(store.open_intents())) == 40
        assert await desk.worker.close()
        assert desk.errors == []

    play(scene())


def test_records_are_told_when_they_are_durable_and_not_before(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path / "s.db", busy_s=0.01)
        await desk.start()
        desk.worker.submit([LeaseLeads(1, 1)], 2 * S)
        await desk.until(lambda: len(desk.facts) == 1)
        leased = desk.facts[0]
        assert isinstance(leased, LeadsLeased)
        call_id = 1 << 32 | 1
        desk.worker.submit([WriteIntent(call_id, 1, leased.lead_ids[0], leased.numbers[0], leased.token, 1, 1)], 3 * S)
        await desk.until(lambda: len(desk.facts) == 2)
        assert desk.records == []
        other = sqlite3.connect(desk.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        said = RecordDisposition(call_id, 1, 0)
        desk.worker.submit([said], 4 * S)
        await desk.until(lambda: desk.worker.gauges()["retries_total"] >= 1)
        assert desk.records == []
        other.execute("ROLLBACK")
        other.close()
        await desk.until(lambda: desk.records == [said])
        assert await desk.worker.close()

    play(scene())


def test_who_calls_waits_for_what_was_submitted_before_and_for_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeding = True
    execute = SqliteStore.execute

    async def scene() -> None:
        nonlocal feeding
        desk = Desk(tmp_path / "s.db")
        await desk.start(leads=5000)
        desk.worker.submit([LeaseLeads(1, 5000)], 2 * S)
        await desk.until(lambda: bool(desk.facts))
        leased = desk.facts[0]
        assert isinstance(leased, LeadsLeased)
        intents = [
            WriteIntent((1 << 32) + n, 1, lead_id, number, leased.token, 1, 1)
            for n, (lead_id, number) in enumerate(zip(leased.lead_ids, leased.numbers, strict=True), 1)
        ]

        def slowly(store: SqliteStore, commands: Sequence[StoreCommand], now_ns: int) -> list[Event]:
            # a disk that takes so long that there is always more to write when it is done
            until_s = time.monotonic() + 20.0
            while feeding and not desk.worker._commands and time.monotonic() < until_s:
                time.sleep(0.001)
            return execute(store, commands, now_ns)

        monkeypatch.setattr(SqliteStore, "execute", slowly)
        monkeypatch.setattr(store_worker, "JOB_WAITS_S", 0.1)

        submitted: list[WriteIntent] = []

        async def feed() -> None:
            for intent in intents:
                if not feeding:
                    break
                desk.worker.submit([intent], 3 * S)
                submitted.append(intent)
                await asyncio.sleep(0.005)

        fed = asyncio.create_task(feed())
        try:
            async with asyncio.timeout(20.0):
                for _ in range(5):
                    await asyncio.sleep(0.02)
                    before = len(submitted)
                    assert await desk.worker.call(lambda store: len(store.open_intents())) >= before > 0
                assert not fed.done()
        finally:
            feeding = False
            await fed
            await desk.worker.close()

    play(scene())


def test_commands_do_not_wait_for_all_who_call(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path / "s.db")
        await desk.start()
        calls = [asyncio.create_task(desk.worker.call(lambda _: time.sleep(0.01))) for _ in range(200)]
        await asyncio.sleep(0)
        desk.worker.submit([LeaseLeads(1, 1)], 2 * S)
        await desk.until(lambda: bool(desk.facts))
        assert not all(call.done() for call in calls)
        await asyncio.gather(*calls)
        assert await desk.worker.close()

    play(scene())


def test_who_waits_until_all_is_written_waits_for_that_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = threading.Event()
    execute = SqliteStore.execute

    def slowly(store: SqliteStore, commands: Sequence[StoreCommand], now_ns: int) -> list[Event]:
        disk.wait(10.0)
        return execute(store, commands, now_ns)

    async def scene() -> None:
        desk = Desk(tmp_path / "s.db")
        await desk.start()
        await desk.worker.written()  # nothing is under way
        monkeypatch.setattr(SqliteStore, "execute", slowly)
        desk.worker.submit([LeaseLeads(1, 1)], 2 * S)
        first = asyncio.create_task(desk.worker.written())
        gone = [asyncio.create_task(desk.worker.written()) for _ in range(10)]
        await asyncio.sleep(0)
        for one in gone:
            one.cancel()
        await asyncio.wait(gone)
        desk.worker.submit([LeaseLeads(1, 1)], 3 * S)
        assert (desk.worker.waiting(), first.done(), desk.facts) == (2, False, [])
        assert len(desk.worker._waiters) == 1
        disk.set()
        await first
        assert desk.facts  # what has been written is told before
        await desk.worker.written()
        assert (desk.worker.waiting(), len(desk.facts), desk.worker._waiters) == (0, 2, {})
        assert await desk.worker.close()

    play(scene())


def test_a_locked_store_is_asked_again_until_it_writes(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path / "s.db", busy_s=0.01)
        await desk.start()
        other = sqlite3.connect(desk.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        desk.worker.submit([LeaseLeads(1, 3)], 2 * S)
        await desk.until(lambda: desk.worker.gauges()["retries_total"] >= 2)
        assert desk.worker.gauges()["retrying"] == 1
        assert desk.worker.waiting() == 1
        assert desk.facts == []
        other.execute("ROLLBACK")
        other.close()
        await desk.until(lambda: len(desk.facts) == 1)
        assert desk.worker.gauges()["retrying"] == 0
        assert await desk.worker.close()
        assert desk.errors == []

    play(scene())


def test_who_waits_for_a_store_that_refuses_is_turned_away_but_for_the_patient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_worker, "HOLD_UP_S", 0.05)

    async def scene() -> None:
        desk = Desk(tmp_path / "s.db", busy_s=0.01)
        await desk.start()
        other = sqlite3.connect(desk.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        desk.worker.submit([LeaseLeads(1, 3)], 2 * S)
        waits = asyncio.ensure_future(desk.worker.call(lambda store: "patient", patient=True))
        with pytest.raises(StoreError, match="another process holds the file"):
            await asyncio.wait_for(desk.worker.call(lambda store: "hasty"), 10.0)
        assert not waits.done()
        other.execute("ROLLBACK")
        other.close()
        assert await asyncio.wait_for(waits, 10.0) == "patient"
        assert len(desk.facts) == 1  # what was to be written is
        assert await desk.worker.close()

    play(scene())


def test_a_store_that_stays_locked_does_not_keep_the_node_from_closing(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path / "s.db", busy_s=0.01)
        await desk.start()
        other = sqlite3.connect(desk.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        desk.worker.submit([LeaseLeads(1, 3)], 2 * S)
        await desk.until(lambda: desk.worker.gauges()["retries_total"] >= 1)
        assert not await desk.worker.close(timeout_s=0.1)
        other.close()

    play(scene())


def test_when_another_engine_opens_the_pool_the_node_is_told_once_and_nothing_more_is_written(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path / "s.db")
        await desk.start()
        with SqliteStore(desk.path) as other:
            other.open_pool("p", 2 * S)
        desk.worker.submit([LeaseLeads(1, 3)], 3 * S)
        await desk.until(lambda: bool(desk.errors))
        desk.worker.submit([LeaseLeads(1, 3)], 4 * S)
        await desk.worker.close()
        assert [type(error) for error in desk.errors] == [StaleEpoch]
        assert desk.facts == []

    play(scene())


def test_when_too_much_waits_leases_are_refused_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path / "s.db")
        await desk.start()
        monkeypatch.setattr(store_worker, "QUEUE_MAX", 1)
        desk.worker.submit([LeaseLeads(1, 3), WriteIntent(1 << 32, 1, 1, 4420000, 9, 1, 1)], 2 * S)
        assert desk.facts == [LeaseRefused(1)]
        await desk.until(lambda: len(desk.facts) == 2)
        assert desk.worker.gauges()["leases_refused_total"] == 1
        await desk.worker.close()

    play(scene())


def test_start_on_what_is_no_store_raises_and_close_still_works(tmp_path: Path) -> None:
    async def scene() -> None:
        path = tmp_path / "s.db"
        path.write_bytes(b"not a database, but long enough to be looked at" * 40)
        desk = Desk(path)
        with pytest.raises(StoreError):
            await desk.worker.start()
        assert await desk.worker.close()

    play(scene())


def test_call_after_close_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path / "s.db")
        await desk.start()
        await desk.worker.close()
        with pytest.raises(StoreError, match="closed"):
            await desk.worker.call(lambda store: store.counts(1))

    play(scene())
