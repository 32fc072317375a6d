"""Lists, leads as they stand, hot leads and callbacks, in every store."""

from __future__ import annotations

from pathlib import Path

import pytest

from outpace.domain.commands import LeaseLeads, RecordDisposition, ReleaseLeads, WithdrawIntent
from outpace.domain.errors import UnknownId
from outpace.domain.events import LeadsLeased
from outpace.domain.outcomes import Outcome, WithdrawReason
from outpace.domain.states import LeadState
from outpace.domain.units import NS_PER_S
from outpace.store.lists import ListState, StoredLead, StoredList
from outpace.store.port import NUMBER_OPEN_RETRY_NS, NewLead, Store
from outpace.store.sqlite import SqliteStore
from tests.unit.store.build import HOUR, NOW, attempt, filled, intent, lease


def hot(store: Store, campaign_id: int, count: int, now_ns: int = NOW) -> LeadsLeased:
    (fact,) = store.execute([LeaseLeads(campaign_id, count, hot=True)], now_ns)
    assert isinstance(fact, LeadsLeased)
    assert fact.hot
    return fact


# ---- lists -----------------------------------------------------------------------------------------------------------


def test_list_tells_how_its_import_goes_and_ended(store: Store) -> None:
    a = store.campaign_id("a")
    assert store.begin_list(a, "may.csv", "ada", NOW) == 1
    begun = StoredList(
        list_id=1,
        campaign_id=a,
        name="may.csv",
        state=ListState.RUNNING,
        added=0,
        duplicates=0,
        rejected=0,
        suppressed=0,
        created_ns=NOW,
        created_by="ada",
        ended_ns=0,
        error="",
    )
    assert store.stored_list(1) == begun
    store.update_list(1, 5, 4, 3, 2)
    store.update_list(1, 6, 4, 3, 2)
    store.end_list(1, ListState.FAILED, "disk full", NOW + 9)
    store.end_list(1, ListState.DONE, "", NOW + 10)
    ended = store.stored_list(1)
    assert (ended.added, ended.duplicates, ended.rejected, ended.suppressed) == (6, 4, 3, 2)
    assert (ended.state, ended.error, ended.ended_ns) == (ListState.FAILED, "disk full", NOW + 9)


def test_lists_come_latest_first_in_pages(store: Store) -> None:
    for campaign in ("a", "b", "a"):
        store.begin_list(store.campaign_id(campaign), "x", "ada", NOW)
    assert [one.list_id for one in store.lists(0, 0, 10)] == [3, 2, 1]
    assert [one.list_id for one in store.lists(1, 0, 10)] == [3, 1]
    assert [one.list_id for one in store.lists(0, 3, 1)] == [2]
    assert store.lists(9, 0, 10) == []


def test_unknown_lists_campaigns_and_leads_raise(store: Store) -> None:
    a, b = filled(store, [491]), filled(store, [491], campaign="b")
    theirs = store.begin_list(b, "x", "ada", NOW)
    for act in (
        lambda: store.stored_list(9),
        lambda: store.update_list(9, 0, 0, 0, 0),
        lambda: store.end_list(9, ListState.DONE, "", NOW),
        lambda: store.begin_list(9, "x", "ada", NOW),
        lambda: store.add_leads(a, [NewLead(492)], NOW, list_id=theirs),
        lambda: store.add_leads(a, [NewLead(492)], NOW, list_id=9),
        lambda: store.lead(9),
    ):
        with pytest.raises(UnknownId):
            act()
    assert store.counts(a)["total"] == 1


# ---- leads -----------------------------------------------------------------------------------------------------------


def test_lead_is_shown_with_all_that_was_given(store: Store) -> None:
    a = store.campaign_id("a")
    list_id = store.begin_list(a, "x", "ada", NOW)
    store.add_leads(a, [NewLead(491, "r1", '{"name":"Ada"}', due_ns=NOW + 5, features=3)], NOW, list_id=list_id)
    assert store.lead(1) == StoredLead(
        lead_id=1,
        campaign_id=a,
        list_id=list_id,
        number=491,
        reference="r1",
        attributes='{"name":"Ada"}',
        state=LeadState.NEW,
        attempts=0,
        due_ns=NOW + 5,
        hot=False,
        added_ns=NOW,
    )


def test_lead_is_shown_where_it_is(store: Store) -> None:
    a = filled(store, list(range(491, 500)))
    epoch = store.open_pool("p", NOW)
    leased = lease(store, a, 8)
    calls = [epoch << 32 | i for i in range(8)]
    store.execute([intent(leased, i, calls[i]) for i in range(7)], NOW)
    endings = [
        attempt(calls[0], a, outcome=Outcome.CONNECTED),
        attempt(calls[1], a, outcome=Outcome.INVALID),
        attempt(calls[2], a, outcome=Outcome.BUSY),
        attempt(calls[3], a, outcome=Outcome.BUSY, retry_at_ns=NOW + HOUR),
        RecordDisposition(calls[4], 1, 0, callback_ns=NOW + 2 * HOUR),
        attempt(calls[4], a, outcome=Outcome.CONNECTED),
    ]
    store.execute([*endings, WithdrawIntent(calls[5], WithdrawReason.NO_CIRCUIT, NOW + 7)], NOW)
    shown = [(lead.state.name, lead.attempts, lead.due_ns) for lead in store.leads(a)]
    assert shown == [
        ("COMPLETED", 1, None),
        ("INVALID", 1, None),
        ("EXHAUSTED", 1, None),
        ("RETRY_WAIT", 1, NOW + HOUR),
        ("SCHEDULED", 1, NOW + 2 * HOUR),
        ("NEW", 0, NOW + 7),
        ("DIALING", 0, None),
        ("LEASED", 0, None),
        ("NEW", 0, 0),
    ]
    assert [lead.lead_id for lead in store.leads(a, state=LeadState.NEW)] == [6, 9]
    assert [lead.lead_id for lead in store.leads(a, state=LeadState.SCHEDULED)] == [5]
    assert store.leads(a, state=LeadState.IN_CALL) == []
    assert store.counts(a) | {"total": 0} == {
        **dict.fromkeys((state.name.lower() for state in LeadState), 0),
        **dict.fromkeys(("completed", "invalid", "exhausted", "retry_wait", "scheduled", "dialing", "leased"), 1),
        "new": 2,
        "total": 0,
    }
    assert (store.due_count(a, NOW), store.due_count(a, NOW + HOUR)) == (1, 3)


def test_leads_come_in_pages_by_campaign_list_number(store: Store) -> None:
    a, b = store.campaign_id("a"), store.campaign_id("b")
    lists = [store.begin_list(campaign, "x", "ada", NOW) for campaign in (a, a, b)]
    for campaign, list_id, numbers in ((a, lists[0], (491, 492)), (b, lists[2], (491,)), (a, lists[1], (493, 494))):
        store.add_leads(campaign, [NewLead(number) for number in numbers], NOW, list_id=list_id)
    ids = {
        "all": [lead.lead_id for lead in store.leads(0)],
        "of a": [lead.lead_id for lead in store.leads(a)],
        "page": [lead.lead_id for lead in store.leads(a, after_id=1, limit=2)],
        "list": [lead.lead_id for lead in store.leads(a, list_id=lists[1])],
        "list of b": [lead.lead_id for lead in store.leads(0, list_id=lists[2], state=LeadState.NEW)],
        "number": [lead.lead_id for lead in store.leads(0, number=491)],
        "number in b": [lead.lead_id for lead in store.leads(b, number=491)],
        "number dialled": [lead.lead_id for lead in store.leads(b, number=491, state=LeadState.DIALING)],
        "none": [lead.lead_id for lead in store.leads(7)],
    }
    assert ids == {
        "all": [1, 2, 3, 4, 5],
        "of a": [1, 2, 4, 5],
        "page": [2, 4],
        "list": [4, 5],
        "list of b": [3],
        "number": [1, 3],
        "number in b": [3],
        "number dialled": [],
        "none": [],
    }


@pytest.mark.parametrize(
    ("which", "index"),
    [({}, "leads_of_campaign"), ({"list_id": 1}, "leads_of_list"), ({"number": 491}, "tenant=? AND campaign_id=?")],
)
def test_pages_of_leads_are_read_from_an_index(sqlite_store: SqliteStore, which: dict[str, int], index: str) -> None:
    a = filled(sqlite_store, [491])
    seen: list[str] = []
    sqlite_store._db.set_trace_callback(seen.append)
    sqlite_store.leads(a, **which)
    sqlite_store._db.set_trace_callback(None)
    plan = [row[3] for row in sqlite_store._db.execute(f"EXPLAIN QUERY PLAN {seen[1]}")]
    assert any(index in step for step in plan)
    assert not [step for step in plan if step.startswith("SCAN")]


# ---- hot leads -------------------------------------------------------------------------------------------------------


def test_hot_leads_come_first_in_any_lease_and_alone_in_a_hot_one(store: Store) -> None:
    a = filled(store, [491, 492])
    store.add_leads(a, [NewLead(493, due_ns=NOW - 1), NewLead(494, due_ns=NOW), NewLead(495)], NOW, hot=True)
    store.open_pool("p", NOW)
    assert store.lead(3).hot
    assert hot(store, a, 1).numbers == [495]
    both = lease(store, a, 3)
    assert both.numbers == [493, 494, 491]
    assert not both.hot
    assert hot(store, a, 5).numbers == []
    assert hot(store, a, 5).token == 0


def test_hot_leads_that_are_given_back_are_hot(store: Store) -> None:
    a = filled(store, [491])
    store.add_leads(a, [NewLead(492), NewLead(493), NewLead(494)], NOW, hot=True)
    epoch = store.open_pool("p", NOW)
    leased = lease(store, a, 4)
    assert [store.lead(i).hot for i in (1, 2, 3, 4)] == [False, True, True, True]
    calls = [epoch << 32 | i for i in (1, 2)]
    store.execute([intent(leased, i, calls[i]) for i in (0, 1)], NOW)
    store.execute([WithdrawIntent(calls[0], WithdrawReason.NO_CIRCUIT, NOW)], NOW)
    store.execute([attempt(calls[1], a, lead_id=3, retry_at_ns=NOW), ReleaseLeads(a, leased.token)], NOW)
    assert hot(store, a, 9).numbers == [494, 492]  # due as before, and when the intent was withdrawn
    assert lease(store, a, 9).numbers == [491, 493]  # tried once: as any other


def test_hot_duplicate_that_waits_becomes_hot(store: Store) -> None:
    a = filled(store, [491, 492, 493, 494])
    epoch = store.open_pool("p", NOW)
    leased = lease(store, a, 3)
    call = epoch << 32 | 1
    store.execute([intent(leased, 0, call), attempt(call, a, lead_id=1, retry_at_ns=NOW + HOUR)], NOW)
    again = [NewLead(number, due_ns=NOW) for number in (491, 492, 494, 495, 495)]
    assert store.add_leads(a, again, NOW, hot=True) == (1, 4, 0)
    assert hot(store, a, 9).numbers == [491, 494, 495]  # 492 is leased already
    assert store.leads(a, number=491)[0].attempts == 1


def test_hot_duplicate_is_found_without_a_search_of_the_whole_queue(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "store.db") as store:
        a = filled(store, list(range(1000, 1010)))
        epoch = store.open_pool("p", NOW)
        leased = lease(store, a, 4)
        calls = [epoch << 32 | i for i in range(3)]
        store.execute([intent(leased, i, calls[i]) for i in range(3)], NOW)
        ended = [attempt(calls[0], a), attempt(calls[1], a, retry_at_ns=NOW + HOUR)]
        store.execute(ended, NOW)
        store.add_leads(a, [NewLead(1009)], NOW, hot=True)
        said: list[str] = []
        store._db.set_trace_callback(said.append)
        for number in (1000, 1001, 1002, 1003, 1008, 1009):  # finished, waits, in a call, leased, new, hot
            assert store.add_leads(a, [NewLead(number)], NOW, hot=True) == (0, 1, 0)
        store._db.set_trace_callback(None)
        searches = {one for one in said if one.startswith("SELECT band, due_ns FROM queue")}
        plans = sorted(store._db.execute(f"EXPLAIN QUERY PLAN {one}").fetchall()[0][3] for one in searches)
        assert plans == [
            "SEARCH queue USING COVERING INDEX queue_of_tried (tenant=? AND lead_id=? AND attempts>?)",
            "SEARCH queue USING COVERING INDEX queue_of_tried (tenant=? AND lead_id=? AND attempts>?)",
            "SEARCH queue USING PRIMARY KEY (tenant=? AND campaign_id=? AND bucket=? AND band=?)",
        ]
        assert hot(store, a, 9).numbers == [1001, 1008, 1009]


# ---- callbacks -------------------------------------------------------------------------------------------------------


def called(store: Store, campaign_id: int) -> int:
    """One lead dialled; returns its call."""
    epoch = store.open_pool("p", NOW)
    call = epoch << 32 | 1
    store.execute([intent(lease(store, campaign_id, 1), 0, call)], NOW)
    return call


@pytest.mark.parametrize("recorded_first", [False, True])
def test_callback_schedules_the_lead_before_or_after_the_attempt_is_recorded(
    store: Store, recorded_first: bool
) -> None:
    a = filled(store, [491, 492])
    call = called(store, a)
    batch = [
        RecordDisposition(call, 5, 1, '{"note":"tomorrow"}', NOW + HOUR),
        attempt(call, a, lead_id=1, number=491, outcome=Outcome.CONNECTED),
    ]
    store.execute(batch[::-1] if recorded_first else batch, NOW)
    assert (store.lead(1).state, store.lead(1).due_ns) == (LeadState.SCHEDULED, NOW + HOUR)
    assert lease(store, a, 0).next_due_ns == 1
    assert lease(store, a, 2, NOW + HOUR).numbers == [491, 492]  # a promise comes before who only waits
    (found,) = store.find_attempts()
    assert found.callback_ns == 0  # agent 5 had no part in it
    assert store.dispositions(a) == {1: 1}


def test_last_word_counts_while_the_call_is_open(store: Store) -> None:
    a = filled(store, [491])
    call = called(store, a)
    store.execute([RecordDisposition(call, 5, 1, callback_ns=NOW + HOUR), RecordDisposition(call, 5, 2)], NOW)
    store.execute([attempt(call, a, lead_id=1, outcome=Outcome.CONNECTED)], NOW)
    assert store.lead(1).state is LeadState.COMPLETED
    store.execute([RecordDisposition(call, 5, 1, callback_ns=NOW + HOUR)], NOW)
    store.execute([RecordDisposition(call, 5, 1, callback_ns=NOW + 2 * HOUR)], NOW)
    assert store.lead(1).due_ns == NOW + 2 * HOUR


def test_callback_of_an_ended_call_finds_the_lead_wherever_it_is(store: Store) -> None:
    a = filled(store, [491])
    first = called(store, a)
    store.execute([attempt(first, a, lead_id=1, number=491, retry_at_ns=NOW)], NOW)
    callback = RecordDisposition(first, 5, 1, callback_ns=NOW + HOUR)
    leased = lease(store, a, 1)
    store.execute([callback], NOW)
    assert store.lead(1).state is LeadState.SCHEDULED
    # it has left its lease: whoever holds the token cannot dial it
    (fact,) = store.execute([intent(leased, 0, first + 1)], NOW)
    assert type(fact).__name__ == "IntentRefused"
    store.execute([intent(lease(store, a, 1, NOW + HOUR), 0, first + 2), callback], NOW)
    assert store.lead(1).state is LeadState.DIALING
    store.execute([attempt(first + 2, a, lead_id=1, outcome=Outcome.CONNECTED)], NOW)
    assert (store.lead(1).state, store.lead(1).attempts) == (LeadState.SCHEDULED, 2)


def test_callback_outlives_an_intent_that_is_withdrawn_and_a_number_that_is_open(store: Store) -> None:
    a, b = filled(store, [491]), filled(store, [491], campaign="b")
    call = called(store, a)
    store.execute([attempt(call, a, lead_id=1, outcome=Outcome.CONNECTED)], NOW)
    store.execute([RecordDisposition(call, 5, 1, callback_ns=NOW + 1)], NOW)
    store.execute([intent(lease(store, a, 1, NOW + 1), 0, call + 1)], NOW)
    store.execute([WithdrawIntent(call + 1, WithdrawReason.NO_CIRCUIT, NOW + 2)], NOW)
    assert (store.lead(1).state, store.lead(1).due_ns) == (LeadState.SCHEDULED, NOW + 2)
    store.execute([intent(lease(store, b, 1), 0, call + 2)], NOW)
    store.execute([intent(lease(store, a, 1, NOW + 2), 0, call + 3)], NOW + 2)
    assert (store.lead(1).state, store.lead(1).due_ns) == (LeadState.SCHEDULED, NOW + 2 + NUMBER_OPEN_RETRY_NS)
    store.execute([RecordDisposition(call + 2, 5, 1, callback_ns=NOW + 3)], NOW)
    store.execute([WithdrawIntent(call + 2, WithdrawReason.NO_CIRCUIT, NOW + NS_PER_S)], NOW)
    assert (store.lead(2).state, store.lead(2).due_ns) == (LeadState.SCHEDULED, NOW + 3)


def test_disposition_of_a_call_that_was_never_made_moves_no_lead(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    store.execute([RecordDisposition(epoch << 32 | 9, 5, 1, callback_ns=NOW, suppress=True)], NOW)
    assert store.lead(1).state is LeadState.NEW
    assert store.suppressions(0, 0, 10) == []
    assert store.counts(a)["total"] == 1


def test_callbacks_that_are_due_press(store: Store) -> None:
    a, b = filled(store, [491, 492, 493]), filled(store, [491], campaign="b")
    call = store.open_pool("p", NOW) << 32
    leased = lease(store, a, 3)
    store.execute([intent(leased, 0, call), intent(leased, 1, call + 1)], NOW)
    store.execute([RecordDisposition(call, 5, 2, callback_ns=NOW + HOUR), attempt(call, a, lead_id=1)], NOW)
    store.execute([RecordDisposition(call + 1, 5, 2, callback_ns=NOW + 2 * HOUR), attempt(call + 1, a, lead_id=2)], NOW)
    store.add_leads(a, [NewLead(494)], NOW)
    store.add_leads(a, [NewLead(495)], NOW, hot=True)
    assert store.callbacks_due([b, a, 9], NOW + HOUR - 1) == []
    assert store.callbacks_due([b, a, 9], NOW + HOUR) == [a]
    assert store.callbacks_due([b], NOW + HOUR) == []
    assert hot(store, a, 9, NOW + HOUR - 1).numbers == [495]
    for callbacks, numbers in ((0, []), (1, [491]), (5, [])):
        (fact,) = store.execute([LeaseLeads(a, 9, hot=True, callbacks=callbacks)], NOW + HOUR - 1 + bool(callbacks))
        assert isinstance(fact, LeadsLeased)
        assert (fact.numbers, fact.hots, fact.callbacks) == (numbers, 0, len(numbers))
    assert store.callbacks_due([a], NOW + HOUR) == []
    later = lease(store, a, 9, NOW + 2 * HOUR)  # the leases have run out, and another is due
    assert (later.numbers, later.hots, later.callbacks) == ([495, 491, 492, 493, 494], 1, 2)
