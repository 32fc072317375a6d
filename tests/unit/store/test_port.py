"""What every store does, held against each of them."""

from __future__ import annotations

import msgspec
import pytest

from outpace.domain.commands import (
    LeaseLeads,
    RecordDisposition,
    ReleaseLeads,
    RenewLease,
    SaveEstimates,
    WithdrawIntent,
)
from outpace.domain.errors import StoreError
from outpace.domain.events import (
    AttemptRecorded,
    IntentDurable,
    IntentRefused,
    IntentWithdrawn,
    LeadsLeased,
    LeaseLost,
    LeaseRenewed,
    LedgerSpan,
)
from outpace.domain.features import NumberKind, pack_features
from outpace.domain.outcomes import AbandonReason, IntentRefusal, Outcome, Verdict, WithdrawReason
from outpace.domain.units import NS_PER_S
from outpace.store.port import NUMBER_OPEN_RETRY_NS, SPAN_NS, Ledger, NewLead, OpenIntent, Run, SavedEstimates, Store
from tests.unit.store.build import HOUR, NOW, attempt, filled, intent, lease

LEASE_NS = 300 * NS_PER_S


def state(store: Store, campaign_id: int) -> dict[str, int]:
    return {name: count for name, count in store.counts(campaign_id).items() if count}


def test_open_pool_counts_epochs_from_one(store: Store) -> None:
    assert [store.open_pool("p", NOW) for _ in range(3)] == [1, 2, 3]


def test_open_pool_never_gives_two_pools_one_epoch(store: Store) -> None:
    assert [store.open_pool(pool, NOW) for pool in ("p", "q", "p", "q")] == [1, 2, 3, 4]


def test_execute_without_a_pool_raises(store: Store) -> None:
    with pytest.raises(StoreError, match="no pool is open"):
        store.execute([], NOW)
    with pytest.raises(StoreError, match="no pool is open"):
        store.begin_run(1, "", NOW)


def test_campaign_id_of_a_known_name_is_the_same(store: Store) -> None:
    assert store.campaigns() == {}
    assert [store.campaign_id(name) for name in ("b", "a", "b")] == [1, 2, 1]
    assert list(store.campaigns().items()) == [("b", 1), ("a", 2)]


def test_add_leads_counts_duplicates_within_the_campaign_only(store: Store) -> None:
    a, b = store.campaign_id("a"), store.campaign_id("b")
    assert store.add_leads(a, [NewLead(491), NewLead(492), NewLead(491)], NOW) == (2, 1, 0)
    assert store.add_leads(a, [NewLead(492), NewLead(493)], NOW) == (1, 1, 0)
    assert store.add_leads(b, [NewLead(491)], NOW) == (1, 0, 0)
    assert state(store, a) == {"new": 3, "total": 3}


def test_add_leads_to_an_unknown_campaign_raises_and_adds_nothing(store: Store) -> None:
    with pytest.raises(StoreError, match="no campaign 7"):
        store.add_leads(7, [NewLead(491)], NOW)
    assert store.counts(7)["total"] == 0


def test_add_leads_when_the_source_fails_adds_nothing_in_sqlite(sqlite_store: Store) -> None:
    a = sqlite_store.campaign_id("a")

    def broken():  # type: ignore[no-untyped-def]
        yield NewLead(491)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sqlite_store.add_leads(a, broken(), NOW)
    assert sqlite_store.counts(a)["total"] == 0


def test_lease_gives_the_earliest_due_and_says_when_the_next_is(store: Store) -> None:
    a = store.campaign_id("a")
    dues = {491: NOW - 1, 492: NOW, 493: NOW + 1, 494: 0}
    store.add_leads(a, [NewLead(number, due_ns=due) for number, due in dues.items()], NOW)
    epoch = store.open_pool("p", NOW)
    token, deadline = epoch << 32, NOW + LEASE_NS
    assert lease(store, a, 2) == LeadsLeased(a, token | 1, deadline, [4, 1], [494, 491], [0, 0], NOW, [0, 0])
    assert lease(store, a, 2) == LeadsLeased(a, token | 2, deadline, [2], [492], [0], NOW + 1, [0])
    assert lease(store, a, 2) == LeadsLeased(a, 0, deadline, [], [], [], NOW + 1)
    assert lease(store, a, 2, NOW + 1) == LeadsLeased(a, token | 3, deadline + 1, [3], [493], [0], deadline, [0])


def test_lease_gives_the_features_that_were_added_with_the_history_of_the_attempts(store: Store) -> None:
    a = store.campaign_id("a")
    mobile = pack_features(NumberKind.MOBILE, list_bucket=7, segment_bucket=63)
    store.add_leads(a, [NewLead(491, features=mobile), NewLead(492)], NOW)
    epoch = store.open_pool("p", NOW)
    first = lease(store, a, 2)
    assert first.features == [mobile, 0]
    calls = [epoch << 32 | i for i in range(1, 4)]
    store.execute([intent(first, i, calls[i]) for i in range(2)], NOW)
    store.execute([WithdrawIntent(calls[0], WithdrawReason.NO_CIRCUIT, NOW)], NOW)
    store.execute([attempt(calls[1], a, lead_id=2, outcome=Outcome.BUSY, retry_at_ns=NOW)], NOW)
    busy = pack_features(attempts=1, last=Outcome.BUSY)
    second = lease(store, a, 2)
    assert second.features == [mobile, busy]  # a withdrawn intent was no attempt
    store.execute([ReleaseLeads(a, second.token)], NOW)
    third = lease(store, a, 2)
    assert third.features == [mobile, busy]
    assert lease(store, a, 2, NOW + LEASE_NS).features == [mobile, busy]  # the lease has ended
    # attempts without an intent, of a lead that is leased, and of one that is finished
    store.execute([attempt(77, a, lead_id=1, outcome=Outcome.MACHINE)], NOW)
    store.execute([attempt(78, a, lead_id=1, outcome=Outcome.LOST, retry_at_ns=NOW)], NOW)
    lost = pack_features(NumberKind.MOBILE, attempts=2, last=Outcome.LOST, list_bucket=7, segment_bucket=63)
    assert lease(store, a, 2, NOW + LEASE_NS).features == [lost]


def test_lease_gives_the_features_back_that_a_number_dialled_elsewhere_had(store: Store) -> None:
    a, b = store.campaign_id("a"), store.campaign_id("b")
    for campaign in (a, b):
        store.add_leads(campaign, [NewLead(491, features=3)], NOW)
    epoch = store.open_pool("p", NOW)
    store.execute([intent(lease(store, a, 1), 0, epoch << 32 | 1)], NOW)
    store.execute([intent(lease(store, b, 1), 0, epoch << 32 | 2)], NOW)
    assert lease(store, b, 1, NOW + NUMBER_OPEN_RETRY_NS).features == [3]


def test_lease_next_due_is_not_zero_while_leads_remain_that_are_due_since_ever(store: Store) -> None:
    a = filled(store, [491, 492])
    store.open_pool("p", NOW)
    assert lease(store, a, 1).next_due_ns == 1


def test_lease_of_an_empty_queue_tells_when_leads_may_come_back_from_leases(store: Store) -> None:
    a, b = filled(store, [491, 492, 493]), filled(store, [494], campaign="b")
    epoch = store.open_pool("p", NOW)
    early, late = lease(store, a, 2), lease(store, a, 1, NOW + 9)
    lease(store, b, 1)
    assert late.next_due_ns == NOW + LEASE_NS
    assert lease(store, a, 1, NOW + 10).next_due_ns == NOW + LEASE_NS
    store.execute([intent(early, i, epoch << 32 | i) for i in (0, 1)], NOW + 10)
    assert lease(store, a, 1, NOW + 10).next_due_ns == NOW + 9 + LEASE_NS
    store.execute([RenewLease(a, late.token)], NOW + 20)
    assert lease(store, a, 1, NOW + 20).next_due_ns == NOW + 20 + LEASE_NS
    store.execute([intent(late, 0, epoch << 32 | 2)], NOW + 20)
    assert lease(store, a, 1, NOW + 20).next_due_ns == 0


@pytest.mark.parametrize("count", [0, -1])
def test_lease_of_no_leads_gives_none(store: Store, count: int) -> None:
    a = filled(store, [491])
    store.open_pool("p", NOW)
    assert lease(store, a, count).lead_ids == []


def test_lease_of_an_unknown_campaign_is_empty(store: Store) -> None:
    filled(store, [491])
    store.open_pool("p", NOW)
    assert lease(store, 9, 5) == LeadsLeased(9, 0, NOW + LEASE_NS, [], [], [], 0)


def test_lease_that_expires_gives_back_only_leads_without_an_intent(store: Store) -> None:
    a = filled(store, [491, 492])
    epoch = store.open_pool("p", NOW)
    first = lease(store, a, 2)
    store.execute([intent(first, 0, epoch << 32 | 1)], NOW)
    assert lease(store, a, 2, NOW + LEASE_NS - 1).lead_ids == []
    assert lease(store, a, 2, NOW + LEASE_NS).numbers == [492]
    assert state(store, a) == {"leased": 1, "dialing": 1, "total": 2}


def test_lease_that_expired_is_lost_to_its_holder(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    old = lease(store, a, 1)
    late = NOW + LEASE_NS
    assert store.execute([RenewLease(a, old.token), intent(old, 0, epoch << 32 | 1)], late) == [
        LeaseLost(a, old.token),
        IntentRefused(epoch << 32 | 1, IntentRefusal.LEASE_LOST),
    ]
    assert state(store, a) == {"new": 1, "total": 1}


def test_renewed_lease_holds_until_the_new_deadline(store: Store) -> None:
    a = filled(store, [491])
    store.open_pool("p", NOW)
    token = lease(store, a, 1).token
    half = NOW + LEASE_NS // 2
    assert store.execute([RenewLease(a, token)], half) == [LeaseRenewed(a, token, half + LEASE_NS)]
    assert lease(store, a, 1, NOW + LEASE_NS).lead_ids == []
    assert store.execute([RenewLease(a + 1, token)], half) == [LeaseLost(a + 1, token)]


def test_release_gives_the_leads_back_due_as_before(store: Store) -> None:
    a = store.campaign_id("a")
    store.add_leads(a, [NewLead(491, due_ns=5), NewLead(492, due_ns=7)], NOW)
    epoch = store.open_pool("p", NOW)
    first = lease(store, a, 2)
    store.execute([intent(first, 0, epoch << 32 | 1)], NOW)
    assert store.execute([ReleaseLeads(a + 1, first.token)], NOW) == []
    assert state(store, a) == {"leased": 1, "dialing": 1, "total": 2}
    assert store.execute([ReleaseLeads(a, first.token), RenewLease(a, first.token)], NOW) == [LeaseLost(a, first.token)]
    assert lease(store, a, 0).next_due_ns == 7
    assert lease(store, a, 2).numbers == [492]


def test_open_pool_gives_back_what_the_epoch_before_had_leased(store: Store) -> None:
    a = filled(store, [491, 492])
    epoch = store.open_pool("p", NOW)
    first = lease(store, a, 2)
    store.execute([intent(first, 0, epoch << 32 | 1)], NOW)
    store.open_pool("p", NOW)
    assert lease(store, a, 2).numbers == [492]
    assert [i.call_id for i in store.open_intents()] == [epoch << 32 | 1]


def test_intent_is_durable_once_and_open(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    leased = lease(store, a, 1)
    call = epoch << 32 | 9
    assert store.execute([intent(leased, 0, call)], NOW + 5) == [IntentDurable(call)]
    assert store.open_intents() == [OpenIntent(call, a, 1, 491, leased.token, 1, 1, NOW + 5, "p")]
    # A batch whose answer was lost is sent again.
    assert store.execute([intent(leased, 0, call)], NOW + 6) == [IntentDurable(call)]
    assert store.open_intents()[0].intent_ns == NOW + 5


def test_open_intents_tell_whose_pool_they_are_of_whatever_was_opened_since(store: Store) -> None:
    a = filled(store, [491, 492])
    for pool, number in (("p", 1), ("q", 2), ("p", 3), ("q", 4)):
        epoch = store.open_pool(pool, NOW)
        if number < 3:
            store.execute([intent(lease(store, a, 1), 0, epoch << 32 | number)], NOW + number)
    assert [(i.call_id, i.pool) for i in store.open_intents()] == [(1 << 32 | 1, "p"), (2 << 32 | 2, "q")]


def test_intent_of_another_epoch_is_refused(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    leased = lease(store, a, 1)
    calls = [(epoch - 1) << 32 | 1, (epoch + 1) << 32 | 1]
    facts = store.execute([intent(leased, 0, call) for call in calls], NOW)
    assert facts == [IntentRefused(call, IntentRefusal.STALE_EPOCH) for call in calls]
    assert state(store, a) == {"leased": 1, "total": 1}


def test_intent_for_a_number_that_another_campaign_dials_waits_a_minute(store: Store) -> None:
    a, b = filled(store, [491]), filled(store, [491], campaign="b")
    epoch = store.open_pool("p", NOW)
    one, two = lease(store, a, 1), lease(store, b, 1)
    calls = epoch << 32 | 1, epoch << 32 | 2
    refused = IntentRefused(calls[1], IntentRefusal.NUMBER_OPEN)
    assert store.execute([intent(one, 0, calls[0]), intent(two, 0, calls[1])], NOW) == [
        IntentDurable(calls[0]),
        refused,
    ]
    assert lease(store, b, 1).next_due_ns == NOW + NUMBER_OPEN_RETRY_NS
    again = lease(store, b, 1, NOW + NUMBER_OPEN_RETRY_NS)
    assert (again.numbers, again.attempts) == ([491], [0])
    assert store.execute([intent(again, 0, calls[1])], NOW) == [refused]


@pytest.mark.parametrize(
    "change",
    [{"lease_token": 1}, {"lead_id": 2}, {"lead_id": 99}, {"number": 499}, {"campaign_id": 2}],
    ids=lambda change: next(iter(change)),
)
def test_intent_not_held_under_the_token_is_refused(store: Store, change: dict[str, int]) -> None:
    a = filled(store, [491, 492])
    epoch = store.open_pool("p", NOW)
    wrong = msgspec.structs.replace(intent(lease(store, a, 1), 0, epoch << 32 | 1), **change)
    assert store.execute([wrong], NOW) == [IntentRefused(epoch << 32 | 1, IntentRefusal.LEASE_LOST)]
    assert store.open_intents() == []


def test_intent_takes_the_lead_so_a_second_call_to_it_is_refused(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    leased = lease(store, a, 1)
    one, two = epoch << 32 | 1, epoch << 32 | 2
    assert store.execute([intent(leased, 0, one), intent(leased, 0, two)], NOW) == [
        IntentDurable(one),
        IntentRefused(two, IntentRefusal.LEASE_LOST),
    ]


def test_intent_of_a_recorded_call_is_refused(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    call = epoch << 32 | 1
    store.execute([intent(lease(store, a, 1), 0, call), attempt(call, a, lead_id=1, retry_at_ns=NOW)], NOW)
    again = intent(lease(store, a, 1), 0, call)
    assert store.execute([again], NOW) == [IntentRefused(call, IntentRefusal.LEASE_LOST)]


def test_withdraw_makes_the_lead_due_again_without_an_attempt(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    call = epoch << 32 | 1
    withdraw = WithdrawIntent(call, WithdrawReason.NO_CIRCUIT, NOW + HOUR)
    facts = store.execute([intent(lease(store, a, 1), 0, call), withdraw, withdraw], NOW)
    assert facts == [IntentDurable(call), IntentWithdrawn(call), IntentWithdrawn(call)]
    assert store.open_intents() == []
    assert lease(store, a, 1).next_due_ns == NOW + HOUR
    assert lease(store, a, 1, NOW + HOUR).attempts == [0]


def test_withdraw_of_what_was_never_written_is_answered(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    lease(store, a, 1)
    call = epoch << 32 | 1
    assert store.execute([WithdrawIntent(call, WithdrawReason.STORE_LATE, NOW)], NOW) == [IntentWithdrawn(call)]
    assert state(store, a) == {"leased": 1, "total": 1}


def test_record_gives_the_lead_its_next_turn(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    call = epoch << 32 | 1
    record = attempt(call, a, lead_id=1, number=491, retry_at_ns=NOW + HOUR)
    facts = store.execute([intent(lease(store, a, 1), 0, call), record], NOW)
    assert facts == [IntentDurable(call), AttemptRecorded(call)]
    assert state(store, a) == {"retry_wait": 1, "total": 1}
    assert lease(store, a, 1).next_due_ns == NOW + HOUR
    assert lease(store, a, 1, NOW + HOUR).attempts == [1]


@pytest.mark.parametrize(
    ("outcome", "name"),
    [(Outcome.CONNECTED, "completed"), (Outcome.INVALID, "invalid"), (Outcome.BUSY, "exhausted")],
)
def test_record_without_a_retry_finishes_the_lead(store: Store, outcome: Outcome, name: str) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    call = epoch << 32 | 1
    store.execute([intent(lease(store, a, 1), 0, call), attempt(call, a, lead_id=1, outcome=outcome)], NOW)
    assert state(store, a) == {name: 1, "total": 1}
    assert lease(store, a, 1, NOW + 10**6 * HOUR) == LeadsLeased(a, 0, NOW + 10**6 * HOUR + LEASE_NS, [], [], [], 0)


def test_record_twice_changes_nothing_the_second_time(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    call = epoch << 32 | 1
    first = attempt(call, a, lead_id=1, retry_at_ns=NOW + HOUR)
    second = attempt(call, a, lead_id=1, outcome=Outcome.CONNECTED)
    facts = store.execute([intent(lease(store, a, 1), 0, call), first, second], NOW)
    assert facts[1:] == [AttemptRecorded(call)] * 2
    assert store.execute([second], NOW) == [AttemptRecorded(call)]
    assert list(store.attempts(a)) == [first]
    assert state(store, a) == {"retry_wait": 1, "total": 1}


def test_record_settles_a_call_of_an_earlier_epoch(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    call = epoch << 32 | 1
    store.execute([intent(lease(store, a, 1), 0, call)], NOW)
    store.open_pool("p", NOW)
    assert store.execute([attempt(call, a, lead_id=1, outcome=Outcome.LOST)], NOW) == [AttemptRecorded(call)]
    assert store.open_intents() == []
    assert state(store, a) == {"exhausted": 1, "total": 1}


@pytest.mark.parametrize("place", ["queue", "leased", "finished"])
def test_record_without_an_intent_still_gives_the_lead_its_turn(store: Store, place: str) -> None:
    a = filled(store, [491, 492])
    epoch = store.open_pool("p", NOW)
    if place != "queue":
        lease(store, a, 1)
    if place == "finished":
        store.execute([attempt(epoch << 32 | 1, a, lead_id=1)], NOW)
        assert state(store, a) == {"new": 1, "exhausted": 1, "total": 2}
    call = epoch << 32 | 2
    assert store.execute([attempt(call, a, lead_id=1, retry_at_ns=NOW + HOUR)], NOW) == [AttemptRecorded(call)]
    assert state(store, a) == {"new": 1, "retry_wait": 1, "total": 2}


def test_record_without_an_intent_leaves_a_lead_that_is_being_dialled(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    open_call, stray = epoch << 32 | 1, epoch << 32 | 2
    store.execute([intent(lease(store, a, 1), 0, open_call), attempt(stray, a, lead_id=1, retry_at_ns=NOW)], NOW)
    assert state(store, a) == {"dialing": 1, "total": 1}
    assert [record.call_id for record in store.attempts(a)] == [stray]


@pytest.mark.parametrize(("stray_first", "attempts"), [(True, 1), (False, 2)])
def test_record_of_two_calls_to_one_lead_follows_their_order(store: Store, stray_first: bool, attempts: int) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    known, stray = epoch << 32 | 1, epoch << 32 | 2
    store.execute([intent(lease(store, a, 1), 0, known)], NOW)
    records = [attempt(call, a, lead_id=1, retry_at_ns=NOW) for call in (known, stray)]
    store.execute(records[::-1] if stray_first else records, NOW)
    assert lease(store, a, 1).attempts == [attempts]


def test_record_of_an_unknown_lead_is_kept(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    store.execute([attempt(epoch << 32 | 1, a, lead_id=77, retry_at_ns=NOW)], NOW)
    assert len(list(store.attempts(a))) == 1
    assert state(store, a) == {"new": 1, "total": 1}


def test_facts_come_in_the_order_of_a_mixed_batch(store: Store) -> None:
    a = filled(store, [491, 492, 493])
    epoch = store.open_pool("p", NOW)
    leased = lease(store, a, 2)
    one, two = epoch << 32 | 1, epoch << 32 | 2
    facts = store.execute(
        [
            intent(leased, 0, one),
            RecordDisposition(one, 5, 2),
            attempt(one, a, lead_id=1, retry_at_ns=NOW),
            intent(leased, 1, two),
            LeaseLeads(a, 5),
            WithdrawIntent(two, WithdrawReason.GATE_CLOSED, NOW),
            RenewLease(a, leased.token),
        ],
        NOW,
    )
    tried = pack_features(attempts=1, last=Outcome.NO_ANSWER)
    ends_ns = NOW + LEASE_NS
    third = LeadsLeased(a, epoch << 32 | 2, ends_ns, [3, 1], [493, 491], [0, 1], ends_ns, [0, tried])
    assert facts == [
        IntentDurable(one),
        AttemptRecorded(one),
        IntentDurable(two),
        third,
        IntentWithdrawn(two),
        LeaseRenewed(a, leased.token, ends_ns),
    ]


def test_attempts_come_back_whole_in_order_of_recording_and_by_time(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    full = attempt(
        epoch << 32 | 3,
        a,
        lead_id=1,
        number=491,
        outcome=Outcome.ABANDONED,
        abandon_reason=AbandonReason.CALLER_LEFT,
        verdict=Verdict.PERSON,
        caller_id="4930123",
        answered_ns=NOW + 1,
        ended_ns=NOW + 9,
    )
    early = attempt(epoch << 32 | 1, a, ended_ns=NOW + 2)
    other = attempt(epoch << 32 | 2, a + 1, ended_ns=NOW + 9)
    store.execute([full, early, other], NOW)
    assert list(store.attempts(a)) == [full, early]
    assert list(store.attempts(a, NOW + 9)) == [full]
    assert list(store.attempts(a + 1)) == [other]


def test_attempts_can_be_read_while_more_are_written(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    store.execute([attempt(epoch << 32 | i, a) for i in range(1, 2501)], NOW)
    reader = store.attempts(a)
    first = next(reader)
    store.execute([attempt(epoch << 32 | 9999, a)], NOW)
    calls = [first.call_id, *(record.call_id for record in reader)]
    assert calls[:2500] == [epoch << 32 | i for i in range(1, 2501)]


def test_ledger_splits_the_answered(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    kinds = [(Outcome.CONNECTED, 0)] * 3 + [(Outcome.ABANDONED, 1)] * 2 + [(Outcome.ABANDONED, 2), (Outcome.MACHINE, 0)]
    store.execute(
        [
            attempt(epoch << 32 | i, a, outcome=outcome, abandon_reason=AbandonReason(reason))
            for i, (outcome, reason) in enumerate(kinds, 1)
        ],
        NOW,
    )
    assert store.ledger(a) == Ledger(connected=3, no_agent_in_time=2, caller_left=1)
    assert store.ledger(a + 1) == Ledger(0, 0, 0)


def test_ledger_spans_tell_in_which_quarter_of_an_hour(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    quarter = NOW // SPAN_NS * SPAN_NS
    endings = [
        (quarter - 1, Outcome.CONNECTED, 0),
        (quarter, Outcome.CONNECTED, 0),
        (quarter + 5, Outcome.ABANDONED, 1),
        (quarter + SPAN_NS - 2, Outcome.ABANDONED, 2),
        (quarter + SPAN_NS - 1, Outcome.ABANDONED, 2, Verdict.PERSON),
        (quarter + SPAN_NS, Outcome.MACHINE, 0),
        (quarter + 4 * SPAN_NS, Outcome.CONNECTED, 0),
    ]
    store.execute(
        [
            attempt(
                epoch << 32 | i,
                a,
                ended_ns=at_ns,
                outcome=outcome,
                abandon_reason=AbandonReason(reason),
                verdict=verdict[0] if verdict else Verdict.NONE,
            )
            for i, (at_ns, outcome, reason, *verdict) in enumerate(endings, 1)
        ],
        NOW,
    )
    later = [LedgerSpan(quarter, 1, 1, 2, 1), LedgerSpan(quarter + 4 * SPAN_NS, 1, 0, 0)]
    assert store.ledger_spans(a, 0) == [LedgerSpan(quarter - SPAN_NS, 1, 0, 0), *later]
    assert store.ledger_spans(a, quarter + 77) == later
    assert store.ledger_spans(a, quarter + 5 * SPAN_NS) == store.ledger_spans(a + 1, 0) == []


def test_estimates_are_kept_by_campaign_and_the_last_ones_stand(store: Store) -> None:
    a, b = store.campaign_id("a"), store.campaign_id("b")
    store.open_pool("p", NOW)
    assert store.estimates(a) is None
    assert store.execute([SaveEstimates(a, 1, b"old"), SaveEstimates(b, 1, b"")], NOW) == []
    store.execute([SaveEstimates(a, 2, b"\x00new\xff")], NOW + 1)
    assert store.estimates(a) == SavedEstimates(2, b"\x00new\xff", NOW + 1)
    assert store.estimates(b) == SavedEstimates(1, b"", NOW)


def test_dispositions_count_the_last_word_of_each_agent(store: Store) -> None:
    a = filled(store, [491])
    epoch = store.open_pool("p", NOW)
    calls = [epoch << 32 | i for i in (1, 2, 3)]
    store.execute([RecordDisposition(calls[0], 5, 1), RecordDisposition(calls[0], 5, 2)], NOW)
    store.execute([RecordDisposition(calls[0], 6, 2), RecordDisposition(calls[2], 6, 4)], NOW)
    store.execute([attempt(calls[0], a, ended_ns=NOW), attempt(calls[1], a, ended_ns=NOW + 1)], NOW)
    assert store.dispositions(a) == {2: 2}
    assert store.dispositions(a, NOW + 1) == {}


def test_runs_are_remembered_per_campaign(store: Store) -> None:
    epoch = store.open_pool("p", NOW)
    assert store.last_run(1) is None
    one, two = store.begin_run(1, "abc", NOW), store.begin_run(2, "def", NOW + 1)
    assert store.last_run(1) == Run(one, 1, epoch, NOW, 0, "abc")
    store.end_run(one, NOW + 5)
    store.end_run(one, NOW + 7)
    store.end_run(99, NOW + 7)
    assert store.last_run(1) == Run(one, 1, epoch, NOW, NOW + 5, "abc")
    assert store.last_run(2) == Run(two, 2, epoch, NOW + 1, 0, "def")
