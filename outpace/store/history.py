"""What attempts have become: each with the agent's verdict, and sums of them."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol

import msgspec

from outpace.domain.commands import RecordAttempt
from outpace.domain.outcomes import Outcome
from outpace.domain.units import NS_PER_S

HOUR_NS = 3600 * NS_PER_S


class AttemptCursor(NamedTuple):
    """Where a page of attempts ended. Attempts are ordered by the time at which they ended, then by call."""

    ended_ns: int
    call_id: int


class StoredAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt and what its agent said of it; `disposition` None = nothing, `callback_ns` 0 = no callback."""

    attempt: RecordAttempt
    disposition: int | None
    attributes: str
    callback_ns: int

    @property
    def cursor(self) -> AttemptCursor:
        """Where a page goes on that ended here."""
        return AttemptCursor(self.attempt.ended_ns, self.attempt.call_id)


class ReportBy(Enum):
    """What the rows of a report stand for. TOTAL: one row for all. HOUR: hours of UTC."""

    TOTAL = "total"
    CAMPAIGN = "campaign"
    AGENT = "agent"
    HOUR = "hour"
    OUTCOME = "outcome"


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over attempts.

    Parameters
    ----------
    key : campaign id, agent id (0 = nobody), start of the hour in nanoseconds, outcome, or 0, as the report goes by.
    attempts : how many. All other counts are of them.
    leads : how many different leads they went to.
    outcomes : how many ended in each outcome, by the number of the outcome.
    no_agent_in_time, caller_left : how many of the abandoned ones ended for that reason.
    disposed : how many their agents gave a disposition.
    ring_ns : from launch to answer, over those that were answered.
    wait_ns : from answer to agent, over the connected ones.
    talk_ns : from agent to the end of talking, over the connected ones.
    """

    key: int
    attempts: int
    leads: int
    outcomes: tuple[int, ...]
    no_agent_in_time: int
    caller_left: int
    disposed: int
    ring_ns: int
    wait_ns: int
    talk_ns: int


class HistoryPort(Protocol):
    """Attempts that have ended. `until_ns` is exclusive, 0 = no end; ids of 0 and an outcome None ask for all."""

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
        """Attempts that ended in [since, until), latest first, from `before` on.

        Reads an index by time from the latest on: as far as the page needs, some ten bytes an attempt.
        """

    def report(self, by: ReportBy, since_ns: int, until_ns: int, campaign_id: int = 0) -> list[ReportRow]:
        """Sums over the attempts that ended in [since, until), by key; keys without an attempt are left out."""
