"""A dialer that dies while its switch lives on: the next one takes its calls over."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from outpace.domain.outcomes import Outcome
from outpace.runtime import loops, runner
from outpace.runtime.audit import audit
from outpace.runtime.clock import Clock
from outpace.runtime.node import Ending
from outpace.runtime.replay import replay
from outpace.store.sqlite import SqliteStore
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated.adapter import SimulatedAdapter
from outpace.telephony.simulated.profile import CarrierProfile, Mix, Times
from tests.integration.runtime.conftest import Floor
from tests.integration.runtime.floor import node_of, setup_of, until

PROFILE = CarrierProfile(
    name="quick",
    mix=Mix(live=1.0),
    times=Times(proceeding=0.05, ringing=0.05, answer=0.4, talk=3.0, message=0.5),
)


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> list[SimulatedCarrier]:
    """One carrier that all nodes of a test connect to; made by the first."""
    carriers: list[SimulatedCarrier] = []

    def build(_: object, pool: Any, clock: Clock, **__: object) -> SimulatedAdapter:
        if not carriers:
            carriers.append(SimulatedCarrier(PROFILE, pool.trunk_groups, seed=1, dead_man_s=1.5))
        return SimulatedAdapter(carriers[0], now_ns=clock.now_ns)

    monkeypatch.setattr(runner, "build_adapter", build)
    return carriers


async def die_with_calls(setup: Any, talking: int) -> set[int]:
    """A node that is gone at once while people talk; gives the calls that it left on the switch."""
    dying = node_of(setup)
    task = asyncio.create_task(dying.run())
    await until(lambda: dying.board is not None and dying.progress().calls.get("talking", 0) >= talking)
    # What a dead process does not do: nothing is said to the switch or written any more.
    dying.pump.stop()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    with SqliteStore(setup.store.path) as store:
        return {intent.call_id for intent in store.open_intents()}


def test_conversations_go_on_under_the_next_engine(campaign_file: Floor, switch: list[SimulatedCarrier]) -> None:
    setup = setup_of(campaign_file(leads=40, speed=1.0))

    async def scene() -> tuple[set[int], set[int]]:
        left = await die_with_calls(setup, talking=3)
        bridged = {call.call_id for call in switch[0].live_calls() if call.agent_id}
        second = node_of(setup)
        task = asyncio.create_task(second.run())
        await until(lambda: second.board is not None)
        second.drain()
        assert await task is Ending.DRAINED
        return left, bridged

    left, bridged = loops.run(scene())
    assert bridged
    assert bridged <= left
    with SqliteStore(setup.store.path) as store:
        assert audit(store, 1, ended=True) == []
        ended = {one.call_id: one for one in store.attempts(1)}
    assert left <= set(ended)
    assert all(ended[call_id].outcome is Outcome.CONNECTED for call_id in bridged)
    assert all(ended[call_id].agent_id for call_id in bridged)
    assert replay(setup.file.parent / "journal").difference == ""


def test_what_the_dead_mans_timer_kept_is_charged_as_abandoned(
    campaign_file: Floor, switch: list[SimulatedCarrier]
) -> None:
    setup = setup_of(campaign_file(leads=40, speed=1.0))

    async def scene() -> set[int]:
        left = await die_with_calls(setup, talking=2)
        await asyncio.sleep(3.0)
        switch[0].advance(Clock().now_ns())
        kept = {result.call_id for result in switch[0].kept_results()}
        second = node_of(setup)
        task = asyncio.create_task(second.run())
        await until(lambda: second.board is not None)
        assert switch[0].kept_results() == []
        second.drain()
        assert await task is Ending.DRAINED
        return kept & left

    kept = loops.run(scene())
    assert kept
    with SqliteStore(setup.store.path) as store:
        assert audit(store, 1, ended=True) == []
        ended = {one.call_id: one for one in store.attempts(1)}
        assert store.ledger(1).no_agent_in_time >= len(kept)
    assert all(ended[call_id].outcome is Outcome.ABANDONED for call_id in kept)
