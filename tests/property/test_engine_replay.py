"""Equal facts, equal engines: digests and commands agree, also across a snapshot in the middle."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace import Agent, Campaign, Engine, Pool, TrunkGroup
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import Abandonment, CallingHours, CapWindow, DialMode
from outpace.domain.errors import OutpaceError
from outpace.domain.outcomes import CallPresence, Outcome, Verdict
from tests.property.engine_world import POOL, T0, S, Store, next_fact

SETTINGS: tuple[dict[str, Any], ...] = (
    *({"mode": mode, "message": "other"} for mode in DialMode), {"hopper_size": 3}, {"hopper_size": 40},
    {"trunk_groups": (2,)}, {"amd": True}, {"reserve": 2, "cancels": True}, {"connect_limit_s": 7.0},
    {"calling_hours": CallingHours(timezone="UTC", start="22:12", end="22:16", days=(2,))}, {"calling_hours": None},
    {"abandonment": Abandonment(cap=0.1, window=CapWindow.BLOCK, days=3)},
    {"abandonment": Abandonment(window=CapWindow.ROLLING, hours=30.0)}, {"abandonment": Abandonment(cap=1.0)},
)  # fmt: skip


class Step(NamedTuple):
    """One fact and its time."""

    fact: e.Event
    now_ns: int


def changed(pool: Pool, rng: random.Random) -> Pool:
    """The pool with another setting, or with one more campaign, trunk group or agent."""
    campaigns, groups, agents = list(pool.campaigns), list(pool.trunk_groups), list(pool.agents)
    what, place = rng.randrange(6), rng.randrange(len(campaigns))
    if what < 2:
        campaigns[place] = msgspec.structs.replace(campaigns[place], **rng.choice(SETTINGS))
    elif what == 2:
        ids = rng.choice(((), ("493",), ("491", "495")))
        groups[0] = msgspec.structs.replace(groups[0], caller_ids=ids, cps=rng.choice((1.0, 8.0)))
    elif what == 3 and len(campaigns) < 8:
        campaigns.append(Campaign(id=len(campaigns) + 1, name="new", mode=rng.choice(list(DialMode)), message="new"))
    elif what == 4 and len(agents) < 9:
        agents.append(Agent(id=len(agents) + 1, name="new", campaigns=(1, 1 + place)))
    elif what == 5:
        agents[0] = msgspec.structs.replace(agents[0], campaigns=tuple(range(1, 2 + place)))
    else:
        groups.append(TrunkGroup(id=len(groups) + 1, name="new"))
    return msgspec.structs.replace(
        pool, campaigns=tuple(campaigns), trunk_groups=tuple(groups), agents=tuple(agents)
    )  # fmt: skip


def stream(seed: int, steps: int) -> list[Step]:
    """Facts of a lively run, with strays and repetitions, made by driving an engine of its own."""
    rng, engine, store = random.Random(seed), Engine(POOL, epoch=3), Store()
    now, told, asked = T0, [], list[c.AnyCommand]()

    def give(fact: e.Event) -> None:
        told.append(Step(fact, now))
        try:
            engine.handle(fact, now)
        except OutpaceError:
            told[-1] = Step(e.TimePassed(), now)
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
                fact = store.lease(command, rng.randint(0, min(command.count, 20)), now + 60 * S, now + S)
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
                e.LinkDown("gone"), e.LinkUp(), e.CampaignStarted(rng.randint(1, 8)), e.AgentReady(rng.randint(1, 9)),
                e.PoolChanged(changed(engine.pool, rng)), e.PoolChanged(changed(engine.pool, rng)),
                e.AgentLoggedIn(rng.randint(6, 9)), e.AgentLegUp(rng.randint(6, 9)), e.HotLeads(rng.randint(1, 8)),
                e.LeadsAdded(rng.randint(1, 8)), e.NumberSuppressed(49_000_000_000 + rng.randint(1, store.lead + 1)),
                e.HangUpCall(3 << 32 | rng.randint(1, 60)),
                e.DispositionSet(rng.randint(1, 5), 3 << 32 | rng.randint(1, 60), 0, "{}", now + S, True),
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


def as_written(steps: list[Step]) -> list[Step]:
    """The steps as a journal gives them back."""
    return [Step(msgspec.msgpack.decode(msgspec.msgpack.encode(fact), type=e.AnyEvent), at) for fact, at in steps]


@given(seed=st.integers(0, 10**6), cut=st.floats(0.0, 1.0))
def test_replay_and_restore_lead_to_the_same_state_and_commands(seed: int, cut: float) -> None:
    steps = stream(seed, 250)
    place = round(cut * len(steps))
    first, second = Engine(POOL, epoch=3), Engine(POOL, epoch=3)
    said = play(first, steps[:place])
    assert play(second, as_written(steps[:place])) == said
    assert first.digest() == second.digest()
    third = Engine.restore(first.pool, first.snapshot())
    assert third.digest() == first.digest()
    assert third.next_deadline_ns() == first.next_deadline_ns()
    later = play(first, steps[place:])
    assert play(second, as_written(steps[place:])) == play(third, steps[place:]) == later
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
