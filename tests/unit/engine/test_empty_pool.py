"""A pool begins without campaigns, lines and agents, and gets them while its engine runs."""

from __future__ import annotations

from outpace.domain.commands import LeaseLeads
from outpace.domain.config import Agent, Campaign, Pool, TrunkGroup
from outpace.domain.events import AgentLoggedIn, CampaignStarted, LinkUp, PoolChanged
from outpace.engine.engine import Engine

S = 1_000_000_000
FULL = Pool(
    campaigns=(Campaign(id=1, name="c"),),
    trunk_groups=(TrunkGroup(id=1, name="t"),),
    agents=(Agent(id=1, name="a"),),
)


def test_an_engine_begins_with_nothing_and_dials_when_it_has_something() -> None:
    engine = Engine(Pool(campaigns=(), trunk_groups=()), epoch=1)
    engine.handle(LinkUp(), S)
    engine.tick(S)
    assert engine.counters()["campaigns"] == {}
    assert engine.take_commands() == []
    engine.tick(2 * S)
    restored = Engine.restore(engine.pool, engine.snapshot())
    assert restored.digest() == engine.digest()
    for one in (engine, restored):
        one.handle(PoolChanged(FULL), 3 * S)
        one.handle(CampaignStarted(1), 3 * S)
        one.handle(AgentLoggedIn(1), 3 * S)
        one.tick(3 * S)
        assert LeaseLeads in map(type, one.take_commands())
    assert restored.digest() == engine.digest()


def test_agents_may_serve_no_campaign_and_lines_carry_none() -> None:
    pool = Pool(campaigns=(), trunk_groups=FULL.trunk_groups, agents=(Agent(id=1, name="a", campaigns=()),))
    engine = Engine(pool, epoch=1)
    engine.handle(LinkUp(), S)
    engine.handle(AgentLoggedIn(1), S)
    engine.tick(S)
    engine.tick(60 * S)
    assert engine.counters()["agents"]["not_ready"] == 1
