"""The Store in memory: the plain reference that the others are tested against, and the simulator's store."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

import msgspec

from outpace.domain.commands import (
    LeaseLeads,
    RecordAttempt,
    RecordDisposition,
    ReleaseLeads,
    RenewLease,
    SaveEstimates,
    StoreCommand,
    WithdrawIntent,
    WriteIntent,
)
from outpace.domain.errors import StoreError
from outpace.domain.events import (
    AttemptRecorded,
    Event,
    IntentDurable,
    IntentRefused,
    IntentWithdrawn,
    LeadsLeased,
    LeaseLost,
    LeaseRenewed,
    LedgerSpan,
)
from outpace.domain.features import after_attempt
from outpace.domain.outcomes import AbandonReason, IntentRefusal, Outcome, Verdict
from outpace.domain.states import LeadState
from outpace.domain.units import seconds_to_ns
from outpace.store.port import (
    LEASE_S,
    NUMBER_OPEN_RETRY_NS,
    SPAN_NS,
    Ledger,
    NewLead,
    OpenIntent,
    Run,
    SavedEstimates,
    finished_state,
)


class _Place(IntEnum):
    QUEUE = 0
    LEASED = 1
    INTENT = 2
    FINISHED = 3


class _Lead(msgspec.Struct):
    lead_id: int
    campaign_id: int
    number: int
    due_ns: int
    features: int
    attempts: int = 0
    place: _Place = _Place.QUEUE
    token: int = 0  # while LEASED
    state: LeadState = LeadState.NEW  # while FINISHED


class _Lease(msgspec.Struct):
    campaign_id: int
    deadline_ns: int
    lead_ids: list[int]  # those handed out; what has left since is told by the lead's place and token


class MemoryStore:
    """A Store that forgets everything when it goes. One object is one store: nothing else can open its pools."""

    def __init__(self, *, lease_s: float = LEASE_S) -> None:
        self._lease_ns = seconds_to_ns(lease_s)
        self._epoch = 0
        self._pool = ""
        self._pools: dict[str, int] = {}
        self._sequence = 0
        self._campaigns: dict[str, int] = {}
        self._leads: dict[int, _Lead] = {}
        self._numbers: dict[int, set[int]] = {}  # campaign -> numbers of its leads
        self._queues: dict[int, list[tuple[int, int]]] = {}  # campaign -> heap of (due, lead)
        self._leases: dict[int, _Lease] = {}
        self._intents: dict[int, OpenIntent] = {}
        self._open_numbers: set[int] = set()
        self._attempts: dict[int, RecordAttempt] = {}
        self._dispositions: dict[tuple[int, int], int] = {}
        self._estimates: dict[int, SavedEstimates] = {}
        self._runs: list[Run] = []
        self._last_lead_id = 0

    def open_pool(self, pool: str, now_ns: int) -> int:  # noqa: ARG002 - the port's
        """See `Store.open_pool`."""
        before = self._pools.get(pool, 0)
        for token in [token for token in self._leases if token >> 32 == before]:
            self._end_lease(token)
        self._epoch = self._pools[pool] = max(self._pools.values(), default=0) + 1
        self._pool = pool
        self._sequence = 0
        return self._epoch

    def campaign_id(self, name: str) -> int:
        """See `Store.campaign_id`."""
        return self._campaigns.setdefault(name, len(self._campaigns) + 1)

    def campaigns(self) -> dict[str, int]:
        """See `Store.campaigns`."""
        return dict(self._campaigns)

    def add_leads(self, campaign_id: int, leads: Iterable[NewLead], now_ns: int) -> tuple[int, int]:  # noqa: ARG002
        """See `Store.add_leads`."""
        if not 1 <= campaign_id <= len(self._campaigns):
            raise StoreError(f"no campaign {campaign_id}")
        numbers = self._numbers.setdefault(campaign_id, set())
        added = given = 0
        for lead_id, lead in enumerate(leads, self._last_lead_id + 1):
            given += 1
            if lead.number not in numbers:
                numbers.add(lead.number)
                self._leads[lead_id] = _Lead(lead_id, campaign_id, lead.number, lead.due_ns, lead.features)
                self._enqueue(self._leads[lead_id], lead.due_ns)
                self._last_lead_id = lead_id
                added += 1
        return added, given - added

    def execute(self, commands: Sequence[StoreCommand], now_ns: int) -> list[Event]:
        """See `Store.execute`."""
        self._require_pool()
        for token in [token for token, lease in self._leases.items() if lease.deadline_ns <= now_ns]:
            self._end_lease(token)
        facts = (self._carry_out(command, now_ns) for command in commands)
        return [fact for fact in facts if fact is not None]

    def _require_pool(self) -> None:
        if not self._epoch:
            raise StoreError("no pool is open")

    def _carry_out(self, command: StoreCommand, now_ns: int) -> Event | None:
        match command:
            case LeaseLeads():
                return self._lease(command, now_ns)
            case RenewLease():
                return self._renew(command, now_ns)
            case ReleaseLeads():
                lease = self._leases.get(command.token)
                if lease is not None and lease.campaign_id == command.campaign_id:
                    self._end_lease(command.token)
                return None
            case WriteIntent():
                return self._intend(command, now_ns)
            case WithdrawIntent():
                lead = self._close(command.call_id)
                if lead is not None:
                    self._enqueue(lead, command.retry_at_ns)
                return IntentWithdrawn(command.call_id)
            case RecordAttempt():
                return self._record(command)
            case RecordDisposition():
                self._dispositions[command.call_id, command.agent_id] = command.disposition
                return None
            case SaveEstimates():
                self._estimates[command.campaign_id] = SavedEstimates(command.format, command.data, now_ns)
                return None

    # ---- leases ------------------------------------------------------------------------------------------------------

    def _enqueue(self, lead: _Lead, due_ns: int) -> None:
        lead.place = _Place.QUEUE
        lead.due_ns = due_ns
        heapq.heappush(self._queues.setdefault(lead.campaign_id, []), (due_ns, lead.lead_id))

    def _lease(self, command: LeaseLeads, now_ns: int) -> LeadsLeased:
        queue = self._queues.get(command.campaign_id, [])
        leads: list[_Lead] = []
        while queue and len(leads) < command.count and queue[0][0] <= now_ns:
            leads.append(self._leads[heapq.heappop(queue)[1]])
        deadline_ns = now_ns + self._lease_ns
        lead_ids = [lead.lead_id for lead in leads]
        token = 0
        if leads:
            self._sequence += 1
            token = self._epoch << 32 | self._sequence
            self._leases[token] = _Lease(command.campaign_id, deadline_ns, lead_ids)
        for lead in leads:
            lead.place = _Place.LEASED
            lead.token = token
        return LeadsLeased(
            campaign_id=command.campaign_id,
            token=token,
            deadline_ns=deadline_ns,
            lead_ids=list(lead_ids),
            numbers=[lead.number for lead in leads],
            attempts=[lead.attempts for lead in leads],
            next_due_ns=max(1, queue[0][0]) if queue else 0,
            features=[lead.features for lead in leads],
        )

    def _renew(self, command: RenewLease, now_ns: int) -> Event:
        lease = self._leases.get(command.token)
        if lease is None or lease.campaign_id != command.campaign_id:
            return LeaseLost(command.campaign_id, command.token)
        lease.deadline_ns = now_ns + self._lease_ns
        return LeaseRenewed(command.campaign_id, command.token, lease.deadline_ns)

    def _end_lease(self, token: int) -> None:
        for lead_id in self._leases.pop(token).lead_ids:
            lead = self._leads[lead_id]
            if lead.place is _Place.LEASED and lead.token == token:
                self._enqueue(lead, lead.due_ns)

    # ---- intents and endings -----------------------------------------------------------------------------------------

    def _intend(self, c: WriteIntent, now_ns: int) -> Event:
        if c.call_id >> 32 != self._epoch:
            return IntentRefused(c.call_id, IntentRefusal.STALE_EPOCH)
        before = self._intents.get(c.call_id)
        if before is not None and (before.lead_id, before.number) == (c.lead_id, c.number):
            return IntentDurable(c.call_id)
        lead = self._leads.get(c.lead_id)
        if (
            before is not None
            or c.call_id in self._attempts
            or lead is None
            or lead.place is not _Place.LEASED
            or (lead.token, lead.campaign_id, lead.number) != (c.lease_token, c.campaign_id, c.number)
        ):
            return IntentRefused(c.call_id, IntentRefusal.LEASE_LOST)
        if c.number in self._open_numbers:
            self._enqueue(lead, now_ns + NUMBER_OPEN_RETRY_NS)
            return IntentRefused(c.call_id, IntentRefusal.NUMBER_OPEN)
        lead.place = _Place.INTENT
        self._open_numbers.add(c.number)
        self._intents[c.call_id] = OpenIntent(**msgspec.structs.asdict(c), intent_ns=now_ns, pool=self._pool)
        return IntentDurable(c.call_id)

    def _close(self, call_id: int) -> _Lead | None:
        intent = self._intents.pop(call_id, None)
        if intent is None:
            return None
        self._open_numbers.remove(intent.number)
        return self._leads[intent.lead_id]

    def _record(self, c: RecordAttempt) -> AttemptRecorded:
        if c.call_id not in self._attempts:
            self._attempts[c.call_id] = c
            lead = self._close(c.call_id)
            if lead is None:
                lead = self._leads.get(c.lead_id)
                if lead is not None and lead.place is _Place.QUEUE:
                    queue = self._queues[lead.campaign_id]
                    queue.remove((lead.due_ns, lead.lead_id))
                    heapq.heapify(queue)
                elif lead is not None and lead.place is _Place.INTENT:
                    lead = None
            if lead is not None:
                self._turn(lead, c)
        return AttemptRecorded(c.call_id)

    def _turn(self, lead: _Lead, c: RecordAttempt) -> None:
        lead.attempts += 1
        lead.features = after_attempt(lead.features, c.outcome)
        if c.retry_at_ns > 0:
            self._enqueue(lead, c.retry_at_ns)
        else:
            lead.place = _Place.FINISHED
            lead.state = finished_state(c.outcome)

    # ---- reading -----------------------------------------------------------------------------------------------------

    def open_intents(self) -> list[OpenIntent]:
        """See `Store.open_intents`."""
        return sorted(self._intents.values(), key=lambda intent: (intent.intent_ns, intent.call_id))

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

    def estimates(self, campaign_id: int) -> SavedEstimates | None:
        """See `Store.estimates`."""
        return self._estimates.get(campaign_id)

    def attempts(self, campaign_id: int, since_ns: int = 0) -> Iterator[RecordAttempt]:
        """See `Store.attempts`."""
        for attempt in list(self._attempts.values()):
            if attempt.campaign_id == campaign_id and attempt.ended_ns >= since_ns:
                yield attempt

    def dispositions(self, campaign_id: int, since_ns: int = 0) -> dict[int, int]:
        """See `Store.dispositions`."""
        calls = {attempt.call_id for attempt in self.attempts(campaign_id, since_ns)}
        given = Counter(what for (call_id, _), what in self._dispositions.items() if call_id in calls)
        return dict(sorted(given.items()))

    def counts(self, campaign_id: int) -> dict[str, int]:
        """See `Store.counts`."""
        counts = {state.name.lower(): 0 for state in LeadState}
        for lead in self._leads.values():
            if lead.campaign_id == campaign_id:
                counts[_state(lead).name.lower()] += 1
        counts["total"] = sum(counts.values())
        return counts

    def begin_run(self, campaign_id: int, config_digest: str, now_ns: int) -> int:
        """See `Store.begin_run`."""
        self._require_pool()
        self._runs.append(Run(len(self._runs) + 1, campaign_id, self._epoch, now_ns, 0, config_digest))
        return len(self._runs)

    def end_run(self, run_id: int, now_ns: int) -> None:
        """See `Store.end_run`."""
        self._require_pool()
        if 1 <= run_id <= len(self._runs) and self._runs[run_id - 1].ended_ns == 0:
            self._runs[run_id - 1] = msgspec.structs.replace(self._runs[run_id - 1], ended_ns=now_ns)

    def last_run(self, campaign_id: int) -> Run | None:
        """See `Store.last_run`."""
        return next((run for run in reversed(self._runs) if run.campaign_id == campaign_id), None)

    def close(self) -> None:
        """See `Store.close`. Nothing to release."""


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


def _state(lead: _Lead) -> LeadState:
    if lead.place is _Place.QUEUE:
        return LeadState.RETRY_WAIT if lead.attempts else LeadState.NEW
    if lead.place is _Place.LEASED:
        return LeadState.LEASED
    if lead.place is _Place.INTENT:
        return LeadState.DIALING
    return lead.state
