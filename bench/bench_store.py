"""The store on a list of one million leads, against the plain ways of doing the same on SQLite.

Both sides run in one process, in turns, on files of their own with WAL and, unless a test says otherwise,
synchronous=FULL; every batch is committed.
Ratios gate; absolute figures are printed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import msgspec
import pytest

from outpace.domain.commands import LeaseLeads, RecordAttempt, WriteIntent
from outpace.domain.events import AttemptRecorded, IntentDurable, LeadsLeased
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict
from outpace.domain.states import LeadState
from outpace.store.history import ReportBy
from outpace.store.lead_import import ImportOptions, import_csv
from outpace.store.memory import MemoryStore
from outpace.store.sqlite import SqliteStore

pytestmark = pytest.mark.bench

#: 10,000,000 shows that a lease costs the same there; it takes a minute and some gigabytes more.
LEADS = int(os.environ.get("OUTPACE_BENCH_LEADS", "1000000"))
BATCH = 500
ROUNDS = 15
#: On a list of a million; the peer slows down with the list, a lease does not.
CLAIM_RATIO = 4
NOW = 1_800_000_000_000_000_000
FIRST = 49_300_000_000

#: Lists are not dialled in the order in which they were imported: dues are scattered over the lead ids.
COUNT = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {LEADS})"
DUE = "(i * 7919) % 1000003"


class Store:
    """A store of a million leads and the calls of its engine."""

    def __init__(self, path: Path) -> None:
        self.store = SqliteStore(path)
        self.campaign = self.store.campaign_id("a")
        db = self.store._db
        db.execute("BEGIN")
        db.execute(f"{COUNT} INSERT INTO leads SELECT 0, i, 1, 0, {FIRST} + i, {DUE}, {NOW}, 0, '', '{{}}' FROM n")
        db.execute(
            "INSERT INTO queue SELECT 0, 1, 0, 0, due_ns, lead_id, number, 0, 0 FROM leads ORDER BY due_ns, lead_id"
        )
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.epoch = self.store.open_pool("p", NOW)
        self.sequence = 0

    def lease(self) -> LeadsLeased:
        (fact,) = self.store.execute([LeaseLeads(self.campaign, BATCH)], NOW)
        assert isinstance(fact, LeadsLeased)
        assert len(fact.lead_ids) == BATCH
        return fact

    def intents(self, leased: LeadsLeased) -> list[WriteIntent]:
        calls = []
        for lead_id, number in zip(leased.lead_ids, leased.numbers, strict=True):
            self.sequence += 1
            call_id = self.epoch << 32 | self.sequence
            calls.append(WriteIntent(call_id, self.campaign, lead_id, number, leased.token, 1, 1))
        return calls

    def dial(self, calls: list[WriteIntent]) -> None:
        assert self.store.execute(calls, NOW) == [IntentDurable(call.call_id) for call in calls]

    def end(self, records: list[RecordAttempt]) -> None:
        assert self.store.execute(records, NOW) == [AttemptRecorded(record.call_id) for record in records]


def records(calls: list[WriteIntent]) -> list[RecordAttempt]:
    zeros = dict.fromkeys(RecordAttempt.__struct_fields__, NOW)
    words = {"outcome": Outcome.NO_ANSWER, "abandon_reason": AbandonReason.NONE, "verdict": Verdict.NONE}
    small = {"agent_id": 0, "attempt_number": 1, "trunk_group_id": 1, "hangup_cause": 19, "tech_cause": 480}
    return [
        RecordAttempt(
            **{
                **zeros,
                **words,
                **small,
                "caller_id": "4930123456",
                "call_id": call.call_id,
                "campaign_id": call.campaign_id,
                "lead_id": call.lead_id,
                "number": call.number,
                "lease_token": call.lease_token,
                "retry_at_ns": NOW + i * 1000 if i % 3 else 0,
            }
        )
        for i, call in enumerate(calls)
    ]


class Claims:
    """The peer: a state column, a partial index over what is due, UPDATE ... RETURNING."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.execute(
            "CREATE TABLE leads (lead_id INTEGER PRIMARY KEY, campaign_id INTEGER, number INTEGER, due_ns INTEGER,"
            " attempts INTEGER, state INTEGER, token INTEGER, reference TEXT, attributes TEXT)"
        )
        self.db.execute("BEGIN")
        self.db.execute(f"{COUNT} INSERT INTO leads SELECT i, 1, {FIRST} + i, {DUE}, 0, 0, 0, '', '{{}}' FROM n")
        self.db.execute("CREATE INDEX due ON leads (campaign_id, due_ns) WHERE state = 0")
        self.db.execute("COMMIT")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.token = 0

    def claim(self) -> None:
        self.token += 1
        self.db.execute("BEGIN IMMEDIATE")
        rows = self.db.execute(
            "UPDATE leads SET state = 1, token = ? WHERE lead_id IN (SELECT lead_id FROM leads WHERE campaign_id = 1"
            " AND state = 0 AND due_ns <= ? ORDER BY due_ns LIMIT ?) RETURNING lead_id, number, attempts",
            (self.token, NOW, BATCH),
        ).fetchall()
        self.db.execute("COMMIT")
        assert len(rows) == BATCH


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("ours") / "store.db")
    yield store
    store.store.close()


def timed(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def shown(what: str, ours: list[float], peer: list[float]) -> float:
    """Print medians and lower deciles; returns peer over ours of the deciles, which busy neighbours disturb least."""
    (mine, mine_low), (theirs, theirs_low) = ((median(each), quantiles(each, n=10)[0]) for each in (ours, peer))
    print(
        f"\n{what}: median {mine * 1e3:.2f} ms, peer {theirs * 1e3:.2f} ms; lower decile {mine_low * 1e3:.2f} ms",
        end="",
    )
    print(f" = {BATCH / mine_low:,.0f}/s, peer {theirs_low * 1e3:.2f} ms: {theirs_low / mine_low:.2f} times")
    return theirs_low / mine_low


def test_claim_500_of_a_million(million: Store, tmp_path: Path, benchmark) -> None:
    """Without the wait for the disk, which is the same on both sides: reading, moving and committing the rows."""
    claims, peer = Claims(tmp_path / "peer.db"), []
    for db in (million.store._db, claims.db):
        db.execute("PRAGMA synchronous = OFF")
    benchmark.pedantic(million.lease, setup=lambda: peer.append(timed(claims.claim)), rounds=100)
    million.store._db.execute("PRAGMA synchronous = FULL")
    ratio = shown(f"claim 500 of {LEADS:,}", benchmark.stats.stats.data, peer)
    benchmark.extra_info["ratio"] = ratio
    assert ratio >= CLAIM_RATIO


def test_attempts_against_direct_executemany(million: Store, tmp_path: Path, benchmark) -> None:
    """The peer writes the same rows into the same tables and asks nothing: no fence, no idempotence, no facts."""
    direct = SqliteStore(tmp_path / "peer.db")._db
    peer: list[float] = []
    insert = f"INSERT INTO attempts VALUES ({', '.join('?' * (2 + len(RecordAttempt.__struct_fields__)))})"

    def write(batch: list[RecordAttempt]) -> None:
        direct.execute("BEGIN IMMEDIATE")
        direct.executemany(insert, [(0, r.call_id, *msgspec.to_builtins(r)[1:]) for r in batch])
        direct.executemany("DELETE FROM intents WHERE tenant = 0 AND call_id = ?", [(r.call_id,) for r in batch])
        queued = [(r.retry_at_ns, r.lead_id, r.number) for r in batch if r.retry_at_ns]
        finished = [(r.lead_id,) for r in batch if not r.retry_at_ns]
        direct.executemany("INSERT INTO queue VALUES (0, 1, 0, 0, ?, ?, ?, 1, 0)", queued)
        direct.executemany("INSERT INTO finished VALUES (0, 1, ?, 8, 1, 0)", finished)
        direct.execute("COMMIT")

    def setup() -> tuple[tuple[list[RecordAttempt]], dict[str, object]]:
        calls = million.intents(million.lease())
        million.dial(calls)
        intents = [(c.call_id, c.lead_id, c.number) for c in calls]
        direct.executemany("INSERT INTO intents VALUES (0, ?, 1, ?, ?, 1, 1, 1, 0, 0, 0, 0, 0)", intents)
        batch = records(calls)
        peer.append(timed(lambda: write(batch)))
        return (batch,), {}

    benchmark.pedantic(million.end, setup=setup, rounds=2 * ROUNDS)
    ratio = shown("record 500 attempts", benchmark.stats.stats.data, peer)
    benchmark.extra_info["ratio"] = ratio
    direct.close()
    assert ratio >= 0.4


def test_attempts_with_their_index_against_without(tmp_path: Path, benchmark) -> None:
    """What it costs that attempts are found by time, agent, lead and outcome."""
    stores = [SqliteStore(tmp_path / f"{name}.db") for name in ("ours", "peer")]
    stores[1]._db.execute("DROP INDEX attempts_by_time")
    epochs = [store.open_pool("p", NOW) for store in stores]
    peer: list[float] = []
    given = 0

    def batch(which: int) -> list[RecordAttempt]:
        calls = [WriteIntent(epochs[which] << 32 | given + i, 1, given + i, FIRST, 1, 1, 1) for i in range(BATCH)]
        return [msgspec.structs.replace(r, ended_ns=NOW + given, retry_at_ns=0) for r in records(calls)]

    def setup() -> tuple[tuple[list[RecordAttempt]], dict[str, object]]:
        nonlocal given
        given += BATCH
        theirs = batch(1)
        peer.append(timed(lambda: stores[1].execute(theirs, NOW)))
        return (batch(0),), {}

    benchmark.pedantic(lambda ours: stores[0].execute(ours, NOW), setup=setup, rounds=4 * ROUNDS)
    ratio = shown("record 500 attempts with the index by time, peer without", benchmark.stats.stats.data, peer)
    benchmark.extra_info["ratio"] = ratio
    for store in stores:
        store.close()
    assert ratio >= 0.7


def test_claim_beside_a_suppression_list(million: Store, benchmark) -> None:
    """300,000 numbers on the list, none of them of the leads: what looking costs."""
    million.store._db.execute("PRAGMA synchronous = OFF")
    peer = [timed(million.lease) for _ in range(100)]
    million.store._db.execute("BEGIN")
    listed = [(FIRST - i,) for i in range(300_000)]
    million.store._db.executemany("INSERT INTO suppression VALUES (0, ?, 0, '', '', 0, 0)", listed)
    million.store._db.execute("COMMIT")
    benchmark.pedantic(million.lease, rounds=100)
    million.store._db.execute("DELETE FROM suppression")
    million.store._db.execute("PRAGMA synchronous = FULL")
    shown("claim 500 beside 300,000 suppressed numbers, peer without", benchmark.stats.stats.data, peer)


def test_lease_dial_and_end(million: Store, benchmark) -> None:
    """The whole trip of 500 leads: three transactions."""

    def trip() -> None:
        calls = million.intents(million.lease())
        million.dial(calls)
        million.end(records(calls))

    benchmark.pedantic(trip, rounds=ROUNDS)
    print(f"\nlease, intent and attempt: {BATCH / benchmark.stats.stats.median:,.0f} leads/s")


def test_intents(million: Store, benchmark) -> None:
    benchmark.pedantic(million.dial, setup=lambda: ((million.intents(million.lease()),), {}), rounds=ROUNDS)
    print(f"\nwrite 500 intents: {BATCH / benchmark.stats.stats.median:,.0f}/s")


def test_reads_of_a_million_leads_and_attempts(million: Store, benchmark) -> None:
    """What a reading thread waits for; the writer does not."""
    db = million.store._db
    fields = [f"{NOW} + i * 28000000"] * 14
    row = f"0, i, (1 << 40) + i, 1, (i * 7919) % {LEADS}, {FIRST}, 1, 1, i % 200, 1, 6, 0, 0, 19, 480, '', 0"
    db.execute("BEGIN")
    db.execute("DELETE FROM attempts")
    db.execute(f"{COUNT} INSERT INTO attempts SELECT {row}, {', '.join(fields)} FROM n")
    db.execute("COMMIT")
    questions: dict[str, Callable[[SqliteStore], object]] = {
        "100 leads": lambda store: store.leads(1, after_id=LEADS // 2),
        "100 leads in retry": lambda store: store.leads(1, state=LeadState.RETRY_WAIT),
        "counts": lambda store: store.counts(1),
        "100 latest attempts": lambda store: store.find_attempts(),
        "100 attempts of an agent": lambda store: store.find_attempts(agent_id=7),
        "attempts of a lead": lambda store: store.find_attempts(lead_id=7919),
        "report by hour": lambda store: store.report(ReportBy.HOUR, 0, 0),
    }
    with SqliteStore(million.store._path, read_only=True) as reader:

        def run() -> dict[str, float]:
            return {name: timed(lambda ask=ask: ask(reader)) for name, ask in questions.items()}

        took = benchmark.pedantic(run, rounds=2)
    print("\n" + "\n".join(f"{name}: {seconds * 1e3:.1f} ms" for name, seconds in took.items()))


def test_import(tmp_path: Path, benchmark) -> None:
    path = tmp_path / "list.csv"
    rows = 4000
    path.write_text("phone,name\n" + "".join(f"030{12_000_000 + i},somebody {i}\n" for i in range(rows)))

    def run() -> None:
        store = MemoryStore()
        rejects = tmp_path / "rejects.csv"
        report = import_csv(store, store.campaign_id("a"), path, ImportOptions(region="DE"), NOW, rejects_path=rejects)
        assert report.added == rows

    benchmark.pedantic(run, rounds=3)
    print(f"\nimport with validation: {rows / benchmark.stats.stats.median:,.0f} rows/s")
