from __future__ import annotations

import json

import msgspec

from outpace.domain.commands import RecordDisposition
from outpace.domain.outcomes import AbandonReason, Outcome
from outpace.domain.units import NS_PER_MS, NS_PER_S
from outpace.store.port import Store
from outpace.store.reporting import Waits, report
from tests.unit.store.build import NOW, attempt, filled, intent, lease


def test_report_of_a_campaign_never_dialled(store: Store) -> None:
    a = filled(store, [491, 492])
    result = report(store, a)
    assert (result.leads, result.attempts, result.answered, result.started, result.ended) == (2, 0, 0, None, None)
    assert set(result.outcomes.values()) == {0}
    assert (result.wait_ms, result.dials_per_connect) == (Waits(None, None), None)
    assert result.leads_by_state["new"] == 2


def test_report_of_the_last_run_counts_its_attempts_only(store: Store) -> None:
    a = filled(store, list(range(491, 499)))
    epoch = store.open_pool("p", NOW)
    store.begin_run(a, "old", NOW)
    before = attempt(epoch << 32 | 900, a, lead_id=8, ended_ns=NOW + 1)
    store.execute([before], NOW + 1)
    start = NOW + 10 * NS_PER_S
    run = store.begin_run(a, "c0ffee", start)
    calls = [epoch << 32 | i for i in range(1, 8)]
    leased = lease(store, a, 7)
    store.execute([intent(leased, i, call) for i, call in enumerate(calls)], start)
    talked = {"outcome": Outcome.CONNECTED, "answered_ns": start, "talk_end_ns": start + NS_PER_S, "ended_ns": start}
    store.execute(
        [
            attempt(calls[0], a, connected_ns=start + 40 * NS_PER_MS, **talked),
            attempt(calls[1], a, connected_ns=start + 60 * NS_PER_MS, **talked),
            attempt(calls[2], a, outcome=Outcome.ABANDONED, abandon_reason=AbandonReason.CALLER_LEFT, ended_ns=start),
            attempt(calls[3], a, outcome=Outcome.BUSY, retry_at_ns=start, ended_ns=start),
            attempt(calls[4], a, outcome=Outcome.BUSY, retry_at_ns=start, ended_ns=start),
            attempt(calls[5], a, outcome=Outcome.INVALID, ended_ns=start),
            RecordDisposition(calls[0], 3, 1),
        ],
        start,
    )
    store.end_run(run, start + 1_234_567_890)
    result = json.loads(msgspec.json.encode(report(store, a)))
    assert {name: count for name, count in result["outcomes"].items() if count} == {
        "connected": 2,
        "abandoned": 1,
        "busy": 2,
        "invalid": 1,
    }
    assert result["attempts"] == sum(result["outcomes"].values()) == 6
    assert result["answered"] == result["connected"] + result["abandoned"] == 3
    assert result["abandoned_by_reason"] == {"no_agent_in_time": 0, "caller_left": 1}
    assert result["abandon_ratio"] == 1 / 3
    assert result["talk_seconds"] == 1.9
    assert result["wait_ms"] == {"median": 40.0, "p99": 60.0}
    assert (result["dials_per_connect"], result["open"], result["retries_pending"]) == (3.0, 1, 2)
    assert (result["started"], result["ended"]) == ("2027-01-15T08:00:10.000Z", "2027-01-15T08:00:11.234Z")
    assert (result["leads"], result["config_digest"], result["dispositions"]) == (8, "c0ffee", {"1": 1})
    assert report(store, a, whole_campaign=True).attempts == 7


def test_report_wait_quantiles_are_values_that_occurred(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    records = [
        attempt(epoch << 32 | i, a, outcome=Outcome.CONNECTED, answered_ns=NOW, connected_ns=NOW + i * NS_PER_MS)
        for i in range(1, 201)
    ]
    store.execute(records, NOW)
    assert report(store, a).wait_ms == Waits(median=100.0, p99=198.0)


def test_report_when_the_switch_clock_steps_back_has_no_negative_times(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    odd = attempt(
        epoch << 32 | 1, a, outcome=Outcome.CONNECTED, answered_ns=NOW + 5, connected_ns=NOW, talk_end_ns=NOW - 9
    )
    store.execute([odd], NOW)
    result = report(store, a)
    assert (result.wait_ms, result.talk_seconds) == (Waits(0.0, 0.0), 0.0)
