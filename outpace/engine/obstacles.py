"""What stands in the way of a campaign or a lead now: every guard that is closed, not the first one only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from outpace.domain.config import DialMode
from outpace.domain.outcomes import LimitedBy
from outpace.domain.states import AgentState, CallState, CampaignState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outpace.engine.engine import Engine

_UNRECORDED_MAX = 5000  # MAX_UNRECORDED of _state.pxd
_LOOKAHEAD_NS = 100_000_000  # how far ahead of a trunk group's rate calls are decided on, see _trunks.pyx
_BUDGETED = (DialMode.PREDICTIVE, DialMode.ERLANG)

_STATES = {
    CampaignState.DRAFT: "the campaign has not been started",
    CampaignState.SCHEDULED: "the campaign waits for its start",
    CampaignState.PAUSED: "the campaign is paused",
    CampaignState.DRAINING: "the campaign is draining: calls in hand are let end, no others are launched",
    CampaignState.COMPLETED: "the campaign is completed: no lead of it has a turn any more",
    CampaignState.ARCHIVED: "the campaign is put away",
}


class Obstacle(msgspec.Struct, frozen=True):
    """A guard that is closed, in a word and in words; `opens_ns` when it opens by itself (UTC), 0 = nobody knows.

    `guard` is a LimitedBy in lower case for what concerns the campaign; for a lead also `in_call`, `hopper` (others are
    dialled before it) and `not_leased` (the engine does not hold it).
    """

    guard: str
    text: str
    opens_ns: int = 0


def obstacles_of(engine: Engine, row: int, lead_id: int) -> list[Obstacle]:
    """Everything that is in the way of the campaign of that row, and of its lead if that is not 0."""
    found = [*_gate(engine, row), *_agents(engine, row)]
    if not found:
        # of a campaign that is not asked for its wishes the last one says nothing
        found += _pacing(engine, row)
    found += _trunks(engine, row)
    if lead_id:
        found += _lead(engine, row, lead_id)
    elif not int(engine.campaigns.hoppers[row].columns["registers"][1]):
        found.append(Obstacle(_word(LimitedBy.NO_LEADS), "no lead of the campaign is due and in the hopper"))
    # those of which nobody knows when they end come first, then the latest
    return sorted(found, key=lambda one: -(one.opens_ns or 2**63))


def _word(limit: LimitedBy) -> str:
    return limit.name.lower()


def _gate(engine: Engine, row: int) -> Iterator[Obstacle]:
    columns, counters = engine.campaigns.columns, engine.registers()
    state = CampaignState(int(columns["state"][row]))
    if state is not CampaignState.RUNNING:
        limit = LimitedBy.DRAINING if state is CampaignState.DRAINING else LimitedBy.NOT_RUNNING
        yield Obstacle(_word(limit), _STATES[state])
    if not counters["link_up"]:
        yield Obstacle(_word(LimitedBy.SWITCH_DOWN), "the switch is out of reach")
    if not columns["window_open"][row]:
        yield Obstacle(
            _word(LimitedBy.OUTSIDE_HOURS), "outside the calling hours", int(columns["window_change_ns"][row])
        )
    if counters["fenced"]:
        yield Obstacle(_word(LimitedBy.STORE_BEHIND), "another engine has taken the pool: this one dials no more")
    elif counters["unrecorded"] > _UNRECORDED_MAX:
        text = f"the store is behind: {counters['unrecorded']} attempts are not recorded yet"
        yield Obstacle(_word(LimitedBy.STORE_BEHIND), text)
    in_use, places = int(engine.calls.columns["registers"][1]), engine.pool.max_calls
    if in_use >= places:
        yield Obstacle(_word(LimitedBy.CALL_TABLE_FULL), f"all {places} places for calls are taken")


def _agents(engine: Engine, row: int) -> Iterator[Obstacle]:
    campaign, columns = engine.pool.campaigns[row], engine.campaigns.columns
    budget = engine.budget.state(row, engine.registers()["now_ns"])
    if campaign.mode is DialMode.AGENTLESS:
        return
    there = {state: int(columns["agents_in"][row, state]) for state in AgentState}
    away, ready = there[AgentState.LOGGED_OUT] + there[AgentState.NOT_READY], there[AgentState.READY]
    if sum(there.values()) == away:
        text = f"no agent is logged in and unpaused, {there[AgentState.NOT_READY]} are paused"
        yield Obstacle(_word(LimitedBy.NO_AGENTS), text)
        return
    if campaign.mode in _BUDGETED and budget.spent and not ready:
        text = (
            f"the abandonment budget is spent ({budget.legal_abandoned} of {budget.answered} at a cap of "
            f"{budget.cap:.1%}): only agents who are ready are called for"
        )
        yield Obstacle(_word(LimitedBy.BUDGET), text, budget.window_ends_ns)


def _pacing(engine: Engine, row: int) -> Iterator[Obstacle]:
    latest = engine.latest_decision(engine.pool.campaigns[row].id)
    if latest is None or latest.limited_by not in (LimitedBy.PACING, LimitedBy.BUDGET):
        return
    if latest.wanted <= latest.count:
        under_way = latest.unanswered + latest.classifying + latest.count
        text = (
            f"the pacer wants no further call: {latest.ready} agents ready, {latest.talking} talking, {latest.wrap_up} "
            f"in wrap-up, {under_way} calls under way, {latest.waiting} people waiting"
        )
        yield Obstacle(_word(LimitedBy.PACING), text)


def _trunks(engine: Engine, row: int) -> Iterator[Obstacle]:
    # only when none of the campaign's groups has room
    found: list[Obstacle] = []
    for group_id in engine.pool.campaigns[row].trunk_groups:
        closed = _trunk(engine, group_id)
        if closed is None:
            return
        found.append(closed)
    yield from found


def _trunk(engine: Engine, group_id: int) -> Obstacle | None:
    row = next(row for row, group in enumerate(engine.pool.trunk_groups) if group.id == group_id)
    group = engine.pool.trunk_groups[row]
    is_: dict[str, Any] = {name: int(column[row]) for name, column in engine.trunks.columns.items()}
    now_ns = engine.registers()["now_ns"]
    if is_["blocked_until_ns"] > now_ns:
        text = f"trunk group {group.name!r} had no circuit just now"
        return Obstacle(_word(LimitedBy.TRUNK_CHANNELS), text, is_["blocked_until_ns"])
    if is_["in_use"] >= is_["channels"]:
        text = f"all {is_['channels']} channels of trunk group {group.name!r} are in use"
        return Obstacle(_word(LimitedBy.TRUNK_CHANNELS), text)
    if is_["pending"] + is_["pipeline"] >= group.max_pending:
        text = f"{group.max_pending} originates are outstanding on trunk group {group.name!r}"
        return Obstacle(_word(LimitedBy.PENDING_ORIGINATES), text)
    # as many calls are decided on and not sent as the rate lets through over the lookahead
    next_ns = is_["theoretical_ns"] + is_["pipeline"] * is_["interval_ns"] - is_["burst_ns"] - _LOOKAHEAD_NS
    if next_ns > now_ns:
        return Obstacle(_word(LimitedBy.CPS), f"trunk group {group.name!r} takes {group.cps:g} calls a second", next_ns)
    return None


def _lead(engine: Engine, row: int, lead_id: int) -> Iterator[Obstacle]:
    calls = engine.calls.columns
    life = calls["life"]
    mine = (calls["state"] != 0) & (calls["campaign"] == row) & (life["lead_id"] == lead_id)
    for call in mine.nonzero()[0]:
        state = CallState(int(calls["state"][call])).name.lower()
        yield Obstacle("in_call", f"it is in a call: {int(life['call_id'][call])} is {state}")
        return
    hopper = engine.campaigns.hoppers[row].columns
    head, count = (int(value) for value in hopper["registers"][:2])
    places = len(hopper["lead_id"])
    for place in range(count):
        if hopper["lead_id"][(head + place) % places] == lead_id:
            if place:
                yield Obstacle("hopper", f"{place} leads in the hopper are dialled before it")
            return
    yield Obstacle("not_leased", "the engine has not got it from the store: it is not due, or others are due before it")
