"""SQLite and memory side by side over all that moves leads: commands of engines and acts of operators.

With expiry, faults inside a transaction, crashes before a commit, new epochs. What moves no lead is in
test_store_desk_machine.py.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
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
from outpace.domain.events import Event, IntentDurable, LeadsLeased
from outpace.domain.outcomes import AbandonReason, Outcome, Verdict, WithdrawReason
from outpace.domain.states import LeadState
from outpace.domain.units import NS_PER_S
from outpace.store.history import ReportBy
from outpace.store.memory import MemoryStore
from outpace.store.port import NewLead, Store
from outpace.store.sqlite import SqliteStore

START = 1_800_000_000 * NS_PER_S
LEASE_S = 30
NUMBERS = range(491, 499)
SECONDS = st.integers(-20, 100)

KINDS = (
    "lease", "lease", "hot", "renew", "release", "intend", "intend", "intend", "withdraw", "record", "record",
    "dispose", "dispose",
)  # fmt: skip
#: A step of a batch: kind, which of the things known so far, a small number, seconds from now.
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 40), st.integers(0, 12), SECONDS), min_size=1, max_size=8
)

#: An act of an operator: kind, campaign (0 = all), numbers, seconds from now (0 = for ever), a flag.
ACTS = st.tuples(
    st.sampled_from(["add", "add", "suppress", "suppress", "suppress_many", "let_go", "unsuppress"]),
    st.integers(0, 2),
    st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=6),
    SECONDS,
    st.booleans(),
)
Act = tuple[str, int, list[int], int, bool]

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


BROKEN = object()


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
        self.durable: set[int] = set()

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
            campaign = self.same("campaign_id", name)
            self.same("begin_list", campaign, "list", "op", self.now)
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
            case "hot":
                return LeaseLeads(1 + which % 2, small - 1, hot=True)
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
        callback_ns = at_ns if which % 2 else 0
        return RecordDisposition(call.call_id, small % 2, small, f'{{"note":{which}}}', callback_ns, small > 10)

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
        fields |= {"caller_id": "4930", "retry_at_ns": retry_at_ns, "ended_ns": self.now - small % 4 * NS_PER_S}
        times = ("launched_ns", "answered_ns", "connected_ns", "talk_end_ns")
        fields |= {name: self.now - (9 - i) * (small % 5) * NS_PER_S for i, name in enumerate(times)}
        fields |= {"agent_id": small % 3, "answered_ns": 0} if small % 5 == 4 else {"agent_id": small % 2}
        fields |= {"outcome": Outcome(1 + small % (len(Outcome) - 1)), "abandon_reason": AbandonReason(small % 3)}
        return RecordAttempt(**{**fields, "verdict": Verdict(small % 5)})

    def batch(self, steps: list[tuple[str, int, int, int]]) -> list[StoreCommand]:
        return [self.command(*step) for step in steps]

    def both(self, commands: list[StoreCommand]) -> list[Event]:
        facts = self.sqlite.execute(commands, self.now)
        assert facts == self.memory.execute(commands, self.now)
        told = [command for command in commands if isinstance(command, RecordDisposition) and command.suppress]
        if not told:
            self.nobody_suppressed(commands, facts)
        self.leases.extend(fact for fact in facts if isinstance(fact, LeadsLeased))
        return facts

    def nobody_suppressed(self, commands: list[StoreCommand], facts: list[Event]) -> None:
        """No lead leased and no intent written has a number that was on the list before the batch."""
        numbers = {
            (fact.campaign_id, number) for fact in facts if isinstance(fact, LeadsLeased) for number in fact.numbers
        }
        written = {fact.call_id for fact in facts if isinstance(fact, IntentDurable)} - self.durable
        self.durable |= written
        numbers |= {(c.campaign_id, c.number) for c in commands if isinstance(c, WriteIntent) and c.call_id in written}
        assert not [one for one in numbers if self.sqlite.is_suppressed(one[1], one[0], self.now)]

    # ---- rules -------------------------------------------------------------------------------------------------------

    def add(self, campaign: int, numbers: list[int], due: int) -> None:
        self.both_do(("add", campaign, numbers, due, False))

    def done(self, store: Store, act: Act) -> Any:
        kind, campaign, numbers, seconds, flag = act
        at_ns = self.now + seconds * NS_PER_S
        match kind:
            case "add":
                leads = [NewLead(number, f"r{number}", due_ns=at_ns, features=number) for number in numbers]
                list_id = campaign if seconds % 2 else 0
                return store.add_leads(max(1, campaign), leads, self.now, list_id=list_id, hot=flag)
            case "suppress":
                expires_ns = at_ns if flag else 0
                return store.suppress(numbers[0], campaign, "asked", f"op{seconds}", expires_ns, self.now)
            case "suppress_many":
                expires_ns = at_ns if flag else 0
                listed = store.suppress_many(numbers, campaign, "a list", f"op{seconds}", expires_ns, self.now)
                assert sum(listed) == len(numbers)
                return listed
            case "let_go":
                found = store.let_go_suppressed(self.now)
                assert all(store.is_suppressed(number, which, self.now) for number, which in found)
                leased = store.leads(0, state=LeadState.LEASED)
                assert not [one for one in leased if store.is_suppressed(one.number, one.campaign_id, self.now)]
                return found
        return store.unsuppress(numbers[0], campaign, self.now)

    def both_do(self, act: Act) -> None:
        assert self.done(self.sqlite, act) == self.done(self.memory, act)

    @rule(act=ACTS)
    def operate(self, act: Act) -> None:
        self.both_do(act)

    @rule(act=ACTS, at=st.integers(1, 12), crash=st.booleans())
    def operator_fails_inside(self, act: Act, at: int, crash: bool) -> None:
        if self.broken_off(lambda: self.done(self.sqlite, act), at, crash) is not BROKEN:
            self.done(self.memory, act)
        if crash:
            self.open_pool()

    @rule(act=ACTS)
    def operator_crashes_before_commit(self, act: Act) -> None:
        self.dies_at_commit(lambda: self.done(self.sqlite, act))

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
        commands = self.batch(steps)
        facts = self.broken_off(lambda: self.sqlite.execute(commands, self.now), at, crash)
        if facts is not BROKEN:
            assert facts == self.memory.execute(commands, self.now)
        if crash:
            self.open_pool()

    def broken_off(self, work: Callable[[], Any], at: int, crash: bool) -> Any:
        """Break the transaction off after `at` hundred steps of SQLite's machine; all of it or nothing remains."""
        left = at

        def stop() -> bool:
            nonlocal left
            left -= 1
            return left <= 0

        self.sqlite._db.set_progress_handler(stop, 100)
        try:
            result = work()
        except StoreError:
            result = BROKEN
        self.sqlite._db.set_progress_handler(None, 0)
        if crash:
            self.sqlite._db.close()
            self.sqlite = self.opened()
        return result

    @rule(steps=STEPS)
    def crash_before_commit(self, steps: list[tuple[str, int, int, int]]) -> None:
        commands = self.batch(steps)
        self.dies_at_commit(lambda: self.sqlite.execute(commands, self.now))

    def dies_at_commit(self, work: Callable[[], Any]) -> None:
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
            work()
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

    @rule()
    def agree_on_history(self) -> None:
        found = self.same("find_attempts", limit=1000)
        page = self.same("find_attempts", limit=3)
        while page:
            assert page == found[: len(page)]
            found = found[len(page) :]
            after = page[-1].cursor
            page = self.same("find_attempts", limit=3, before=after)
        assert found == []
        for which in ({"lead_id": 3}, {"agent_id": 1}, {"outcome": Outcome.CONNECTED}, {"campaign_id": 2}):
            self.same("find_attempts", **which)
        since_ns, until_ns = self.now - 60 * NS_PER_S, self.now
        self.same("find_attempts", since_ns=since_ns, until_ns=until_ns)
        for by in ReportBy:
            self.same("report", by, 0, 0)
            self.same("report", by, since_ns, until_ns, 1)

    # ---- what always holds -------------------------------------------------------------------------------------------

    def same(self, question: str, *args: Any, **which: Any) -> Any:
        answer = getattr(self.sqlite, question)(*args, **which)
        assert answer == getattr(self.memory, question)(*args, **which)
        return answer

    @invariant()
    def agree(self) -> None:
        self.same("open_intents")
        for campaign in (1, 2):
            self.same("counts", campaign)
            ledger = self.same("ledger", campaign)
            spans = self.same("ledger_spans", campaign, 0)
            # every row is counted once
            assert ledger.connected == sum(span.connected for span in spans)
            assert ledger.no_agent_in_time == sum(span.no_agent_in_time for span in spans)
            assert ledger.caller_left == sum(span.caller_left for span in spans)
            self.same("dispositions", campaign)
            assert list(self.sqlite.attempts(campaign)) == list(self.memory.attempts(campaign))
            self.same("due_count", campaign, self.now)
        self.same("callbacks_due", (2, 1, 3), self.now)

    @invariant()
    def agree_on_leads(self) -> None:
        for campaign in (0, 1, 2):
            leads = self.same("leads", campaign)
            for state in (*LeadState, None):
                here = self.same("leads", campaign, state=state, after_id=2, limit=3)
                assert here == [lead for lead in leads if state in (None, lead.state) and lead.lead_id > 2][:3]
            self.same("leads", campaign, list_id=1, number=492)
            self.same("leads", campaign, list_id=1, state=LeadState.NEW)
        assert [self.sqlite.lead(lead.lead_id) for lead in leads] == leads

    @invariant()
    def agree_on_suppression(self) -> None:
        for campaign in (0, 1, 2):
            entries = self.same("suppressions", campaign, 0, 100)
            page = self.same("suppressions", campaign, 492, 2)
            assert page == [entry for entry in entries if entry.number > 492][:2]
            for number in NUMBERS:
                self.same("is_suppressed", number, campaign, self.now)

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
