"""SQLite and memory side by side over what operators keep and no lead is moved by.

Settings with versions, lists, audit, tokens, webhooks, remembered answers; with faults inside a transaction and
crashes before a commit.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from outpace.domain.access import Role
from outpace.domain.config import Agent, Campaign, TrunkGroup
from outpace.domain.errors import ConfigError, OutpaceError, StoreError, UnknownId, VersionConflict
from outpace.domain.states import CampaignState
from outpace.domain.units import NS_PER_S
from outpace.store.access import StoredAct
from outpace.store.lists import ListState
from outpace.store.memory import MemoryStore
from outpace.store.port import Store
from outpace.store.sqlite import SqliteStore

START = 1_800_000_000 * NS_PER_S
NAMES = st.sampled_from(["a", "b", "ä", "c d", "x" * 300])
SMALL = st.integers(0, 4)
KINDS = {"campaign": Campaign, "trunk_group": TrunkGroup, "agent": Agent}
HOURS = st.integers(0, 30)

Act = Callable[[Store], Any]


def outcome(act: Act, store: Store) -> Any:
    """What an act gives, or the error that it raises."""
    try:
        return act(store)
    except OutpaceError as error:
        return type(error), str(error)


class DeskMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="outpace-desk-"))
        self.now = START
        self.memory = MemoryStore()
        self.sqlite = self.opened()
        self.fault = ("", 0)

    def opened(self) -> SqliteStore:
        store = SqliteStore(self.folder / "store.db")
        store._db.execute("PRAGMA synchronous = OFF")  # processes die here, machines do not
        return store

    def teardown(self) -> None:
        self.sqlite.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        self.both(lambda store: store.campaign_id("a"))
        self.both(lambda store: store.add_webhook("https://crm/a", ("alarms",), "s", START))

    # ---- faults ------------------------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(["stop", "crash"]), at=st.integers(1, 8))
    def next_act_meets_a_fault(self, kind: str, at: int) -> None:
        self.fault = (kind, at)

    def both(self, act: Act) -> None:
        (kind, at), self.fault = self.fault, ("", 0)
        if kind == "crash":
            self.crash(act)
        elif kind == "stop":
            self.stop(act, at)
        else:
            assert outcome(act, self.sqlite) == outcome(act, self.memory)

    def stop(self, act: Act, at: int) -> None:
        """Break the transaction off after `at` times twenty steps of SQLite's machine."""
        left = at

        def stop() -> bool:
            nonlocal left
            left -= 1
            return left == 0

        self.sqlite._db.set_progress_handler(stop, 20)
        try:
            done = outcome(act, self.sqlite)
        finally:
            self.sqlite._db.set_progress_handler(None, 0)
        if self.sqlite._db.in_transaction:  # it was the rollback of a refused act that met the fault
            self.sqlite._db.execute("ROLLBACK")
        if not (isinstance(done, tuple) and done[0] is StoreError):
            assert done == outcome(act, self.memory)

    def crash(self, act: Act) -> None:
        connection = self.sqlite._db

        class Dies:
            def __getattr__(self, name: str) -> Any:
                return getattr(connection, name)

            def execute(self, statement: str, *parameters: Any) -> Any:
                if statement == "COMMIT":
                    connection.close()
                return connection.execute(statement, *parameters)

        self.sqlite._db = Dies()  # type: ignore[assignment]
        refused = (UnknownId, VersionConflict, ConfigError)  # before any commit
        with suppress(*refused, sqlite3.ProgrammingError, StoreError):
            act(self.sqlite)
        connection.close()
        self.sqlite = self.opened()

    # ---- settings ----------------------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(list(KINDS)), name=NAMES, id_=st.integers(1, 5), keep=st.booleans())
    def create(self, kind: str, name: str, id_: int, keep: bool) -> None:
        new = KINDS[kind](id=id_, name=name)
        self.both(lambda store: getattr(store, f"create_{kind}")(new, "op", self.now, keep_id=keep))

    @rule(kind=st.sampled_from(list(KINDS)), name=NAMES, id_=SMALL, version=SMALL)
    def change(self, kind: str, name: str, id_: int, version: int) -> None:
        new = KINDS[kind](id=9, name=name)
        self.both(lambda store: getattr(store, f"change_{kind}")(id_, new, version, name, self.now))

    @rule(id_=SMALL, state=st.sampled_from(CampaignState))
    def set_state(self, id_: int, state: CampaignState) -> None:
        self.both(lambda store: store.set_campaign_state(id_, state, "op", self.now))

    @rule(name=NAMES)
    def name_campaign(self, name: str) -> None:
        self.both(lambda store: store.campaign_id(name))

    # ---- lists -------------------------------------------------------------------------------------------------------

    @rule(campaign=SMALL, name=NAMES)
    def begin_list(self, campaign: int, name: str) -> None:
        self.both(lambda store: store.begin_list(campaign, name, "op", self.now))

    @rule(list_id=SMALL, figures=st.tuples(SMALL, SMALL, SMALL, SMALL))
    def update_list(self, list_id: int, figures: tuple[int, int, int, int]) -> None:
        self.both(lambda store: store.update_list(list_id, *figures))

    @rule(list_id=SMALL, state=st.sampled_from(ListState), error=NAMES)
    def end_list(self, list_id: int, state: ListState, error: str) -> None:
        self.both(lambda store: store.end_list(list_id, state, error, self.now))

    # ---- access ------------------------------------------------------------------------------------------------------

    @rule(said=st.lists(st.tuples(NAMES, NAMES), max_size=3))
    def append_audit(self, said: list[tuple[str, str]]) -> None:
        acts = [
            StoredAct(at_ns=self.now, actor=actor, role=Role.AGENT, action="SetReady", subject=subject)
            for actor, subject in said
        ]
        self.both(lambda store: store.append_audit(*acts))

    @rule(name=NAMES, role=st.sampled_from(Role), agent_id=SMALL)
    def add_token(self, name: str, role: Role, agent_id: int) -> None:
        self.both(lambda store: store.add_token(f"#{name}", name, role, agent_id, self.now, self.now))

    @rule(token_id=SMALL)
    def revoke_token(self, token_id: int) -> None:
        self.both(lambda store: store.revoke_token(token_id, self.now))

    @rule(topics=st.lists(NAMES, max_size=3))
    def add_webhook(self, topics: list[str]) -> None:
        self.both(lambda store: store.add_webhook("https://crm/a", tuple(topics), "s", self.now))

    @rule(webhook_id=SMALL)
    def delete_webhook(self, webhook_id: int) -> None:
        self.both(lambda store: store.delete_webhook(webhook_id))

    @rule(webhook_id=SMALL, events=st.lists(NAMES, max_size=3))
    def add_dead_letters(self, webhook_id: int, events: list[str]) -> None:
        self.both(lambda store: store.add_dead_letters(webhook_id, events, 3, "why", self.now))

    @rule(letter_ids=st.lists(SMALL, max_size=3))
    def remove_dead_letters(self, letter_ids: list[int]) -> None:
        self.both(lambda store: store.remove_dead_letters(letter_ids))

    @rule(key=NAMES, actor=NAMES, status=SMALL)
    def remember_answer(self, key: str, actor: str, status: int) -> None:
        self.both(lambda store: store.remember_answer(key, actor, key, status, bytes([status, 0]), self.now))

    @rule(hours=HOURS)
    def wait(self, hours: int) -> None:
        self.now += hours * 3600 * NS_PER_S

    # ---- what always holds -------------------------------------------------------------------------------------------

    def same(self, question: str, *args: Any) -> Any:
        answer = getattr(self.sqlite, question)(*args)
        assert answer == getattr(self.memory, question)(*args)
        return answer

    @invariant()
    def agree_on_settings(self) -> None:
        assert list(self.sqlite.campaigns().items()) == list(self.memory.campaigns().items())
        for campaign in self.same("stored_campaigns"):
            assert self.same("stored_campaign", campaign.campaign_id) == campaign
            versions = self.same("campaign_versions", campaign.campaign_id, 0, 100)
            assert [one.version for one in versions] == list(range(campaign.version, 0, -1))
            assert versions[0].settings == campaign.settings
            self.same("campaign_versions", campaign.campaign_id, 3, 1)
        for kind in ("trunk_groups", "agents"):
            self.same(f"stored_{kind}")

    @invariant()
    def agree_on_lists(self) -> None:
        for campaign in (0, 1, 2):
            self.same("lists", campaign, 0, 100)
            self.same("lists", campaign, 3, 1)

    @invariant()
    def agree_on_access(self) -> None:
        acts = self.same("audit", 0, 100)
        assert [act.entry_id for act in acts] == list(range(len(acts), 0, -1))
        self.same("audit", 3, 2, "a")
        self.same("audit", 0, 100, "", "b")
        for token in self.same("tokens"):
            assert self.same("token", token.token_hash) == token
        for webhook in self.same("webhooks"):
            assert webhook.dead == len(self.same("dead_letters", webhook.webhook_id, 0, 100))
            self.same("dead_letters", webhook.webhook_id, 2, 1)
        for key in ("a", "b"):
            self.same("answer_of", key, "a", self.now)


TestDesk = DeskMachine.TestCase
TestDesk.settings = settings(stateful_step_count=30, max_examples=40, deadline=None)
