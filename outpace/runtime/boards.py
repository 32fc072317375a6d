"""The live figures of all campaigns of a node: what the engine counts, with rates, leads and the last decisions."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from outpace.domain.commands import AnyCommand, CampaignStateChanged, RecordAttempt
from outpace.domain.resources import BoardView, Rate
from outpace.domain.states import AgentState, CampaignState
from outpace.domain.units import NS_PER_S
from outpace.engine.engine import Engine
from outpace.engine.explain import decision_of
from outpace.runtime import views
from outpace.runtime.board import LeadsLeft
from outpace.runtime.clock import Clock, monotonic_ns

#: Decisions on a board.
DECISIONS_SHOWN = 8

#: Whoever asks more often than this, in real seconds, gets the same board again.
FRESH_S = 0.1

_FRESH_NS = round(FRESH_S * NS_PER_S)
_MINUTE_NS = 60 * NS_PER_S

_NO_LEADS = {"total": 0, "completed": 0, "exhausted": 0, "suppressed": 0, "invalid": 0}


class Boards:
    """Makes the boards.

    Parameters
    ----------
    engine, clock : of the node.
    states : of each campaign as it is kept, which is shown while the engine has not begun it.
    """

    def __init__(self, engine: Engine, clock: Clock, states: Mapping[int, CampaignState]) -> None:
        self._engine = engine
        self._clock = clock
        self._states = states
        self._leads: dict[int, LeadsLeft] = {}
        self._started_ns: dict[int, int] = {}
        self._launched: Counter[int] = Counter()
        self._made: dict[int, tuple[int, int, CampaignState, BoardView]] = {}
        self._samples: dict[int, deque[tuple[int, int, int]]] = {}

    def watch(self, command: AnyCommand) -> None:
        """Count finished leads, note when campaigns start; give as a watcher to the pump."""
        if type(command) is RecordAttempt:
            self._launched[command.trunk_group_id] += command.launched_ns > 0
            if command.campaign_id in self._leads:
                self._leads[command.campaign_id].watch(command)
        elif type(command) is CampaignStateChanged and command.state is CampaignState.RUNNING:
            self._started_ns.setdefault(command.campaign_id, self._clock.now_ns())

    def count_leads(self, campaign_id: int, leads: dict[str, int]) -> None:
        """Take the store's count of a campaign's leads."""
        self._leads.setdefault(campaign_id, LeadsLeft(campaign_id, leads)).count(leads)

    def add_lead(self, campaign_id: int, *, is_new: bool) -> None:
        """Count a lead that was added since."""
        known = self._leads.get(campaign_id)
        if known is not None and is_new:
            known.total += 1
            known.left += 1

    def leads_left(self, campaign_id: int) -> int:
        """Leads of a campaign that may still be dialled."""
        return self._lead_count(campaign_id).left

    def launches_of(self, trunk_group_id: int) -> int:
        """Calls that were launched over a trunk group since the start."""
        columns = self._engine.calls.columns
        rows, life = np.flatnonzero(columns["state"]), columns["life"]
        mine = (life["trunk_group_id"][rows] == trunk_group_id) & (life["launched_ns"][rows] > 0)
        return self._launched[trunk_group_id] + int(mine.sum())

    def state(self, campaign_id: int) -> CampaignState:
        """A campaign's state: the engine's, once it has begun it; UnknownId when there is none of that id."""
        kept = self._states.get(campaign_id, CampaignState.DRAFT)
        if kept is CampaignState.ARCHIVED:
            return kept
        state = self._engine.campaign_state(campaign_id)
        return kept if state is CampaignState.DRAFT else state

    def sample(self) -> None:
        """Note launches and answers of now, for the rates; to be called every second or so."""
        now_ns = self._clock.now_ns()
        columns = self._engine.campaigns.columns
        answered = columns["connected"] + columns["no_agent"] + columns["caller_left"]
        for row, campaign in enumerate(self._engine.pool.campaigns):
            samples = self._samples.setdefault(campaign.id, deque())
            samples.append((now_ns, int(columns["launches"][row]), int(answered[row])))
            while len(samples) > 2 and samples[1][0] <= now_ns - _MINUTE_NS:
                samples.popleft()

    def agent_seconds(self) -> dict[str, float]:
        """Time that all agents together have spent in each state since the start."""
        columns = self._engine.agents.columns
        every = np.arange(len(self._engine.pool.agents))
        spent = views.spent_ns(columns, every, self._clock.now_ns()).sum(axis=0)
        return {state.name.lower(): float(spent[state]) / NS_PER_S for state in AgentState}

    def all(self) -> list[BoardView]:
        """The boards of all campaigns that the engine has and that are not put away."""
        counters = self._engine.counters()["campaigns"]
        return [
            self._board(campaign_id, counters[campaign_id])
            for campaign_id in counters
            if self._states.get(campaign_id) is not CampaignState.ARCHIVED
        ]

    def board(self, campaign_id: int) -> BoardView:
        """One campaign's board, at most `FRESH_S` old. UnknownId when the engine has none of that id."""
        now_ns, state = monotonic_ns(), self.state(campaign_id)
        known = self._made.get(campaign_id)
        if known is not None and now_ns < known[0] and known[1:3] == (id(self._engine.pool), state):
            return known[3]
        board = self._board(campaign_id, self._engine.counters()["campaigns"][campaign_id])
        self._made[campaign_id] = now_ns + _FRESH_NS, id(self._engine.pool), state, board
        return board

    def _board(self, campaign_id: int, counts: dict[str, Any]) -> BoardView:
        engine, now_ns = self._engine, self._clock.now_ns()
        row = next(place for place, one in enumerate(engine.pool.campaigns) if one.id == campaign_id)
        settings = engine.pool.campaigns[row]
        leads = self._lead_count(campaign_id)
        abandoned = counts["no_agent"] + counts["caller_left"]
        launches, answers = self._per_minute(campaign_id, now_ns, counts["launches"], counts["connected"] + abandoned)
        started_ns = self._started_ns.get(campaign_id, now_ns)
        return BoardView(
            campaign_id=campaign_id,
            name=settings.name,
            state=self.state(campaign_id).name.lower(),
            reason=counts["reason"],
            reason_text=views.reason_text(counts["reason"]),
            at=views.at(now_ns),
            elapsed_s=(now_ns - started_ns) / NS_PER_S,
            agents=counts["agents_in"],
            calls={name: count for name, count in counts["in_state"].items() if name not in ("free", "ended")},
            outcomes={name: count for name, count in counts["outcomes"].items() if name != "none"},
            launches=counts["launches"],
            answered=counts["connected"] + abandoned,
            connected=counts["connected"],
            abandoned=abandoned,
            launches_per_minute=launches,
            answers_per_minute=answers,
            occupancy=self.occupancy(campaign_id),
            budget=views.budget_view(settings.abandonment, engine.budget.state(row, now_ns)),
            leads_left=leads.left,
            leads_total=leads.total,
            trunks=views.trunk_uses(engine, settings.trunk_groups),
            decisions=[
                views.decision_view(decision_of(one))
                for one in views.take_decisions(engine, campaign_id, most=DECISIONS_SHOWN)
            ],
        )

    def _lead_count(self, campaign_id: int) -> LeadsLeft:
        known = self._leads.get(campaign_id)
        return known if known is not None else LeadsLeft(campaign_id, _NO_LEADS)

    def _per_minute(self, campaign_id: int, now_ns: int, launches: int, answered: int) -> tuple[float, float]:
        samples = self._samples.get(campaign_id)
        if not samples or now_ns <= samples[0][0]:
            return 0.0, 0.0
        then_ns, then_launches, then_answered = samples[0]
        per_minute = _MINUTE_NS / (now_ns - then_ns)
        return (launches - then_launches) * per_minute, (answered - then_answered) * per_minute

    def occupancy(self, campaign_id: int) -> Rate:
        """Seconds that the campaign's agents had something to do, of these and those that they were ready."""
        row = next(place for place, one in enumerate(self._engine.pool.campaigns) if one.id == campaign_id)
        columns = self._engine.agents.columns
        mine = np.flatnonzero(columns["campaigns"] & np.uint64(1 << row))
        spent = views.spent_ns(columns, mine, self._clock.now_ns())
        busy = int(spent[:, list(views.BUSY)].sum()) // NS_PER_S
        return views.rate(busy, busy + int(spent[:, AgentState.READY].sum()) // NS_PER_S)
