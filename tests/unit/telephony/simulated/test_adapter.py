"""The adapter's one timer, its speed, and its link."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from outpace.domain.config import Pool, TrunkGroup
from outpace.domain.errors import LinkDown
from outpace.domain.events import CallAnswered, CallEnded, Event, LinkUp, OriginateRefused, TrunkCapacity
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated.adapter import SimulatedAdapter
from tests.unit.telephony.simulated.driver import CODED, S, originate

SPEED = 100.0


def adapter_and_facts(speed: float = SPEED) -> tuple[SimulatedAdapter, list[Event], asyncio.Event]:
    loop = asyncio.get_running_loop()
    start = loop.time()
    carrier = SimulatedCarrier(CODED, [TrunkGroup(id=1, name="sip")], seed=1, dead_man_s=0.0)
    made = SimulatedAdapter(carrier, now_ns=lambda: round((loop.time() - start) * speed * 1e9), speed=speed)
    return made, [], asyncio.Event()


async def test_facts_come_at_their_times_at_the_given_speed() -> None:
    made, facts, ended = adapter_and_facts()

    def sink(events):
        facts.extend(events)
        if isinstance(events[-1], CallEnded):
            ended.set()

    await made.connect(sink)
    began = asyncio.get_running_loop().time()
    made.submit([originate(1, 101_02_100_0001)])
    assert [type(fact) for fact in facts[:1]] == [LinkUp]
    assert not any(isinstance(fact, CallAnswered) for fact in facts)
    await asyncio.wait_for(ended.wait(), 5.0)
    took_s = asyncio.get_running_loop().time() - began
    answered = next(fact for fact in facts if isinstance(fact, CallAnswered))
    assert facts[-1].switch_ns - answered.switch_ns == 10 * S
    assert took_s >= 10.5 / SPEED - 0.01
    await made.close()


async def test_facts_never_come_from_inside_submit() -> None:
    made, facts, _ = adapter_and_facts()
    await made.connect(facts.extend)
    before = len(facts)
    made.submit([originate(1), originate(1)])
    assert len(facts) == before
    await asyncio.sleep(0.01)
    assert len(facts) > before
    await made.close()


async def test_other_lines_take_effect_while_it_works() -> None:
    made, facts, _ = adapter_and_facts(speed=1.0)  # faster, calls that ring for 25 s might end under our hands
    await made.connect(facts.extend)
    facts.clear()
    rings = 180_00_000_0001
    made.submit([originate(1, rings)])
    groups = (TrunkGroup(id=1, name="sip", channels=2), TrunkGroup(id=2, name="more", channels=1))
    made.change(Pool(campaigns=(), trunk_groups=groups))
    over_more = [msgspec.structs.replace(originate(call_id, rings), trunk_group_id=2) for call_id in (4, 5)]
    made.submit([originate(2, rings), originate(3, rings), *over_more])
    await asyncio.sleep(0.02)
    assert [fact for fact in facts if isinstance(fact, TrunkCapacity)] == [TrunkCapacity(1, 2), TrunkCapacity(2, 1)]
    assert [fact.call_id for fact in facts if isinstance(fact, OriginateRefused)] == [3, 5]
    assert {call.call_id for call in await made.snapshot()} == {1, 2, 4}
    made.change(Pool(campaigns=(), trunk_groups=(msgspec.structs.replace(groups[0], channels=5000), groups[1])))
    made.submit([originate(6, rings)])
    assert 6 in {call.call_id for call in await made.snapshot()}
    await made.close()


async def test_without_a_link_questions_raise_and_commands_do_not() -> None:
    made, facts, _ = adapter_and_facts()
    with pytest.raises(LinkDown):
        await made.snapshot()
    made.submit([originate(1)])
    await made.connect(facts.extend)
    assert await made.snapshot() == []
    await made.close()
    with pytest.raises(LinkDown):
        await made.kept_results()
    with pytest.raises(LinkDown):
        await made.forget([])
    assert made.pressure()["link_up"] == 0.0


def test_a_speed_of_nothing_is_refused() -> None:
    carrier = SimulatedCarrier(CODED, [TrunkGroup(id=1, name="sip")], seed=1)
    with pytest.raises(ValueError, match="speed"):
        SimulatedAdapter(carrier, now_ns=lambda: 0, speed=0.0)
