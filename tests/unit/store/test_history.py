"""Attempts in pages and in sums, in every store."""

from __future__ import annotations

from typing import Any

import pytest

from outpace.domain.commands import RecordDisposition
from outpace.domain.outcomes import AbandonReason, Outcome
from outpace.domain.units import NS_PER_S
from outpace.store.history import AttemptCursor, ReportBy, ReportRow, StoredAttempt
from outpace.store.port import Store
from outpace.store.sqlite import SqliteStore
from tests.unit.store.build import HOUR, NOW, attempt

DAY_START = NOW // HOUR * HOUR


@pytest.fixture
def told(store: Store) -> Store:
    """Six attempts of two campaigns; call n ended n seconds after the hour, but the last, an hour later."""
    store.campaign_id("a")
    store.campaign_id("b")
    store.open_pool("p", NOW)
    talk = {"launched_ns": 10, "answered_ns": 14, "connected_ns": 15, "talk_end_ns": 35}
    abandoned = {"outcome": Outcome.ABANDONED, "launched_ns": 10, "answered_ns": 12}
    rows: list[tuple[int, int, dict[str, Any]]] = [
        (1, 7, {"outcome": Outcome.CONNECTED, "agent_id": 5, **talk}),
        (1, 8, {"outcome": Outcome.NO_ANSWER, "launched_ns": 10}),
        (2, 9, {"outcome": Outcome.CONNECTED, "agent_id": 6, **talk}),
        (1, 7, {"abandon_reason": AbandonReason.CALLER_LEFT, **abandoned}),
        (1, 8, {"abandon_reason": AbandonReason.NO_AGENT_IN_TIME, **abandoned}),
        (2, 9, {"outcome": Outcome.CONNECTED, "agent_id": 5, **talk}),
    ]
    attempts = [
        attempt(n, campaign, lead_id=lead, ended_ns=DAY_START + n * NS_PER_S + (n == 6) * HOUR, **fields)
        for n, (campaign, lead, fields) in enumerate(rows, 1)
    ]
    said = [
        RecordDisposition(1, 5, 3, '{"basket":9}', NOW),
        RecordDisposition(3, 5, 1),  # of another agent
        RecordDisposition(6, 5, 0),
    ]
    store.execute([*attempts, *said], NOW)
    return store


def calls(found: list[StoredAttempt]) -> list[int]:
    return [one.attempt.call_id for one in found]


def test_attempts_come_latest_first_with_what_their_agent_said(told: Store) -> None:
    found = told.find_attempts()
    assert calls(found) == [6, 5, 4, 3, 2, 1]
    assert found[-1] == StoredAttempt(
        attempt=next(told.attempts(1)), disposition=3, attributes='{"basket":9}', callback_ns=NOW
    )
    assert [one.disposition for one in found] == [0, None, None, None, None, 3]
    assert found[1].attributes == "{}"


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({"campaign_id": 2}, [6, 3]),
        ({"lead_id": 7}, [4, 1]),
        ({"agent_id": 5}, [6, 1]),
        ({"outcome": Outcome.ABANDONED}, [5, 4]),
        ({"since_ns": DAY_START + 2 * NS_PER_S, "until_ns": DAY_START + 4 * NS_PER_S}, [3, 2]),
        ({"campaign_id": 1, "lead_id": 8, "outcome": Outcome.NO_ANSWER}, [2]),
        ({"before": AttemptCursor(DAY_START + 4 * NS_PER_S, 4)}, [3, 2, 1]),
        ({"before": AttemptCursor(DAY_START + 4 * NS_PER_S, 5), "limit": 2}, [4, 3]),
        ({"limit": 0}, []),
        ({"campaign_id": 9}, []),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_attempts_are_found_by(told: Store, which: dict[str, Any], expected: list[int]) -> None:
    assert calls(told.find_attempts(**which)) == expected


def test_pages_of_attempts_go_on_where_the_last_one_ended_also_among_equal_times(store: Store) -> None:
    store.campaign_id("a")
    store.open_pool("p", NOW)
    store.execute([attempt(n) for n in range(1, 8)], NOW)
    seen: list[int] = []
    before = None
    while page := store.find_attempts(limit=3, before=before):
        seen += calls(page)
        before = page[-1].cursor
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def row(key: int, attempts: int, leads: int, outcomes: dict[Outcome, int], **sums: int) -> ReportRow:
    nothing = dict.fromkeys(("no_agent_in_time", "caller_left", "disposed", "ring_ns", "wait_ns", "talk_ns"), 0)
    counts = tuple(outcomes.get(outcome, 0) for outcome in Outcome)
    return ReportRow(key=key, attempts=attempts, leads=leads, outcomes=counts, **{**nothing, **sums})


def test_report_sums_by_campaign_agent_hour_outcome(told: Store) -> None:
    talked, left, nobody = Outcome.CONNECTED, Outcome.ABANDONED, Outcome.NO_ANSWER
    drops = {"no_agent_in_time": 1, "caller_left": 1}
    assert told.report(ReportBy.CAMPAIGN, 0, 0) == [
        row(1, 4, 2, {talked: 1, left: 2, nobody: 1}, **drops, disposed=1, ring_ns=8, wait_ns=1, talk_ns=20),
        row(2, 2, 1, {talked: 2}, disposed=1, ring_ns=8, wait_ns=2, talk_ns=40),
    ]
    assert told.report(ReportBy.AGENT, 0, 0, 2) == [
        row(5, 1, 1, {talked: 1}, disposed=1, ring_ns=4, wait_ns=1, talk_ns=20),
        row(6, 1, 1, {talked: 1}, ring_ns=4, wait_ns=1, talk_ns=20),
    ]
    assert [(each.key, each.attempts) for each in told.report(ReportBy.AGENT, 0, 0)] == [(0, 3), (5, 2), (6, 1)]
    hours = told.report(ReportBy.HOUR, 0, 0)
    assert [(each.key, each.attempts, each.leads) for each in hours] == [(DAY_START, 5, 3), (DAY_START + HOUR, 1, 1)]
    assert [each.key for each in told.report(ReportBy.OUTCOME, 0, 0)] == [talked, left, nobody]
    (total,) = told.report(ReportBy.TOTAL, DAY_START, DAY_START + HOUR)
    assert (total.attempts, total.leads, total.talk_ns) == (5, 3, 40)
    assert told.report(ReportBy.TOTAL, 0, DAY_START) == []


def test_report_of_times_that_are_missing_or_run_backwards_adds_nothing(store: Store) -> None:
    store.campaign_id("a")
    store.open_pool("p", NOW)
    times = [{"talk_end_ns": NOW}, {"connected_ns": NOW}, {"connected_ns": NOW, "talk_end_ns": NOW - 1}]
    store.execute([attempt(n, outcome=Outcome.CONNECTED, **fields) for n, fields in enumerate(times)], NOW)
    (total,) = store.report(ReportBy.TOTAL, 0, 0)
    assert (total.ring_ns, total.wait_ns, total.talk_ns) == (0, 0, 0)


def test_pages_of_attempts_are_found_in_the_index_alone(sqlite_store: SqliteStore) -> None:
    seen: list[str] = []
    sqlite_store._db.set_trace_callback(seen.append)
    sqlite_store.find_attempts(campaign_id=1, lead_id=2, agent_id=3, outcome=Outcome.BUSY, before=AttemptCursor(NOW, 1))
    sqlite_store._db.set_trace_callback(None)
    plan = " ".join(step[3] for step in sqlite_store._db.execute(f"EXPLAIN QUERY PLAN {seen[0]}"))
    assert "SEARCH attempts USING COVERING INDEX attempts_by_time (tenant=? AND ended_ns" in plan
    assert "SEARCH a USING PRIMARY KEY (tenant=? AND campaign_id=? AND seq=?)" in plan
