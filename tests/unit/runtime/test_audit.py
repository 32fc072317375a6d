from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from outpace.domain.commands import LeaseLeads, RecordAttempt, WriteIntent
from outpace.domain.events import LeadsLeased
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict
from outpace.runtime.audit import RunMark, audit, mark_path, read_mark, write_mark
from outpace.store.memory import MemoryStore
from outpace.store.port import NewLead

S = 1_000_000_000
TIMES = (
    "launched_ns",
    "proceeding_ns",
    "ringing_ns",
    "answered_ns",
    "speech_start_ns",
    "greeting_end_ns",
    "verdict_ns",
)
LATER = ("offered_ns", "connected_ns", "talk_end_ns", "treatment_start_ns", "treatment_end_ns")
BUSY = RecordAttempt(
    call_id=(1 << 32) + 1,
    campaign_id=1,
    lead_id=1,
    number=4410001,
    lease_token=0,
    trunk_group_id=1,
    agent_id=0,
    attempt_number=1,
    outcome=Outcome.BUSY,
    abandon_reason=AbandonReason.NONE,
    verdict=Verdict.NONE,
    hangup_cause=17,
    tech_cause=486,
    caller_id="",
    retry_at_ns=0,
    intent_ns=10 * S,
    ended_ns=20 * S,
    **dict.fromkeys(TIMES + LATER, 0),  # type: ignore[arg-type]
)


def store_with(**changes: object) -> MemoryStore:
    store = MemoryStore()
    campaign_id = store.campaign_id("c")
    store.add_leads(campaign_id, [NewLead(4410001), NewLead(4410002)], S)
    store.open_pool("p", S)
    store.execute([msgspec.structs.replace(BUSY, **changes)], 20 * S)
    return store


def test_audit_of_what_adds_up_is_empty() -> None:
    assert audit(store_with(), 1, ended=True) == []
    talked = {"outcome": Outcome.CONNECTED, "agent_id": 3, "answered_ns": 12 * S, "connected_ns": 13 * S}
    assert audit(store_with(**talked), 1, ended=True) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"outcome": Outcome.NONE}, "without an outcome"),
        ({"connected_ns": 12 * S}, "busy, yet connected to an agent"),
        ({"outcome": Outcome.CONNECTED, "agent_id": 3}, "connected without a time of connection"),
        ({"outcome": Outcome.CONNECTED, "connected_ns": 12 * S}, "connected to nobody"),
        ({"outcome": Outcome.ABANDONED}, "abandoned, with the wrong reason"),
        ({"abandon_reason": AbandonReason.CALLER_LEFT}, "busy, with the wrong reason"),
        ({"ended_ns": 9 * S}, "ended before it began"),
    ],
)
def test_audit_names_what_contradicts_itself(changes: dict[str, object], problem: str) -> None:
    problems = audit(store_with(**changes), 1, ended=True)
    assert f"1 attempts: {problem}" in problems


def test_audit_of_a_run_that_has_ended_wants_no_open_attempt() -> None:
    store = store_with()
    (leased,) = store.execute([LeaseLeads(1, 1)], 21 * S)
    assert isinstance(leased, LeadsLeased)
    assert audit(store, 1, ended=True) == ["leads are still in work: {'leased': 1}"]
    store.execute([WriteIntent((1 << 32) + 2, 1, leased.lead_ids[0], leased.numbers[0], leased.token, 1, 1)], 22 * S)
    assert audit(store, 1, ended=False) == []
    assert audit(store, 1, ended=True) == ["1 attempts have no ending", "leads are still in work: {'dialing': 1}"]


def test_mark_names_the_last_run(tmp_path: Path) -> None:
    store_path = tmp_path / "o.db"
    assert read_mark(store_path) is None
    write_mark(store_path, RunMark(("spring", "autumn")))
    assert read_mark(store_path) == RunMark(("spring", "autumn"))
    mark_path(store_path).write_text("{")
    assert read_mark(store_path) is None
