"""What an operator sees while a campaign runs: read from the engine's counters, and leads left by the endings."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from outpace.domain.commands import AnyCommand, RecordAttempt
from outpace.domain.units import NS_PER_S
from outpace.runtime.audit import FINISHED


class Counted(Protocol):
    """What the board reads of an engine."""

    def counters(self) -> dict[str, Any]: ...


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


class LeadsLeft:
    """Leads of a campaign that may still be dialled: as the store counted them, less those that finished since."""

    def __init__(self, campaign_id: int, leads: dict[str, int]) -> None:
        self._campaign_id = campaign_id
        self.count(leads)

    def count(self, leads: dict[str, int]) -> None:
        """Begin anew with the store's count: leads per state, with `total`."""
        self.total = leads["total"]
        self.left = self.total - sum(leads[state] for state in FINISHED)

    def watch(self, command: AnyCommand) -> None:
        """Count finished leads; give as a watcher to the pump."""
        if type(command) is RecordAttempt and command.campaign_id == self._campaign_id and not command.retry_at_ns:
            self.left = max(0, self.left - 1)


class Board:
    """Follows one campaign.

    Parameters
    ----------
    leads : leads per state at the start, with `total`.
    """

    def __init__(self, engine: Counted, campaign_id: int, name: str, *, leads: dict[str, int], now_ns: int) -> None:
        self._engine = engine
        self._campaign_id = campaign_id
        self._name = name
        self._start_ns = now_ns
        self.leads = LeadsLeft(campaign_id, leads)

    def progress(self, now_ns: int) -> Progress:
        """The campaign now."""
        counts = self._engine.counters()["campaigns"][self._campaign_id]
        connected, abandoned = counts["connected"], counts["no_agent"] + counts["caller_left"]
        answered = connected + abandoned
        return Progress(
            campaign=self._name,
            state=counts["state"],
            limited_by=counts["reason"],
            elapsed_s=(now_ns - self._start_ns) / NS_PER_S,
            leads_total=self.leads.total,
            leads_left=self.leads.left,
            attempts=sum(counts["outcomes"].values()),
            outcomes=present(counts["outcomes"]),
            answered=answered,
            connected=connected,
            abandoned=abandoned,
            abandoned_ratio=abandoned / answered if answered else 0.0,
            calls=present(counts["in_state"]),
            agents=present(counts["agents_in"]),
        )


def present(counts: dict[str, int]) -> dict[str, int]:
    """Those of which there are any."""
    return {name: count for name, count in counts.items() if count}
