"""Numbers that must not be dialled, in every store."""

from __future__ import annotations

from pathlib import Path

import pytest

from outpace.domain.commands import RecordDisposition, ReleaseLeads
from outpace.domain.events import IntentDurable, IntentRefused
from outpace.domain.outcomes import IntentRefusal, Outcome
from outpace.domain.states import LeadState
from outpace.store import lead_import
from outpace.store.lead_import import ImportOptions, import_csv
from outpace.store.port import NewLead, Store
from outpace.store.suppression import SCRUB_MAX, Suppression
from tests.unit.store.build import HOUR, NOW, attempt, filled, intent, lease


def suppress(store: Store, number: int, campaign_id: int = 0, expires_ns: int = 0, now_ns: int = NOW) -> None:
    store.suppress(number, campaign_id, "asked", "ada", expires_ns, now_ns)


def state(store: Store, lead_id: int) -> LeadState:
    return store.lead(lead_id).state


def test_list_holds_one_entry_for_a_number_and_a_campaign(store: Store) -> None:
    for number, campaign in ((493, 0), (491, 0), (491, 2), (492, 0)):
        suppress(store, number, campaign)
    store.suppress(491, 0, "again", "bob", NOW + HOUR, NOW + 1)
    assert store.suppressions(0, 0, 2) == [
        Suppression(491, 0, "again", "bob", NOW + 1, NOW + HOUR),
        Suppression(492, 0, "asked", "ada", NOW, 0),
    ]
    assert [entry.number for entry in store.suppressions(0, 492, 9)] == [493]
    assert [entry.number for entry in store.suppressions(2, 0, 9)] == [491]
    assert store.unsuppress(491, 2, NOW)
    assert not store.unsuppress(491, 2, NOW)
    assert store.suppressions(2, 0, 9) == []


def test_number_is_suppressed_for_one_campaign_or_all_until_the_entry_expires(store: Store) -> None:
    suppress(store, 491)
    suppress(store, 492, 2, NOW + 5)
    assert [store.is_suppressed(491, campaign, NOW) for campaign in (0, 1, 2)] == [True] * 3
    assert [store.is_suppressed(492, campaign, NOW + 4) for campaign in (0, 1, 2)] == [False, False, True]
    assert not store.is_suppressed(492, 2, NOW + 5)
    assert not store.is_suppressed(493, 1, NOW)


def test_new_leads_of_a_suppressed_number_are_left_out(store: Store) -> None:
    a, b = store.campaign_id("a"), store.campaign_id("b")
    suppress(store, 491)
    suppress(store, 492, a)
    suppress(store, 493, 0, NOW)  # over
    leads = [NewLead(number) for number in (491, 492, 493, 494, 494, 491)]
    assert store.add_leads(a, leads, NOW) == (2, 1, 3)
    assert store.add_leads(b, leads, NOW) == (3, 1, 2)
    assert [lead.number for lead in store.leads(a)] == [493, 494]


def test_lease_puts_suppressed_leads_away(store: Store) -> None:
    a, b = filled(store, [491, 492, 493]), filled(store, [492, 493], campaign="b")
    store.open_pool("p", NOW)
    suppress(store, 491)
    suppress(store, 492, a, NOW + HOUR)
    assert state(store, 1) is LeadState.NEW  # until its turn comes
    assert lease(store, a, 1).numbers == [493]
    assert (state(store, 1), store.lead(1).due_ns) == (LeadState.SUPPRESSED, None)
    assert (state(store, 2), store.lead(2).due_ns) == (LeadState.NEW, NOW + HOUR)
    assert lease(store, b, 9).numbers == [492, 493]
    assert lease(store, a, 9, NOW + HOUR).numbers == [493, 492]  # and the first lease has expired
    assert store.counts(a)["suppressed"] == 1


def test_lease_fills_up_behind_suppressed_leads(store: Store) -> None:
    a = filled(store, list(range(100, 150)))
    store.open_pool("p", NOW)
    for number in range(100, 145):
        suppress(store, number)
    leased = lease(store, a, 3)
    assert (leased.numbers, leased.lead_ids, leased.next_due_ns) == ([145, 146, 147], [46, 47, 48], 1)
    store.execute([ReleaseLeads(a, leased.token)], NOW)
    assert lease(store, a, 9).numbers == [145, 146, 147, 148, 149]


def test_lease_puts_a_bounded_number_away(store: Store) -> None:
    numbers = range(1_000, 1_000 + SCRUB_MAX + 10)
    a = filled(store, list(numbers))
    store.open_pool("p", NOW)
    for number in numbers[:-1]:
        suppress(store, number)
    first = lease(store, a, 100)
    assert (first.lead_ids, first.token, first.next_due_ns) == ([], 0, 1)
    assert store.counts(a)["suppressed"] == SCRUB_MAX
    assert lease(store, a, 100).numbers == [numbers[-1]]


def test_intent_for_a_number_suppressed_since_the_lease_is_refused(store: Store) -> None:
    a = filled(store, [491, 492, 493])
    epoch = store.open_pool("p", NOW)
    leased = lease(store, a, 3)
    suppress(store, 491)
    suppress(store, 492, a, NOW + HOUR)
    suppress(store, 493, a + 1)
    calls = [epoch << 32 | i for i in range(3)]
    assert store.execute([intent(leased, i, call) for i, call in enumerate(calls)], NOW) == [
        IntentRefused(calls[0], IntentRefusal.SUPPRESSED),
        IntentRefused(calls[1], IntentRefusal.SUPPRESSED),
        IntentDurable(calls[2]),
    ]
    assert [state(store, i) for i in (1, 2, 3)] == [LeadState.SUPPRESSED, LeadState.NEW, LeadState.DIALING]
    suppress(store, 493)
    assert store.execute([intent(leased, 2, calls[2])], NOW) == [IntentDurable(calls[2])]  # it was written before


def test_leads_that_were_put_away_are_due_when_the_number_is_taken_off(store: Store) -> None:
    a, b = filled(store, [491, 492, 493]), filled(store, [491, 492], campaign="b")
    epoch = store.open_pool("p", NOW)
    call = epoch << 32 | 1
    store.execute([intent(lease(store, a, 1), 0, call), attempt(call, a, lead_id=1, retry_at_ns=NOW)], NOW)
    suppress(store, 491)
    suppress(store, 492, a, NOW + HOUR)
    assert (lease(store, a, 9).numbers, lease(store, b, 9).numbers) == ([493], [492])
    store.unsuppress(491, 0, NOW + 3)
    store.unsuppress(492, a, NOW + 4)
    assert [(store.lead(i).state.name, store.lead(i).attempts, store.lead(i).due_ns) for i in (1, 2, 4)] == [
        ("RETRY_WAIT", 1, NOW + 3),
        ("NEW", 0, NOW + 4),
        ("NEW", 0, NOW + 3),
    ]
    assert lease(store, a, 9, NOW + 9).numbers == [491, 492]


def test_leads_of_a_number_that_stays_suppressed_are_put_away_again(store: Store) -> None:
    a = filled(store, [491])
    store.open_pool("p", NOW)
    suppress(store, 491)
    suppress(store, 491, a)
    lease(store, a, 1)
    store.unsuppress(491, 0, NOW)
    assert lease(store, a, 1).lead_ids == []
    assert state(store, 1) is LeadState.SUPPRESSED


def test_entry_that_replaces_another_holds_alone(store: Store) -> None:
    a = filled(store, [491])
    store.open_pool("p", NOW)
    suppress(store, 491)
    lease(store, a, 1)
    suppress(store, 491, 0, NOW + HOUR)
    assert lease(store, a, 1).next_due_ns == NOW + HOUR
    suppress(store, 491, 0, NOW + 5)
    assert lease(store, a, 1).next_due_ns == NOW + 5
    assert lease(store, a, 1, NOW + 5).numbers == [491]


def test_hot_leads_and_callbacks_are_put_away_and_come_back_as_what_they_were(store: Store) -> None:
    a = store.campaign_id("a")
    store.add_leads(a, [NewLead(491)], NOW, hot=True)
    store.open_pool("p", NOW)
    suppress(store, 491, 0, NOW + HOUR)
    assert lease(store, a, 1).lead_ids == []
    assert store.lead(1).hot
    store.unsuppress(491, 0, NOW)
    assert (store.lead(1).hot, store.lead(1).due_ns) == (True, NOW)


@pytest.mark.parametrize("recorded", [False, True])
def test_disposition_suppresses_the_number_of_its_call_everywhere(store: Store, recorded: bool) -> None:
    a, b = filled(store, [491, 492]), filled(store, [491], campaign="b")
    epoch = store.open_pool("p", NOW)
    call = epoch << 32 | 1
    store.execute([intent(lease(store, a, 1), 0, call)], NOW)
    end = attempt(call, a, lead_id=1, number=491, outcome=Outcome.BUSY, retry_at_ns=NOW)
    store.execute([end] if recorded else [], NOW)
    store.execute([RecordDisposition(call, 7, 1, callback_ns=NOW + 1, suppress=True)], NOW + 1)
    store.execute([] if recorded else [end], NOW)
    assert store.suppressions(0, 0, 9) == [Suppression(491, 0, "disposition", "agent 7", NOW + 1, 0)]
    assert lease(store, b, 9).lead_ids == []
    assert lease(store, a, 9, NOW + 1).numbers == [492]
    assert state(store, 1) is LeadState.SUPPRESSED


def test_import_counts_suppressed_rows_and_tells_its_list(store: Store, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(lead_import, "_BATCH_ROWS", 2)
    (tmp_path / "list.csv").write_text("phone\n03012345678\n03012345679\n03012345678\nx\n03012345670\n")
    a = store.campaign_id("a")
    suppress(store, 493012345679)
    list_id = store.begin_list(a, "list.csv", "ada", NOW)
    where = {"rejects_path": tmp_path / "rejects.csv", "list_id": list_id}
    report = import_csv(store, a, tmp_path / "list.csv", ImportOptions(region="DE"), NOW, **where)
    assert (report.read, report.added, report.duplicates, report.suppressed, report.rejected) == (5, 2, 1, 1, 1)
    told = store.stored_list(list_id)
    assert (told.added, told.duplicates, told.suppressed, told.rejected) == (2, 1, 1, 1)
    assert [lead.number for lead in store.leads(a, list_id=list_id)] == [493012345678, 493012345670]


def test_leased_leads_are_let_go(store: Store) -> None:
    campaign = filled(store, [491, 492, 493, 494])
    call = store.open_pool("p", NOW) << 32
    leased = lease(store, campaign, 4)
    assert store.execute([intent(leased, 0, call)], NOW) == [IntentDurable(call)]
    suppress(store, 491)  # being dialled: its lead is in an intent
    suppress(store, 492, campaign)
    suppress(store, 493, campaign, NOW + HOUR)
    assert store.counts(campaign)["leased"] == 3
    assert store.let_go_suppressed(NOW) == [(number, campaign) for number in (491, 492, 493)]
    states = [state(store, lead_id) for lead_id in leased.lead_ids]
    assert states == [LeadState.DIALING, LeadState.SUPPRESSED, LeadState.NEW, LeadState.LEASED]
    assert store.lead(leased.lead_ids[2]).due_ns == NOW + HOUR
    assert store.let_go_suppressed(NOW) == [(491, campaign)]
    assert store.unsuppress(492, campaign, NOW)
    assert lease(store, campaign, 4).lead_ids == [leased.lead_ids[1]]
    late = store.execute([intent(leased, 2, call + 1)], NOW + HOUR)
    assert late == [IntentRefused(call + 1, IntentRefusal.LEASE_LOST)]


def test_leads_that_were_let_go_hold_no_campaign_open(store: Store) -> None:
    campaign = filled(store, [491, 492])
    store.open_pool("p", NOW)
    leased = lease(store, campaign, 3)
    suppress(store, 491)
    suppress(store, 492)
    assert lease(store, campaign, 1).next_due_ns == leased.deadline_ns
    assert len(store.let_go_suppressed(NOW)) == 2
    assert lease(store, campaign, 1).next_due_ns == 0
