"""Views, feeds and boards over an engine that a test drives by hand, at literal times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from outpace.domain import events as e
from outpace.domain.commands import AgentStateChanged, RecordAttempt
from outpace.domain.config import Agent
from outpace.domain.errors import ConfigError
from outpace.domain.states import CampaignState
from outpace.domain.wire import Topic
from outpace.runtime import views
from outpace.runtime.boards import Boards
from outpace.runtime.feeds import AgentFeed, BoardFeed, CallFeed
from outpace.runtime.last_calls import LastCalls
from tests.unit.engine.rig import T0, Rig, changed, pool_of

BEGIN = datetime.fromtimestamp(T0 // 10**9, UTC)


class RigClock:
    """The rig's time, as a node's clock."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def now_ns(self) -> int:
        return self._rig.now


def after(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def calls(rig: Rig) -> list[Any]:
    return views.call_views(views.take_calls(rig.engine, views.call_rows(rig.engine)))


def agents(rig: Rig) -> list[Any]:
    rows = range(len(rig.engine.pool.agents))
    found = views.agent_views(views.take_agents(rig.engine, list(rows), rig.now))
    assert found == [views.agent_view(rig.engine, row, rig.now) for row in rows]
    return found


def test_a_call_tells_since_when_it_is_where_it_is() -> None:
    rig = Rig(pool_of(agents=2)).start()
    first, second = rig.dial(2)
    assert [(one.call_id, one.state, one.since) for one in calls(rig)] == [
        (str(first), "launching", after(0)),
        (str(second), "launching", after(0)),
    ]
    rig.wait(1.0)
    rig.do(e.CallProceeding(first), e.CallRinging(first))
    rig.wait(4.0)
    rig.do(e.CallAnswered(first))
    connecting, launching = calls(rig)
    assert (connecting.state, connecting.since, connecting.agent_id) == ("connecting", after(5), 1)
    assert (launching.state, launching.agent_id, launching.number) == ("launching", 0, "+49000000002")
    rig.do(e.AgentConnected(first, 1))
    rig.wait(2.0)
    talking = calls(rig)[0]
    assert (talking.state, talking.since, talking.launched_at) == ("talking", after(5), after(0))
    assert views.call_row(rig.engine, first) >= 0
    assert [views.call_row(rig.engine, one) for one in (0, -5, first + 99)] == [-1, -1, -1]
    assert len(views.call_rows(rig.engine, 1)) == 2
    assert len(views.call_rows(rig.engine, 2)) == 0


def test_an_agent_tells_state_call_and_how_the_time_was_spent() -> None:
    rig = Rig(pool_of(agents=2)).start(ready=1)
    rig.wait(10.0)
    call = rig.talk()
    rig.wait(30.0)
    rig.do(e.AgentNotReady(1, 7))
    busy, paused = agents(rig)
    assert (busy.state, busy.call_id, busy.since, busy.calls) == ("talking", str(call), after(10), 1)
    assert (busy.next_state, busy.leg_state) == ("not_ready", "up")
    assert (busy.occupancy.numerator, busy.occupancy.denominator) == (30, 40)
    assert busy.occupancy.value == pytest.approx(0.75)
    assert (paused.state, paused.call_id, paused.occupancy.value) == ("not_ready", "", None)
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    assert agents(rig)[0].state == "wrap_up"
    rig.do(e.AgentReady(1), e.AgentNotReady(1, 7))
    assert (agents(rig)[0].state, agents(rig)[0].reason) == ("not_ready", "7")


def test_decisions_come_in_order_and_only_the_last_ones() -> None:
    rig = Rig(pool_of(agents=3)).start()
    for _ in range(3):
        rig.dial(1)
    found = views.take_decisions(rig.engine, 1)
    assert [int(one["sequence"]) for one in found] == [one.sequence for one in rig.engine.decisions(1)]
    assert list(views.take_decisions(rig.engine, 1, most=2)) == list(found[-2:])
    assert list(views.take_decisions(rig.engine, 1, after=int(found[-2]["sequence"]))) == list(found[-1:])
    assert views.take_decisions(rig.engine, 1, after=10**6) == []
    view = views.decision_view(rig.engine.decisions(1)[-1])
    assert view.inputs["ready"] == rig.engine.decisions(1)[-1].ready
    assert view.text


def test_times_and_numbers_from_outside_are_checked() -> None:
    assert views.ns_of(datetime(2026, 1, 1, tzinfo=UTC), "x") == 1_767_225_600 * 10**9
    for wrong in (datetime(2026, 1, 1), datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)):  # noqa: DTZ001 - the mistake
        with pytest.raises(ConfigError):
            views.ns_of(wrong, "x")
    assert views.number_of("+442079460123", "x") == 442079460123
    for text in ("", "+", "0123456", "+44 20", "1" * 16, "+4\u0661", "12"):
        with pytest.raises(ConfigError):
            views.number_of(text, "x")
    assert [views.call_id_of(one) for one in ("17", "", "x", "-1", "9" * 19, "9" * 30)] == [17, 0, 0, 0, 0, 0]


class Told:
    """Takes what feeds publish."""

    def __init__(self) -> None:
        self.updates: list[tuple[Topic, str, Any]] = []

    def __call__(self, topic: Topic, key: str, data: Any) -> None:
        self.updates.append((topic, key, data))

    def take(self) -> list[tuple[str, str | None]]:
        taken = [(key, None if data is None else data["state"]) for _, key, data in self.updates]
        self.updates.clear()
        return taken


def test_the_feed_of_calls_tells_what_is_new_other_and_gone() -> None:
    rig, told = Rig(pool_of(agents=4)).start(), Told()
    (stays,) = rig.dial(1)
    feed = CallFeed(rig.engine, told)
    feed.look()
    assert told.take() == []
    first, second = rig.dial(2)
    feed.look()
    assert told.take() == [(str(first), "launching"), (str(second), "launching")]
    feed.look()
    assert told.take() == []
    rig.do(e.CallRinging(first))
    rig.do(e.CallEnded(second))
    feed.look()
    assert told.take() == [(str(second), None), (str(first), "ringing")]
    rig.do(e.CallEnded(first))
    (third,) = rig.dial(1)
    # a row that another call has taken meanwhile
    feed.look()
    assert told.take() == [(str(first), None), (str(third), "launching")]
    assert [key for key, _ in feed.snapshot()()] == [str(stays), str(third)]


def test_the_feed_of_agents_tells_of_states_legs_wishes_and_settings() -> None:
    rig, told = Rig(pool_of(agents=3)).start(), Told()
    feed = AgentFeed(rig.engine, RigClock(rig), told)
    call = rig.talk()
    feed.look()
    assert told.take() == [("1", "talking")]
    rig.do(e.AgentNotReady(1, 3))
    feed.look()
    assert told.take() == [("1", "talking")]
    rig.do(e.AgentLegLost(2))
    feed.look()
    assert told.take() == [("2", "not_ready")]
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    notices = [one for _, one in rig.history if isinstance(one, AgentStateChanged)]
    feed._noticed.add(notices[-1].agent_id)
    feed.look_at_noticed()
    assert told.take() == [("1", "wrap_up")]
    feed.look()
    assert told.take() == []
    pool = rig.engine.pool
    renamed = (Agent(id=1, name="ann", campaigns=(1,)), *pool.agents[1:], Agent(id=4, name="new"))
    rig.do(e.PoolChanged(msgspec.structs.replace(pool, agents=renamed)))
    feed.look()
    assert told.take() == [("1", "wrap_up"), ("4", "logged_out")]
    assert [key for key, _ in feed.snapshot()()] == ["1", "2", "3", "4"]


def test_a_board_counts_rates_leads_and_states() -> None:
    rig, told = Rig(pool_of(agents=2)), Told()
    states = {1: CampaignState.PAUSED}
    boards = Boards(rig.engine, RigClock(rig), states)
    boards.count_leads(1, {"total": 10, "completed": 1, "exhausted": 0, "suppressed": 1, "invalid": 0})
    assert (boards.state(1), boards.board(1).state) == (CampaignState.PAUSED, "paused")
    rig.start()
    for _, command in rig.history:
        boards.watch(command)
    boards.sample()
    first, second = rig.dial(2)
    rig.do(e.CallEnded(first))
    rig.wait(30.0)
    for command in rig.ever(RecordAttempt):
        boards.watch(command)
    boards.sample()
    board = boards.all()[0]
    assert (board.state, board.launches, board.launches_per_minute) == ("running", 2, pytest.approx(4.0))
    assert (board.leads_total, board.leads_left) == (10, 7)
    assert board.elapsed_s == pytest.approx(30.0)
    assert sum(board.calls.values()) + board.outcomes["failed"] + board.outcomes["lost"] >= 1
    assert (board.trunks[0].name, board.trunks[0].channels) == ("carrier", 30)
    assert boards.launches_of(1) == 2
    assert second
    rig.wait(70.0)
    boards.sample()
    assert boards.all()[0].launches_per_minute == pytest.approx(0.0)
    feed = BoardFeed(boards, told)
    feed.look()
    feed.look()
    assert told.take() == [("1", "running")]
    rig.do(e.CampaignPaused(1))
    feed.look()
    assert told.take() == [("1", "paused")]
    states[1] = CampaignState.ARCHIVED
    assert boards.all() == []


def test_the_desk_keeps_the_call_until_the_agent_leaves_it_behind() -> None:
    rig = Rig(pool_of(agents=1)).start()
    last = LastCalls(rig.engine)

    def follow() -> None:
        for command in rig.said:
            last.watch(command)

    assert last.of(1) is None
    (call,) = rig.dial(1)
    rig.do(e.CallRinging(call), e.CallAnswered(call))
    follow()
    found = last.of(1)
    assert found is not None
    assert (found.call.call_id, found.call.state, found.number) == (str(call), "connecting", 49_000_000_001)
    rig.do(e.AgentConnected(call, 1))
    rig.do(e.CallEnded(call), e.AgentReleased(call, 1))
    follow()
    found = last.of(1)
    assert found is not None
    assert found.call.state == "ended"
    assert last.call(call) is not None
    rig.do(e.AgentReady(1))
    follow()
    assert last.of(1) is None


def test_a_ratio_that_changes_is_seen_by_nobody_but_the_settings() -> None:
    rig, told = Rig(pool_of(agents=1)).start(), Told()
    feed = AgentFeed(rig.engine, RigClock(rig), told)
    rig.do(e.PoolChanged(changed(rig.engine.pool, ratio=2.0)))
    feed.look()
    assert told.take() == []
    assert np.all(rig.engine.agents.columns["state"] == 2)
