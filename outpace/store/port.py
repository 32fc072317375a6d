"""The Store port: what every store (memory, SQLite, PostgreSQL) answers, with the meaning they share.

A store is synchronous and single-threaded; `execute` is one durable transaction. The runtime calls it from one writer
thread and hands it whatever commands have gathered meanwhile (group commit); the simulator calls it directly.
Nothing here reads a clock: `now_ns` is always an argument, in engine time.

A lead is in exactly one place: the queue (due at a time), leased under a token, held by an open intent, or finished.

`Store` is the whole; what is not of dialling has ports of its own: settings, lists, suppression, history, access.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Protocol

import msgspec

from outpace.domain.commands import RecordAttempt, StoreCommand
from outpace.domain.events import Event, LedgerSpan
from outpace.domain.outcomes import Outcome
from outpace.domain.states import LeadState
from outpace.domain.units import NS_PER_S
from outpace.store.access import AccessPort
from outpace.store.history import HistoryPort
from outpace.store.lists import Added, ListsPort
from outpace.store.settings import SettingsPort
from outpace.store.suppression import SuppressionPort

#: A lead whose number is being dialled by another campaign comes back to the queue after this time.
NUMBER_OPEN_RETRY_NS = 60 * NS_PER_S

#: The length of a span of `Store.ledger_spans`: the offsets of all time zones are whole multiples of it.
SPAN_NS = 900 * NS_PER_S

#: How long a lease holds, unless the store is told otherwise.
LEASE_S = 300.0


class Band(IntEnum):
    """Bands of the queue: a lease takes what is due in a lower band first."""

    HOT = -2
    CALLBACK = -1
    ORDINARY = 0


#: Those who wait in them are dialled before what has been leased already.
PRESSING = (Band.HOT, Band.CALLBACK)


class NewLead(msgspec.Struct, frozen=True):
    """A lead to be added: E.164 digits, an outside reference, free attributes as JSON text, features (features.py)."""

    number: int
    reference: str = ""
    attributes: str = "{}"
    due_ns: int = 0
    features: int = 0


class OpenIntent(msgspec.Struct, frozen=True):
    """An intent without an ending: what the next engine of its pool has to settle. `pool` is whose engine wrote it."""

    call_id: int
    campaign_id: int
    lead_id: int
    number: int
    lease_token: int
    trunk_group_id: int
    attempt_number: int
    intent_ns: int
    pool: str


class Ledger(msgspec.Struct, frozen=True):
    """Answered by a person, as the attempts tell it. answered = connected + no_agent_in_time + caller_left."""

    connected: int
    no_agent_in_time: int
    caller_left: int


class SavedEstimates(msgspec.Struct, frozen=True):
    """What pacing had learned of a campaign when it was saved; `format` says what the bytes mean."""

    format: int
    data: bytes
    saved_ns: int


class Run(msgspec.Struct, frozen=True):
    """One run of a campaign by one engine. `ended_ns` 0 = goes on, or its engine died."""

    run_id: int
    campaign_id: int
    epoch: int
    started_ns: int
    ended_ns: int
    config_digest: str


class Store(SettingsPort, ListsPort, SuppressionPort, HistoryPort, AccessPort, Protocol):
    """The memory of a pool. All methods raise StoreError; those that write under an epoch raise StaleEpoch.

    Under an epoch write `execute`, `begin_run` and `end_run`; they need `open_pool` first.
    """

    def open_pool(self, pool: str, now_ns: int) -> int:
        """Issue the pool's next epoch durably and return it (1, 2, ...). From then on an older epoch can write nothing.

        Epochs are unique over all pools of a store, so that no two calls have one id. Leads that the pool's earlier
        epoch had leased and not dialled are due again at once: nobody can dial them under the old tokens.
        """

    def add_leads(
        self, campaign_id: int, leads: Iterable[NewLead], now_ns: int, *, list_id: int = 0, hot: bool = False
    ) -> Added:
        """Add leads in one transaction. A number is a duplicate within its campaign.

        Suppressed numbers are left out. A hot duplicate that waits in the queue becomes hot and due as told here.
        Needs no epoch: an import may run beside an engine. Lead ids increase and may have gaps.
        """

    def execute(self, commands: Sequence[StoreCommand], now_ns: int) -> list[Event]:
        """Carry out the commands in order, in one durable transaction, and return their facts in the same order.

        Durable means synced to disk before this returns. The batch is kept whole or, with a StoreError, not at all;
        after StaleEpoch the engine must stop. First, leases whose deadline is not later than `now_ns` end and their
        leads are due as before. ReleaseLeads, RecordDisposition and SaveEstimates have no fact. The others:

        LeaseLeads -> LeadsLeased: hot leads first, then callbacks, then all others; the earliest due first, ties by
        lead id. With `hot` as told there. `next_due_ns` is the earliest due that remains in the queue, never 0 while
        something remains (a lead that is due since ever counts as 1); where nothing remains, the earliest deadline of
        the campaign's leases that hold leads, this one included: they may be due again then. Without leads the token
        is 0. `features` are those of the lead, with the attempts and the last outcome that RecordAttempt told.
        Suppressed leads are put away on the way, `SCRUB_MAX` of them at most: finished as SUPPRESSED, or due when the
        suppression expires.
        RenewLease -> LeaseRenewed, or LeaseLost for a token that has ended.
        WriteIntent -> IntentDurable; the lead leaves its lease. IntentRefused with STALE_EPOCH when the call id is not
        of the current epoch, LEASE_LOST when the lead and number are not held under that token (or the call is
        already recorded), SUPPRESSED when the number is: the lead is put away; NUMBER_OPEN when the tenant has an open
        intent for the number: the lead is due again in `NUMBER_OPEN_RETRY_NS`. Writing the same intent twice is
        IntentDurable twice.
        WithdrawIntent -> IntentWithdrawn, also when there is no such intent (any more).
        RecordAttempt -> AttemptRecorded, also when it was recorded before (nothing changes), when the call is of an
        earlier epoch and when there is no intent: then too the lead takes its next turn, unless another intent
        holds it. A hot lead or a callback that is tried again is an ordinary one; WithdrawIntent leaves it what it was.
        RecordDisposition with `callback_ns` schedules the lead: when the attempt is recorded (until then the last word
        counts), or at once when it has been, wherever the lead is by then; while another intent holds it, when that
        one ends. Nothing happens to the lead of a call that was never made. With `suppress` the number of the call is
        suppressed for all campaigns, by "agent N".
        """

    def open_intents(self) -> list[OpenIntent]:
        """Every open intent of the tenant, oldest first; of all pools, since a switch may serve several."""

    def ledger(self, campaign_id: int) -> Ledger:
        """Counts over the attempts of the campaign."""

    def ledger_spans(self, campaign_id: int, since_ns: int) -> list[LedgerSpan]:
        """The same by the quarter of an hour in which the attempts ended, from that of `since_ns` on, earliest first.

        Quarters without a person who answered are left out.
        """

    def estimates(self, campaign_id: int) -> SavedEstimates | None:
        """What was saved last by SaveEstimates, None = nothing was."""

    def attempts(self, campaign_id: int, since_ns: int = 0) -> Iterator[RecordAttempt]:
        """The attempts that ended at or after a time, in the order they were recorded."""

    def dispositions(self, campaign_id: int, since_ns: int = 0) -> dict[int, int]:
        """How often each disposition was given to the attempts that ended at or after a time, by its number.

        An agent's last word on an attempt counts; two agents on one attempt count twice.
        """

    def counts(self, campaign_id: int) -> dict[str, int]:
        """Leads per `LeadState` name in lower case, as they stand now; with `total`.

        An open intent counts as `dialing`: the store does not know how far its call has come.
        """

    def begin_run(self, campaign_id: int, config_digest: str, now_ns: int) -> int:
        """Note that the open pool's engine starts to run the campaign; returns the run's id."""

    def end_run(self, run_id: int, now_ns: int) -> None:
        """Note that the run has ended. The first ending stands."""

    def last_run(self, campaign_id: int) -> Run | None:
        """The latest run of the campaign, None = it was never run."""

    def close(self) -> None:
        """Release files and locks."""


_FINISHED = {
    Outcome.CONNECTED: LeadState.COMPLETED,
    Outcome.NOTIFIED: LeadState.COMPLETED,
    Outcome.INVALID: LeadState.INVALID,
}


def finished_state(outcome: Outcome) -> LeadState:
    """State of a lead whose last attempt had that outcome and that will not be dialled again."""
    return _FINISHED.get(outcome, LeadState.EXHAUSTED)
