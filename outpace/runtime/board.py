"""What an operator sees while a campaign runs: counted from the attempts' endings and read from the engine's tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from outpace.domain.commands import AnyCommand, CampaignStateChanged, RecordAttempt
from outpace.domain.outcomes import AbandonReason, LimitedBy, Outcome
from outpace.domain.states import AgentState, CallState, CampaignState
from outpace.domain.units import NS_PER_S
from outpace.runtime.audit import FINISHED
from outpace.store.port import Ledger


class Reason(Protocol):
    """Why nothing is dialled now."""

    @property
    def reason(self) -> LimitedBy: ...


class BoardEngine(Protocol):
    """What the board reads of an engine."""

    @property
    def calls(self) -> Mapping[str, NDArray[np.generic]]: ...
    @property
    def agents(self) -> Mapping[str, NDArray[np.generic]]: ...
    def explain(self, campaign_id: int) -> Reason: ...
    def campaign_state(self, campaign_id: int) -> CampaignState: ...


class Progress(msgspec.Struct, frozen=True):
    """A campaign at one moment. `elapsed_s` is engine time since the start; the ratio goes from 0 to 1.

    `attempts` and `outcomes` are of this run; answered, connected and abandoned include earlier runs, as the legal
    rate does.
    """

    campaign: str
    state: str
    limited_by: str
    elapsed_s: float
    leads_total: int
    leads_left: int
    attempts: int
    outcomes: dict[str, int]
    answered: int
    connected: int
    abandoned: int
    abandoned_ratio: float
    calls: dict[str, int]
    agents: dict[str, int]


class Board:
    """Follows one campaign.

    Parameters
    ----------
    leads : leads per state at the start, with `total`.
    ledger : what earlier runs have answered and abandoned.
    """

    def __init__(
        self, engine: BoardEngine, campaign_id: int, name: str, *, leads: dict[str, int], ledger: Ledger, now_ns: int
    ) -> None:
        self._engine = engine
        self._campaign_id = campaign_id
        self._name = name
        self._start_ns = now_ns
        self.leads_total = leads.get("total", 0)
        self.leads_left = self.leads_total - sum(leads.get(state, 0) for state in FINISHED)
        self.attempts = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.connected = ledger.connected
        self.no_agent_in_time = ledger.no_agent_in_time
        self.caller_left = ledger.caller_left
        self.state = CampaignState.DRAFT

    def watch(self, command: AnyCommand) -> None:
        """Count; give as a watcher to the pump."""
        if type(command) is CampaignStateChanged:
            if command.campaign_id == self._campaign_id:
                self.state = command.state
        elif type(command) is RecordAttempt and command.campaign_id == self._campaign_id:
            self.attempts += 1
            self.outcomes[command.outcome] += 1
            self.connected += command.outcome is Outcome.CONNECTED
            self.no_agent_in_time += command.abandon_reason is AbandonReason.NO_AGENT_IN_TIME
            self.caller_left += command.abandon_reason is AbandonReason.CALLER_LEFT
            if not command.retry_at_ns:
                self.leads_left -= 1

    def progress(self, now_ns: int) -> Progress:
        """The campaign now. Agents and calls are those of the whole pool."""
        abandoned = self.no_agent_in_time + self.caller_left
        answered = self.connected + abandoned
        return Progress(
            campaign=self._name,
            state=self.state.name.lower(),
            limited_by=self._engine.explain(self._campaign_id).reason.name.lower(),
            elapsed_s=(now_ns - self._start_ns) / NS_PER_S,
            leads_total=self.leads_total,
            leads_left=self.leads_left,
            attempts=self.attempts,
            outcomes={outcome.name.lower(): count for outcome, count in sorted(self.outcomes.items())},
            answered=answered,
            connected=self.connected,
            abandoned=abandoned,
            abandoned_ratio=abandoned / answered if answered else 0.0,
            calls=calls_by_state(self._engine),
            agents=agents_by_state(self._engine),
        )


def calls_by_state(engine: BoardEngine) -> dict[str, int]:
    """Live calls per state in lower case; states without a call are left out."""
    counts = np.bincount(engine.calls["state"], minlength=len(CallState))
    return {s.name.lower(): int(counts[s]) for s in CallState if s is not CallState.FREE and counts[s]}


def agents_by_state(engine: BoardEngine) -> dict[str, int]:
    """Agents per state in lower case; states without an agent are left out."""
    counts = np.bincount(engine.agents["state"], minlength=len(AgentState))
    return {s.name.lower(): int(counts[s]) for s in AgentState if counts[s]}
