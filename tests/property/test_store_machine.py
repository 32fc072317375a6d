"""SQLite and memory side by side over all commands, with expiry, faults inside a transaction, crashes, new epochs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from outpace.domain.commands import (
    LeaseLeads,
    RecordAttempt,
    RecordDisposition,
    ReleaseLeads,
    RenewLease,
    StoreCommand,
    WithdrawIntent,
    WriteIntent,
)
from outpace.domain.errors import StaleEpoch, StoreError
from outpace.domain.events import Event, LeadsLeased
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict, WithdrawReason
from outpace.domain.units import NS_PER_S
from outpace.store.memory import MemoryStore
from outpace.store.port import NewLead
from outpace.store.sqlite import SqliteStore

START = 1_800_000_000 * NS_PER_S
LEASE_S = 30
NUMBERS = range(491, 499)
SECONDS = st.integers(-20, 100)

KINDS = ("lease", "lease", "renew", "release", "intend", "intend", "intend", "withdraw", "record", "record", "dispose")
#: A step of a batch: kind, which of the things known so far, a small number, seconds from now.
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 40), st.integers(0, 12), SECONDS), min_size=1, max_size=8
)

PLACES = """
    SELECT lead_id, (SELECT count(*) FROM queue q WHERE q.lead_id = l.lead_id)
      + (SELECT count(*) FROM leased q, json_each(q.lead_ids) WHERE value = l.lead_id)
      - (SELECT count(*) FROM spent q WHERE q.lead_id = l.lead_id)
      + (SELECT count(*) FROM intents q WHERE q.lead_id = l.lead_id)
      + (SELECT count(*) FROM finished q WHERE q.lead_id = l.lead_id) AS places
    FROM leads l WHERE places <> 1
"""
STRAYS = """
    SELECT token, lead_id FROM spent
    EXCEPT SELECT token, value FROM leases JOIN leased USING (token), json_each(lead_ids)
"""


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="outpace-store-"))
        self.now = START
        self.memory = MemoryStore(lease_s=LEASE_S)
        self.sqlite = self.opened()
        self.leases: list[LeadsLeased] = [LeadsLeased(1, 0, 0, [1], [491], [0])]
        self.calls: list[WriteIntent] = []
        self.sequence = 0

    def opened(self) -> SqliteStore:
        store = SqliteStore(self.folder / "store.db", lease_s=LEASE_S)
        store._db.execute("PRAGMA synchronous = OFF")  # processes die here, machines do not
        return store

    def teardown(self) -> None:
        self.sqlite.close()
        shutil.rmtree(self.folder)

    def open_pool(self) -> None:
        self.epoch = self.memory.open_pool("p", self.now)
        assert self.sqlite.open_pool("p", self.now) == self.epoch

    @initialize()
    def begin(self) -> None:
        for name in ("a", "b"):
            assert self.memory.campaign_id(name) == self.sqlite.campaign_id(name)
        for campaign in (1, 2):
            self.add(campaign, list(NUMBERS[:5]), 0)
        self.open_pool()

    # ---- commands ----------------------------------------------------------------------------------------------------

    def command(self, kind: str, which: int, small: int, seconds: int) -> StoreCommand:
        leased = self.leases[-1 - which % len(self.leases)]
        at_ns = self.now + seconds * NS_PER_S
        match kind:
            case "lease":
                return LeaseLeads(1 + which % 2, small - 1)
            case "renew":
                return RenewLease(leased.campaign_id, leased.token)
            case "release":
                return ReleaseLeads(leased.campaign_id, leased.token)
            case "intend":
                return self.intent(leased, small)
        call = self.calls[-1 - which % len(self.calls)] if self.calls else self.intent(leased, small)
        match kind:
            case "withdraw":
                return WithdrawIntent(call.call_id, WithdrawReason.NO_CIRCUIT, at_ns)
            case "record":
                return self.record(call, small, at_ns if seconds > 0 else 0)
        return RecordDisposition(call.call_id, small % 2, small)

    def intent(self, leased: LeadsLeased, small: int) -> WriteIntent:
        if small != 11 or not self.calls:  # else the id of an earlier call
            self.sequence += 1
        epoch = self.epoch - 1 if small == 12 else self.epoch
        i = small % len(leased.lead_ids) if leased.lead_ids else 0
        lead, number = (leased.lead_ids[i], leased.numbers[i]) if leased.lead_ids else (99, 499)
        call = WriteIntent(epoch << 32 | self.sequence, leased.campaign_id, lead, number, leased.token, 1, 1)
        self.calls.append(call)
        return call

    def record(self, call: WriteIntent, small: int, retry_at_ns: int) -> RecordAttempt:
        fields: dict[str, Any] = dict.fromkeys(RecordAttempt.__struct_fields__, 0)
        fields |= {key: getattr(call, key) for key in ("call_id", "campaign_id", "lead_id", "number", "lease_token")}
        fields |= {"caller_id": "4930", "retry_at_ns": retry_at_ns, "ended_ns": self.now}
        fields |= {"outcome": Outcome(1 + small % (len(Outcome) - 1)), "abandon_reason": AbandonReason(small % 3)}
        return RecordAttempt(**{**fields, "verdict": Verdict(small % 5)})

    def batch(self, steps: list[tuple[str, int, int, int]]) -> list[StoreCommand]:
        return [self.command(*step) for step in steps]

    def both(self, commands: list[StoreCommand]) -> list[Event]:
        facts = self.sqlite.execute(commands, self.now)
        assert facts == self.memory.execute(commands, self.now)
        self.leases.extend(fact for fact in facts if isinstance(fact, LeadsLeased))
        return facts

    # ---- rules -------------------------------------------------------------------------------------------------------

    @rule(campaign=st.integers(1, 2), numbers=st.lists(st.sampled_from(NUMBERS), max_size=6), due=SECONDS)
    def add(self, campaign: int, numbers: list[int], due: int) -> None:
        leads = [NewLead(number, due_ns=self.now + due * NS_PER_S, features=number) for number in numbers]
        added = self.memory.add_leads(campaign, leads, self.now)
        assert self.sqlite.add_leads(campaign, leads, self.now) == added

    @rule(steps=STEPS)
    def execute(self, steps: list[tuple[str, int, int, int]]) -> None:
        self.both(self.batch(steps))

    @rule(order=st.randoms(use_true_random=False), count=st.integers(1, 8))
    def dial_all(self, order: Random, count: int) -> None:
        """The ordinary way, so that runs reach deep states: lease what is due, dial it, end most calls.

        Both campaigns hold the same numbers, and every command may come twice, in any order.
        """
        leased = self.both([LeaseLeads(1, count), LeaseLeads(2, count)])
        calls = [self.intent(fact, i) for fact in leased for i in range(len(fact.lead_ids))]
        again = [msgspec.structs.replace(call, call_id=call.call_id + 1000) for call in calls[::2]]
        intents = [*calls, *calls[::3], *again]
        order.shuffle(intents)
        self.both(intents)
        due = [self.now + order.randrange(100) * NS_PER_S if order.random() < 0.7 else 0 for _ in calls]
        records = [self.record(call, i, due[i]) for i, call in enumerate(calls) if i % 4 != 3]
        records += [self.record(call, 0, 0) for call in calls[::2]]
        order.shuffle(records)
        self.both(records)

    @rule(seconds=st.sampled_from([1, 20, LEASE_S - 1, LEASE_S, LEASE_S + 1, 100]))
    def wait(self, seconds: int) -> None:
        self.now += seconds * NS_PER_S

    @rule()
    def new_epoch(self) -> None:
        self.open_pool()

    @rule(steps=STEPS, at=st.integers(1, 12), crash=st.booleans())
    def fail_inside(self, steps: list[tuple[str, int, int, int]], at: int, crash: bool) -> None:
        """Break the transaction off after `at` hundred steps of SQLite's machine; all of it or nothing remains."""
        commands = self.batch(steps)
        left = at

        def stop() -> bool:
            nonlocal left
            left -= 1
            return left <= 0

        self.sqlite._db.set_progress_handler(stop, 100)
        try:
            facts = self.sqlite.execute(commands, self.now)
        except StoreError:
            pass
        else:
            assert facts == self.memory.execute(commands, self.now)
        self.sqlite._db.set_progress_handler(None, 0)
        if crash:
            self.sqlite._db.close()
            self.sqlite = self.opened()
            self.open_pool()

    @rule(steps=STEPS)
    def crash_before_commit(self, steps: list[tuple[str, int, int, int]]) -> None:
        commands = self.batch(steps)
        connection = self.sqlite._db

        class Dies:
            def __getattr__(self, name: str) -> Any:
                return getattr(connection, name)

            def execute(self, statement: str, *parameters: Any) -> Any:
                if statement == "COMMIT":
                    connection.close()
                return connection.execute(statement, *parameters)

        self.sqlite._db = Dies()  # type: ignore[assignment]
        with pytest.raises(Exception, match="closed database"):
            self.sqlite.execute(commands, self.now)
        self.sqlite = self.opened()
        self.open_pool()

    @precondition(lambda self: self.epoch < 6)
    @rule(steps=STEPS)
    def stale_engine(self, steps: list[tuple[str, int, int, int]]) -> None:
        commands = self.batch(steps)
        old, self.sqlite = self.sqlite, self.opened()
        self.open_pool()
        with pytest.raises(StaleEpoch):
            old.execute(commands, self.now)
        old.close()

    # ---- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def agree(self) -> None:
        assert self.sqlite.open_intents() == self.memory.open_intents()
        for campaign in (1, 2):
            assert self.sqlite.counts(campaign) == self.memory.counts(campaign)
            ledger = self.sqlite.ledger(campaign)
            assert ledger == self.memory.ledger(campaign)
            spans = self.sqlite.ledger_spans(campaign, 0)
            assert spans == self.memory.ledger_spans(campaign, 0)
            # every row is counted once
            assert ledger.connected == sum(span.connected for span in spans)
            assert ledger.no_agent_in_time == sum(span.no_agent_in_time for span in spans)
            assert ledger.caller_left == sum(span.caller_left for span in spans)
            assert self.sqlite.dispositions(campaign) == self.memory.dispositions(campaign)
            assert list(self.sqlite.attempts(campaign)) == list(self.memory.attempts(campaign))

    @invariant()
    def each_lead_is_in_one_place(self) -> None:
        assert self.sqlite._db.execute(PLACES).fetchall() == []

    @invariant()
    def what_left_a_lease_was_in_it(self) -> None:
        assert self.sqlite._db.execute(STRAYS).fetchall() == []

    @invariant()
    def no_number_is_dialled_twice(self) -> None:
        numbers = [intent.number for intent in self.sqlite.open_intents()]
        assert len(numbers) == len(set(numbers))


TestStore = StoreMachine.TestCase
TestStore.settings = settings(stateful_step_count=30, max_examples=60, deadline=None)
