"""A day on which an operator turns every dial: another mode, another cap, more agents, a second campaign.

Every fact and command goes past the checkers; at the end each call has one ending, and the day is the same when it is
run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from outpace import Agent, Engine
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import DialMode
from outpace.domain.outcomes import Outcome
from outpace.domain.states import CampaignState
from outpace.domain.units import NS_PER_S
from outpace.sim._world import World
from outpace.sim.leads import SimulatedList
from outpace.sim.scenario import DAY_BEGINS_NS, Scenario
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated.people import Act, People
from tests.simulation.watching import Checked

if TYPE_CHECKING:
    from outpace.domain.config import Pool

FIRST, ALL = 10, 16
SCENARIO = Scenario(name="dials", agents=FIRST, campaign={"mode": "precise", "retry": {"busy": {"wait_s": 120.0}}})
LEASE_NS = 300 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S


class Day:
    """The world of the scenario, and what its operator does."""

    def __init__(self, seed: int) -> None:
        pool = SCENARIO.pool()
        self.engine = Engine(pool, epoch=1)
        self.watch = Checked()
        self.watch.look_at(self.engine)
        carrier = SimulatedCarrier(SCENARIO.carrier_profile(), pool.trunk_groups, seed=seed, dead_man_s=3.0)
        self.people = People(SCENARIO.people, range(1, ALL + 1), seed=seed)
        self.world = World(
            self.engine,
            carrier,
            self.people,
            {1: SimulatedList(0, LEASE_NS)},
            start_ns=DAY_BEGINS_NS,
            minutes=60,
            watch=self.watch,
        )
        carrier.set_link(True, DAY_BEGINS_NS)
        for agent in range(1, FIRST + 1):
            self.people.plan(agent, DAY_BEGINS_NS, Act.ACT_LOG_IN)
        self.world.give(e.CampaignStarted(1))

    def to(self, minute: int) -> None:
        self.world.run(DAY_BEGINS_NS + minute * MINUTE_NS)

    def change(self, campaign: int, **settings: Any) -> None:
        pool = self.engine.pool
        campaigns = list(pool.campaigns)
        campaigns[campaign - 1] = msgspec.structs.replace(campaigns[campaign - 1], **settings)
        self.world.change_pool(msgspec.structs.replace(pool, campaigns=tuple(campaigns)), {})

    def more(self, pool: Pool) -> None:
        """Six more agents, and a second campaign that they serve, with two of the others besides the first."""
        second = msgspec.structs.replace(pool.campaigns[0], id=2, name="second", mode=DialMode.PROGRESSIVE)
        both = [msgspec.structs.replace(agent, campaigns=(1, 2)) for agent in pool.agents[:2]]
        agents = [Agent(id=number, name=f"new {number}", campaigns=(2,)) for number in range(FIRST + 1, ALL + 1)]
        self.world.change_pool(
            msgspec.structs.replace(
                pool, campaigns=(*pool.campaigns, second), agents=(*both, *pool.agents[2:], *agents)
            ),
            {2: SimulatedList(400, LEASE_NS)},
        )
        for agent in range(FIRST + 1, ALL + 1):
            self.people.plan(agent, self.world.now_ns, Act.ACT_LOG_IN)
        self.world.give(e.CampaignStarted(2))

    def dialled(self, campaign: int) -> list[float]:
        """When calls of a campaign were dialled, in minutes of the day."""
        sent = self.watch.of(c.Originate)
        return [at_s / 60 for at_s, one in sent if isinstance(one, c.Originate) and one.campaign_id == campaign]

    def play(self) -> None:
        self.to(10)
        self.change(1, mode=DialMode.PREDICTIVE)
        self.to(25)
        rule = msgspec.structs.replace(self.engine.pool.campaigns[0].abandonment, cap=0.10, counts_caller_left=True)
        self.change(1, abandonment=rule)
        self.to(35)
        self.more(self.engine.pool)
        self.to(50)
        self.change(2, mode=DialMode.PREDICTIVE, hopper_size=40, connect_limit_s=3.0)
        self.change(1, mode=DialMode.RATIO, ratio=1.5)
        self.to(60)

    def drain(self) -> None:
        for campaign in (1, 2):
            if self.engine.campaign_state(campaign) is CampaignState.RUNNING:
                self.world.give(e.CampaignDraining(campaign))
        for minute in range(60, 120):
            if not self.engine.counters()["calls"]:
                return
            self.to(minute)


@pytest.fixture(scope="module")
def day() -> Day:
    played = Day(7)
    played.play()
    played.drain()
    return played


def test_every_call_has_one_ending_and_everybody_who_answered_is_counted(day: Day) -> None:
    checkers = day.watch.checkers
    assert checkers is not None
    checkers.check()
    assert checkers.open == {}
    assert day.watch.batches > 3000
    endings = [one for _, one in day.watch.of(c.RecordAttempt) if isinstance(one, c.RecordAttempt)]
    written = [one for _, one in day.watch.of(c.WriteIntent)]
    withdrawn = [one for _, one in day.watch.of(c.WithdrawIntent)]
    assert len(endings) == len({one.call_id for one in endings}) == len(written) - len(withdrawn)
    assert len(endings) == len(day.dialled(1)) + len(day.dialled(2))
    counters = day.engine.counters()["campaigns"]
    for number in (1, 2):
        mine = [one for one in endings if one.campaign_id == number]
        told = counters[number]
        assert sum(one.outcome is Outcome.CONNECTED for one in mine) == told["connected"] > 30
        assert sum(one.outcome is Outcome.ABANDONED for one in mine) == told["no_agent"] + told["caller_left"]
        assert day.world.outcomes_array[number - 1].sum() == len(mine)


def test_every_dial_had_its_effect(day: Day) -> None:
    def a_minute(campaign: int, begin: int, end: int) -> float:
        return sum(begin <= at < end for at in day.dialled(campaign)) / (end - begin)

    assert a_minute(1, 12, 25) > 1.3 * a_minute(1, 2, 10)  # predictive after precise
    assert a_minute(2, 0, 35) == 0.0
    assert a_minute(2, 36, 50) > 1.0
    assert day.engine.campaign_columns["partners"].tolist() == [3, 3]
    talked = [one.agent_id for _, one in day.watch.of(e.AgentConnected) if isinstance(one, e.AgentConnected)]
    assert set(range(FIRST + 1, ALL + 1)) <= set(talked)
    budget = day.engine.explain(1).budget
    assert budget is not None
    assert budget.cap == 0.10
    assert budget.answered == day.engine.counters()["campaigns"][1]["budget"]["answered"] > 100


def test_the_same_day_again_is_the_same(day: Day) -> None:
    again = Day(7)
    again.play()
    restored = Engine.restore(again.engine.pool, again.engine.snapshot())
    assert restored.digest() == again.engine.digest()
    again.drain()
    assert again.engine.digest() == day.engine.digest()
    assert again.watch.stream == day.watch.stream
