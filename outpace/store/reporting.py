"""What became of a campaign's run, from the attempts on record. Works on any Store."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import msgspec

from outpace.domain.outcomes import AbandonReason, Outcome
from outpace.domain.units import NS_PER_MS, NS_PER_S, ns_to_seconds
from outpace.store.port import Store


class Waits(msgspec.Struct, frozen=True):
    """Time from answer to agent over the connected calls, in milliseconds; None without such calls."""

    median: float | None
    p99: float | None


class RunReport(msgspec.Struct, frozen=True):
    """Figures of one run. `outcomes` sums to `attempts`; answered = connected + abandoned.

    `leads`, `leads_by_state`, `open` (intents without an ending) and `retries_pending` are as they stand now, the
    rest counts attempts that ended within the run. Outcomes that did not occur are listed with 0.
    """

    leads: int
    attempts: int
    outcomes: dict[str, int]
    answered: int
    connected: int
    abandoned: int
    abandoned_by_reason: dict[str, int]
    abandon_ratio: float
    talk_seconds: float
    dials_per_connect: float | None
    wait_ms: Waits
    dispositions: dict[int, int]
    open: int
    retries_pending: int
    leads_by_state: dict[str, int]
    started: str | None
    ended: str | None
    config_digest: str


def report(store: Store, campaign_id: int, *, whole_campaign: bool = False) -> RunReport:
    """Report of the campaign's last run, or of all its runs.

    Attempts belong to the run in which they ended: one left open by a crash is settled, and counted, in the next.
    A campaign that was never run is reported whole.

    Raises
    ------
    StoreError : the store cannot be read.
    """
    run = store.last_run(campaign_id)
    since_ns = 0 if whole_campaign or run is None else run.started_ns
    outcomes: Counter[Outcome] = Counter()
    reasons: Counter[AbandonReason] = Counter()
    waits_ns: list[int] = []
    talk_ns = 0
    for attempt in store.attempts(campaign_id, since_ns):
        outcomes[attempt.outcome] += 1
        if attempt.outcome is Outcome.ABANDONED:
            reasons[attempt.abandon_reason] += 1
        if attempt.outcome is Outcome.CONNECTED:
            talk_ns += max(0, attempt.talk_end_ns - attempt.connected_ns)
            if attempt.answered_ns and attempt.connected_ns:
                waits_ns.append(max(0, attempt.connected_ns - attempt.answered_ns))
    attempts, connected, abandoned = outcomes.total(), outcomes[Outcome.CONNECTED], outcomes[Outcome.ABANDONED]
    counts = store.counts(campaign_id)
    waits_ns.sort()
    return RunReport(
        leads=counts.pop("total"),
        attempts=attempts,
        outcomes={o.name.lower(): outcomes[o] for o in Outcome if o is not Outcome.NONE or outcomes[o]},
        answered=connected + abandoned,
        connected=connected,
        abandoned=abandoned,
        abandoned_by_reason={r.name.lower(): reasons[r] for r in AbandonReason if r or reasons[r]},
        abandon_ratio=abandoned / (connected + abandoned) if abandoned else 0.0,
        talk_seconds=ns_to_seconds(talk_ns),
        dials_per_connect=attempts / connected if connected else None,
        wait_ms=Waits(_quantile_ms(waits_ns, 0.5), _quantile_ms(waits_ns, 0.99)),
        dispositions=store.dispositions(campaign_id, since_ns),
        open=sum(intent.campaign_id == campaign_id for intent in store.open_intents()),
        retries_pending=counts["retry_wait"],
        leads_by_state=counts,
        started=_utc(run.started_ns) if run else None,
        ended=_utc(run.ended_ns) if run else None,
        config_digest=run.config_digest if run else "",
    )


def _quantile_ms(sorted_ns: list[int], share: float) -> float | None:
    # Nearest rank: a value that occurred.
    if not sorted_ns:
        return None
    return sorted_ns[max(0, -int(-share * len(sorted_ns) // 1) - 1)] / NS_PER_MS


def _utc(ns: int) -> str | None:
    # Whole seconds and milliseconds apart: a float of nanoseconds would round.
    if ns == 0:
        return None
    moment = datetime.fromtimestamp(ns // NS_PER_S, UTC).replace(microsecond=ns % NS_PER_S // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
