"""The link to the switch goes and comes; facts get lost; time leaps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.outcomes import CallPresence, LimitedBy, Outcome, Verdict
from outpace.domain.states import AgentState, CallState
from tests.unit.engine.rig import MS, T0, Rig, S, pool_of


def test_nothing_is_launched_before_the_link_is_up_and_the_reason_is_visible() -> None:
    rig = Rig(pool_of(agents=3)).start(link=False)
    assert rig.heard(c.LeaseLeads) == []
    assert rig.engine.explain(1).reason is LimitedBy.SWITCH_DOWN
    rig.do(e.LinkUp())
    assert len(rig.heard(c.LeaseLeads)) == 1


def test_intent_that_becomes_durable_without_a_link_is_withdrawn() -> None:
    rig = Rig().start()
    rig.lease(1)
    (call,) = rig.checkers.open
    rig.do(e.LinkDown("gone"), e.IntentDurable(call))
    (withdrawn,) = rig.heard(c.WithdrawIntent)
    assert (withdrawn.call_id, withdrawn.reason.name) == (call, "LINK_DOWN")
    assert rig.ever(c.Originate) == []


def test_calls_that_wait_for_the_rate_when_the_link_goes_are_withdrawn() -> None:
    rig = Rig(pool_of(agents=3, trunk={"cps": 10.0, "burst": 1})).start()
    rig.lease(3)
    rig.do(*[e.IntentDurable(call) for call in sorted(rig.checkers.open)])
    assert len(rig.ever(c.Originate)) == 1
    rig.do(e.LinkDown("gone"))
    rig.wait(1)
    assert len(rig.ever(c.Originate)) == 1
    assert {one.reason.name for one in rig.ever(c.WithdrawIntent)} == {"LINK_DOWN"}


def test_while_the_link_is_down_nobody_is_connected_and_no_call_is_given_up() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.CallRinging(call), e.LinkDown("gone"))
    rig.wait(600)
    assert rig.call(call) is CallState.RINGING
    rig.do(e.LinkUp())
    assert rig.heard(c.QueryCall) == [c.QueryCall(call)]
    rig.do(e.CallQueried(call, CallPresence.GONE))
    assert rig.record().outcome is Outcome.LOST


def test_link_up_asks_for_every_call_and_connects_who_waits() -> None:
    rig = Rig(pool_of(agents=2, connect_limit_s=10.0)).start()
    waits, rings = rig.dial(2)
    rig.do(e.AgentNotReady(1), e.AgentNotReady(2), e.CallRinging(rings), e.CallAnswered(waits))
    rig.do(e.LinkDown("gone"), e.AgentReady(1))
    assert rig.heard(c.ConnectAgent) == []
    rig.wait(1)
    rig.do(e.LinkUp())
    assert {one.call_id for one in rig.heard(c.QueryCall)} == {waits, rings}
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(waits, 1)]
    # the answers were given before the bridge
    rig.do(e.CallQueried(waits, CallPresence.ANSWERED), e.CallQueried(rings, CallPresence.UNANSWERED))
    rig.do(e.AgentConnected(waits, 1))
    assert (rig.call(waits), rig.agent(1)) == (CallState.TALKING, AgentState.TALKING)


def test_answer_that_was_missed_is_made_up_for_by_the_query() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.CallRinging(call), e.LinkDown("gone"), e.LinkUp(), e.CallQueried(call, CallPresence.ANSWERED))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 1)]


def test_conversation_that_ended_unheard_ends_as_connected() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.do(e.LinkDown("gone"), e.LinkUp(), e.CallQueried(call, CallPresence.GONE))
    assert rig.record().outcome is Outcome.CONNECTED
    assert rig.agent() is AgentState.WRAP_UP


def test_switch_that_answers_no_query_loses_the_call_after_three() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.CallRinging(call))
    rig.wait(30)
    assert rig.heard(c.QueryCall) == [c.QueryCall(call)]
    rig.wait(14.999)
    assert len(rig.ever(c.QueryCall)) == 3
    assert rig.call(call) is CallState.RINGING
    rig.wait(0.001)
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]
    assert rig.record().outcome is Outcome.LOST
    assert rig.counter("lost_calls") == 1


# ---- every fact of a call's life, lost in turn ---------------------------------------------------------------------


class Switch:
    """A switch that knows what became of each call, but whose facts can be lost on the way."""

    def __init__(self, rig: Rig, lost: type[e.Event] | None, *, answers: bool) -> None:
        self.rig, self.lost, self.answers = rig, lost, answers
        self.presence = CallPresence.UNANSWERED
        self.queue: list[tuple[int, Callable[[], list[e.Event]]]] = []

    def at(self, seconds: float, facts: Callable[[], list[e.Event]]) -> None:
        self.queue.append((self.rig.now + round(seconds * S), facts))
        self.queue.sort(key=lambda entry: entry[0])

    def said(self, commands: list[c.AnyCommand]) -> None:
        for one in commands:
            if isinstance(one, c.Originate):
                self.at(0.1, lambda one=one: [e.CallProceeding(one.call_id)])
                self.at(1, lambda one=one: [e.CallRinging(one.call_id)])
                self.at(5, lambda one=one: self.now(CallPresence.ANSWERED, e.CallAnswered(one.call_id)))
            elif isinstance(one, c.ConnectAgent):
                self.at(
                    0.01, lambda one=one: self.now(CallPresence.BRIDGED, e.AgentConnected(one.call_id, one.agent_id))
                )
                self.at(30, lambda one=one: self.end(one.call_id, e.AgentReleased(one.call_id, one.agent_id)))
            elif isinstance(one, c.HangUp):
                self.at(0.02, lambda one=one: self.end(one.call_id))
            elif isinstance(one, c.PlayMessage):
                self.at(4, lambda one=one: [e.MessageEnded(one.call_id)])
            elif isinstance(one, c.QueryCall) and self.answers:
                self.at(0.01, lambda one=one: [e.CallQueried(one.call_id, self.presence, 1)])

    def now(self, presence: CallPresence, *facts: e.Event) -> list[e.Event]:
        if self.presence is CallPresence.GONE:
            return []
        self.presence = presence
        return list(facts)

    def end(self, call: int, *before: e.Event) -> list[e.Event]:
        if self.presence is CallPresence.GONE:
            return []
        self.presence = CallPresence.GONE
        return [*before, e.CallEnded(call, Outcome.NO_ANSWER, 16)]

    def run(self, seconds: float) -> None:
        until = self.rig.now + round(seconds * S)
        while True:
            deadline = self.rig.engine.next_deadline_ns()
            at = min(deadline, self.queue[0][0] if self.queue else until)
            if at > until:
                return
            self.rig.now = max(self.rig.now, at)
            facts: list[e.Event] = []
            if self.queue and self.queue[0][0] <= at:
                facts = self.queue.pop(0)[1]()
            self.said(self.rig.do(*[fact for fact in facts if type(fact) is not self.lost]))
            if self.rig.now >= until:
                return


LIFE = (e.CallProceeding, e.CallRinging, e.CallAnswered, e.AgentConnected, e.AgentReleased, e.CallEnded)


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("lost", [None, *LIFE])
def test_lost_fact_costs_one_call_at_most(lost: type[e.Event] | None, answers: bool) -> None:
    rig = Rig(pool_of(wrap_up_max_s=5.0)).start()
    switch = Switch(rig, lost, answers=answers)
    rig.lease(1)
    (call,) = rig.checkers.open
    switch.said(rig.do(e.IntentDurable(call)))
    switch.run(240)
    (record,) = rig.ever(c.RecordAttempt)
    assert rig.counter("calls") == 0
    assert rig.agent() is AgentState.READY
    if lost in (None, e.CallProceeding, e.CallRinging, e.AgentReleased) or (answers and lost is e.AgentConnected):
        assert record.outcome is Outcome.CONNECTED
        assert record.connected_ns - T0 <= 9 * S
    if lost is e.CallAnswered and answers:
        assert record.outcome is Outcome.CONNECTED


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("lost", [e.MessageEnded, e.CallEnded])
def test_lost_fact_of_a_treatment_costs_no_more_than_its_time(lost: type[e.Event], answers: bool) -> None:
    rig = Rig(pool_of(message="sorry.wav", message_max_s=20.0)).start()
    switch = Switch(rig, lost, answers=answers)
    rig.lease(1)
    (call,) = rig.checkers.open
    switch.said(rig.do(e.IntentDurable(call)))
    switch.said(rig.do(e.AgentNotReady(1)))
    switch.run(120)
    (record,) = rig.ever(c.RecordAttempt)
    assert record.outcome is Outcome.ABANDONED
    assert rig.counter("calls") == 0


# ---- time ----------------------------------------------------------------------------------------------------------


def test_time_that_goes_back_is_the_callers_error_and_changes_nothing() -> None:
    rig = Rig().start()
    before = rig.engine.digest()
    for act in (
        lambda: rig.engine.tick(rig.now - 1),
        lambda: rig.engine.handle(e.LinkUp(), rig.now - 1),
        lambda: rig.engine.handle(e.TimePassed(), rig.now - 1),
        lambda: rig.engine.handle(e.LeadsLeased(1, 1, rig.now, [], [], []), rig.now - 1),
        lambda: rig.engine.handle(e.LedgerLoaded(1, 1, 1, 1), rig.now - 1),
    ):
        with pytest.raises(ValueError, match="time goes back"):
            act()
    assert rig.engine.digest() == before


def test_what_is_no_event_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="not an event"):
        Rig().engine.handle(c.HangUp(1, 16), T0)


@pytest.mark.parametrize("amd", [False, True])
def test_leap_of_the_clock_abandons_nobody(amd: bool) -> None:
    rig = Rig(pool_of(agents=3, amd=amd, connect_limit_s=2.0)).start()
    calls = rig.dial(3)
    rig.do(*[e.AgentNotReady(agent) for agent in (1, 2, 3)], *[e.CallAnswered(call) for call in calls])
    rig.wait(0.5)
    rig.jump(30)
    if amd:
        rig.do(*[e.CpaVerdict(call, Verdict.PERSON) for call in calls])
    assert rig.counter("clock_jumps") == 1
    assert [rig.call(call) for call in calls] == [CallState.QUEUED] * 3
    rig.wait(1.499)
    assert [rig.call(call) for call in calls] == [CallState.QUEUED] * 3
    rig.wait(0.001)
    assert [rig.call(call) for call in calls] == [CallState.TREATMENT] * 3


def test_leap_of_the_clock_does_not_count_against_a_failed_connect() -> None:
    rig = Rig(pool_of(agents=2, connect_limit_s=2.0)).start()
    (call, _) = rig.dial(2)
    rig.do(e.CallAnswered(call))
    rig.jump(60)
    rig.do(e.ConnectFailed(call, 1))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 2)]


def test_late_tick_of_less_than_five_seconds_is_no_leap() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.AgentNotReady(1), e.CallAnswered(call))
    rig.jump(4.9)
    assert rig.counter("clock_jumps") == 0
    assert rig.call(call) is CallState.TREATMENT


def test_quiet_hours_are_no_leap() -> None:
    rig = Rig().start(ready=0)
    rig.do(e.LeadsLeased(1, 1, rig.now + 10**15, [1], [49], [0], 0))
    rig.wait(36_000)
    assert rig.counter("clock_jumps") == 0


def test_deadline_is_the_next_timer_to_the_nanosecond() -> None:
    rig = Rig(pool_of(connect_limit_s=2.0)).start()
    (call,) = rig.dial(1)
    rig.do(e.AgentNotReady(1))
    rig.wait(0.123_456_789)
    rig.do(e.CallAnswered(call))
    assert rig.engine.next_deadline_ns() == T0 + 2 * S + 123_456_789


def test_engine_that_has_nothing_pending_wants_no_tick() -> None:
    rig = Rig()
    rig.do(e.LinkUp())
    assert rig.engine.next_deadline_ns() == 2**63 - 1
    rig.do(e.CampaignStarted(1))
    assert rig.engine.next_deadline_ns() == T0 + 10_000 * MS  # the store's answer
