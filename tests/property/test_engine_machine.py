"""The engine under facts in any order: valid, late, doubled, of unknown calls, at absurd times of the switch.

Beside it runs a naive model: which calls are open and how far (in the checkers), who is logged in, and what the
recorded attempts add up to. Every step checks all invariants; at the end the world becomes quiet, and then every call
that was ever intended must have had exactly one ending.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from outpace import Engine
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.errors import ConfigError, StateError, UnknownId
from outpace.domain.outcomes import AbandonReason, CallPresence, Outcome
from outpace.domain.states import AgentState
from outpace.engine._state import REGISTER_PLACES
from outpace.engine.engine import ESTIMATES_FORMAT
from outpace.sim.checkers import Checkers
from tests.property.engine_world import (
    ABSURD,
    POOL,
    T0,
    S,
    Store,
    agent_facts,
    agents,
    call_facts,
    campaign_facts,
    campaigns,
    changed_pools,
    leg_facts,
    next_fact,
    pool_facts,
)  # fmt: skip


class EngineMachine(RuleBasedStateMachine):
    """One engine, its checkers, and the naive model."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(POOL, epoch=3)
        self.checkers = Checkers(self.engine)
        self.store = Store()
        self.now = T0
        self.ticks_begun = self.ticks_done = 0
        self.unanswered: list[c.AnyCommand] = []
        self.logged_in: dict[int, bool] = {agent.id: False for agent in POOL.agents}
        self.people = {campaign.id: [0, 0, 0] for campaign in POOL.campaigns}  # connected, no agent, caller left

    # ---- driving ---------------------------------------------------------------------------------------------------

    def give(self, fact: e.Event) -> None:
        self.checkers.fact(fact, self.now)
        self.engine.handle(fact, self.now)
        self.tick()

    def whole(self) -> bool:
        """Whether the last tick found all invariants to hold: after a violation the end has nothing to say."""
        return self.ticks_begun == self.ticks_done

    def tick(self) -> None:
        self.ticks_begun += 1
        for _ in range(8):
            self.engine.tick(self.now)
            taken = self.engine.take_commands()
            self.checkers.commands(taken, self.now)
            self.checkers.check()
            for command in taken:
                self.note(command)
            if self.engine.next_deadline_ns() > self.now:
                self.ticks_done += 1
                return
        raise AssertionError("the engine wants to be ticked again and again at the same moment")

    def note(self, command: c.AnyCommand) -> None:
        self.unanswered.append(command)
        if isinstance(command, c.RecordAttempt):
            counts = self.people[command.campaign_id]
            counts[0] += command.outcome is Outcome.CONNECTED
            counts[1] += command.abandon_reason is AbandonReason.NO_AGENT_IN_TIME
            counts[2] += command.abandon_reason is AbandonReason.CALLER_LEFT
        elif isinstance(command, c.AgentStateChanged) and command.state is AgentState.LOGGED_OUT:
            self.logged_in[command.agent_id] = False

    def pass_time(self, seconds: float) -> None:
        until = self.now + round(seconds * S)
        while self.engine.next_deadline_ns() <= until:
            self.now = max(self.now, self.engine.next_deadline_ns())
            self.tick()
        self.now = until
        self.tick()

    # ---- rules -----------------------------------------------------------------------------------------------------

    @initialize()
    def open_the_shop(self) -> None:
        self.give(e.LinkUp())
        for agent in POOL.agents[:4]:
            self.act(e.AgentLoggedIn(agent.id))
            self.give(e.AgentLegUp(agent.id))
            self.act(e.AgentReady(agent.id))
        for campaign in POOL.campaigns:
            self.give(e.CampaignStarted(campaign.id))

    @precondition(lambda self: self.unanswered)
    @rule(data=st.data(), count=st.integers(0, 6), valid_s=st.sampled_from((-1.0, 0.5, 4.0, 600.0)))
    def the_usual_follows(self, data: st.DataObject, count: int, valid_s: float) -> None:
        place = data.draw(st.integers(0, len(self.unanswered) - 1))
        command = self.unanswered.pop(place)
        if isinstance(command, c.LeaseLeads):
            due = data.draw(st.sampled_from((0, self.now + S)))
            self.give(self.store.lease(command, min(count, command.count), self.now + round(valid_s * S), due))
        elif isinstance(command, c.RenewLease):
            self.give(e.LeaseRenewed(command.campaign_id, command.token, self.now + round(valid_s * S)))
        elif isinstance(command, c.QueryCall):
            self.give(e.CallQueried(command.call_id, data.draw(st.sampled_from(CallPresence)), data.draw(agents)))
        else:
            fact = next_fact(command)
            if fact is not None:
                self.give(fact)

    @rule()
    def the_store_answers_everything(self) -> None:
        asked = [one for one in self.unanswered if isinstance(one, c.LeaseLeads | c.WriteIntent | c.RecordAttempt)]
        self.unanswered = [one for one in self.unanswered if one not in asked]
        for command in asked:
            if isinstance(command, c.LeaseLeads):
                self.give(self.store.lease(command, min(command.count, 9), self.now + 600 * S))
            else:
                fact = next_fact(command)
                assert fact is not None
                self.give(fact)

    @precondition(lambda self: self.checkers.open)
    @rule(data=st.data())
    def somebody_answers(self, data: st.DataObject) -> None:
        self.give(
            e.CallAnswered(data.draw(st.sampled_from(sorted(self.checkers.open))), data.draw(st.sampled_from(ABSURD)))
        )

    @rule(data=st.data())
    def anything_is_said_of_a_call(self, data: st.DataObject) -> None:
        known = [*sorted(self.checkers.open), *sorted(self.checkers.closed)[-2:], 77, 0, -1, 2**62]
        self.give(data.draw(call_facts(data.draw(st.sampled_from(known)))))

    @rule(fact=agent_facts)
    def act(self, fact: e.Event) -> None:
        """An agent's act; it must raise where the model says that the agent is not, or is, logged in."""
        if fact.agent_id not in self.logged_in:
            with pytest.raises(UnknownId):
                self.engine.handle(fact, self.now)
            return
        is_in = self.logged_in[fact.agent_id]
        is_login = isinstance(fact, e.AgentLoggedIn)
        adopted = bool(self.engine.agent_columns["adopted"][fact.agent_id - 1])
        if is_login != is_in or (adopted and is_login):
            self.give(fact)
            if is_login:
                self.logged_in[fact.agent_id] = True
            return
        before = self.engine.agent_columns["state"].tolist()
        try:
            self.engine.handle(fact, self.now)
        except StateError:
            assert self.engine.agent_columns["state"].tolist() == before
        else:
            raise AssertionError(f"{fact} was accepted, logged in: {is_in}")

    @rule(fact=leg_facts | pool_facts)
    def the_surroundings_change(self, fact: e.Event) -> None:
        self.give(fact)

    @rule(fact=campaign_facts)
    def an_operator_acts(self, fact: e.Event) -> None:
        known = fact.campaign_id in self.people or (isinstance(fact, e.NumberSuppressed) and fact.campaign_id == 0)
        try:
            self.give(fact)
        except StateError:
            assert isinstance(fact, e.CampaignPaused | e.CampaignCompleted) or not known
            self.tick()
        else:
            assert known

    @rule(data=st.data())
    def the_pool_changes(self, data: st.DataObject) -> None:
        pool = data.draw(changed_pools(self.engine.pool))
        self.give(e.PoolChanged(pool))
        assert self.engine.pool == pool
        for agent in pool.agents:
            self.logged_in.setdefault(agent.id, False)
        for campaign in pool.campaigns:
            self.people.setdefault(campaign.id, [0, 0, 0])

    @rule(what=st.sampled_from(("campaigns", "trunk_groups", "agents", "name", "max_calls")))
    def nothing_is_taken_from_the_pool(self, what: str) -> None:
        self.tick()
        pool, before = self.engine.pool, self.engine.digest()
        other: Any = {"name": "another", "max_calls": 11}.get(what) or getattr(pool, what)[::-1]
        with pytest.raises(ConfigError, match=what):
            self.engine.handle(e.PoolChanged(msgspec.structs.replace(pool, **{what: other})), self.now)
        self.engine.registers_array[REGISTER_PLACES["facts"]] -= 1
        assert self.engine.digest() == before

    @precondition(lambda self: self.checkers.open)
    @rule(data=st.data())
    def a_call_is_hung_up(self, data: st.DataObject) -> None:
        self.give(e.HangUpCall(data.draw(st.sampled_from(sorted(self.checkers.open)))))

    @rule()
    def an_engine_made_of_a_snapshot_goes_on(self) -> None:
        """The engine is put aside for one that was restored from what it wrote down."""
        other = Engine.restore(self.engine.pool, self.engine.snapshot())
        assert other.digest() == self.engine.digest()
        assert other.counters() == self.engine.counters()
        self.engine = self.checkers.engine = other

    @rule(
        call=st.integers(1, 3), campaign=campaigns, group=st.integers(1, 2), agent=st.integers(0, 5),
        presence=st.sampled_from(CallPresence),
    )  # fmt: skip
    def a_call_of_an_earlier_epoch_turns_up(
        self, call: int, campaign: int, group: int, agent: int, presence: CallPresence
    ) -> None:
        call |= 2 << 32
        room = self.engine.counters()["calls"] < POOL.max_calls
        if presence is CallPresence.GONE or call in self.checkers.open or not room:
            return
        talks = presence is CallPresence.BRIDGED and agent > 0 and self.engine.agent_columns["call"][agent - 1] < 0
        self.give(e.CallAdopted(call, campaign, 9, 49, group, 1, presence, agent, 0, self.now - S))
        if talks:
            self.logged_in[agent] = True

    @rule(campaign=campaigns, version=st.sampled_from((ESTIMATES_FORMAT, ESTIMATES_FORMAT + 1)), cut=st.integers(0, 1))
    def what_was_learned_comes_back(self, campaign: int, version: int, cut: int) -> None:
        data = self.engine.dump_estimates(campaign)
        fact = e.EstimatesLoaded(campaign, version, data[cut:])
        if version == ESTIMATES_FORMAT and not cut:
            self.give(fact)
        else:
            with pytest.raises(ConfigError):
                self.engine.handle(fact, self.now)
        assert self.engine.dump_estimates(campaign) == data

    @rule(seconds=st.sampled_from((0.001, 0.01, 0.5, 1.0, 2.0, 3.1, 12.0)))
    def time_passes(self, seconds: float) -> None:
        self.pass_time(seconds)

    @rule(seconds=st.sampled_from((0.7, 4.0, 5.5, 60.0)))
    def nobody_ticks_for_a_while(self, seconds: float) -> None:
        self.now += round(seconds * S)
        self.tick()

    # ---- the end ---------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """The world becomes quiet: the switch has no call any more and says so when asked."""
        if not self.whole():
            return
        self.give(e.LinkUp())
        for campaign in self.engine.pool.campaigns:
            self.give(e.CampaignStopped(campaign.id))
        for _ in range(60):
            asked, self.unanswered = self.unanswered, []
            for command in asked:
                if isinstance(command, c.QueryCall):
                    self.give(e.CallQueried(command.call_id, CallPresence.GONE))
            self.pass_time(2.0)
            if not self.checkers.open:
                break
        assert not self.checkers.open, f"calls without an ending: {self.checkers.open}"
        self.pass_time(12.0)
        counters = self.engine.counters()
        for campaign in self.engine.pool.campaigns:
            told = counters["campaigns"][campaign.id]
            loaded = self.checkers.loaded[campaign.id]
            kept = [told["connected"] - loaded[0], told["no_agent"] - loaded[1], told["caller_left"] - loaded[2]]
            assert kept == self.people[campaign.id]
            assert told["state"] in ("paused", "draft", "completed"), told["state"]
        assert all(trunk["in_use"] == 0 for trunk in counters["trunks"].values())


EngineMachine.TestCase.settings = settings(max_examples=settings.default.max_examples // 2, stateful_step_count=50)
TestEngineMachine = EngineMachine.TestCase
