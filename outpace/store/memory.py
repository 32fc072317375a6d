"""The Store in memory: the plain reference that the others are tested against, and the simulator's store."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

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
)
from outpace.domain.features import after_attempt
from outpace.domain.outcomes import IntentRefusal
from outpace.domain.units import seconds_to_ns
from outpace.store._memory_access import MemoryAccess
from outpace.store._memory_history import MemoryHistory
from outpace.store._memory_lists import MemoryLists
from outpace.store._memory_settings import MemorySettings
from outpace.store._memory_state import Lead, Place
from outpace.store._memory_suppression import MemorySuppression
from outpace.store.port import (
    LEASE_S,
    NUMBER_OPEN_RETRY_NS,
    PRESSING,
    Band,
    OpenIntent,
    Run,
    SavedEstimates,
    finished_state,
)
from outpace.store.suppression import SCRUB_MAX, of_disposition


class _Lease(msgspec.Struct):
    campaign_id: int
    deadline_ns: int
    lead_ids: list[int]  # those handed out; what has left since is told by the lead's place and token


class MemoryStore(MemoryLists, MemorySettings, MemorySuppression, MemoryHistory, MemoryAccess):
    """A Store that forgets everything when it goes. One object is one store: nothing else can open its pools."""

    def __init__(self, *, lease_s: float = LEASE_S) -> None:
        super().__init__()
        self._lease_ns = seconds_to_ns(lease_s)
        self._epoch = 0
        self._pool = ""
        self._pools: dict[str, int] = {}
        self._sequence = 0
        self._leases: dict[int, _Lease] = {}
        self._estimates: dict[int, SavedEstimates] = {}
        self._runs: list[Run] = []

    def open_pool(self, pool: str, now_ns: int) -> int:  # noqa: ARG002 - the port's
        """See `Store.open_pool`."""
        before = self._pools.get(pool, 0)
        for token in [token for token in self._leases if token >> 32 == before]:
            self._end_lease(token)
        self._epoch = self._pools[pool] = max(self._pools.values(), default=0) + 1
        self._pool = pool
        self._sequence = 0
        return self._epoch

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
                self._withdraw(command)
                return IntentWithdrawn(command.call_id)
            case RecordAttempt():
                return self._record(command)
            case RecordDisposition():
                self._dispose(command, now_ns)
                return None
            case SaveEstimates():
                self._estimates[command.campaign_id] = SavedEstimates(command.format, command.data, now_ns)
                return None

    # ---- leases ------------------------------------------------------------------------------------------------------

    def _lease(self, command: LeaseLeads, now_ns: int) -> LeadsLeased:
        leads: list[Lead] = []
        scrub = SCRUB_MAX
        for band in PRESSING if command.hot else Band:
            queue = self._queues.get((command.campaign_id, band), [])
            most = len(leads) + command.callbacks if command.hot and band is Band.CALLBACK else command.count
            while queue and len(leads) < most and scrub > 0 and queue[0][0] <= now_ns:
                lead = self._leads[heapq.heappop(queue)[1]]
                if self._put_away(lead, now_ns):
                    scrub -= 1
                else:
                    leads.append(lead)
        deadline_ns = now_ns + self._lease_ns
        lead_ids = [lead.lead_id for lead in leads]
        token = 0
        if leads:
            self._sequence += 1
            token = self._epoch << 32 | self._sequence
            self._leases[token] = _Lease(command.campaign_id, deadline_ns, lead_ids)
        for lead in leads:
            lead.place = Place.LEASED
            lead.token = token
        return LeadsLeased(
            campaign_id=command.campaign_id,
            token=token,
            deadline_ns=deadline_ns,
            lead_ids=list(lead_ids),
            numbers=[lead.number for lead in leads],
            attempts=[lead.attempts for lead in leads],
            next_due_ns=self._next_due_ns(command.campaign_id),
            features=[lead.features for lead in leads],
            hot=command.hot,
            hots=sum(lead.band is Band.HOT for lead in leads),
            callbacks=sum(lead.band is Band.CALLBACK for lead in leads),
        )

    def _next_due_ns(self, campaign_id: int) -> int:
        queues = (self._queues.get((campaign_id, band)) for band in Band)
        dues = [max(1, queue[0][0]) for queue in queues if queue]
        if not dues:
            ongoing = ((token, lease) for token, lease in self._leases.items() if lease.campaign_id == campaign_id)
            dues = [lease.deadline_ns for token, lease in ongoing if self._held(token)]
        return min(dues, default=0)

    def _held(self, token: int) -> list[Lead]:
        """The leads that the lease still holds."""
        leads = (self._leads[lead_id] for lead_id in self._leases[token].lead_ids)
        return [lead for lead in leads if lead.place is Place.LEASED and lead.token == token]

    def _renew(self, command: RenewLease, now_ns: int) -> Event:
        lease = self._leases.get(command.token)
        if lease is None or lease.campaign_id != command.campaign_id:
            return LeaseLost(command.campaign_id, command.token)
        lease.deadline_ns = now_ns + self._lease_ns
        return LeaseRenewed(command.campaign_id, command.token, lease.deadline_ns)

    def _end_lease(self, token: int) -> None:
        for lead in self._held(token):
            self._enqueue(lead, lead.due_ns, lead.band)
        del self._leases[token]

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
            or lead.place is not Place.LEASED
            or (lead.token, lead.campaign_id, lead.number) != (c.lease_token, c.campaign_id, c.number)
        ):
            return IntentRefused(c.call_id, IntentRefusal.LEASE_LOST)
        if self._put_away(lead, now_ns):
            return IntentRefused(c.call_id, IntentRefusal.SUPPRESSED)
        if c.number in self._open_numbers:
            self._enqueue(lead, now_ns + NUMBER_OPEN_RETRY_NS, lead.band)
            return IntentRefused(c.call_id, IntentRefusal.NUMBER_OPEN)
        lead.place = Place.INTENT
        self._open_numbers.add(c.number)
        self._intents[c.call_id] = OpenIntent(**msgspec.structs.asdict(c), intent_ns=now_ns, pool=self._pool)
        return IntentDurable(c.call_id)

    def _close(self, call_id: int) -> Lead | None:
        intent = self._intents.pop(call_id, None)
        if intent is None:
            return None
        self._open_numbers.remove(intent.number)
        return self._leads[intent.lead_id]

    def _withdraw(self, c: WithdrawIntent) -> None:
        lead = self._close(c.call_id)
        callback_ns = self._callbacks.pop(c.call_id, 0)
        if lead is not None and callback_ns:
            self._enqueue(lead, callback_ns, Band.CALLBACK)
        elif lead is not None:
            self._enqueue(lead, c.retry_at_ns, lead.band)

    def _record(self, c: RecordAttempt) -> AttemptRecorded:
        if c.call_id not in self._attempts:
            self._attempts[c.call_id] = c
            callback_ns = self._callbacks.pop(c.call_id, 0)
            lead = self._close(c.call_id) or self._take(c.lead_id)
            if lead is not None:
                self._turn(lead, c, callback_ns)
        return AttemptRecorded(c.call_id)

    def _take(self, lead_id: int) -> Lead | None:
        """The lead, out of the queue; None where there is no such lead or an intent holds it."""
        lead = self._leads.get(lead_id)
        if lead is None or lead.place is Place.INTENT:
            return None
        if lead.place is Place.QUEUE:
            self._unqueue(lead)
        return lead

    def _turn(self, lead: Lead, c: RecordAttempt, callback_ns: int) -> None:
        lead.attempts += 1
        lead.features = after_attempt(lead.features, c.outcome)
        if callback_ns:
            self._enqueue(lead, callback_ns, Band.CALLBACK)
        elif c.retry_at_ns > 0:
            self._enqueue(lead, c.retry_at_ns)
        else:
            self._finish(lead, finished_state(c.outcome))

    def _dispose(self, c: RecordDisposition, now_ns: int) -> None:
        self._dispositions[c.call_id, c.agent_id] = c
        call = self._intents.get(c.call_id)
        if call is not None:
            self._callbacks[c.call_id] = c.callback_ns
        attempt = self._attempts.get(c.call_id)
        if attempt is not None and c.callback_ns:
            self._call_back(attempt.lead_id, c.callback_ns)
        made = call or attempt
        if made is not None and c.suppress:
            self._put(of_disposition(made.number, c.agent_id, now_ns), now_ns)

    def _call_back(self, lead_id: int, callback_ns: int) -> None:
        for intent in self._intents.values():
            if intent.lead_id == lead_id:
                self._callbacks[intent.call_id] = callback_ns
                return
        lead = self._take(lead_id)
        if lead is not None:
            self._enqueue(lead, callback_ns, Band.CALLBACK)

    # ---- reading -----------------------------------------------------------------------------------------------------

    def open_intents(self) -> list[OpenIntent]:
        """See `Store.open_intents`."""
        return sorted(self._intents.values(), key=lambda intent: (intent.intent_ns, intent.call_id))

    def estimates(self, campaign_id: int) -> SavedEstimates | None:
        """See `Store.estimates`."""
        return self._estimates.get(campaign_id)

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
