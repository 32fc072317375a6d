"""The final report: read from the store alone, checked against itself.

One pass over the attempts; nothing is taken from a running engine, so the same report can be made at any later time.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from outpace.domain.commands import RecordAttempt
from outpace.domain.outcomes import AbandonReason, Outcome
from outpace.domain.units import NS_PER_S
from outpace.runtime.histogram import Histogram
from outpace.store.port import Store

_DELAY_BOUNDS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

#: Leads in these states are worked on; when a campaign is complete there is none.
_IN_WORK = ("leased", "dialing", "in_call", "wrap_up")

#: Leads in these states are dialled no more.
FINISHED = ("completed", "exhausted", "suppressed", "invalid")


class CampaignReport(msgspec.Struct, frozen=True):
    """What a campaign has done. Times in seconds; ratios from 0 to 1; `problems` is empty when all adds up.

    `answered` counts people: answered = connected + no_agent_in_time + caller_left.
    """

    campaign: str
    leads: dict[str, int]
    attempts: int
    outcomes: dict[str, int]
    answered: int
    connected: int
    no_agent_in_time: int
    caller_left: int
    abandoned_ratio: float
    talk_s: float
    connect_delay_p50_s: float
    connect_delay_p95_s: float
    connect_delay_max_s: float
    first_ns: int
    last_ns: int
    open_intents: int
    problems: tuple[str, ...]

    @property
    def abandoned(self) -> int:
        """Answered by a person and never connected to an agent."""
        return self.no_agent_in_time + self.caller_left

    @property
    def adds_up(self) -> bool:
        """Whether no check has failed."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**msgspec.to_builtins(self), "abandoned": self.abandoned, "adds_up": self.adds_up}


class RunMark(msgspec.Struct, frozen=True):
    """What `outpace report` needs to find the last run again; a small JSON file beside the store."""

    campaigns: tuple[str, ...]
    epoch: int
    started_ns: int


def mark_path(store_path: Path) -> Path:
    """Where the mark of a store's last run is kept."""
    return store_path.with_name(store_path.name + ".run.json")


def write_mark(store_path: Path, mark: RunMark) -> None:
    """Remember the run that begins."""
    mark_path(store_path).write_bytes(msgspec.json.encode(mark) + b"\n")


def read_mark(store_path: Path) -> RunMark | None:
    """The last run's mark; None when there is none."""
    try:
        return msgspec.json.decode(mark_path(store_path).read_bytes(), type=RunMark)
    except (OSError, msgspec.MsgspecError):
        return None


def campaign_report(store: Store, campaign: str, *, finished: bool = False) -> CampaignReport:
    """Read and check a campaign. `finished` adds the checks that hold when nothing is in work any more."""
    campaign_id = store.campaign_id(campaign)
    tally = _Tally()
    for record in store.attempts(campaign_id):
        tally.add(record)
    leads = store.counts(campaign_id)
    ledger = store.ledger(campaign_id)
    open_intents = sum(intent.campaign_id == campaign_id for intent in store.open_intents())
    problems = [f"{count} attempts: {what}" for what, count in sorted(tally.faults.items())]
    counted = (tally.outcomes[Outcome.CONNECTED], tally.no_agent_in_time, tally.caller_left)
    if counted != (ledger.connected, ledger.no_agent_in_time, ledger.caller_left):
        problems.append(f"the ledger says {msgspec.to_builtins(ledger)}, the attempts {counted}")
    if sum(count for state, count in leads.items() if state != "total") != leads.get("total", 0):
        problems.append("the leads by state do not sum to the total")
    if finished:
        if open_intents:
            problems.append(f"{open_intents} attempts have no ending")
        left = {state: leads[state] for state in _IN_WORK if leads.get(state)}
        if left:
            problems.append(f"leads are still in work: {left}")
    answered = sum(counted)
    return CampaignReport(
        campaign=campaign,
        leads=leads,
        attempts=tally.attempts,
        outcomes={outcome.name.lower(): tally.outcomes[outcome] for outcome in Outcome if tally.outcomes[outcome]},
        answered=answered,
        connected=counted[0],
        no_agent_in_time=tally.no_agent_in_time,
        caller_left=tally.caller_left,
        abandoned_ratio=(answered - counted[0]) / answered if answered else 0.0,
        talk_s=tally.talk_ns / NS_PER_S,
        connect_delay_p50_s=tally.delay_s.quantile(0.5),
        connect_delay_p95_s=tally.delay_s.quantile(0.95),
        connect_delay_max_s=tally.delay_s.max,
        first_ns=tally.first_ns,
        last_ns=tally.last_ns,
        open_intents=open_intents,
        problems=tuple(problems),
    )


class _Tally:
    # Sums over attempts, and how many break which rule.
    def __init__(self) -> None:
        self.attempts = 0
        self.outcomes: Counter[Outcome] = Counter()
        self.no_agent_in_time = 0
        self.caller_left = 0
        self.talk_ns = 0
        self.first_ns = 0
        self.last_ns = 0
        self.delay_s = Histogram(_DELAY_BOUNDS_S)
        self.faults: Counter[str] = Counter()

    def add(self, record: RecordAttempt) -> None:
        self.attempts += 1
        self.outcomes[record.outcome] += 1
        self.first_ns = min(self.first_ns or record.intent_ns, record.intent_ns)
        self.last_ns = max(self.last_ns, record.ended_ns)
        if record.outcome is Outcome.CONNECTED:
            self._add_connected(record)
        elif record.outcome is Outcome.ABANDONED:
            self.no_agent_in_time += record.abandon_reason is AbandonReason.NO_AGENT_IN_TIME
            self.caller_left += record.abandon_reason is AbandonReason.CALLER_LEFT
            self._check(record.abandon_reason is not AbandonReason.NONE, "abandoned without a reason")
            self._check(not record.connected_ns, "abandoned, yet connected to an agent")
        else:
            self._check(not record.connected_ns, f"{record.outcome.name.lower()}, yet connected to an agent")
        self._check(record.outcome is not Outcome.NONE, "without an outcome")
        self._check(record.ended_ns >= record.intent_ns, "ended before it began")

    def _add_connected(self, record: RecordAttempt) -> None:
        self._check(bool(record.connected_ns), "connected without a time of connection")
        self._check(bool(record.agent_id), "connected to nobody")
        if record.connected_ns:
            self.talk_ns += max(0, (record.talk_end_ns or record.ended_ns) - record.connected_ns)
            if record.answered_ns:
                self.delay_s.observe(max(0, record.connected_ns - record.answered_ns) / NS_PER_S)

    def _check(self, holds: bool, what: str) -> None:
        if not holds:
            self.faults[what] += 1
