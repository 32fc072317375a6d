"""What who answers may expect: waits and levels by the Erlang models, and agents left to inbound calls."""

from __future__ import annotations

import math

import msgspec
import pytest

from outpace import Pool
from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import DialMode, InboundLoad
from outpace.domain.errors import ConfigError, UnknownId
from outpace.engine.outlook import agents_for_inbound, outlook
from tests.unit.engine.rig import Rig, pool_of

# 5 erlangs, 80 % within 20 s: by Erlang C seven agents serve 74 % and eight 88 %
FIVE_ERLANGS = InboundLoad(calls_per_h=100.0, handle_s=180.0)


def erlang_c_level(load: float, agents: int, within_in_handle_times: float) -> float:
    terms = [load**k / math.factorial(k) for k in range(agents)]
    last = load**agents / math.factorial(agents) * agents / (agents - load)
    return 1.0 - last / (sum(terms) + last) * math.exp(-(agents - load) * within_in_handle_times)


def test_as_many_agents_are_left_as_erlang_c_asks_for() -> None:
    assert erlang_c_level(5.0, 7, 20 / 180) < 0.8 < erlang_c_level(5.0, 8, 20 / 180)
    assert agents_for_inbound(FIVE_ERLANGS) == 8


def test_who_would_leave_needs_no_more_agents() -> None:
    assert agents_for_inbound(msgspec.structs.replace(FIVE_ERLANGS, patience_s=60.0)) <= 8


@pytest.mark.parametrize("inbound", [None, InboundLoad(calls_per_h=0.0)])
def test_nobody_is_left_to_nobody(inbound: InboundLoad | None) -> None:
    assert agents_for_inbound(inbound) == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [("calls_per_h", -1.0), ("handle_s", 0.0), ("service_level", 1.0), ("within_s", math.nan), ("patience_s", -1.0)],
)
def test_an_impossible_load_is_refused(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=key):
        InboundLoad(**{"calls_per_h": 10.0, key: value})


def see(**counts: float) -> tuple[float | None, float | None]:
    found = outlook(**({"withheld": 0, "answered_per_h": 0.0, "handle_s": 60.0, "limit_s": 2.0} | counts))
    return found.estimated_wait_s, found.service_level


def test_who_answers_waits_for_those_before() -> None:
    assert see(agents=3, ready=1, waiting=0) == (0.0, None)
    # three agents of 60 s each: the next one is free after 20 s
    assert see(agents=3, ready=0, waiting=0)[0] == pytest.approx(20.0, rel=1e-12)
    # with one before, who may leave after 2 s
    assert see(agents=3, ready=0, waiting=1)[0] == pytest.approx(20.0 + 1.0 / (3 / 60 + 1 / 2), rel=1e-12)
    assert see(agents=0, ready=0, waiting=1) == (None, None)
    assert see(agents=2, ready=0, waiting=0, handle_s=0.0) == (None, None)


def test_level_of_one_agent_is_that_of_a_loss_system_when_nobody_can_wait() -> None:
    # 1 erlang at one agent: half of those who answer find it free
    level = see(agents=1, ready=1, waiting=0, answered_per_h=60.0, limit_s=1e-3)[1]
    assert level == pytest.approx(0.5, abs=1e-4)


def test_dialling_leaves_agents_to_inbound_calls() -> None:
    rig = Rig(pool_of(agents=10, inbound=FIVE_ERLANGS)).start()
    assert len(rig.dial(10)) == 2
    assert rig.engine.outlook(1).withheld == 8
    assert rig.engine.latest_decision(1).ready == 2
    assert "8 are left to inbound calls" in rig.engine.explain(1).render()
    assert rig.engine.counters()["campaigns"][1]["queue"]["withheld"] == 8


def test_a_person_on_the_line_gets_an_agent_all_the_same() -> None:
    rig = Rig(pool_of(agents=9, inbound=FIVE_ERLANGS)).start()
    (call,) = rig.dial(5)
    rig.do(*[e.AgentNotReady(agent) for agent in range(2, 10)])
    rig.do(e.CallAnswered(call))
    assert rig.engine.counters()["campaigns"][1]["in_state"]["connecting"] == 1


def test_predictive_leaves_them_too() -> None:
    counts = []
    for inbound in (None, FIVE_ERLANGS):
        rig = Rig(pool_of(agents=12, mode=DialMode.PREDICTIVE, inbound=inbound)).start()
        rig.lease(20)
        rig.wait(1.0)
        counts.append(len(rig.ever(c.WriteIntent)))
    assert 0 < counts[1] < counts[0]


def test_campaigns_that_share_agents_leave_them_as_well() -> None:
    one = pool_of(agents=10)
    first = one.campaigns[0]
    second = msgspec.structs.replace(first, id=2, name="two", inbound=FIVE_ERLANGS)
    agents = tuple(msgspec.structs.replace(agent, campaigns=(1, 2)) for agent in one.agents)
    rig = Rig(Pool(campaigns=(first, second), trunk_groups=one.trunk_groups, agents=agents)).start()
    assert len(rig.dial(10)) == 2


def test_the_queue_is_learned_from_what_happened() -> None:
    rig = Rig(pool_of(agents=1)).start()
    before = rig.engine.outlook(1)
    assert (before.handle_s, before.answered_per_h, before.service_level) == (0.0, 0.0, None)
    call = rig.talk()
    rig.wait(50.0)
    rig.do(e.AgentReleased(call, 1), e.CallEnded(call))
    rig.wait(10.0)
    rig.do(e.AgentReady(1))
    after = rig.engine.outlook(1)
    assert after.handle_s == pytest.approx(60.0, abs=1e-6)
    # one person in a minute and a bit: of two minutes begun
    assert after.answered_per_h == pytest.approx(30.0)
    assert after.load_erlangs == pytest.approx(0.5)
    assert after.service_level is not None
    with pytest.raises(UnknownId):
        rig.engine.outlook(7)
