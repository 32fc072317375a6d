"""Attempts in SQLite: read one by one, in pages, and in sums."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from outpace.domain.commands import RecordAttempt
from outpace.domain.events import LedgerSpan
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict
from outpace.store._sqlite_file import SqliteFile
from outpace.store.history import HOUR_NS, AttemptCursor, ReportBy, ReportRow, StoredAttempt
from outpace.store.port import SPAN_NS, Ledger

_PAGE = 1000  # attempts read at a time

_FIELDS = ", ".join(RecordAttempt.__struct_fields__)
_ATTEMPTS = f"""
    SELECT seq, {_FIELDS} FROM attempts
    WHERE tenant = ? AND campaign_id = ? AND seq > ? AND ended_ns >= ? ORDER BY seq LIMIT {_PAGE}
"""
_TALLY = f"""
    count(*) FILTER (WHERE outcome = {Outcome.CONNECTED:d}),
    count(*) FILTER (WHERE outcome = {Outcome.ABANDONED:d} AND abandon_reason <> {AbandonReason.CALLER_LEFT:d}),
    count(*) FILTER (WHERE outcome = {Outcome.ABANDONED:d} AND abandon_reason = {AbandonReason.CALLER_LEFT:d})
"""
_LEDGER = f"SELECT {_TALLY} FROM attempts WHERE tenant = ? AND campaign_id = ?"
_LEDGER_SPANS = f"""
    SELECT ended_ns / {SPAN_NS} * {SPAN_NS} AS from_ns, {_TALLY},
           count(*) FILTER (
               WHERE outcome = {Outcome.ABANDONED:d} AND abandon_reason = {AbandonReason.CALLER_LEFT:d}
               AND verdict = {Verdict.NONE:d}
           )
    FROM attempts
    WHERE tenant = ? AND campaign_id = ? AND ended_ns >= ?
    AND outcome IN ({Outcome.CONNECTED:d}, {Outcome.ABANDONED:d}) GROUP BY from_ns ORDER BY from_ns
"""
_DISPOSITIONS = """
    SELECT disposition, count(*) FROM attempts JOIN dispositions USING (tenant, call_id)
    WHERE tenant = ? AND campaign_id = ? AND ended_ns >= ? GROUP BY disposition ORDER BY disposition
"""
# The page is found in the index alone; only its own attempts are then looked up.
_FIND = f"""
    WITH page AS (
        SELECT campaign_id, seq FROM attempts INDEXED BY attempts_by_time WHERE tenant = ?1 {{which}}
        ORDER BY ended_ns DESC, call_id DESC LIMIT ?
    )
    SELECT disposition, attributes, callback_ns, {", ".join(f"a.{field}" for field in RecordAttempt.__struct_fields__)}
    FROM page CROSS JOIN attempts a ON a.tenant = ?1 AND a.campaign_id = page.campaign_id AND a.seq = page.seq
    LEFT JOIN dispositions d ON d.tenant = ?1 AND d.call_id = a.call_id AND d.agent_id = a.agent_id
    ORDER BY ended_ns DESC, a.call_id DESC
"""
_KEYS = {
    ReportBy.TOTAL: "0",
    ReportBy.CAMPAIGN: "campaign_id",
    ReportBy.AGENT: "a.agent_id",
    ReportBy.HOUR: f"ended_ns / {HOUR_NS} * {HOUR_NS}",
    ReportBy.OUTCOME: "outcome",
}
_BOTH = "CASE WHEN {more} {since} > 0 AND {until} > {since} THEN {until} - {since} ELSE 0 END"
_CONNECTED = f"outcome = {Outcome.CONNECTED:d} AND"
_REPORT = f"""
    SELECT {{key}} AS key, count(*), count(DISTINCT lead_id),
        count(*) FILTER (WHERE outcome = {Outcome.ABANDONED:d} AND abandon_reason <> {AbandonReason.CALLER_LEFT:d}),
        count(*) FILTER (WHERE outcome = {Outcome.ABANDONED:d} AND abandon_reason = {AbandonReason.CALLER_LEFT:d}),
        count(disposition),
        sum({_BOTH.format(more="", since="launched_ns", until="answered_ns")}),
        sum({_BOTH.format(more=_CONNECTED, since="answered_ns", until="connected_ns")}),
        sum({_BOTH.format(more=_CONNECTED, since="connected_ns", until="talk_end_ns")}),
        {", ".join(f"count(*) FILTER (WHERE outcome = {outcome:d})" for outcome in Outcome)}
    FROM attempts a INDEXED BY attempts_by_time
    LEFT JOIN dispositions d ON d.tenant = a.tenant AND d.call_id = a.call_id AND d.agent_id = a.agent_id
    WHERE a.tenant = ? AND ended_ns >= ? AND ended_ns < ? AND (? = 0 OR campaign_id = ?) GROUP BY key ORDER BY key
"""
_EVER_NS = (1 << 63) - 1


class SqliteHistory(SqliteFile):
    """Attempts that have ended; see `HistoryPort` and `Store`."""

    def ledger(self, campaign_id: int) -> Ledger:
        """See `Store.ledger`."""
        with self._errors():
            row = self._db.execute(_LEDGER, (self._tenant, campaign_id)).fetchone()
        return Ledger(*row)

    def ledger_spans(self, campaign_id: int, since_ns: int) -> list[LedgerSpan]:
        """See `Store.ledger_spans`."""
        key = (self._tenant, campaign_id, since_ns // SPAN_NS * SPAN_NS)
        with self._errors():
            return [LedgerSpan(*row) for row in self._db.execute(_LEDGER_SPANS, key)]

    def attempts(self, campaign_id: int, since_ns: int = 0) -> Iterator[RecordAttempt]:
        """See `Store.attempts`. Read in pages: the store may be written meanwhile."""
        seq = 0
        while True:
            with self._errors():
                rows = self._db.execute(_ATTEMPTS, (self._tenant, campaign_id, seq, since_ns)).fetchall()
            for row in rows:
                yield _attempt(row[1:])
            if len(rows) < _PAGE:
                return
            seq = rows[-1][0]

    def dispositions(self, campaign_id: int, since_ns: int = 0) -> dict[int, int]:
        """See `Store.dispositions`."""
        with self._errors():
            return dict(self._db.execute(_DISPOSITIONS, (self._tenant, campaign_id, since_ns)).fetchall())

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
        which: list[tuple[str, tuple[int, ...]]] = [
            ("ended_ns >= ?", (since_ns,)),
            ("ended_ns < ?", (until_ns or _EVER_NS,)),
        ]
        ids = {"campaign_id": campaign_id, "lead_id": lead_id, "agent_id": agent_id}
        which += [(f"{name} = ?", (value,)) for name, value in ids.items() if value]
        if outcome is not None:
            which.append(("outcome = ?", (int(outcome),)))
        if before is not None:
            which.append(("(ended_ns, call_id) < (?, ?)", (before.ended_ns, before.call_id)))
        statement = _FIND.format(which="".join(f"AND {condition} " for condition, _ in which))
        values = [value for _, each in which for value in each]
        with self._errors():
            rows = self._db.execute(statement, (self._tenant, *values, limit)).fetchall()
        return [
            StoredAttempt(
                attempt=_attempt(row[3:]), disposition=row[0], attributes=row[1] or "{}", callback_ns=row[2] or 0
            )
            for row in rows
        ]

    def report(self, by: ReportBy, since_ns: int, until_ns: int, campaign_id: int = 0) -> list[ReportRow]:
        """See `HistoryPort.report`."""
        parameters = (self._tenant, since_ns, until_ns or _EVER_NS, campaign_id, campaign_id)
        with self._errors():
            rows = self._db.execute(_REPORT.format(key=_KEYS[by]), parameters).fetchall()
        return [
            ReportRow(
                key=row[0],
                attempts=row[1],
                leads=row[2],
                no_agent_in_time=row[3],
                caller_left=row[4],
                disposed=row[5],
                ring_ns=row[6],
                wait_ns=row[7],
                talk_ns=row[8],
                outcomes=row[9:],
            )
            for row in rows
        ]


def _attempt(fields: tuple[object, ...]) -> RecordAttempt:
    return msgspec.convert(("RecordAttempt", *fields), RecordAttempt)
