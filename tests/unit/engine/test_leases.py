"""Leads: leased, renewed, lost, expired; intents refused, late and withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import CallingHours
from outpace.domain.outcomes import CallPresence, IntentRefusal, LimitedBy, Outcome, WithdrawReason
from outpace.domain.states import CallState, CampaignState
from tests.unit.engine.rig import T0, Rig, S, pool_of


def idle(**settings: object) -> Rig:
    """Agents logged in, nobody ready: leads stay in the hopper."""
    return Rig(pool_of(**settings)).start(ready=0)


def test_leads_are_asked_for_at_the_start_and_again_at_half_a_hopper() -> None:
    rig = Rig(pool_of(agents=20, hopper_size=10)).start(ready=0)
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 10)]
    rig.lease(10)
    assert rig.heard(c.LeaseLeads) == []
    for agent in range(1, 5):
        rig.do(e.AgentReady(agent))
        assert rig.heard(c.LeaseLeads) == []
    rig.do(e.AgentReady(5))
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 5)]
    rig.do(e.AgentReady(6))
    assert rig.heard(c.LeaseLeads) == []


def test_leads_are_dialled_in_the_order_in_which_they_were_leased() -> None:
    rig = Rig(pool_of(agents=4, hopper_size=4)).start(ready=0)
    rig.lease(2)
    rig.do(*[e.AgentReady(agent) for agent in (1, 2, 3, 4)])
    rig.lease(2)
    assert [one.lead_id for one in rig.ever(c.WriteIntent)] == [1, 2, 3, 4]
    assert [one.lease_token for one in rig.ever(c.WriteIntent)] == [1, 1, 2, 2]


def test_store_that_does_not_answer_is_asked_again_after_ten_seconds() -> None:
    rig = idle()
    rig.wait(9.999)
    assert rig.heard(c.LeaseLeads) == []
    rig.wait(0.001)
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 20)]


def test_store_that_cannot_lease_is_asked_again_after_a_second() -> None:
    rig = idle()
    rig.do(e.LeaseRefused(1))
    rig.wait(0.999)
    assert rig.heard(c.LeaseLeads) == []
    rig.wait(0.001)
    assert len(rig.heard(c.LeaseLeads)) == 1


def test_next_due_lead_is_asked_for_when_it_is_due() -> None:
    rig = idle()
    rig.lease(0, next_due_s=3)
    rig.wait(2.999)
    assert rig.heard(c.LeaseLeads) == []
    rig.wait(0.001)
    assert len(rig.heard(c.LeaseLeads)) == 1


def test_distant_due_time_is_polled_for_new_leads_every_five_seconds() -> None:
    rig = idle()
    rig.lease(0, next_due_s=3600)
    rig.wait(5)
    assert len(rig.heard(c.LeaseLeads)) == 1
    assert rig.campaign() is CampaignState.RUNNING


def test_lease_is_renewed_at_half_its_time_and_again_at_half_of_the_new() -> None:
    rig = idle()
    token = rig.lease(20, valid_s=60)
    rig.wait(29.999)
    assert rig.heard(c.RenewLease) == []
    rig.wait(0.001)
    assert rig.heard(c.RenewLease) == [c.RenewLease(1, token)]
    rig.do(e.LeaseRenewed(1, token, rig.now + 60 * S))
    rig.wait(29.999)
    assert rig.heard(c.RenewLease) == []
    rig.wait(0.001)
    assert rig.heard(c.RenewLease) == [c.RenewLease(1, token)]


def test_renewal_without_an_answer_is_repeated_every_ten_seconds_until_the_end() -> None:
    rig = idle()
    rig.lease(20, valid_s=60)
    rig.wait(59.999)
    assert [(at - T0) // S for at, one in rig.history if isinstance(one, c.RenewLease)] == [30, 40, 50]
    assert rig.engine.hopper_count(1) == 20
    rig.wait(0.001)
    assert rig.engine.hopper_count(1) == 0
    assert rig.counter("leases_expired") == 20
    assert rig.heard(c.LeaseLeads) == [c.LeaseLeads(1, 20)]


def test_renewal_is_in_time_while_another_lease_is_awaited() -> None:
    rig = idle()
    rig.lease(5, valid_s=8)
    rig.wait(5)  # the next request stays unanswered
    assert [(at - T0) // S for at, one in rig.history if isinstance(one, c.RenewLease)] == [4]


def test_renewal_does_not_ask_for_leads_a_second_time() -> None:
    rig = idle()
    token = rig.lease(5, valid_s=12)
    rig.wait(5)
    assert len(rig.ever(c.LeaseLeads)) == 2
    rig.wait(1)
    rig.do(e.LeaseRenewed(1, token, rig.now + 4 * S))
    rig.wait(8.9)
    assert len(rig.ever(c.LeaseLeads)) == 2
    rig.wait(0.1)
    assert len(rig.ever(c.LeaseLeads)) == 3


def test_expired_lead_is_never_dialled() -> None:
    rig = idle()
    rig.lease(20, valid_s=5)
    rig.wait(5)
    rig.do(e.AgentReady(1))
    assert rig.ever(c.WriteIntent) == []


def test_lease_that_arrives_expired_is_not_dialled() -> None:
    rig = Rig().start()
    rig.lease(20, valid_s=0)
    assert rig.ever(c.WriteIntent) == []


def test_lost_lease_takes_its_leads_and_no_others() -> None:
    rig = Rig(pool_of(agents=6, hopper_size=6)).start(ready=0)
    first = rig.lease(2)
    rig.do(e.LeaseRenewed(1, 99, rig.now + S), e.LeaseLost(1, 99))
    assert rig.engine.hopper_count(1) == 2
    rig.wait(5)
    rig.lease(2)
    rig.do(e.LeaseLost(1, first))
    assert rig.engine.hopper_count(1) == 2
    rig.do(*[e.AgentReady(agent) for agent in range(1, 7)])
    assert [one.lead_id for one in rig.ever(c.WriteIntent)] == [3, 4]


def test_hopper_with_no_place_for_another_batch_asks_for_none() -> None:
    rig = Rig(pool_of(hopper_size=1000)).start(ready=0)
    for _ in range(63):
        rig.lease(1)
        rig.wait(5)
        assert len(rig.heard(c.LeaseLeads)) == 1
    rig.lease(1)
    rig.wait(60)
    assert rig.heard(c.LeaseLeads) == []
    assert rig.engine.hopper_count(1) == 64


def test_leases_of_a_campaign_that_does_not_exist_are_counted() -> None:
    rig = Rig()
    rig.do(e.LeadsLeased(9, 1, T0 + S, [1], [2], [3]), e.LeaseRefused(9), e.LeaseLost(-1, 1), e.LeaseRenewed(9, 1, T0))
    assert rig.counter("stray_facts") == 4


def test_lease_whose_lists_differ_in_length_is_the_callers_error() -> None:
    with pytest.raises(ValueError, match="2 leads, 1 numbers, 2 attempts"):
        Rig().engine.handle(e.LeadsLeased(1, 1, T0 + S, [1, 2], [3], [0, 0]), T0)


# ---- intents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [IntentRefusal.NUMBER_OPEN, IntentRefusal.LEASE_LOST, IntentRefusal.SUPPRESSED])
def test_refused_intent_is_no_call_and_the_next_lead_follows(reason: IntentRefusal) -> None:
    rig = Rig().start()
    rig.lease(2)
    (call,) = rig.checkers.open
    rig.do(e.IntentRefused(call, reason))
    assert rig.call(call) is CallState.FREE
    assert [one.lead_id for one in rig.heard(c.WriteIntent)] == [2]
    assert rig.ever(c.Originate) == rig.ever(c.RecordAttempt) == rig.ever(c.WithdrawIntent) == []


def test_refused_intents_lead_may_be_due_again_so_the_campaign_is_not_complete() -> None:
    rig = Rig().start()
    rig.lease(1)
    (call,) = rig.checkers.open
    rig.do(e.IntentRefused(call, IntentRefusal.NUMBER_OPEN))
    assert rig.campaign() is CampaignState.RUNNING
    assert len(rig.heard(c.LeaseLeads)) == 1
    rig.lease(0)
    assert rig.campaign() is CampaignState.COMPLETED


@pytest.mark.parametrize("known", [True, False])
def test_stale_epoch_stops_every_launch(known: bool) -> None:
    rig = Rig(pool_of(agents=3)).start()
    rig.lease(9)
    calls = sorted(rig.checkers.open)
    rig.do(e.IntentRefused(calls[0] if known else 12345, IntentRefusal.STALE_EPOCH))
    rig.do(e.IntentDurable(calls[1]))
    assert rig.ever(c.Originate) == []
    assert rig.heard(c.WithdrawIntent)[0].call_id == calls[1]
    assert rig.engine.explain(1).reason is LimitedBy.STORE_BEHIND
    assert rig.counter("fenced") == 1


def test_late_store_loses_the_intent_after_ten_seconds_and_the_late_answer_is_dropped() -> None:
    rig = Rig().start()
    rig.lease(1)
    (call,) = rig.checkers.open
    rig.wait(9.999)
    assert rig.heard(c.WithdrawIntent) == []
    rig.wait(0.001)
    assert rig.heard(c.WithdrawIntent) == [c.WithdrawIntent(call, WithdrawReason.STORE_LATE, rig.now)]
    rig.do(e.IntentDurable(call))
    assert rig.ever(c.Originate) == []
    assert rig.counter("stray_facts") == 1


def test_intent_durable_twice_dials_once() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.IntentDurable(call))
    assert rig.said == []


def test_hours_that_close_between_intent_and_originate_withdraw_it_even_without_a_tick() -> None:
    start = datetime(2026, 11, 20, 19, 59, 59, tzinfo=UTC)
    rig = Rig(pool_of(calling_hours=CallingHours(timezone="UTC")))
    rig.now = round(start.timestamp()) * S
    rig.start()
    rig.lease(1)
    (call,) = rig.checkers.open
    rig.now += 1 * S
    rig.do(e.IntentDurable(call))
    assert rig.ever(c.Originate) == []
    assert rig.heard(c.WithdrawIntent)[0].reason is WithdrawReason.GATE_CLOSED
    assert rig.engine.explain(1).reason is LimitedBy.OUTSIDE_HOURS


def test_hours_open_the_campaign_by_themselves() -> None:
    rig = Rig(pool_of(calling_hours=CallingHours(timezone="UTC")))
    rig.now = round(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()) * S  # a Sunday
    rig.start()
    assert rig.engine.explain(1).reason is LimitedBy.OUTSIDE_HOURS
    monday = round(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()) * S
    assert rig.engine.next_deadline_ns() == monday
    rig.wait(21 * 3600)
    assert len(rig.heard(c.LeaseLeads)) == 1


def test_attempts_that_the_store_has_not_recorded_hold_the_launches_until_it_caught_up() -> None:
    rig = Rig(pool_of(hopper_size=10_000)).start()
    rig.lease(10_000, valid_s=36_000)
    for _ in range(5001):
        (call,) = rig.checkers.open
        rig.engine.handle(e.IntentDurable(call), rig.now)
        rig.engine.handle(e.CallEnded(call, Outcome.BUSY), rig.now)
        rig.checkers.fact(e.IntentDurable(call), rig.now)
        rig.now += 2_000_000
        rig.engine.tick(rig.now)
        rig.checkers.commands(rig.engine.take_commands(), rig.now)
    assert rig.checkers.open == {}
    assert rig.engine.explain(1).reason is LimitedBy.STORE_BEHIND
    rig.do(e.AttemptRecorded(1))
    assert len(rig.heard(c.WriteIntent)) == 1


def test_call_ids_hold_the_epoch_and_never_repeat() -> None:
    rig = Rig(pool_of(agents=3), epoch=7).start()
    rig.lease(3)
    assert [one.call_id for one in rig.ever(c.WriteIntent)] == [7 << 32 | 1, 7 << 32 | 2, 7 << 32 | 3]


@pytest.mark.parametrize("epoch", [0, -1, 2**31])
def test_epoch_out_of_range_is_a_value_error(epoch: int) -> None:
    with pytest.raises(ValueError, match="epoch"):
        Rig(epoch=epoch)


def test_query_of_a_call_that_rang_in_vain_is_not_endless() -> None:
    rig = Rig(pool_of(ring_timeout_s=5.0)).start()
    (call,) = rig.dial(1)
    for _ in range(10):
        rig.wait(10)
        rig.do(e.CallQueried(call, CallPresence.UNANSWERED))
    assert rig.ever(c.HangUp)
