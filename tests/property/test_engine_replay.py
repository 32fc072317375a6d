"""Equal facts, equal engines: digests and commands agree, also across a snapshot in the middle."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace import Engine
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.errors import StateError
from outpace.domain.outcomes import CallPresence, Outcome, Verdict
from tests.property.engine_world import POOL, T0, S, Store, next_fact


class Step(NamedTuple):
    """One fact and its time."""

    fact: e.Event
    now_ns: int


def stream(seed: int, steps: int) -> list[Step]:
    """Facts of a lively run, with strays and repetitions, made by driving an engine of its own."""
    rng, engine, store = random.Random(seed), Engine(POOL, epoch=3), Store()
    now, told, asked = T0, [], list[c.AnyCommand]()

    def give(fact: e.Event) -> None:
        told.append(Step(fact, now))
        try:
            engine.handle(fact, now)
        except StateError:
            told.pop()
        engine.tick(now)
        asked.extend(engine.take_commands())

    give(e.LinkUp())
    for agent in POOL.agents:
        for fact in (e.AgentLoggedIn(agent.id), e.AgentLegUp(agent.id), e.AgentReady(agent.id)):
            give(fact)
    for campaign in POOL.campaigns:
        give(e.CampaignStarted(campaign.id))
    while len(told) < steps:
        if asked and rng.random() < 0.8:
            command = asked.pop(rng.randrange(len(asked)))
            fact: e.Event | None
            if isinstance(command, c.LeaseLeads):
                fact = store.lease(command.campaign_id, rng.randint(0, command.count), now + 60 * S, now + S)
            elif isinstance(command, c.QueryCall):
                fact = e.CallQueried(command.call_id, rng.choice(list(CallPresence)), rng.randint(1, 5))
            else:
                fact = next_fact(command)
            if fact is not None:
                give(fact)
                if isinstance(fact, e.CallRinging) and rng.random() < 0.7:
                    give(e.CallAnswered(fact.call_id))
                    give(e.CpaVerdict(fact.call_id, rng.choice(list(Verdict))))
                elif isinstance(fact, e.AgentConnected) and rng.random() < 0.7:
                    give(e.CallEnded(fact.call_id, Outcome.NONE, 16))
                    give(e.AgentReleased(fact.call_id, fact.agent_id))
                    give(e.AgentReady(fact.agent_id))
        else:
            now += rng.choice((0, 1_000_000, S // 10, S, 7 * S))
            give(rng.choice((
                e.TimePassed(), e.TimePassed(), rng.choice(told).fact, e.PacingChanged(2, rng.choice((1.0, 4.0)), 0),
                e.LinkDown("gone"), e.LinkUp(), e.CampaignStarted(rng.randint(1, 3)), e.AgentReady(rng.randint(1, 5)),
            )))  # fmt: skip
    return told


def play(engine: Engine, steps: list[Step]) -> list[c.AnyCommand]:
    """Give the steps, a tick after each; returns the commands."""
    said: list[c.AnyCommand] = []
    for step in steps:
        engine.handle(step.fact, step.now_ns)
        engine.tick(step.now_ns)
        said += engine.take_commands()
    return said


@given(seed=st.integers(0, 10**6), cut=st.floats(0.0, 1.0))
def test_replay_and_restore_lead_to_the_same_state_and_commands(seed: int, cut: float) -> None:
    steps = stream(seed, 250)
    place = round(cut * len(steps))
    first, second = Engine(POOL, epoch=3), Engine(POOL, epoch=3)
    said = play(first, steps[:place])
    assert play(second, steps[:place]) == said
    assert first.digest() == second.digest()
    third = Engine.restore(POOL, first.snapshot())
    assert third.digest() == first.digest()
    assert third.next_deadline_ns() == first.next_deadline_ns()
    later = play(first, steps[place:])
    assert play(second, steps[place:]) == play(third, steps[place:]) == later
    assert first.digest() == second.digest() == third.digest()
    assert first.counters() == third.counters()
    assert first.snapshot() == third.snapshot()


def test_streams_are_lively() -> None:
    said = play(Engine(POOL, epoch=3), stream(1, 600))
    kinds = {type(one) for one in said}
    assert {c.Originate, c.ConnectAgent, c.RecordAttempt, c.PlayMessage, c.QueryCall, c.HangUp} <= kinds
    assert {one.outcome for one in said if isinstance(one, c.RecordAttempt)} >= {Outcome.CONNECTED, Outcome.MACHINE}


@pytest.mark.parametrize("place", [20, 120])
def test_one_other_fact_makes_another_digest(place: int) -> None:
    steps = stream(2, 200)
    one, other = Engine(POOL, epoch=3), Engine(POOL, epoch=3)
    play(one, steps)
    play(other, [*steps[:place], Step(e.PacingChanged(2, 7.5, 0), steps[place].now_ns), *steps[place:]])
    assert one.digest() != other.digest()
