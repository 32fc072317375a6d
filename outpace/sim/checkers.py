"""Invariants of the engine, checked from outside: by the property tests, the simulation and the soak.

A `Checkers` sees every fact that the engine was given and every command that it gave, and compares the engine's
counters and lists with what the tables themselves tell. No I/O, no clock; costs O(tables) a check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import DialMode
from outpace.domain.outcomes import Outcome
from outpace.domain.states import AgentState, CallState, CampaignState, LegState
from outpace.domain.units import NS_PER_S
from outpace.engine.calling_window import window_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from outpace.domain.config import TrunkGroup
    from outpace.engine.engine import Engine

# flags of a call, as outpace/engine/_tables.pxd numbers them
_DURABLE, _SENT, _PENDING, _HANGUP, _LAUNCHED = 1, 2, 4, 8, 128
_UNANSWERED = (CallState.LAUNCHING, CallState.PROCEEDING, CallState.RINGING)
_WITH_AGENT = (CallState.CONNECTING, CallState.TALKING)
_ON_A_CALL = (AgentState.CONNECTING, AgentState.TALKING)


class Violation(AssertionError):
    """An invariant does not hold; the message says which, and with which figures."""


def holds(truth: object, message: str) -> None:
    """Raise Violation with `message` unless `truth`. Unlike `assert` it survives `python -O`."""
    if not truth:
        raise Violation(message)


class Checkers:
    """All invariants of one engine.

    Give it every fact (`fact`, before the engine gets it) and every command (`commands`, as they are taken right
    after a tick); `check` may then be called after any tick.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.open: dict[int, str] = {}  # call id -> written, durable, sent
        self.closed: set[int] = set()
        self.loaded: dict[int, list[int]] = {campaign.id: [0, 0, 0] for campaign in engine.pool.campaigns}
        self._theoretical_ns = {group.id: 0 for group in engine.pool.trunk_groups}
        self._launched: set[int] = set()
        self._held: set[int] = set()
        self._sent: set[int] = set()

    # ---- the stream ------------------------------------------------------------------------------------------------

    def fact(self, event: e.Event, now_ns: int) -> None:
        """Note a fact that the engine is about to be given, and will take."""
        if isinstance(event, e.IntentDurable) and self.open.get(event.call_id) == "written":
            self.open[event.call_id] = "durable"
        elif isinstance(event, e.IntentRefused) and self.open.get(event.call_id) == "written":
            self._close(event.call_id)
        elif isinstance(event, e.CallAdopted):
            self.open[event.call_id] = "sent"
        elif isinstance(event, e.LedgerLoaded):
            figures = (event.connected, event.no_agent_in_time, event.caller_left)
            self.loaded[event.campaign_id] = [
                a + b for a, b in zip(self.loaded[event.campaign_id], figures, strict=True)
            ]
        elif isinstance(event, e.PoolChanged):
            self._pool(event, now_ns)

    def _pool(self, event: e.PoolChanged, now_ns: int) -> None:
        before = {group.id: _interval_ns(group) for group in self.engine.pool.trunk_groups}
        for campaign in event.pool.campaigns:
            self.loaded.setdefault(campaign.id, [0, 0, 0])
        for group in event.pool.trunk_groups:
            # what was sent ahead of the rate counts for as many calls as before
            ahead = self._theoretical_ns.setdefault(group.id, 0) - now_ns
            if ahead > 0:
                self._theoretical_ns[group.id] = now_ns + ahead * _interval_ns(group) // before[group.id]

    def commands(self, commands: Iterable[c.AnyCommand], now_ns: int) -> None:
        """Note commands taken at `now_ns`, in their order."""
        self._launched.clear()
        self._held.clear()
        self._sent.clear()
        for command in commands:
            if isinstance(command, c.WriteIntent):
                holds(
                    command.call_id not in self.open and command.call_id not in self.closed, f"call id twice: {command}"
                )
                self.open[command.call_id] = "written"
                self._launched.add(command.campaign_id)
                self._held.add(command.trunk_group_id)
            elif isinstance(command, c.Originate):
                self._originated(command, now_ns)
            elif isinstance(command, c.WithdrawIntent):
                holds(command.call_id in self.open, f"withdrawn, but not open: {command}")
                self._close(command.call_id)
            elif isinstance(command, c.RecordAttempt):
                holds(self.open.get(command.call_id) == "sent", f"recorded, but not sent: {command}")
                self._recorded(command)
                self._close(command.call_id)

    def _close(self, call_id: int) -> None:
        del self.open[call_id]
        self.closed.add(call_id)

    def _originated(self, command: c.Originate, now_ns: int) -> None:
        holds(self.open.get(command.call_id) == "durable", f"dialled without a durable intent, or twice: {command}")
        self.open[command.call_id] = "sent"
        self._sent.add(command.trunk_group_id)
        group = next(g for g in self.engine.pool.trunk_groups if g.id == command.trunk_group_id)
        interval = _interval_ns(group)
        due = max(self._theoretical_ns[group.id], now_ns)
        holds(due - now_ns <= (group.burst - 1) * interval, f"faster than {group.cps} calls a second: {command}")
        self._theoretical_ns[group.id] = due + interval
        campaign = next(one for one in self.engine.pool.campaigns if one.id == command.campaign_id)
        if campaign.calling_hours is not None:
            holds(window_at(campaign.calling_hours, now_ns)[0], f"dialled outside the calling hours: {command}")

    def _recorded(self, command: c.RecordAttempt) -> None:
        connected = command.connected_ns > 0
        holds(connected == (command.outcome is Outcome.CONNECTED), f"connected, or not: {command}")
        abandoned = command.outcome is Outcome.ABANDONED
        holds(abandoned == (command.abandon_reason != 0), f"abandoned for a reason: {command}")
        answered = command.outcome in (Outcome.CONNECTED, Outcome.ABANDONED, Outcome.MACHINE, Outcome.FAX)
        holds(not answered or command.answered_ns > 0, f"ended as answered without an answer: {command}")

    # ---- the state -------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise Violation where an invariant does not hold. Call it after a tick, commands taken and noted."""
        self._calls()
        self._ledger()
        self._agents()
        self._waiting()
        self._trunks()
        self._timers()
        self._bounds()
        self._observed()

    def _calls(self) -> None:
        calls, campaigns = self.engine.calls, self.engine.campaigns.columns
        state = calls.columns["state"]
        live = np.flatnonzero(state)
        free = list(_walk(int(calls.columns["registers"][0]), calls.columns["next"]))
        holds(
            len(free) == len(set(free)) == len(state) - len(live), f"{len(free)} free, {len(live)} live of {len(state)}"
        )
        holds(not any(state[row] for row in free), "a live call is in the free list")
        holds(int(calls.columns["registers"][1]) == len(live) == len(calls.ids), "calls in use are miscounted")
        ids = calls.columns["life"]["call_id"]
        holds(all(calls.ids.get(int(ids[row])) == row for row in live), "a live call is not found by its id")
        holds(
            {int(ids[row]) for row in live} == set(self.open), "the live calls are not those that the commands tell of"
        )
        for row in range(len(self.engine.pool.campaigns)):
            mine = state[live][calls.columns["campaign"][live] == row]
            counted = np.bincount(mine, minlength=campaigns["in_state"].shape[1])
            holds(
                (counted == campaigns["in_state"][row]).all(),
                f"calls by state: {campaigns['in_state'][row]}, not {counted}",
            )
            holds(int(campaigns["live"][row]) == len(mine), f"{campaigns['live'][row]} live calls, not {len(mine)}")

    def _ledger(self) -> None:
        calls, campaigns = self.engine.calls.columns, self.engine.campaigns.columns
        for row, campaign in enumerate(self.engine.pool.campaigns):
            mine = (calls["state"] > 0) & (calls["campaign"] == row)
            for outcome, names, loaded in (
                (Outcome.CONNECTED, ("connected",), self.loaded[campaign.id][:1]),
                (Outcome.ABANDONED, ("no_agent", "caller_left"), self.loaded[campaign.id][1:]),
            ):
                told = int((calls["life"]["outcome"][mine] == outcome).sum()) + int(campaigns["outcomes"][row, outcome])
                kept = sum(int(campaigns[name][row]) for name in names) - sum(loaded)
                holds(told == kept, f"ledger of {campaign.id}: {kept} {outcome.name.lower()}, the calls tell {told}")

    def _agents(self) -> None:
        agents, calls = self.engine.agents.columns, self.engine.calls.columns
        count = len(self.engine.pool.agents)
        state = agents["state"][:count]
        for row in range(count):
            call = int(agents["call"][row])
            holds((call >= 0) == (state[row] in _ON_A_CALL), f"agent row {row}: state {state[row]}, call {call}")
            holds(
                call < 0 or calls["agent"][call] == row, f"agent row {row} has call row {call}, but not the other way"
            )
        for row in map(int, np.flatnonzero(calls["state"])):
            agent = int(calls["agent"][row])
            holds(
                agent < 0 or agents["call"][agent] == row,
                f"call row {row} has agent row {agent}, but not the other way",
            )
            holds(
                agent < 0 or calls["state"][row] in _WITH_AGENT,
                f"call row {row} has an agent in state {calls['state'][row]}",
            )
        ready = list(_walk(int(agents["registers"][0]), agents["next"]))
        backwards = list(_walk(int(agents["registers"][1]), agents["previous"]))
        holds(ready == backwards[::-1], "the ready list is torn")
        holds(sorted(ready) == np.flatnonzero(state == AgentState.READY).tolist(), "the ready list is not who is ready")
        holds(
            sorted(ready) == np.flatnonzero(agents["in_list"]).tolist(), "the ready list is not who is marked as in it"
        )
        holds(
            all(agents["leg"][row] == LegState.UP and not agents["leg_busy"][row] for row in ready),
            "somebody is ready without a free leg",
        )
        in_states = self.engine.campaigns.columns["agents_in"]
        for row in range(len(self.engine.pool.campaigns)):
            mine = state[(agents["campaigns"][:count] & np.uint64(1 << row)) != 0]
            counted = np.bincount(mine, minlength=in_states.shape[1])
            holds((counted == in_states[row]).all(), f"agents by state: {in_states[row]}, not {counted}")

    def _waiting(self) -> None:
        calls, campaigns = self.engine.calls.columns, self.engine.campaigns.columns
        agents = self.engine.agents.columns
        ready = agents["state"][: len(self.engine.pool.agents)] == AgentState.READY
        for row, campaign in enumerate(self.engine.pool.campaigns):
            waiting = list(_walk(int(campaigns["waiting_head"][row]), calls["next"]))
            backwards = list(_walk(int(campaigns["waiting_tail"][row]), calls["previous"]))
            holds(waiting == backwards[::-1], f"the waiting list of campaign {campaign.id} is torn")
            queued = np.flatnonzero((calls["state"] == CallState.QUEUED) & (calls["campaign"] == row))
            holds(sorted(waiting) == queued.tolist(), f"the waiting list of campaign {campaign.id} is not who waits")
            if waiting and self.engine.counters()["link_up"]:
                mine = (agents["campaigns"][: len(ready)] & np.uint64(1 << row)) != 0
                holds(not (ready & mine).any(), f"an agent is idle while somebody waits in campaign {campaign.id}")

    def _trunks(self) -> None:
        calls, trunks = self.engine.calls.columns, self.engine.trunks.columns
        live = calls["state"] > 0
        for row, group in enumerate(self.engine.pool.trunk_groups):
            mine = live & (calls["trunk"] == row)
            flags = calls["flags"]
            for name, counted in (
                ("in_use", mine.sum()),
                ("pipeline", (mine & (flags & _SENT == 0)).sum()),
                ("pending", (mine & (flags & _PENDING != 0)).sum()),
            ):
                holds(
                    trunks[name][row] == counted,
                    f"{name} of trunk group {group.id}: {trunks[name][row]}, not {counted}",
                )
            line = list(_walk(int(trunks["head"][row]), calls["next"]))
            wanted = np.flatnonzero(mine & (flags & _DURABLE != 0) & (flags & _SENT == 0))
            holds(sorted(line) == wanted.tolist(), f"the line for trunk group {group.id} is {line}, not {wanted}")
            holds(
                (line[-1] if line else -1) == trunks["tail"][row],
                f"the line for trunk group {group.id} has another tail",
            )
            if group.id in self._sent:
                holds(trunks["pending"][row] <= group.max_pending, f"too many originates outstanding on {group.id}")
            if group.id in self._held:
                holds(trunks["in_use"][row] <= trunks["channels"][row], f"more calls than channels on {group.id}")

    def _timers(self) -> None:
        timers, calls = self.engine.timers, self.engine.calls.columns
        deadline, position, heap = timers.deadline_array, timers.position_array, timers.heap_array
        armed = len(timers)
        holds(
            all(position[heap[place]] == place for place in range(armed)) and int((position >= 0).sum()) == armed,
            "the timers' places are torn",
        )
        holds(
            all(deadline[heap[(place - 1) // 2]] <= deadline[heap[place]] for place in range(1, armed)),
            "the timers are out of order",
        )
        now = self.engine.counters()["now_ns"]
        for row in np.flatnonzero(calls["state"]):
            in_line = calls["flags"][row] & _DURABLE and not calls["flags"][row] & _SENT
            holds(position[row] >= 0 or in_line, f"call row {row} in state {calls['state'][row]} has no deadline")
            holds(position[row] < 0 or deadline[row] > now, f"call row {row} is past its deadline after a tick")
        self._slots(position, len(calls["state"]))

    def _slots(self, position: NDArray[Any], first_agent: int) -> None:
        agents = self.engine.agents.columns
        count = len(self.engine.pool.agents)
        for row in range(count):
            logged_in = agents["state"][row] != AgentState.LOGGED_OUT
            wants_timer = agents["leg_busy"][row] or (logged_in and agents["leg"][row] != LegState.UP)
            holds(
                not wants_timer or position[first_agent + row] >= 0,
                f"agent row {row} waits for a leg without a deadline",
            )
        first_trunk = first_agent + count + len(self.engine.pool.campaigns)
        for row, head in enumerate(self.engine.trunks.columns["head"]):
            holds(
                head < 0 or position[first_trunk + row] >= 0, f"calls wait for trunk row {row}, and nothing wakes them"
            )

    def _bounds(self) -> None:
        calls, campaigns = self.engine.calls.columns, self.engine.campaigns.columns
        for row, campaign in enumerate(self.engine.pool.campaigns):
            if campaign.id not in self._launched:
                continue
            holds(
                campaigns["state"][row] == CampaignState.RUNNING, f"campaign {campaign.id} launches, but does not run"
            )
            holds(self.engine.counters()["link_up"], "launched without a link")
            if campaign.mode is DialMode.PRECISE:
                under_way = np.isin(calls["state"], (*_UNANSWERED, CallState.CLASSIFYING, CallState.QUEUED))
                mine = int((under_way & (calls["campaign"] == row)).sum())
                ready = int(campaigns["agents_in"][row, AgentState.READY])
                holds(mine <= ready - campaign.reserve, f"{mine} calls for {ready} agents less {campaign.reserve}")

    def _observed(self) -> None:
        # what pacing was told adds up: each launch, talk and wrap-up that goes on, and no other, by when it began
        calls, agents = self.engine.calls.columns, self.engine.agents.columns
        told = self.engine.estimates.columns
        flags = calls["flags"]
        open_ = (calls["state"] > 0) & (calls["state"] <= CallState.CLASSIFYING) & (flags & _SENT != 0)
        launched = (calls["state"] > 0) & (flags & _LAUNCHED != 0)
        holds((launched == (open_ & (flags & _HANGUP == 0))).all(), "a launch has no end for pacing, or an early one")
        for row in range(len(self.engine.pool.campaigns)):
            second = int(told["second"][row])
            mine = launched & (calls["campaign"] == row)
            _older(calls["life"]["launched_ns"][mine], told["ring_calls"][row], second)
            member = agents["campaigns"] & np.uint64(1 << row) != 0
            for phase, state in enumerate((AgentState.TALKING, AgentState.WRAP_UP)):
                mine = member & (agents["observed"] != 0) & (agents["state"] == state)
                old = _older(agents["since_ns"][mine], told["begun"][row, phase], second)
                holds(old == told["old"][row, phase], f"pacing was told of {told['old'][row, phase]} old {state.name}")
        busy = np.isin(agents["state"], (AgentState.TALKING, AgentState.WRAP_UP))
        holds(not agents["observed"][~busy].any(), "pacing expects the end of what is over")


def _interval_ns(group: TrunkGroup) -> int:
    return round(NS_PER_S / group.cps)


def _older(began_ns: NDArray[Any], slots: NDArray[Any], second: int) -> int:
    # `slots` count by the second of the beginning, in a ring that ends with `second`; returns how many began before it
    recent = (began_ns // NS_PER_S)[began_ns // NS_PER_S > second - len(slots)]
    expected = np.bincount(recent % len(slots), minlength=len(slots))
    holds((expected == slots).all(), f"pacing was told of {slots.sum()} beginnings, not {expected.sum()}")
    return len(began_ns) - len(recent)


def _walk(row: int, links: NDArray[Any]) -> Iterator[int]:
    # along a list of rows; a cycle would be longer than the table
    for _ in range(len(links) + 1):
        if row < 0:
            return
        yield row
        row = int(links[row])
    raise Violation("a list of rows has no end")
