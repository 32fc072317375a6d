"""Does a campaign add up? Checks over the store alone, so that they can be repeated at any later time.

Nothing is taken from a running engine: what the attempts, the ledger and the leads say is compared with each other.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from outpace.domain.commands import RecordAttempt
from outpace.domain.outcomes import AbandonReason, Outcome
from outpace.store.port import Store

#: Leads in these states are worked on; when a campaign has ended its run there is none.
IN_WORK = ("leased", "dialing", "in_call", "wrap_up")

#: Leads in these states are dialled no more.
FINISHED = ("completed", "exhausted", "suppressed", "invalid")


def audit(store: Store, campaign_id: int, *, ended: bool) -> list[str]:
    """What does not add up, in words; empty when all does. `ended`: no call may be open and no lead in work.

    Raises StoreError.
    """
    faults: Counter[str] = Counter()
    outcomes: Counter[Outcome] = Counter()
    reasons: Counter[AbandonReason] = Counter()
    for record in store.attempts(campaign_id):
        outcomes[record.outcome] += 1
        reasons[record.abandon_reason] += 1
        for fault in _faults(record):
            faults[fault] += 1
    problems = [f"{count} attempts: {what}" for what, count in sorted(faults.items())]
    ledger = store.ledger(campaign_id)
    attempts = (
        outcomes[Outcome.CONNECTED],
        reasons[AbandonReason.NO_AGENT_IN_TIME],
        reasons[AbandonReason.CALLER_LEFT],
    )
    if (ledger.connected, ledger.no_agent_in_time, ledger.caller_left) != attempts:
        problems.append(f"the ledger says {msgspec.to_builtins(ledger)}, the attempts {attempts}")
    leads = store.counts(campaign_id)
    by_state = sum(count for state, count in leads.items() if state != "total")
    if by_state != leads["total"]:
        problems.append(f"{leads['total']} leads, but {by_state} by state")
    if ended:
        open_calls = sum(intent.campaign_id == campaign_id for intent in store.open_intents())
        if open_calls:
            problems.append(f"{open_calls} attempts have no ending")
        left = {state: leads[state] for state in IN_WORK if leads.get(state)}
        if left:
            problems.append(f"leads are still in work: {left}")
    return problems


def _faults(record: RecordAttempt) -> list[str]:
    # What contradicts itself in one attempt.
    name = record.outcome.name.lower()
    connected, abandoned = record.outcome is Outcome.CONNECTED, record.outcome is Outcome.ABANDONED
    rules = (
        (record.outcome is not Outcome.NONE, "without an outcome"),
        (connected or record.outcome is Outcome.LOST or not record.connected_ns, f"{name}, yet connected to an agent"),
        (not connected or record.connected_ns > 0, "connected without a time of connection"),
        (not connected or record.agent_id > 0, "connected to nobody"),
        (abandoned == (record.abandon_reason is not AbandonReason.NONE), f"{name}, with the wrong reason"),
        (record.ended_ns >= record.intent_ns, "ended before it began"),
    )
    return [what for holds, what in rules if not holds]


class RunMark(msgspec.Struct, frozen=True):
    """Names the campaigns of a store's last run, for `outpace report`; a small JSON file beside the store."""

    campaigns: tuple[str, ...]


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
