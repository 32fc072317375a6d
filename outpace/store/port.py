"""The Store port: what every store (memory, SQLite, PostgreSQL) answers, with the meaning they share.

A store is synchronous and single-threaded; `execute` is one durable transaction. The runtime calls it from one writer
thread and hands it whatever commands have gathered meanwhile (group commit); the simulator calls it directly.
Nothing here reads a clock: `now_ns` is always an argument, in engine time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from outpace.domain.commands import RecordAttempt, StoreCommand
from outpace.domain.events import Event


class NewLead(msgspec.Struct, frozen=True):
    """A lead to be added: E.164 digits, an outside reference, and free attributes as JSON text."""

    number: int
    reference: str = ""
    attributes: str = "{}"
    due_ns: int = 0


class OpenIntent(msgspec.Struct, frozen=True):
    """An intent without an ending: what recovery has to settle."""

    call_id: int
    campaign_id: int
    lead_id: int
    number: int
    lease_token: int
    trunk_group_id: int
    attempt_number: int
    intent_ns: int


class Ledger(msgspec.Struct, frozen=True):
    """Answered by a person, as the attempts tell it. answered = connected + no_agent_in_time + caller_left."""

    connected: int
    no_agent_in_time: int
    caller_left: int


class Store(Protocol):
    """The memory of a pool. All methods raise StoreError; those that write under an epoch raise StaleEpoch."""

    def open_pool(self, pool: str, now_ns: int) -> int:
        """Issue the pool's next epoch durably and return it (1, 2, ...). From then on an older epoch can write nothing."""

    def campaign_id(self, name: str) -> int:
        """The id of the campaign of that name; a new one is created durably."""

    def add_leads(self, campaign_id: int, leads: Iterable[NewLead], now_ns: int) -> tuple[int, int]:
        """Add leads in one transaction; returns (added, duplicates). A number is a duplicate within its campaign."""

    def execute(self, commands: Sequence[StoreCommand], now_ns: int) -> list[Event]:
        """Carry out the commands in order, in one durable transaction, and return their facts in the same order.

        WriteIntent is conditional on the epoch in the call id being the pool's current one and on the number having
        no open intent in the tenant. Durable means synced to disk before this returns.
        """

    def open_intents(self) -> list[OpenIntent]:
        """Every intent without an ending, oldest first."""

    def ledger(self, campaign_id: int) -> Ledger:
        """Counts over the attempts of the campaign."""

    def attempts(self, campaign_id: int, since_ns: int = 0) -> Iterator[RecordAttempt]:
        """The attempts that ended at or after a time, in the order they were recorded."""

    def counts(self, campaign_id: int) -> dict[str, int]:
        """Leads per `LeadState` name in lower case, as they stand now; with `total`."""

    def close(self) -> None:
        """Release files and locks."""
