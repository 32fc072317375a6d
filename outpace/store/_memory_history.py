"""Attempts in memory: read one by one, in pages, and in sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from outpace.domain.commands import RecordAttempt
from outpace.domain.events import LedgerSpan
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict
from outpace.store._memory_state import MemoryState
from outpace.store.history import HOUR_NS, AttemptCursor, ReportBy, ReportRow, StoredAttempt
from outpace.store.port import SPAN_NS, Ledger


class MemoryHistory(MemoryState):
    """See `HistoryPort` and `Store`."""

    def ledger(self, campaign_id: int) -> Ledger:
        """See `Store.ledger`."""
        return Ledger(*_tally(self.attempts(campaign_id)))

    def ledger_spans(self, campaign_id: int, since_ns: int) -> list[LedgerSpan]:
        """See `Store.ledger_spans`."""
        spans: dict[int, list[RecordAttempt]] = {}
        for attempt in self.attempts(campaign_id, since_ns // SPAN_NS * SPAN_NS):
            spans.setdefault(attempt.ended_ns // SPAN_NS * SPAN_NS, []).append(attempt)
        found = (LedgerSpan(from_ns, *_tally(spans[from_ns]), _unheard(spans[from_ns])) for from_ns in sorted(spans))
        return [span for span in found if span.connected or span.no_agent_in_time or span.caller_left]

    def attempts(self, campaign_id: int, since_ns: int = 0) -> Iterator[RecordAttempt]:
        """See `Store.attempts`."""
        for attempt in list(self._attempts.values()):
            if attempt.campaign_id == campaign_id and attempt.ended_ns >= since_ns:
                yield attempt

    def dispositions(self, campaign_id: int, since_ns: int = 0) -> dict[int, int]:
        """See `Store.dispositions`."""
        calls = {attempt.call_id for attempt in self.attempts(campaign_id, since_ns)}
        given = Counter(said.disposition for (call_id, _), said in self._dispositions.items() if call_id in calls)
        return dict(sorted(given.items()))

    def find_attempts(
        self,
        *,
        campaign_id: int = 0,
        lead_id: int = 0,
        agent_id: int = 0,
        outcome: Outcome | None = None,
        since_ns: int = 0,
        until_ns: int = 0,
        before: AttemptCursor | None = None,
        limit: int = 100,
    ) -> list[StoredAttempt]:
        """See `HistoryPort.find_attempts`."""
        found = [
            self._with_disposition(attempt)
            for attempt in self._between(since_ns, until_ns)
            if campaign_id in (0, attempt.campaign_id)
            and lead_id in (0, attempt.lead_id)
            and agent_id in (0, attempt.agent_id)
            and outcome in (None, attempt.outcome)
        ]
        found.sort(key=lambda one: one.cursor, reverse=True)
        return [one for one in found if before is None or one.cursor < before][:limit]

    def report(self, by: ReportBy, since_ns: int, until_ns: int, campaign_id: int = 0) -> list[ReportRow]:
        """See `HistoryPort.report`."""
        rows: dict[int, list[StoredAttempt]] = {}
        for attempt in self._between(since_ns, until_ns):
            if campaign_id in (0, attempt.campaign_id):
                rows.setdefault(_key(attempt, by), []).append(self._with_disposition(attempt))
        return [_sums(key, rows[key]) for key in sorted(rows)]

    def _between(self, since_ns: int, until_ns: int) -> Iterator[RecordAttempt]:
        for attempt in self._attempts.values():
            if attempt.ended_ns >= since_ns and (until_ns == 0 or attempt.ended_ns < until_ns):
                yield attempt

    def _with_disposition(self, attempt: RecordAttempt) -> StoredAttempt:
        said = self._dispositions.get((attempt.call_id, attempt.agent_id))
        if said is None:
            return StoredAttempt(attempt=attempt, disposition=None, attributes="{}", callback_ns=0)
        return StoredAttempt(
            attempt=attempt, disposition=said.disposition, attributes=said.attributes, callback_ns=said.callback_ns
        )


def _tally(attempts: Iterable[RecordAttempt]) -> tuple[int, int, int]:
    # connected, no agent in time, caller left
    connected = no_agent_in_time = caller_left = 0
    for attempt in attempts:
        if attempt.outcome is Outcome.CONNECTED:
            connected += 1
        elif attempt.outcome is Outcome.ABANDONED:
            if attempt.abandon_reason is AbandonReason.CALLER_LEFT:
                caller_left += 1
            else:
                no_agent_in_time += 1
    return connected, no_agent_in_time, caller_left


def _unheard(attempts: Iterable[RecordAttempt]) -> int:
    # callers who left before a verdict
    return _tally(one for one in attempts if one.verdict is Verdict.NONE)[2]


def _key(attempt: RecordAttempt, by: ReportBy) -> int:
    match by:
        case ReportBy.TOTAL:
            return 0
        case ReportBy.CAMPAIGN:
            return attempt.campaign_id
        case ReportBy.AGENT:
            return attempt.agent_id
        case ReportBy.HOUR:
            return attempt.ended_ns // HOUR_NS * HOUR_NS
        case ReportBy.OUTCOME:
            return int(attempt.outcome)


def _sums(key: int, found: list[StoredAttempt]) -> ReportRow:
    attempts = [one.attempt for one in found]
    connected = [attempt for attempt in attempts if attempt.outcome is Outcome.CONNECTED]
    _, no_agent_in_time, caller_left = _tally(attempts)
    return ReportRow(
        key=key,
        attempts=len(attempts),
        leads=len({attempt.lead_id for attempt in attempts}),
        outcomes=tuple(sum(attempt.outcome is outcome for attempt in attempts) for outcome in Outcome),
        no_agent_in_time=no_agent_in_time,
        caller_left=caller_left,
        disposed=sum(one.disposition is not None for one in found),
        ring_ns=sum(_between(attempt.launched_ns, attempt.answered_ns) for attempt in attempts),
        wait_ns=sum(_between(attempt.answered_ns, attempt.connected_ns) for attempt in connected),
        talk_ns=sum(_between(attempt.connected_ns, attempt.talk_end_ns) for attempt in connected),
    )


def _between(since_ns: int, until_ns: int) -> int:
    # 0 = did not happen
    return max(0, until_ns - since_ns) if since_ns > 0 else 0
