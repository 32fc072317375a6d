"""Campaigns: start, pause, drain, stop, completion, retries; campaigns that share agents; adopted calls."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from outpace import Agent, Campaign, Engine, Pool, TrunkGroup
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import (
    Abandonment,
    CallingHours,
    ConnectClock,
    DialMode,
    Guard,
    RatioCounts,
    RetryRule,
)
from outpace.domain.errors import CapacityError, ConfigError, StateError, UnknownId
from outpace.domain.outcomes import AbandonReason, CallPresence, Fallback, LimitedBy, Outcome
from outpace.domain.states import AgentState, CallState, CampaignState
from outpace.engine.engine import ESTIMATES_FORMAT
from tests.unit.engine.rig import T0, Rig, S, WatchedRig, pool_of

# ---- start, pause, drain, stop -------------------------------------------------------------------------------------


def test_pause_launches_no_more_and_keeps_leads_and_calls() -> None:
    rig = Rig(pool_of(agents=3)).start()
    calls = rig.dial(9)
    rig.do(e.CampaignPaused(1))
    assert rig.heard(c.CampaignStateChanged)[-1].state is CampaignState.PAUSED
    rig.do(e.CallEnded(calls[0], Outcome.BUSY))
    assert rig.heard(c.WriteIntent) == []
    assert rig.engine.hopper_count(1) == 6
    assert rig.ever(c.ReleaseLeads) == []
    rig.do(e.CallAnswered(calls[1]))
    assert rig.call(calls[1]) is CallState.CONNECTING
    rig.do(e.CampaignStarted(1))
    assert len(rig.heard(c.WriteIntent)) == 1


def test_pause_withdraws_intents_as_they_become_durable() -> None:
    rig = Rig().start()
    rig.lease(1)
    (call,) = rig.checkers.open
    rig.do(e.CampaignPaused(1), e.IntentDurable(call))
    assert [one.reason.name for one in rig.heard(c.WithdrawIntent)] == ["GATE_CLOSED"]


def test_drain_gives_the_leads_back_and_pauses_after_the_last_call() -> None:
    rig = Rig(pool_of(agents=2)).start()
    calls = rig.dial(9)
    rig.do(e.CampaignDraining(1))
    assert rig.heard(c.ReleaseLeads) == [c.ReleaseLeads(1, 1)]
    assert rig.campaign() is CampaignState.DRAINING
    assert rig.engine.explain(1).reason is LimitedBy.DRAINING
    rig.do(e.CallEnded(calls[0], Outcome.BUSY))
    assert rig.campaign() is CampaignState.DRAINING
    rig.do(e.CallEnded(calls[1], Outcome.BUSY))
    assert rig.campaign() is CampaignState.PAUSED


def test_drain_gives_back_what_the_store_still_owes() -> None:
    rig = Rig(pool_of(agents=2)).start()
    rig.do(e.CampaignDraining(1))
    assert rig.campaign() is CampaignState.DRAINING
    token = rig.lease(9)
    assert rig.heard(c.ReleaseLeads) == [c.ReleaseLeads(1, token)]
    assert (rig.campaign(), rig.engine.hopper_count(1)) == (CampaignState.PAUSED, 0)


def test_drain_does_not_wait_for_a_store_that_never_answers() -> None:
    rig = Rig(pool_of(agents=2)).start()
    rig.do(e.CampaignDraining(1))
    rig.wait(10)
    assert rig.campaign() is CampaignState.PAUSED


def test_stop_hangs_up_who_rings_and_waits_and_leaves_conversations() -> None:
    rig = Rig(pool_of(agents=4, connect_limit_s=9.0)).start()
    rings, waits, joins, talks = rig.dial(4)
    rig.do(e.CallAnswered(talks), e.AgentConnected(talks, 1), e.CallAnswered(joins))
    rig.do(e.AgentNotReady(3), e.AgentNotReady(4), e.CallAnswered(waits), e.CallRinging(rings))
    said = rig.do(e.CampaignStopped(1))
    assert {one.call_id for one in said if isinstance(one, c.HangUp)} == {rings, waits}
    assert [rig.call(call) for call in (rings, waits, joins, talks)] == [
        CallState.RINGING, CallState.TREATMENT, CallState.CONNECTING, CallState.TALKING,
    ]  # fmt: skip
    rig.do(e.CallEnded(rings, Outcome.NO_ANSWER))
    assert rig.record().outcome is Outcome.CANCELLED
    rig.do(e.CallEnded(waits))
    assert rig.record().abandon_reason is AbandonReason.NO_AGENT_IN_TIME


@pytest.mark.parametrize(
    "fact", [e.CampaignStarted(9), e.CampaignPaused(0), e.CampaignStopped(-1), e.PacingChanged(9, 1.0, 0)]
)
def test_acts_on_a_campaign_that_does_not_exist_are_errors(fact: e.Event) -> None:
    with pytest.raises(UnknownId, match="no campaign"):
        Rig().engine.handle(fact, T0)


def test_pause_of_a_campaign_that_does_not_run_is_an_error() -> None:
    with pytest.raises(StateError, match="not running"):
        Rig().engine.handle(e.CampaignPaused(1), T0)


def test_campaign_completes_when_nothing_is_left_and_no_call_lives() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.wait(1)
    assert rig.campaign() is CampaignState.RUNNING
    rig.do(e.CallEnded(call, Outcome.INVALID))
    assert rig.campaign() is CampaignState.COMPLETED
    assert rig.heard(c.CampaignStateChanged)[-1].state is CampaignState.COMPLETED
    rig.do(e.CampaignStarted(1))
    assert len(rig.heard(c.LeaseLeads)) == 1


@pytest.mark.parametrize("fact", [e.LeadsAdded(1), e.HotLeads(1), e.CampaignStarted(1)])
def test_campaign_that_had_completed_before_runs_when_there_are_leads(fact: e.Event) -> None:
    rig = Rig()
    rig.do(e.LinkUp(), e.CampaignCompleted(1))
    assert (rig.campaign(), rig.heard(c.LeaseLeads)) == (CampaignState.COMPLETED, [])
    assert rig.wait(60) == []
    rig.do(fact)
    assert rig.campaign() is CampaignState.RUNNING
    assert rig.heard(c.LeaseLeads)
    with pytest.raises(StateError, match="started here"):
        rig.engine.handle(e.CampaignCompleted(1), rig.now)


def test_campaign_does_not_complete_while_a_lease_may_give_leads_back() -> None:
    rig = Rig().start()
    rig.lease(0, next_due_s=7)
    rig.wait(5)
    rig.lease(0, next_due_s=2)
    assert rig.campaign() is CampaignState.RUNNING
    rig.wait(2)
    assert rig.heard(c.LeaseLeads)
    rig.lease(0)
    assert rig.campaign() is CampaignState.COMPLETED


def test_retry_waits_as_the_rule_says_up_to_its_attempts() -> None:
    rig = Rig(pool_of(retry={"busy": RetryRule(wait_s=300.0, max_attempts=3)})).start()
    for attempts, retry_s in ((0, 300), (1, 300), (2, None), (7, None)):
        (call,) = rig.dial(1, attempts=attempts)
        rig.do(e.CallEnded(call, Outcome.BUSY))
        record = rig.record()
        assert record.attempt_number == attempts + 1
        assert record.retry_at_ns == (rig.now + retry_s * S if retry_s else 0)
        rig.do(e.CampaignStarted(1))


def test_retry_to_come_keeps_the_campaign_from_completing() -> None:
    rig = Rig(pool_of(retry={"busy": RetryRule(wait_s=1.0)})).start()
    (call,) = rig.dial(1)
    rig.do(e.CallEnded(call, Outcome.BUSY))
    rig.wait(0.002)
    rig.lease(0, next_due_s=1)
    assert rig.campaign() is CampaignState.RUNNING
    rig.wait(1)
    (call,) = rig.dial(1, attempts=1)
    rig.do(e.CallEnded(call, Outcome.INVALID))
    rig.lease(0)
    assert rig.campaign() is CampaignState.COMPLETED


# ---- pacing --------------------------------------------------------------------------------------------------------


def test_precise_keeps_k_agents_back() -> None:
    rig = Rig(pool_of(agents=5, reserve=2)).start()
    assert len(rig.dial(9)) == 3
    assert rig.engine.explain(1).reason is LimitedBy.PACING


@pytest.mark.parametrize(("counts", "calls"), [(RatioCounts.READY, 4), (RatioCounts.LOGGED_IN, 6)])
def test_ratio_counts_ready_agents_or_all_who_work(counts: RatioCounts, calls: int) -> None:
    rig = Rig(pool_of(agents=5, mode=DialMode.RATIO, ratio=2.0, ratio_counts=counts))
    rig.start(ready=3)  # two are paused
    first = rig.dial(1)
    rig.do(e.CallAnswered(first[0]), e.AgentConnected(first[0], 1))
    rig.wait(5)
    rig.dial(9)
    assert rig.counter("calls") - 1 == calls


def test_changed_pacing_counts_at_once() -> None:
    rig = Rig(pool_of(agents=3, mode=DialMode.RATIO, ratio=1.0)).start()
    assert len(rig.dial(20)) == 3
    rig.do(e.PacingChanged(1, 3.0, 0))
    assert len(rig.heard(c.WriteIntent)) == 6
    rig.do(e.PacingChanged(1, 0.5, 0))
    assert rig.said == []


def test_changed_reserve_counts_at_once() -> None:
    rig = Rig(pool_of(agents=3, reserve=3)).start()
    assert rig.dial(20) == []
    rig.do(e.PacingChanged(1, 1.0, 1))
    assert len(rig.heard(c.WriteIntent)) == 2


def test_changed_cap_counts_at_once_and_none_leaves_it() -> None:
    rig = Rig(pool_of(agents=3, mode=DialMode.PREDICTIVE)).start()
    rig.do(e.PacingChanged(1, 1.0, 0, 0.0))
    assert rig.engine.pool.campaigns[0].abandonment.cap == 0.0
    budget = rig.engine.explain(1).budget
    assert budget is not None
    assert (budget.cap, budget.spent) == (0.0, True)
    rig.lease(20)
    rig.wait(0.5)
    last = rig.engine.decisions(1)[-1]
    assert (last.fallback, last.limited_by, last.count) == (Fallback.BUDGET_SPENT, LimitedBy.BUDGET, 3)
    rig.do(e.PacingChanged(1, 1.0, 0))
    assert rig.engine.pool.campaigns[0].abandonment.cap == 0.0
    rig.do(e.PacingChanged(1, 1.0, 0, 0.05))
    assert rig.engine.budget.columns["cap"].tolist() == [0.05]


@pytest.mark.parametrize("guard", Guard)
def test_changed_cap_counts_for_the_people_of_before(guard: Guard) -> None:
    rig = Rig(pool_of(mode=DialMode.PREDICTIVE, abandonment=Abandonment(cap=0.03, guard=guard)), epoch=2)
    rig.do(e.LedgerLoaded(1, 400, 2, 0, [e.LedgerSpan(T0, 400, 2, 0)]))
    before = rig.engine.explain(1).budget
    rig.do(e.PacingChanged(1, 1.0, 0, 0.2))
    after = rig.engine.explain(1).budget
    assert before is not None
    assert after is not None
    assert before.drops_left is not None
    assert after.drops_left is not None
    assert after.drops_left > before.drops_left + 50
    # as an engine that goes on from here after a restart sees it
    assert Engine.restore(rig.pool, rig.engine.snapshot()).explain(1) == rig.engine.explain(1)


@pytest.mark.parametrize(
    ("ratio", "reserve", "cap"),
    [(0.0, 0, None), (float("nan"), 0, None), (1.0, -1, None), (1.0, 0, -0.01), (1.0, 0, 1.1), (1.0, 0, float("nan"))],
)
def test_changed_pacing_that_makes_no_sense_is_refused_and_changes_nothing(
    ratio: float, reserve: int, cap: float | None
) -> None:
    rig = Rig(pool_of(agents=3, mode=DialMode.RATIO, ratio=2.0)).start()
    with pytest.raises(ConfigError):
        rig.engine.handle(e.PacingChanged(1, ratio, reserve, cap), rig.now)
    assert rig.engine.budget.columns["cap"].tolist() == [0.03]
    rig.do()
    assert len(rig.dial(20)) == 6


# ---- campaigns that share agents -----------------------------------------------------------------------------------


def sharing(memberships: tuple[tuple[int, ...], ...], campaigns: int) -> Pool:
    return Pool(
        campaigns=tuple(Campaign(id=n, name=f"c{n}", hopper_size=20) for n in range(1, campaigns + 1)),
        trunk_groups=(TrunkGroup(id=1, name="t", channels=90, cps=1000.0, burst=50),),
        agents=tuple(Agent(id=n + 1, name="x", campaigns=served) for n, served in enumerate(memberships)),
        max_calls=64,
    )


MEMBERSHIPS = [
    ((1, 2),),
    ((1,), (1, 2)),
    ((1, 2), (1,)),
    ((1, 2), (1, 2), (2,)),
    ((1,), (2,), (1, 2), (1, 2)),
]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize("memberships", MEMBERSHIPS)
def test_precise_campaigns_that_share_agents_find_one_for_everybody_who_answers(
    memberships: tuple[tuple[int, ...], ...], order: tuple[int, int]
) -> None:
    agents = len(memberships)
    for answers in itertools.permutations(range(agents)):
        rig = Rig(sharing(memberships, 2)).start()
        for campaign in order:
            rig.dial(agents, campaign=campaign)
        calls = sorted(rig.checkers.open)
        assert 1 <= len(calls) <= agents
        for place in answers:
            if place < len(calls):
                rig.do(e.CallAnswered(calls[place]))
                assert rig.call(calls[place]) is CallState.CONNECTING, "somebody answered and found no agent"


def test_agent_of_two_campaigns_gets_whoever_has_waited_longest() -> None:
    rig = Rig(sharing(((1, 2), (1,), (2,)), 2)).start()
    (one,) = rig.dial(1, campaign=1)
    (two,) = rig.dial(1, campaign=2)
    rig.do(*[e.AgentNotReady(agent) for agent in (1, 2, 3)], e.CallAnswered(two))
    rig.wait(0.5)
    rig.do(e.CallAnswered(one), e.AgentReady(1))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(two, 1)]


def test_machine_of_one_campaign_frees_its_claim_for_the_other() -> None:
    pool = sharing(((1, 2),), 2)
    pool = msgspec.structs.replace(
        pool, campaigns=(msgspec.structs.replace(pool.campaigns[0], amd=True), pool.campaigns[1])
    )
    rig = Rig(pool).start()
    (call,) = rig.dial(1, campaign=1)
    rig.lease(5, campaign=2)
    assert rig.heard(c.WriteIntent) == []
    rig.do(e.CallAnswered(call), e.CpaVerdict(call, 2))
    assert [one.campaign_id for one in rig.heard(c.WriteIntent)] == [2]


# ---- calls of earlier epochs ---------------------------------------------------------------------------------------

OLD = 1 << 32 | 77


def adopted(presence: CallPresence, agent: int = 0, *, logged_in: bool = False, **settings: object) -> Rig:
    rig = Rig(pool_of(**settings), epoch=2)
    rig.do(e.LinkUp())
    if logged_in:
        rig.do(e.AgentLoggedIn(1), e.AgentLegUp(1), e.AgentReady(1))
    rig.do(e.CallAdopted(OLD, 1, 5, 49, 1, 2, presence, agent, 3, T0 - 9 * S))
    return rig


def test_adopted_call_that_rings_goes_on() -> None:
    rig = adopted(CallPresence.UNANSWERED, logged_in=True)
    assert rig.call(OLD) is CallState.RINGING
    rig.do(e.CallAnswered(OLD))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(OLD, 1)]
    rig.do(e.CallEnded(OLD))
    record = rig.record()
    assert (record.lead_id, record.number, record.attempt_number, record.lease_token) == (5, 49, 2, 3)
    assert record.launched_ns == T0 - 9 * S


def test_adopted_person_without_an_agent_is_abandoned_with_the_message() -> None:
    rig = adopted(CallPresence.ANSWERED, message="sorry.wav")
    assert rig.heard(c.PlayMessage) == [c.PlayMessage(OLD, "sorry.wav")]
    assert rig.engine.explain(1).abandoned_no_agent == 1


@pytest.mark.parametrize("logged_in", [False, True])
def test_adopted_conversation_goes_on_with_its_agent(logged_in: bool) -> None:
    rig = adopted(CallPresence.BRIDGED, 1, logged_in=logged_in)
    assert (rig.call(OLD), rig.agent()) == (CallState.TALKING, AgentState.TALKING)
    if not logged_in:
        rig.do(e.AgentLoggedIn(1))
        assert rig.heard(c.OpenAgentLeg) == []
    rig.do(e.CallEnded(OLD), e.AgentReleased(OLD, 1), e.AgentReady(1))
    assert rig.ever(c.RecordAttempt)[0].outcome is Outcome.CONNECTED
    assert rig.agent() is AgentState.READY


def test_adopted_agent_who_never_logs_in_gets_no_calls() -> None:
    rig = adopted(CallPresence.BRIDGED, 1, wrap_up_max_s=5.0)
    rig.do(e.CallEnded(OLD))
    rig.wait(60)
    assert rig.agent() is AgentState.LOGGED_OUT
    rig.do(e.AgentLoggedIn(1))
    assert rig.heard(c.OpenAgentLeg) == [c.OpenAgentLeg(1)]


def test_adopted_agent_who_logs_out_can_log_in_again() -> None:
    rig = adopted(CallPresence.BRIDGED, 1)
    rig.do(e.AgentLoggedOut(1), e.CallEnded(OLD))
    assert rig.agent() is AgentState.LOGGED_OUT
    rig.do(e.AgentLoggedIn(1), e.AgentLegUp(1), e.AgentReady(1))
    assert rig.agent() is AgentState.READY


def test_adopted_call_twice_of_nothing_known_or_gone_is_an_error() -> None:
    rig = adopted(CallPresence.UNANSWERED, max_calls=2)
    engine = rig.engine
    for error, call in (
        (StateError, e.CallAdopted(OLD, 1, 5, 49, 1, 2, CallPresence.ANSWERED)),
        (UnknownId, e.CallAdopted(OLD + 1, 9, 5, 49, 1, 2, CallPresence.ANSWERED)),
        (UnknownId, e.CallAdopted(OLD + 1, 1, 5, 49, 9, 2, CallPresence.ANSWERED)),
        (ValueError, e.CallAdopted(OLD + 1, 1, 5, 49, 1, 2, CallPresence.GONE)),
        (ValueError, e.CallAdopted(-1, 1, 5, 49, 1, 2, CallPresence.ANSWERED)),
    ):
        with pytest.raises(error):
            engine.handle(call, rig.now)
    rig.do(e.CallAdopted(OLD + 2, 1, 5, 49, 1, 2, CallPresence.UNANSWERED))
    with pytest.raises(CapacityError):
        engine.handle(e.CallAdopted(OLD + 3, 1, 5, 49, 1, 2, CallPresence.ANSWERED), rig.now)


def test_loaded_ledger_fills_the_budget_of_the_present_window_only() -> None:
    rig = Rig(epoch=2)
    day = T0 // (86_400 * S) * 86_400 * S
    spans = [
        e.LedgerSpan(day - 900 * S, 100, 50, 50),
        e.LedgerSpan(day, 9, 1, 0),
        e.LedgerSpan(day + 900 * S, 88, 1, 3),
    ]
    rig.do(e.LedgerLoaded(1, 900, 70, 80, spans))
    told = rig.engine.explain(1)
    assert told.budget is not None
    assert (told.budget.answered, told.budget.abandoned, told.budget.legal_abandoned) == (102, 5, 2)
    assert (told.connected, told.abandoned_no_agent, told.abandoned_caller_left) == (900, 70, 80)
    rig.now = day + 86_400 * S
    rig.do()
    after = rig.engine.explain(1).budget
    assert after is not None
    assert after.answered == 0


def test_budget_counts_both_reasons_and_the_law_only_one() -> None:
    rig = Rig(pool_of(agents=1)).start()
    for waits_s in (0.5, 3.0):
        (call,) = rig.dial(1, next_due_s=60)
        rig.do(e.AgentNotReady(1), e.CallAnswered(call))
        rig.wait(waits_s)
        rig.do(e.CallEnded(call, 0, 16), e.AgentReady(1))
    budget = rig.engine.explain(1).budget
    assert budget is not None
    assert (budget.answered, budget.abandoned, budget.legal_abandoned) == (2, 2, 1)


@pytest.mark.parametrize(
    ("clock", "counts", "after_s", "reason", "counted"),
    [
        (ConnectClock.ANSWER, False, 1.9, AbandonReason.CALLER_LEFT, (0, 0, 0)),
        (ConnectClock.ANSWER, True, 1.9, AbandonReason.CALLER_LEFT, (1, 1, 1)),
        (ConnectClock.ANSWER, False, 2.0, AbandonReason.NO_AGENT_IN_TIME, (1, 1, 1)),
        (ConnectClock.VERDICT, False, 4.0, AbandonReason.CALLER_LEFT, (0, 0, 0)),
        (ConnectClock.GREETING_END, True, 4.0, AbandonReason.CALLER_LEFT, (1, 1, 1)),
    ],
)
def test_who_leaves_during_the_analysis_is_counted_in_the_budget_as_the_rule_counts(
    clock: ConnectClock, counts: bool, after_s: float, reason: AbandonReason, counted: tuple[int, int, int]
) -> None:
    rule = Abandonment(counts_caller_left=counts)
    rig = Rig(pool_of(agents=1, amd=True, connect_clock=clock, abandonment=rule)).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    rig.wait(after_s)
    rig.do(e.CallEnded(call, 0, 16))
    record = rig.record()
    assert (record.outcome, record.abandon_reason) == (Outcome.ABANDONED, reason)
    told = rig.engine.explain(1)
    assert told.abandoned_no_agent + told.abandoned_caller_left == 1
    assert told.budget is not None
    assert (told.budget.answered, told.budget.abandoned, told.budget.legal_abandoned) == counted


@pytest.mark.parametrize(
    ("settings", "abandoned"),
    [
        ({"amd": True}, 3),
        ({"amd": True, "abandonment": Abandonment(counts_caller_left=True)}, 9),
        ({}, 9),  # without analysis nobody waited for a verdict: they waited for an agent
    ],
)
def test_loaded_ledger_is_counted_in_the_budget_as_it_was_when_it_happened(
    settings: dict[str, Any], abandoned: int
) -> None:
    rig = Rig(pool_of(**settings), epoch=2)
    rig.do(e.LedgerLoaded(1, 90, 1, 8, [e.LedgerSpan(T0, 90, 1, 8, 6)]))
    told = rig.engine.explain(1)
    assert told.abandoned_caller_left == 8
    assert told.budget is not None
    assert (told.budget.answered, told.budget.abandoned) == (90 + abandoned, abandoned)


def test_loaded_ledger_of_a_clock_that_was_ahead_counts_as_of_now() -> None:
    rig = Rig(epoch=2)
    rig.do(e.LedgerLoaded(1, 9, 1, 0, [e.LedgerSpan(T0 + 40 * 86_400 * S, 9, 1, 0)]))
    budget = rig.engine.explain(1).budget
    assert budget is not None
    assert budget.answered == 10
    assert budget.window_begins_ns <= T0 < budget.window_ends_ns


def test_dialling_of_the_day_ends_with_the_calling_hours() -> None:
    hours = CallingHours(timezone="UTC", start="22:00", end="23:00", days=(1, 2, 3, 4, 5, 6, 7))
    rig = Rig(pool_of(agents=1, calling_hours=hours)).start()
    budget = rig.engine.explain(1).budget
    assert budget is not None
    assert budget.seconds_left == 23 * 3600 - (T0 // S) % 86_400
    rig.now += 3600 * S
    rig.do()
    assert rig.engine.budget.columns["ends_ns"].tolist() == [0]


# ---- what was learned before -------------------------------------------------------------------------------------


def taught() -> Rig:
    rig = WatchedRig(pool_of(agents=1)).start()
    for _ in range(5):
        call = rig.talk()
        rig.wait(40)
        rig.do(e.CallEnded(call, 0, 16), e.AgentReleased(call, 1), e.AgentReady(1))
    return rig


def test_estimates_outlive_the_engine() -> None:
    before = taught()
    cold = Rig(epoch=2).engine.estimates.summary(0)
    rig = Rig(epoch=2)
    rig.do(e.EstimatesLoaded(1, ESTIMATES_FORMAT, before.engine.dump_estimates(1)))
    after = rig.engine.estimates.summary(0)
    assert after["mean_talk_s"] < cold["mean_talk_s"]
    assert (after["in_flight"], rig.engine.dump_estimates(1)) == (0, before.engine.dump_estimates(1))


@pytest.mark.parametrize("damage", ["format", "bytes", "empty"])
def test_estimates_that_do_not_fit_are_refused_and_change_nothing(damage: str) -> None:
    data = taught().engine.dump_estimates(1)
    rig = Rig(epoch=2)
    version = ESTIMATES_FORMAT + (damage == "format")
    data = {"format": data, "bytes": data[:-9], "empty": b""}[damage]
    with pytest.raises(ConfigError, match="estimates"):
        rig.engine.handle(e.EstimatesLoaded(1, version, data), 0)
    assert rig.engine.estimates.summary(0) == Rig(epoch=2).engine.estimates.summary(0)
    with pytest.raises(UnknownId):
        rig.engine.dump_estimates(9)


def test_loaded_ledger_is_added_to_what_was_counted() -> None:
    rig = adopted(CallPresence.ANSWERED)
    rig.do(e.LedgerLoaded(1, 90, 2, 3))
    told = rig.engine.explain(1)
    assert (told.connected, told.abandoned_no_agent, told.abandoned_caller_left) == (90, 3, 3)
