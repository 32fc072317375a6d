"""What pacing is told: each launch and what came of it, each talk and wrap-up and its end. The checkers of every step
hold that nothing is told twice or never; here it is what is told."""

from __future__ import annotations

import numpy as np
import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import DialMode
from outpace.domain.outcomes import CallPresence, Outcome, Refusal, Verdict
from tests.unit.engine.rig import T0, Rig, S, WatchedRig, pool_of

TALK, WRAP_UP = 0, 1
OLD = 1 << 32 | 77


def learned(rig: Rig) -> tuple[int, int]:
    """(people, nobodies) that pacing has learned of."""
    columns = rig.engine.estimates.columns
    return tuple(round(float(columns[name][0].sum())) for name in ("ring_persons", "ring_nobodies"))  # type: ignore[return-value]


def in_flight(rig: Rig) -> int:
    return int(rig.engine.estimates.columns["ring_calls"][0].sum())


def phases(rig: Rig, row: int = 0) -> list[tuple[int, int]]:
    """Of talk and wrap-up: (those that go on, those whose end was learned of)."""
    columns = rig.engine.estimates.columns
    going_on = columns["begun"][row].sum(axis=1) + columns["old"][row]
    return [
        (int(open_), round(float(ends)))
        for open_, ends in zip(going_on, columns["phase_ends"][row].sum(axis=1), strict=True)
    ]


# ---- calls ---------------------------------------------------------------------------------------------------------


def test_a_launch_is_told_when_the_switch_hears_of_it() -> None:
    rig = WatchedRig().start()
    rig.lease(5)
    assert in_flight(rig) == 0
    (intent,) = rig.heard(c.WriteIntent)
    rig.do(e.IntentDurable(intent.call_id))
    assert in_flight(rig) == 1


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((e.CallRinging, e.CallAnswered), (1, 0)),
        ((e.CallAnswered,), (1, 0)),
        ((lambda call: e.CallEnded(call, Outcome.BUSY, 17),), (0, 1)),
        ((e.CallRinging, lambda call: e.CallEnded(call, Outcome.NO_ANSWER, 19)), (0, 1)),
        ((lambda call: e.OriginateRefused(call, Refusal.BY_SWITCH),), (0, 0)),
        ((lambda call: e.OriginateRefused(call, Refusal.NO_CIRCUIT),), (0, 0)),
        ((lambda call: e.OriginateRefused(call, Refusal.LINK_DOWN),), (0, 0)),
        ((e.CallRinging, lambda call: e.CallQueried(call, CallPresence.GONE)), (0, 0)),
        ((e.CallRinging, lambda call: e.CallEnded(call, Outcome.ABANDONED)), (0, 0)),
        ((lambda _: e.CampaignStopped(1),), (0, 0)),
        ((lambda _: e.CampaignStopped(1), e.CallAnswered), (0, 0)),
    ],
)
def test_what_came_of_a_call_is_told_once(facts: tuple, expected: tuple[int, int]) -> None:  # type: ignore[type-arg]
    rig = WatchedRig().start()
    (call,) = rig.dial(1)
    for fact in facts:
        rig.do(fact(call))
    assert (learned(rig), in_flight(rig)) == (expected, 0)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Verdict.PERSON, (1, 0)), (Verdict.UNSURE, (1, 0)), (Verdict.MACHINE, (0, 1)), (Verdict.FAX, (0, 1))],
)
def test_where_machines_are_told_apart_the_verdict_counts(verdict: Verdict, expected: tuple[int, int]) -> None:
    rig = WatchedRig(pool_of(amd=True)).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    assert (learned(rig), in_flight(rig)) == ((0, 0), 1)
    rig.do(e.CpaVerdict(call, verdict))
    assert (learned(rig), in_flight(rig)) == (expected, 0)


def test_whoever_leaves_during_the_analysis_wants_no_agent() -> None:
    rig = WatchedRig(pool_of(amd=True)).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.CallEnded(call, 0, 16))
    assert (learned(rig), in_flight(rig)) == ((0, 1), 0)


def test_a_call_that_nobody_knows_of_any_more_is_forgotten() -> None:
    rig = WatchedRig().start()
    rig.dial(1)
    rig.wait(120)
    assert rig.record().outcome is Outcome.LOST
    assert learned(rig) == (0, 0)
    assert in_flight(rig) <= 1  # the next call


@pytest.mark.parametrize("launched_s", [-9, 0, 5, -1_700_000_000])
def test_an_adopted_call_is_in_flight_since_its_launch(launched_s: int) -> None:
    rig = WatchedRig(epoch=2)
    rig.do(e.LinkUp(), e.CallAdopted(OLD, 1, 5, 49, 1, 2, CallPresence.UNANSWERED, 0, 3, T0 + launched_s * S))
    since = -9 if launched_s == -9 else 0
    slots = rig.engine.estimates.columns["ring_calls"][0]
    assert np.flatnonzero(slots).tolist() == [(T0 // S + since) % len(slots)]
    rig.do(e.CallAnswered(OLD))
    assert (learned(rig), in_flight(rig)) == ((1, 0), 0)


# ---- agents --------------------------------------------------------------------------------------------------------


def test_talk_and_wrap_up_are_told_from_beginning_to_end() -> None:
    rig = WatchedRig().start()
    call = rig.talk()
    assert phases(rig) == [(1, 0), (0, 0)]
    rig.wait(30)
    rig.do(e.CallEnded(call, 0, 16))
    assert phases(rig) == [(0, 1), (1, 0)]
    bins = rig.engine.estimates.columns["phase_ends"][0, TALK]
    assert np.flatnonzero(bins).tolist() == [7]  # 25 to 35 s
    rig.do(e.AgentReleased(call, 1), e.AgentReady(1))
    assert phases(rig) == [(0, 1), (0, 1)]


def test_an_agent_of_two_campaigns_becomes_free_for_both() -> None:
    pool = pool_of()
    other = [*pool.campaigns, type(pool.campaigns[0])(id=2, name="two")]
    agent = type(pool.agents[0])(id=1, name="a", campaigns=(1, 2))
    rig = WatchedRig(type(pool)(campaigns=tuple(other), trunk_groups=pool.trunk_groups, agents=(agent,))).start()
    call = rig.talk()
    rig.do(e.CallEnded(call, 0, 16))
    assert phases(rig, 0) == phases(rig, 1) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("leave", [e.AgentNotReady(1), e.AgentLoggedOut(1), e.AgentLegLost(1)])
def test_who_leaves_from_a_talk_does_not_become_free_and_teaches_nothing(leave: e.Event) -> None:
    rig = WatchedRig().start()
    call = rig.talk()
    rig.do(leave)
    assert phases(rig)[TALK] == (0, 0)
    rig.do(e.CallEnded(call, 0, 16), e.AgentReleased(call, 1))
    assert phases(rig) == [(0, 0), (0, 0)]


@pytest.mark.parametrize("leave", [e.AgentNotReady(1), e.AgentLoggedOut(1), e.AgentLegLost(1)])
def test_who_leaves_from_a_wrap_up_does_not_become_free_and_teaches_nothing(leave: e.Event) -> None:
    rig = WatchedRig().start()
    call = rig.talk()
    rig.do(e.CallEnded(call, 0, 16), e.AgentReleased(call, 1))
    assert phases(rig)[WRAP_UP] == (1, 0)
    rig.do(leave)
    assert phases(rig) == [(0, 1), (0, 0)]


def test_a_pause_that_is_taken_back_counts_from_where_the_talk_began() -> None:
    rig = WatchedRig().start()
    call = rig.talk()
    rig.wait(10)
    rig.do(e.AgentNotReady(1))
    assert phases(rig)[TALK] == (0, 0)
    rig.wait(10)
    rig.do(e.AgentReady(1))
    slots = rig.engine.estimates.columns["begun"][0, TALK]
    assert np.flatnonzero(slots).tolist() == [T0 // S % len(slots)]
    rig.wait(10)
    rig.do(e.CallEnded(call, 0, 16))
    assert np.flatnonzero(rig.engine.estimates.columns["phase_ends"][0, TALK]).tolist() == [7]  # 25 to 35 s


def test_a_leg_that_comes_back_in_wrap_up_lets_the_agent_become_free_again() -> None:
    rig = WatchedRig().start()
    call = rig.talk()
    rig.do(e.CallEnded(call, 0, 16), e.AgentReleased(call, 1), e.AgentLegLost(1))
    rig.do(e.AgentLegUp(1))
    assert phases(rig)[WRAP_UP] == (1, 0)


# ---- who watches ---------------------------------------------------------------------------------------------------


def test_a_mode_that_does_not_watch_the_time_learns_no_hazards_from_ends_alone() -> None:
    # events over no exposure at all would be hazards without bounds, and be saved for the mode of tomorrow
    rig = Rig(pool_of(mode=DialMode.PRECISE)).start()
    call = rig.talk()
    rig.wait(30)
    rig.do(e.CallEnded(call, 0, 16))
    rig.do(e.AgentReleased(call, 1), e.AgentReady(1))
    assert (learned(rig), phases(rig)) == ((0, 0), [(0, 0), (0, 0)])
    assert rig.engine.estimates.dump(0) == Rig().engine.estimates.dump(0)


def test_a_campaign_that_does_not_run_learns_nothing_from_agents_whom_another_keeps_busy() -> None:
    pool = pool_of(mode=DialMode.PREDICTIVE)
    other = [*pool.campaigns, type(pool.campaigns[0])(id=2, name="two", mode=DialMode.PREDICTIVE)]
    agent = type(pool.agents[0])(id=1, name="a", campaigns=(1, 2))
    rig = Rig(type(pool)(campaigns=tuple(other), trunk_groups=pool.trunk_groups, agents=(agent,))).start()
    rig.do(e.CampaignPaused(2))
    rig.lease(1)
    rig.wait(0.5)
    (intent,) = rig.ever(c.WriteIntent)
    call = intent.call_id
    rig.do(e.IntentDurable(call), e.CallRinging(call), e.CallAnswered(call), e.AgentConnected(call, 1))
    rig.wait(20)
    rig.do(e.CallEnded(call, 0, 16))
    assert (phases(rig, 0), phases(rig, 1)) == ([(0, 1), (1, 0)], [(0, 0), (1, 0)])
    rig.do(e.AgentReleased(call, 1), e.AgentReady(1))
    assert (phases(rig, 0), phases(rig, 1)) == ([(0, 1), (0, 1)], [(0, 0), (0, 0)])


def test_an_adopted_agent_becomes_free_once_logged_in() -> None:
    rig = WatchedRig(epoch=2)
    rig.do(e.LinkUp(), e.CallAdopted(OLD, 1, 5, 49, 1, 2, CallPresence.BRIDGED, 1, 3, T0 - 9 * S))
    assert phases(rig)[TALK] == (0, 0)
    rig.wait(5)
    rig.do(e.AgentLoggedIn(1))
    slots = rig.engine.estimates.columns["begun"][0, TALK]
    assert np.flatnonzero(slots).tolist() == [T0 // S % len(slots)]
