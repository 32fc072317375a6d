"""What only the file store has: the file, its locks and limits, its layout, its tenants."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from outpace.domain.access import Role
from outpace.domain.commands import LeaseLeads, RecordAttempt
from outpace.domain.config import Agent
from outpace.domain.errors import StaleEpoch, StoreError
from outpace.store.access import StoredAct
from outpace.store.history import ReportBy
from outpace.store.port import NewLead
from outpace.store.sqlite import SqliteStore
from tests.unit.store.build import HOUR, NOW, attempt, filled, intent, lease


def test_columns_of_attempts_are_the_fields_of_the_command(sqlite_store: SqliteStore) -> None:
    names = tuple(row[1] for row in sqlite_store._db.execute("PRAGMA table_info(attempts)"))
    assert names == ("tenant", "seq", *RecordAttempt.__struct_fields__)


def test_tenant_leads_every_key(sqlite_store: SqliteStore) -> None:
    tables = [name for (name,) in sqlite_store._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    keys = [row[1] for table in tables for row in sqlite_store._db.execute(f"PRAGMA index_list({table})")]
    first = {sqlite_store._db.execute(f"PRAGMA index_info({key})").fetchone()[2] for key in keys}
    assert first == {"tenant", "epoch"}  # the epoch is one sequence for the whole file


def test_commits_are_synced(sqlite_store: SqliteStore) -> None:
    assert sqlite_store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert sqlite_store._db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_lease_reads_a_range_of_the_queue(sqlite_store: SqliteStore) -> None:
    seen: list[str] = []
    a = filled(sqlite_store, [491, 492])
    sqlite_store.open_pool("p", NOW)
    sqlite_store._db.set_trace_callback(seen.append)
    lease(sqlite_store, a, 1)
    sqlite_store._db.set_trace_callback(None)
    of_queue = [statement for statement in seen if "queue" in statement]
    assert len(of_queue) == 4
    for statement in of_queue:
        plan = " ".join(row[3] for row in sqlite_store._db.execute(f"EXPLAIN QUERY PLAN {statement}"))
        assert "SEARCH queue USING PRIMARY KEY (tenant=? AND campaign_id=? AND bucket=? AND band" in plan
        assert "TEMP B-TREE" not in plan


def test_tenants_do_not_see_each_other(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db") as one, SqliteStore(tmp_path / "s.db", tenant=1) as two:
        a, b = filled(one, [491]), filled(two, [491])
        assert (a, b) == (1, 1)
        epochs = one.open_pool("p", NOW), two.open_pool("p", NOW)
        assert epochs == (1, 2)
        calls = []
        for store, epoch in ((one, 1), (two, 2)):
            (fact,) = store.execute([intent(lease(store, 1, 1), 0, epoch << 32 | 1)], NOW)
            calls.append(type(fact).__name__)
        assert calls == ["IntentDurable"] * 2
        two.execute([attempt(2 << 32 | 1, lead_id=1)], NOW)
        assert one.counts(1)["dialing"] == 1
        assert (list(one.attempts(1)), len(list(two.attempts(1)))) == ([], 1)


def test_tenants_share_no_settings_lists_suppression_or_access(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db") as one, SqliteStore(tmp_path / "s.db", tenant=1) as two:
        for store in (one, two):
            filled(store, [491])
            assert store.begin_list(1, "x", "ada", NOW) == 1
            assert store.create_agent(Agent(id=1, name="Ada"), "ada", NOW).agent_id == 1
            assert store.add_token("c0ffee", "desk", Role.AGENT, 1, 0, NOW) == 1
            assert store.add_webhook("https://crm", (), "x", NOW) == 1
        epoch = one.open_pool("p", NOW)
        one.suppress(491, 0, "", "ada", 0, NOW)
        one.remember_answer("k", "ada", "d", 200, b"", NOW)
        one.append_audit(StoredAct(at_ns=NOW, actor="ada", role=Role.OPERATOR, action="Suppress", subject="number"))
        one.execute([attempt(epoch << 32 | 1)], NOW)
        one.revoke_token(1, NOW)
        one.delete_webhook(1)
        one.change_agent(1, Agent(id=1, name="Eve"), 0, "ada", NOW)
        assert not two.is_suppressed(491, 1, NOW)
        assert (two.answer_of("k", "ada", NOW), two.audit(0, 9), two.find_attempts()) == (None, [], [])
        assert two.report(ReportBy.TOTAL, 0, 0) == two.suppressions(0, 0, 9) == []
        assert [token.revoked_ns for token in two.tokens()] == [0]
        assert [hook.webhook_id for hook in two.webhooks()] == [1]
        assert two.stored_agents()[0].settings.name == "Ada"
        two.open_pool("p", NOW)
        assert (lease(one, 1, 9).lead_ids, lease(two, 1, 9).lead_ids) == ([], [1])
        assert [lead.state.name for lead in (one.lead(1), two.lead(1))] == ["SUPPRESSED", "LEASED"]


def test_reopened_store_has_everything(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with SqliteStore(path) as store:
        a = filled(store, [491, 492, 493])
        epoch = store.open_pool("p", NOW)
        leased = lease(store, a, 2)
        store.execute([intent(leased, 0, epoch << 32 | 1), intent(leased, 1, epoch << 32 | 2)], NOW)
        store.execute([attempt(epoch << 32 | 1, a, lead_id=1, retry_at_ns=NOW + HOUR)], NOW)
    with SqliteStore(path, create=False) as store:
        counts = store.counts(a)
        assert (counts["new"], counts["retry_wait"], counts["dialing"], counts["total"]) == (1, 1, 1, 3)
        assert store.open_pool("p", NOW) == epoch + 1


def test_stale_engine_can_write_nothing(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db") as old, SqliteStore(tmp_path / "s.db") as new:
        a = filled(old, [491])
        epoch = old.open_pool("p", NOW)
        leased = lease(old, a, 1)
        new.open_pool("p", NOW)
        with pytest.raises(StaleEpoch, match="at epoch 2, we are of 1"):
            old.execute([attempt(epoch << 32 | 1, a), intent(leased, 0, epoch << 32 | 2)], NOW)
        with pytest.raises(StaleEpoch):
            old.end_run(1, NOW)
        assert (new.open_intents(), list(new.attempts(a))) == ([], [])


def test_locked_file_is_a_store_error_and_the_batch_can_be_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with SqliteStore(path, busy_s=0.0) as store:
        a = filled(store, [491])
        store.open_pool("p", NOW)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process holds the file"):
            lease(store, a, 1)
        other.close()
        assert lease(store, a, 1).lead_ids == [1]


def test_full_disk_is_a_store_error_and_nothing_of_the_batch_is_kept(sqlite_store: SqliteStore) -> None:
    a = filled(sqlite_store, list(range(491, 499)))
    epoch = sqlite_store.open_pool("p", NOW)
    leased = lease(sqlite_store, a, 8)
    pages = sqlite_store._db.execute("PRAGMA page_count").fetchone()[0]
    sqlite_store._db.execute(f"PRAGMA max_page_count = {pages}")
    batch = [intent(leased, 0, epoch << 32 | 1), *(attempt(epoch << 32 | i, a) for i in range(2, 500))]
    with pytest.raises(StoreError, match="full"):
        sqlite_store.execute(batch, NOW)
    assert (sqlite_store.open_intents(), list(sqlite_store.attempts(a))) == ([], [])
    sqlite_store._db.execute(f"PRAGMA max_page_count = {pages + 1000}")
    assert len(sqlite_store.execute(batch, NOW)) == 499


def test_number_too_large_is_a_store_error_and_nothing_is_kept(sqlite_store: SqliteStore) -> None:
    a = sqlite_store.campaign_id("a")
    with pytest.raises(StoreError, match="too large"):
        sqlite_store.add_leads(a, [NewLead(491), NewLead(2**63)], NOW)
    assert sqlite_store.counts(a)["total"] == 0


def test_unknown_command_keeps_nothing_of_the_batch(sqlite_store: SqliteStore) -> None:
    a = filled(sqlite_store, [491])
    sqlite_store.open_pool("p", NOW)
    with pytest.raises(KeyError):
        sqlite_store.execute([LeaseLeads(a, 1), "nonsense"], NOW)  # type: ignore[list-item]
    assert sqlite_store.counts(a)["new"] == 1


def write_text(path: Path) -> None:
    path.write_text("not a database, whatever its name says" * 40)


def write_foreign(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE contacts (name)")
    db.close()


def write_newer(path: Path) -> None:
    SqliteStore(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 7")
    db.close()


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (write_text, "file is not a database"),
        (write_foreign, "an SQLite file, but not a store of outpace"),
        (write_newer, "store version 7, this program knows 6"),
        (Path.mkdir, "unable to open database file"),
    ],
    ids=["text", "foreign", "newer", "folder"],
)
def test_open_what_is_no_store_raises_with_path_and_reason(tmp_path: Path, write, reason: str) -> None:
    path = tmp_path / "s.db"
    write(path)
    with pytest.raises(StoreError, match=f"{re.escape(str(path))}: {reason}"):
        SqliteStore(path)


def test_open_a_missing_file_without_create_raises_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such file"):
        SqliteStore(tmp_path / "s.db", create=False)
    assert list(tmp_path.iterdir()) == []
