"""What the engine's tables hold, as the control API shows it.

Reads the tables themselves, since a set of read-only views costs more than what is read; nothing here changes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from outpace.domain.config import Abandonment, Agent, CapWindow
from outpace.domain.errors import ConfigError
from outpace.domain.outcomes import LimitedBy
from outpace.domain.resources import AgentView, BudgetView, CallView, DecisionView, Rate, TrunkUse
from outpace.domain.states import AgentState, CallState, LegState, NextState
from outpace.domain.units import NS_PER_S, e164
from outpace.engine.engine import Engine
from outpace.engine.explain import Decision, reason_in_words
from outpace.pacing.budget_state import BudgetState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_US = 1000

_CALL_FIELDS = [
    "call_id", "campaign_id", "lead_id", "number", "trunk_group_id", "attempt_number", "intent_ns", "launched_ns",
    "proceeding_ns", "ringing_ns", "answered_ns", "verdict_ns", "offered_ns", "connected_ns", "treatment_start_ns",
]  # fmt: skip

#: Which of a call's times tell since when it is in a state: the first that has happened.
_SINCE: dict[CallState, tuple[str, ...]] = {
    CallState.LAUNCHING: (),
    CallState.PROCEEDING: ("proceeding_ns",),
    CallState.RINGING: ("ringing_ns",),
    CallState.CLASSIFYING: ("answered_ns",),
    CallState.QUEUED: ("verdict_ns", "answered_ns"),
    CallState.CONNECTING: ("offered_ns",),
    CallState.TALKING: ("connected_ns",),
    CallState.TREATMENT: ("treatment_start_ns",),
}
_SINCE_PLACES = {
    int(state): tuple(_CALL_FIELDS.index(name) for name in (*names, "launched_ns", "intent_ns"))
    for state, names in _SINCE.items()
}
_CALL_STATES = {int(state): state.name.lower() for state in CallState}
_AGENT_STATES = {int(state): state.name.lower() for state in AgentState}
_LEG_STATES = {int(state): state.name.lower() for state in LegState}
_NEXT_STATES = {int(state): state.name.lower() if state else "" for state in NextState}

#: States of an agent with something to do; READY is the only one of waiting for it. The others are no work time.
BUSY = (
    AgentState.RESERVED, AgentState.PREVIEWING, AgentState.CONNECTING, AgentState.TALKING, AgentState.HOLD,
    AgentState.WRAP_UP,
)  # fmt: skip


def at(ns: int) -> datetime:
    """UTC nanoseconds as a date-time."""
    return _EPOCH + timedelta(microseconds=ns // _NS_PER_US)


def at_or_none(ns: int) -> datetime | None:
    """The same, None for what has not happened."""
    return at(ns) if ns else None


def ns_of(moment: datetime, key: str) -> int:
    """A date-time as UTC nanoseconds. ConfigError when it has no zone or lies outside of what clocks can show."""
    if moment.tzinfo is None:
        raise ConfigError(key, "wants a time with its offset from UTC, such as 2026-01-31T09:00:00Z")
    ns = (moment - _EPOCH) // timedelta(microseconds=1) * _NS_PER_US
    if not 0 <= ns < 2**63:
        raise ConfigError(key, f"is out of range: {moment.isoformat()}")
    return ns


def number_of(text: str, key: str) -> int:
    """The digits of an E.164 number with or without its plus. ConfigError when it is none."""
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()) or not 4 <= len(digits) <= 15 or digits[0] == "0":
        raise ConfigError(key, "wants a number in international form, such as +442079460123")
    return int(digits)


def call_id_of(text: str) -> int:
    """The id of a call out of its text, 0 for what cannot be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) < 2**63 else 0


# ---- calls -------------------------------------------------------------------------------------------------------


class CallRows(NamedTuple):
    """Calls as they were in the table, copied: what is made of them may be made in another thread."""

    states: NDArray[np.int8]
    lives: NDArray[np.void]
    agent_ids: NDArray[np.int64]


def call_rows(engine: Engine, campaign_id: int = 0) -> NDArray[np.intp]:
    """Rows of the calls in flight in the order of their launch; of all campaigns, or of one."""
    columns = engine.calls.columns
    rows = np.flatnonzero(columns["state"])
    if campaign_id:
        rows = rows[columns["life"]["campaign_id"][rows] == campaign_id]
    return rows[np.argsort(columns["life"]["call_id"][rows], kind="stable")]


def call_row(engine: Engine, call_id: int) -> int:
    """Row of a call in flight, -1 when there is none of that id."""
    row = engine.calls.ids.get(call_id) if call_id > 0 else None
    return -1 if row is None else row


def take_calls(engine: Engine, rows: NDArray[np.intp] | Sequence[int]) -> CallRows:
    """The calls in these rows."""
    columns = engine.calls.columns
    rows = np.asarray(rows, np.intp)
    agents, agent_ids = columns["agent"][rows], engine.agents.columns["agent_id"]
    whose = np.where(agents >= 0, agent_ids[agents], 0) if len(agent_ids) else np.zeros(len(rows), np.int64)
    return CallRows(columns["state"][rows], columns["life"][rows], whose)


def call_views(calls: CallRows) -> list[CallView]:
    """Calls as the control API shows them."""
    lives = calls.lives[_CALL_FIELDS].tolist()
    return [
        _call_view(state, life, agent_id)
        for state, life, agent_id in zip(calls.states.tolist(), lives, calls.agent_ids.tolist(), strict=True)
    ]


def _call_view(state: int, life: tuple[int, ...], agent_id: int) -> CallView:
    since_ns = next((life[place] for place in _SINCE_PLACES[state] if life[place]), 0)
    return CallView(
        call_id=str(life[0]),
        campaign_id=life[1],
        lead_id=life[2],
        number=e164(life[3]),
        state=_CALL_STATES[state],
        since=at(since_ns),
        launched_at=at(life[7] or life[6]),
        trunk_group_id=life[4],
        agent_id=agent_id,
        attempt_number=life[5],
    )


# ---- agents ------------------------------------------------------------------------------------------------------


class AgentRows(NamedTuple):
    """Agents as they were in the table, copied: what is made of them may be made in another thread."""

    settings: list[Agent]
    columns: dict[str, NDArray[Any]]
    spent_ns: NDArray[np.int64]
    call_ids: NDArray[np.int64]


_AGENT_COLUMNS = ("leg", "state", "since_ns", "reason", "wants", "calls")


def take_agents(engine: Engine, rows: NDArray[np.intp] | Sequence[int], now_ns: int) -> AgentRows:
    """The agents in these rows of the pool."""
    columns = engine.agents.columns
    place = np.asarray(rows, np.intp)
    calls = columns["call"][place]
    agents = engine.pool.agents
    return AgentRows(
        settings=[agents[row] for row in place.tolist()],
        columns={name: columns[name][place] for name in _AGENT_COLUMNS},
        spent_ns=spent_ns(columns, place, now_ns),
        call_ids=np.where(calls >= 0, engine.calls.columns["life"]["call_id"][calls], 0),
    )


def agent_views(rows: AgentRows) -> list[AgentView]:
    """Agents as the control API shows them."""
    busy_s = (rows.spent_ns[:, list(BUSY)].sum(axis=1) // NS_PER_S).tolist()
    ready_s = (rows.spent_ns[:, AgentState.READY] // NS_PER_S).tolist()
    columns = zip(*(rows.columns[name].tolist() for name in _AGENT_COLUMNS), strict=True)
    found = zip(rows.settings, columns, rows.call_ids.tolist(), busy_s, ready_s, strict=True)
    return [_agent_view(*one) for one in found]


def agent_view(engine: Engine, row: int, now_ns: int) -> AgentView:
    """One agent: `agent_views` of one row costs ten times as much."""
    columns = engine.agents.columns
    found = tuple(int(columns[name][row]) for name in _AGENT_COLUMNS)
    _, state, since, *_ = found
    call = int(columns["call"][row])
    call_id = int(engine.calls.columns["life"]["call_id"][call]) if call >= 0 else 0
    spent = columns["spent_ns"][row].tolist()
    if since > 0:
        spent[state] += max(now_ns - since, 0)
    busy_s, ready_s = sum(spent[one] for one in BUSY) // NS_PER_S, spent[AgentState.READY] // NS_PER_S
    return _agent_view(engine.pool.agents[row], found, call_id, busy_s, ready_s)


def _agent_view(settings: Agent, columns: tuple[int, ...], call_id: int, busy_s: int, ready_s: int) -> AgentView:
    leg, state, since, reason, wants, count = columns
    return AgentView(
        agent_id=settings.id,
        name=settings.name,
        campaigns=list(settings.campaigns),
        leg=settings.leg,
        leg_state=_LEG_STATES[leg],
        state=_AGENT_STATES[state],
        since=at_or_none(since),
        reason=str(reason) if reason else "",
        next_state=_NEXT_STATES[wants],
        call_id=str(call_id) if call_id else "",
        calls=count,
        occupancy=rate(busy_s, busy_s + ready_s),
    )


def spent_ns(columns: Any, rows: NDArray[np.intp], now_ns: int) -> NDArray[np.int64]:  # noqa: ANN401 - mapping
    """Time that the agents in these rows spent in each state up to now, (rows, states) nanoseconds."""
    spent: NDArray[np.int64] = columns["spent_ns"][rows].copy()
    present = columns["state"][rows]
    stays = np.maximum(now_ns - columns["since_ns"][rows], 0) * (columns["since_ns"][rows] > 0)
    spent[np.arange(len(rows)), present] += stays
    return spent


# ---- campaigns ---------------------------------------------------------------------------------------------------


def rate(numerator: int, denominator: int) -> Rate:
    """A share with what it is of."""
    return Rate(
        value=numerator / denominator if denominator else None, numerator=numerator, denominator=denominator
    )  # fmt: skip


def reason_text(reason: str) -> str:
    """A LimitedBy in lower case, in words."""
    return reason_in_words(LimitedBy[reason.upper()])


def take_decisions(engine: Engine, campaign_id: int, *, after: int = 0, most: int = 256) -> list[np.void]:
    """The last decisions of a campaign with a sequence greater than `after`, oldest first, copied. UnknownId."""
    engine.campaign_state(campaign_id)
    row = next(place for place, one in enumerate(engine.pool.campaigns) if one.id == campaign_id)
    columns = engine.campaigns.columns
    ring, made = columns["decisions"][row], int(columns["decision_count"][row])
    kept = min(made, len(ring), most)
    found = ring[[(made - kept + place) % len(ring) for place in range(kept)]]
    return list(found[found["sequence"] > after])


def decision_view(decision: Decision) -> DecisionView:
    """A launch decision: what came of it, in words, and all the numbers that went in."""
    inputs = {
        name: float(value)
        for name, value in msgspec.structs.asdict(decision).items()
        if name not in ("sequence", "now_ns", "wanted", "count", "cancels", "limited_by")
    }
    return DecisionView(
        sequence=decision.sequence,
        at=at(decision.now_ns),
        launched=decision.count,
        wanted=decision.wanted,
        cancelled=decision.cancels,
        limited_by=decision.limited_by.name.lower(),
        text=decision.render(),
        inputs=inputs,
    )


def budget_view(rule: Abandonment, budget: BudgetState) -> BudgetView:
    """The abandonment budget of a campaign."""
    window = {
        CapWindow.DAY: f"day ({rule.timezone})",
        CapWindow.ROLLING: f"last {rule.hours:g} h",
        CapWindow.BLOCK: f"blocks of {rule.days} days from {rule.since} ({rule.timezone})",
    }[rule.window]
    return BudgetView(
        cap=budget.cap,
        window=window,
        abandoned=rate(budget.legal_abandoned, budget.answered),
        bound=budget.bound,
        confidence=rule.confidence,
        drops_left=budget.drops_left,
        spent=budget.spent,
    )


def trunk_uses(engine: Engine, group_ids: Iterable[int]) -> list[TrunkUse]:
    """Channels in use of these trunk groups."""
    columns = engine.trunks.columns
    rows = {group.id: row for row, group in enumerate(engine.pool.trunk_groups)}
    return [
        TrunkUse(
            trunk_group_id=group_id,
            name=engine.pool.trunk_groups[rows[group_id]].name,
            used=int(columns["in_use"][rows[group_id]]),
            channels=int(columns["channels"][rows[group_id]]),
            cps=engine.pool.trunk_groups[rows[group_id]].cps,
        )
        for group_id in group_ids
    ]
