"""Agents: login, the standing leg, ready, wrap-up, and what is wanted next."""

from __future__ import annotations

import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.errors import StateError, UnknownId
from outpace.domain.states import AgentState, CallState, LegState
from tests.unit.engine.rig import Rig, S, pool_of


def logged_in(*, up: bool = True) -> Rig:
    rig = Rig()
    rig.do(e.LinkUp(), e.CampaignStarted(1), e.AgentLoggedIn(1))
    if up:
        rig.do(e.AgentLegUp(1))
    return rig


def leg(rig: Rig) -> LegState:
    return LegState(int(rig.engine.agent_columns["leg"][0]))


def test_login_opens_the_leg_and_ready_waits_for_it() -> None:
    rig = logged_in(up=False)
    assert rig.ever(c.OpenAgentLeg) == [c.OpenAgentLeg(1)]
    rig.do(e.AgentReady(1))
    assert (rig.agent(), leg(rig)) == (AgentState.NOT_READY, LegState.OPENING)
    rig.do(e.AgentLegUp(1))
    assert (rig.agent(), leg(rig)) == (AgentState.READY, LegState.UP)


def test_login_twice_is_the_callers_error_and_changes_nothing() -> None:
    rig = logged_in()
    digest = rig.engine.agent_columns["since_ns"].copy()
    with pytest.raises(StateError, match=r"agent 1 is logged in already \(not_ready\)"):
        rig.engine.handle(e.AgentLoggedIn(1), rig.now + S)
    assert (rig.engine.agent_columns["since_ns"] == digest).all()
    assert rig.agent() is AgentState.NOT_READY


@pytest.mark.parametrize("fact", [e.AgentReady(1), e.AgentNotReady(1), e.AgentLoggedOut(1)])
def test_acts_of_an_agent_who_is_not_logged_in_are_errors(fact: e.Event) -> None:
    rig = Rig()
    with pytest.raises(StateError, match="not logged in"):
        rig.engine.handle(fact, rig.now)
    assert rig.agent() is AgentState.LOGGED_OUT


@pytest.mark.parametrize(
    "fact", [e.AgentLoggedIn(9), e.AgentLoggedOut(9), e.AgentReady(0), e.AgentNotReady(-4), e.DispositionSet(9, 1, 0)]
)
def test_acts_of_an_agent_who_does_not_exist_are_errors(fact: e.Event) -> None:
    with pytest.raises(UnknownId, match="no agent"):
        Rig().engine.handle(fact, 1)


@pytest.mark.parametrize("fact", [e.AgentLegUp(9), e.AgentLegLost(-1)])
def test_legs_of_nobody_are_counted_because_the_switch_may_say_anything(fact: e.Event) -> None:
    rig = Rig()
    rig.do(fact)
    assert rig.counter("stray_facts") == 1


def test_logout_closes_the_leg_and_the_leg_may_say_so_later() -> None:
    rig = logged_in()
    rig.do(e.AgentReady(1), e.AgentLoggedOut(1))
    assert rig.heard(c.CloseAgentLeg) == [c.CloseAgentLeg(1)]
    assert (rig.agent(), leg(rig)) == (AgentState.LOGGED_OUT, LegState.NONE)
    rig.do(e.AgentLegLost(1), e.AgentLegUp(1))
    assert (rig.agent(), leg(rig), rig.said) == (AgentState.LOGGED_OUT, LegState.NONE, [])
    rig.do(e.AgentLoggedIn(1))
    assert rig.heard(c.OpenAgentLeg) == [c.OpenAgentLeg(1)]


@pytest.mark.parametrize("connected", [False, True])
def test_logout_in_a_call_takes_effect_after_it(connected: bool) -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    if connected:
        rig.do(e.AgentConnected(call, 1))
    rig.do(e.AgentLoggedOut(1))
    assert rig.agent() is (AgentState.TALKING if connected else AgentState.CONNECTING)
    rig.do(e.CallEnded(call))
    assert rig.agent() is AgentState.LOGGED_OUT
    assert rig.heard(c.CloseAgentLeg) == [c.CloseAgentLeg(1)]
    rig.do(e.AgentReleased(call, 1))
    assert rig.agent() is AgentState.LOGGED_OUT


def test_logout_in_a_call_is_taken_back_by_ready() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.do(e.AgentLoggedOut(1), e.AgentReady(1), e.CallEnded(call))
    assert rig.agent() is AgentState.WRAP_UP


def test_not_ready_in_a_call_takes_effect_after_wrap_up() -> None:
    rig = Rig(pool_of(wrap_up_max_s=10.0)).start()
    call = rig.talk()
    rig.do(e.AgentNotReady(1, 7), e.CallEnded(call), e.AgentReleased(call, 1))
    assert rig.agent() is AgentState.WRAP_UP
    rig.wait(10)
    assert rig.agent() is AgentState.NOT_READY
    assert rig.engine.agent_columns["reason"].tolist() == [7]


def test_not_ready_while_being_connected_takes_effect_when_the_caller_leaves() -> None:
    rig = Rig().start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.AgentNotReady(1), e.CallEnded(call))
    assert rig.agent() is AgentState.NOT_READY


def test_not_ready_and_ready_again_while_idle_loses_the_place_in_the_line() -> None:
    rig = Rig(pool_of(agents=2)).start()
    rig.do(e.AgentNotReady(1), e.AgentReady(1))
    (call, _) = rig.dial(2)
    rig.do(e.CallAnswered(call))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 2)]


def test_ready_twice_keeps_the_place_in_the_line() -> None:
    rig = Rig(pool_of(agents=2)).start()
    rig.do(e.AgentReady(1))
    assert rig.said == []
    (call, _) = rig.dial(2)
    rig.do(e.CallAnswered(call))
    assert rig.heard(c.ConnectAgent) == [c.ConnectAgent(call, 1)]


def test_wrap_up_lasts_at_most_its_limit_counted_from_the_end() -> None:
    rig = Rig(pool_of(wrap_up_max_s=15.0)).start()
    call = rig.talk()
    rig.do(e.CallEnded(call))
    rig.wait(0.5)
    rig.do(e.AgentReleased(call, 1))
    rig.wait(14.499)
    assert rig.agent() is AgentState.WRAP_UP
    rig.wait(0.001)
    assert rig.agent() is AgentState.READY


def test_wrap_up_without_a_limit_lasts_until_ready() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    rig.wait(7200)
    assert rig.agent() is AgentState.WRAP_UP
    rig.do(e.AgentReady(1))
    assert rig.agent() is AgentState.READY


def test_wrap_up_is_left_for_a_pause() -> None:
    rig = Rig(pool_of(wrap_up_max_s=15.0)).start()
    call = rig.talk()
    rig.do(e.CallEnded(call), e.AgentNotReady(1))
    assert rig.agent() is AgentState.NOT_READY
    rig.wait(60)
    assert rig.agent() is AgentState.NOT_READY


def test_pause_during_the_bridges_end_can_be_taken_back() -> None:
    rig = Rig().start()
    call = rig.talk()
    rig.do(e.CallEnded(call), e.AgentNotReady(1), e.AgentReady(1))
    assert rig.agent() is AgentState.NOT_READY
    rig.do(e.AgentReleased(call, 1))
    assert rig.agent() is AgentState.READY


# ---- the leg -------------------------------------------------------------------------------------------------------


def test_leg_that_never_opens_is_asked_for_again_after_45_seconds() -> None:
    rig = logged_in(up=False)
    rig.wait(44.999)
    assert rig.heard(c.OpenAgentLeg) == []
    rig.wait(0.001)
    assert rig.heard(c.OpenAgentLeg) == [c.OpenAgentLeg(1)]


def test_leg_is_reopened_with_growing_waits() -> None:
    rig = logged_in()
    rig.do(e.AgentReady(1))
    waits = []
    for _ in range(8):
        rig.do(e.AgentLegLost(1))
        lost = rig.now
        rig.wait(31)
        waits.append((next(at for at, one in reversed(rig.history) if isinstance(one, c.OpenAgentLeg)) - lost) // S)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    rig.do(e.AgentLegUp(1))
    assert rig.agent() is AgentState.READY
    rig.do(e.AgentLegLost(1))
    rig.wait(1)
    assert rig.heard(c.OpenAgentLeg) == [c.OpenAgentLeg(1)]


@pytest.mark.parametrize(
    "state", ["not_ready", "ready", "wrap_up", "wrap_up_busy", "connecting", "talking", "logged_out"]
)
def test_leg_lost_in_any_state_leaves_the_agent_reachable_again(state: str) -> None:
    rig = Rig(pool_of(wrap_up_max_s=5.0)).start(ready=0 if state == "not_ready" else 1)
    call = 0
    if state in ("connecting", "talking", "wrap_up", "wrap_up_busy"):
        (call,) = rig.dial(1)
        rig.do(e.CallAnswered(call))
    if state in ("talking", "wrap_up", "wrap_up_busy"):
        rig.do(e.AgentConnected(call, 1))
    if state.startswith("wrap_up"):
        rig.do(e.CallEnded(call))
    if state == "wrap_up":
        rig.do(e.AgentReleased(call, 1))
    if state == "logged_out":
        rig.do(e.AgentLoggedOut(1))
    rig.do(e.AgentLegLost(1))
    if state == "logged_out":
        assert (rig.agent(), leg(rig)) == (AgentState.LOGGED_OUT, LegState.NONE)
        return
    assert leg(rig) is LegState.LOST
    assert rig.agent() in (AgentState.NOT_READY, AgentState.WRAP_UP)
    if state == "connecting":
        assert rig.call(call) is CallState.QUEUED
        rig.do(e.CallEnded(call))
    if state == "talking":
        assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]
        rig.do(e.CallEnded(call))
        assert rig.record().outcome.name == "CONNECTED"
    rig.wait(1)
    assert rig.heard(c.OpenAgentLeg) == [c.OpenAgentLeg(1)]
    rig.do(e.AgentLegUp(1))
    rig.wait(5)
    assert rig.agent() is (AgentState.NOT_READY if state == "not_ready" else AgentState.READY)


def test_leg_that_comes_back_by_itself_needs_no_opening() -> None:
    rig = logged_in()
    rig.do(e.AgentReady(1), e.AgentLegLost(1), e.AgentLegUp(1))
    assert rig.agent() is AgentState.READY
    rig.wait(60)
    assert len(rig.ever(c.OpenAgentLeg)) == 1


# ---- times and dispositions ----------------------------------------------------------------------------------------


def test_time_spent_in_each_state_adds_up() -> None:
    rig = Rig(pool_of(wrap_up_max_s=5.0)).start()
    rig.wait(10)
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    rig.wait(1)
    rig.do(e.AgentConnected(call, 1))
    rig.wait(60)
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    rig.wait(5)
    spent = rig.engine.agent_columns["spent_ns"][0]
    told = {state.name: int(spent[state]) // S for state in AgentState if spent[state] and state}
    assert told == {"READY": 10, "CONNECTING": 1, "TALKING": 60, "WRAP_UP": 5}


def test_disposition_is_recorded_during_and_after_the_call() -> None:
    rig = Rig(pool_of(dispositions=("sale", "none"))).start()
    call = rig.talk()
    rig.do(e.DispositionSet(1, call, 1))
    assert rig.said == [c.RecordDisposition(call, 1, 1)]
    rig.do(e.CallEnded(call), e.DispositionSet(1, call, 0))
    assert rig.heard(c.RecordDisposition) == [c.RecordDisposition(call, 1, 0)]


@pytest.mark.parametrize(("call", "disposition"), [(0, 0), (12345, 0), (None, 2), (None, -1)])
def test_disposition_that_makes_no_sense_is_the_callers_error(call: int | None, disposition: int) -> None:
    rig = Rig(pool_of(dispositions=("sale", "none"))).start()
    talking = rig.talk()
    with pytest.raises(StateError):
        rig.engine.handle(e.DispositionSet(1, talking if call is None else call, disposition), rig.now)


def test_every_state_is_announced_with_its_call() -> None:
    rig = Rig(pool_of(wrap_up_max_s=5.0)).start()
    call = rig.talk()
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    rig.wait(5)
    told = [(one.state.name, one.call_id) for one in rig.ever(c.AgentStateChanged)]
    assert told == [
        ("NOT_READY", 0), ("READY", 0), ("CONNECTING", call), ("TALKING", call), ("WRAP_UP", call), ("READY", 0),
    ]  # fmt: skip
