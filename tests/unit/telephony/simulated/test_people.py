"""The people at the desks, told of states and time, answer with public facts."""

from __future__ import annotations

import numpy as np
import pytest

from outpace.domain.commands import AgentStateChanged
from outpace.domain.errors import ConfigError, UnknownId
from outpace.domain.events import AgentLoggedIn, AgentLoggedOut, AgentNotReady, AgentReady, DispositionSet
from outpace.domain.states import AgentState
from outpace.telephony.simulated.distributions import DistributionSettings
from outpace.telephony.simulated.people import Act, People, PeopleSettings, Shift

S = 1_000_000_000
NEVER = 2**63 - 1


def people(count: int = 1, seed: int = 1, **settings: object) -> People:
    return People(PeopleSettings(**settings), list(range(1, count + 1)), seed=seed)


def at_work(**settings: object) -> People:
    """One agent, logged in at 0 and noticed to be ready."""
    made = people(log_in_over_s=0.0, **settings)
    made.start(0)
    made.advance(0)
    made.notice(AgentStateChanged(1, AgentState.READY, 0, 0))
    return made


def test_they_log_in_evenly_over_the_first_minute() -> None:
    made = people(4, log_in_over_s=60.0)
    made.start(100 * S)
    told = []
    while made.next_event_ns() < NEVER:
        due = made.next_event_ns()
        told += [(due, event) for event in made.advance(due)]
    expected = [(100 + 15 * k, kind(k + 1)) for k in range(4) for kind in (AgentLoggedIn, AgentReady)]
    assert told == [(at * S, event) for at, event in expected]


def test_a_call_is_written_up_and_then_the_agent_is_ready() -> None:
    made = at_work(wrap_up=12.0, dispositions=(0.0, 1.0))
    made.notice(AgentStateChanged(1, AgentState.TALKING, 77, 5 * S))
    assert made.next_event_ns() == NEVER
    made.notice(AgentStateChanged(1, AgentState.WRAP_UP, 77, 50 * S))
    assert made.next_event_ns() == 62 * S
    assert made.advance(61 * S) == []
    assert made.advance(62 * S) == [DispositionSet(1, 77, 1), AgentReady(1)]


def test_wrap_up_times_follow_the_distribution_and_the_agent() -> None:
    def wraps(seed: int) -> list[int]:
        made = people(2, seed, log_in_over_s=0.0)
        made.start(0)
        made.advance(0)
        found = []
        for n in range(2000):
            made.notice(AgentStateChanged(1, AgentState.WRAP_UP, n + 1, n * 10_000 * S))
            found.append(made.next_event_ns() - n * 10_000 * S)
            made.advance(made.next_event_ns())
        return found

    first = wraps(3)
    assert np.mean(first) / S == pytest.approx(15.0, rel=0.06)
    assert np.std(first) / np.mean(first) == pytest.approx(0.8, rel=0.1)
    assert wraps(3) == first
    assert wraps(4) != first


def test_dispositions_are_set_by_their_weights() -> None:
    made = at_work(wrap_up=1.0, dispositions=(3.0, 1.0))
    codes = []
    for n in range(2000):
        made.notice(AgentStateChanged(1, AgentState.WRAP_UP, n + 1, n * 10 * S))
        codes += [event.disposition for event in made.advance(n * 10 * S + S) if isinstance(event, DispositionSet)]
    assert len(codes) == 2000
    assert codes.count(1) / 2000 == pytest.approx(0.25, abs=0.03)


def test_a_wrap_up_that_the_engine_ends_is_dropped() -> None:
    made = at_work(wrap_up=12.0)
    made.notice(AgentStateChanged(1, AgentState.WRAP_UP, 77, 50 * S))
    made.notice(AgentStateChanged(1, AgentState.READY, 0, 55 * S))
    assert made.next_event_ns() == NEVER


def test_a_planned_pause_begins_and_ends() -> None:
    made = at_work()
    made.plan(1, 200 * S, Act.ACT_RESUME)
    made.plan(1, 100 * S, Act.ACT_PAUSE)
    assert made.advance(100 * S) == [AgentNotReady(1, 1)]
    made.notice(AgentStateChanged(1, AgentState.NOT_READY, 0, 100 * S))
    assert made.next_event_ns() == 200 * S
    assert made.advance(200 * S) == [AgentReady(1)]


def test_who_pauses_in_a_call_writes_it_up_and_is_not_ready_then() -> None:
    made = at_work(wrap_up=10.0)
    made.notice(AgentStateChanged(1, AgentState.TALKING, 77, 90 * S))
    made.plan(1, 100 * S, Act.ACT_PAUSE)
    assert made.advance(100 * S) == [AgentNotReady(1, 1)]
    made.notice(AgentStateChanged(1, AgentState.WRAP_UP, 77, 120 * S))
    assert made.advance(130 * S) == [DispositionSet(1, 77, 0), AgentNotReady(1, 1)]


def test_who_resumes_in_wrap_up_is_ready_when_it_ends() -> None:
    made = at_work(wrap_up=10.0)
    made.plan(1, 100 * S, Act.ACT_PAUSE)
    made.advance(100 * S)
    made.notice(AgentStateChanged(1, AgentState.WRAP_UP, 77, 120 * S))
    made.plan(1, 125 * S, Act.ACT_RESUME)
    assert made.advance(125 * S) == []
    assert made.advance(130 * S) == [DispositionSet(1, 77, 0), AgentReady(1)]


def test_who_logs_out_in_wrap_up_leaves_after_it() -> None:
    made = at_work(wrap_up=10.0)
    made.notice(AgentStateChanged(1, AgentState.WRAP_UP, 77, 120 * S))
    made.plan(1, 125 * S, Act.ACT_LOG_OUT)
    assert made.advance(125 * S) == [AgentLoggedOut(1)]
    assert made.advance(200 * S) == [DispositionSet(1, 77, 0), AgentLoggedOut(1)]
    made.plan(1, 300 * S, Act.ACT_LOG_IN)
    assert made.advance(300 * S) == [AgentLoggedIn(1), AgentReady(1)]


def test_breaks_come_and_go() -> None:
    every = DistributionSettings(kind="uniform", low=4500.0, high=7500.0)
    length = DistributionSettings(kind="uniform", low=300.0, high=900.0)
    made = people(log_in_over_s=0.0, break_every=every, break_length=length)
    made.start(0)
    made.advance(0)
    told = []
    while (due := made.next_event_ns()) < 8 * 3600 * S:
        told += [(due, type(event)) for event in made.advance(due)]
    kinds = [kind for _, kind in told]
    assert kinds[:4] == [AgentNotReady, AgentReady, AgentNotReady, AgentReady]
    assert 4500 * S <= told[0][0] <= 7500 * S
    assert 300 * S <= told[1][0] - told[0][0] <= 900 * S
    assert 4500 * S <= told[2][0] - told[1][0] <= 7500 * S


def test_who_is_put_aside_comes_back_after_a_moment() -> None:
    made = at_work(return_s=5.0)
    made.notice(AgentStateChanged(1, AgentState.NOT_READY, 0, 40 * S))
    assert made.advance(45 * S) == [AgentReady(1)]


def test_agents_who_are_not_theirs_are_left_alone() -> None:
    made = at_work()
    made.notice(AgentStateChanged(99, AgentState.WRAP_UP, 77, 50 * S))
    assert made.next_event_ns() == NEVER
    with pytest.raises(UnknownId):
        made.plan(99, 0, Act.ACT_PAUSE)
    with pytest.raises(ValueError, match="no such act"):
        made.plan(1, 0, 9)


@pytest.mark.parametrize(
    ("key", "value"),
    [("dispositions", ()), ("dispositions", (0.0,)), ("return_s", -1.0), ("wrap_up", -5.0), ("break_length", -1.0)],
)
def test_wrong_settings_are_refused(key, value) -> None:
    with pytest.raises(ConfigError) as caught:
        PeopleSettings(**{key: value})
    assert caught.value.where == key


def presence(made: People, until_s: float) -> dict[int, list[tuple[float, bool]]]:
    """Agent -> (seconds, came or left), in order."""
    told: dict[int, list[tuple[float, bool]]] = {}
    while (due := made.next_event_ns()) <= until_s * S:
        for event in made.advance(due):
            if isinstance(event, AgentLoggedIn | AgentLoggedOut):
                told.setdefault(event.agent_id, []).append((due / S, isinstance(event, AgentLoggedIn)))
    return told


def test_shifts_are_taken_in_turn() -> None:
    made = people(4, shifts=(Shift(end_s=1000.0), Shift(start_s=500.0, end_s=2000.0)), log_in_over_s=40.0)
    made.start(0)
    assert presence(made, 5000.0) == {
        1: [(0.0, True), (1000.0, False)],
        2: [(500.0, True), (2000.0, False)],
        3: [(20.0, True), (1000.0, False)],
        4: [(500.0, True), (2000.0, False)],
    }


def test_people_come_and_go_about_their_shifts_times() -> None:
    def times(seed: int) -> list[tuple[float, float]]:
        made = people(300, seed, shifts=(Shift(start_s=3600.0, end_s=7200.0),), shift_spread_s=240.0)
        made.start(0)
        return [(came, left) for (came, _), (left, _) in presence(made, 9000.0).values()]

    came, left = np.array(times(1)).T
    assert np.abs(came - 3600.0).max() <= 240.0
    assert np.abs(left - 7200.0).max() <= 240.0
    for spread in (came, left):
        assert np.std(spread) == pytest.approx(480.0 / 12.0**0.5, rel=0.1)
    assert abs(np.corrcoef(came, left)[0, 1]) < 0.2
    assert times(1) == times(1) != times(2)


def test_nobody_comes_before_their_turn() -> None:
    made = people(60, log_in_over_s=60.0, shifts=(Shift(end_s=1000.0),), shift_spread_s=240.0)
    made.start(0)
    came = {agent: at[0][0] for agent, at in presence(made, 900.0).items()}
    assert min(came[agent] - (agent - 1.0) for agent in came) == 0.0


def test_a_shift_has_a_length() -> None:
    with pytest.raises(ConfigError, match="later than start_s"):
        Shift(start_s=60.0, end_s=60.0)


def test_wrap_up_changes_for_the_calls_to_come() -> None:
    made = at_work(wrap_up=12.0)
    made.notice(AgentStateChanged(1, AgentState.WRAP_UP, 77, 50 * S))
    made.set_wrap_up(30.0)
    assert made.advance(62 * S) == [DispositionSet(1, 77, 0), AgentReady(1)]
    made.notice(AgentStateChanged(1, AgentState.WRAP_UP, 78, 100 * S))
    assert made.next_event_ns() == 130 * S
