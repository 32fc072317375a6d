"""A node that dies while its switch lives on; a store that is locked; a pool that somebody else has taken."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from outpace.domain.errors import ConfigError, LinkDown, StaleEpoch, StateError
from outpace.domain.orders import (
    ChangeCampaign,
    DefineAgent,
    GetBoard,
    GetCampaign,
    GetHealth,
    ListAgents,
    ListCalls,
    LogIn,
    PauseCampaign,
    SetReady,
    StartCampaign,
)
from outpace.domain.outcomes import Outcome
from outpace.runtime import runner
from outpace.runtime.audit import audit
from outpace.runtime.clock import Clock
from outpace.runtime.replay import replay
from outpace.runtime.server import DRAIN_S, Server
from outpace.store.sqlite import SqliteStore
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated.adapter import SimulatedAdapter
from outpace.telephony.simulated.profile import CarrierProfile, Mix, Times
from tests.integration.server.house import AGENTS, BOSS, CAMPAIGN, add_leads, node_file, serving, until, until_asked

PROFILE = CarrierProfile(
    name="quick", mix=Mix(live=1.0), times=Times(proceeding=0.05, ringing=0.05, answer=0.3, talk=4.0, message=0.5)
)  # fmt: skip


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> list[SimulatedCarrier]:
    """One carrier that all nodes of a test connect to; made by the first."""
    carriers: list[SimulatedCarrier] = []

    def build(_: object, pool: Any, clock: Clock, **__: object) -> SimulatedAdapter:
        if not carriers:
            carriers.append(SimulatedCarrier(PROFILE, pool.trunk_groups, seed=1, dead_man_s=6.0))
        return SimulatedAdapter(carriers[0], now_ns=clock.now_ns)

    monkeypatch.setattr(runner, "build_adapter", build)
    return carriers


async def die(server: Server) -> None:
    """What is left of a process that was killed: nothing more is said or written, its connections are gone."""
    server._runner.pump.stop()
    for timer in server._timers.values():
        timer.cancel()
    await server._reader.close()
    await server._long_reader.close()
    await server._runner.worker.close()
    await server._runner.adapter.close()
    server._runner.agents.close()
    server._runner.estimates.close()
    if server._runner.journal is not None:
        await asyncio.to_thread(server._runner.journal.close, server.now_ns())


async def test_calls_and_campaigns_go_on_under_the_next_process(tmp_path: Path, switch: list[SimulatedCarrier]) -> None:
    journal = f'[journal]\npath = "{tmp_path / "journal"}"\n'
    file = node_file(tmp_path, speed=1.0, more=CAMPAIGN + AGENTS + journal)
    dying = Server(file)
    await dying.start()
    add_leads(tmp_path, 1, 60)
    await dying.door.command(StartCampaign(campaign_id=1), BOSS)
    await dying.door.command(ChangeCampaign(campaign_id=1, changes={"ratio": 1.5}), BOSS)
    await until(lambda: sum(call.agent_id > 0 for call in switch[0].live_calls()) >= 4)
    await die(dying)
    with SqliteStore(tmp_path / "store.db", create=False) as store:
        left = {intent.call_id for intent in store.open_intents()}
    bridged = {call.call_id for call in switch[0].live_calls() if call.agent_id}
    assert bridged <= left
    async with serving(file) as server:
        campaign = await server.door.query(GetCampaign(campaign_id=1))
        assert (campaign.state, campaign.version, campaign.settings.ratio) == ("running", 2, 1.5)
        known = {int(call.call_id) for call in await server.door.query(ListCalls())}
        assert bridged & known
        await until_asked(lambda: launched(server, 8))
        await server.door.command(PauseCampaign(campaign_id=1), BOSS)
        await until_asked(lambda: no_calls(server))
    with SqliteStore(tmp_path / "store.db", create=False) as store:
        assert audit(store, 1, ended=False) == []
        ended = {one.call_id: one for one in store.attempts(1)}
    assert left <= set(ended)
    assert all(ended[call_id].outcome is Outcome.CONNECTED for call_id in bridged)
    result = replay(tmp_path / "journal")
    assert (result.difference, result.runs) == ("", 2)


async def test_who_logs_in_to_a_conversation_that_was_taken_over_stays(
    tmp_path: Path, switch: list[SimulatedCarrier]
) -> None:
    file = node_file(tmp_path, speed=1.0, more=CAMPAIGN)
    dying = Server(file)
    await dying.start()
    add_leads(tmp_path, 1, 2)
    for agent_id in (1, 2):
        order = DefineAgent(name=f"agent {agent_id}", leg=f"SIM/{agent_id}", campaigns=[1])
        await dying.door.command(order, BOSS)
        await dying.door.command(LogIn(agent_id=agent_id), BOSS)
        await until_asked(lambda agent_id=agent_id: leg_is_up(dying, agent_id))
        await dying.door.command(SetReady(agent_id=agent_id), BOSS)
    await dying.door.command(StartCampaign(campaign_id=1), BOSS)
    await until(lambda: sum(call.agent_id > 0 for call in switch[0].live_calls()) == 2)
    await die(dying)
    async with serving(file) as server:
        assert {agent.state for agent in await server.door.query(ListAgents())} == {"talking"}
        for _ in range(2):  # from a second tab as well
            await server.door.command(LogIn(agent_id=1), BOSS)
        await until_asked(lambda: no_calls(server))
        await until_asked(lambda: leg_is_up(server, 2, there=False))
        stays, goes = await server.door.query(ListAgents())
        assert stays.leg_state == "up"
        assert stays.state in ("wrap_up", "ready")
        assert goes.state == "logged_out"


async def leg_is_up(server: Server, agent_id: int, *, there: bool = True):
    (agent,) = [one for one in await server.door.query(ListAgents()) if one.agent_id == agent_id]
    return (agent.leg_state == "up") == there


async def launched(server: Server, count: int):
    return (await server.door.query(GetBoard(campaign_id=1))).launches >= count


async def talking(server: Server):
    return any(agent.state == "talking" for agent in await server.door.query(ListAgents()))


async def no_calls(server: Server):
    return not await server.door.query(ListCalls())


async def test_a_store_that_is_locked_holds_orders_up_and_nothing_else(tmp_path: Path) -> None:
    async with serving(node_file(tmp_path, speed=5.0, more=CAMPAIGN + AGENTS, talk=20.0)) as server:
        door = server.door
        add_leads(tmp_path, 1, 200)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        await until_asked(lambda: talking(server))
        with sqlite3.connect(tmp_path / "store.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            changing = asyncio.create_task(door.command(ChangeCampaign(campaign_id=1, changes={"ratio": 1.0}), BOSS))
            await asyncio.sleep(0.3)
            # questions are answered, agents' calls go on
            assert (await door.query(GetBoard(campaign_id=1))).state == "running"
            assert await talking(server)
            assert not changing.done()
            other.execute("ROLLBACK")
        assert (await changing).version == 2
        assert (await door.query(GetHealth())).parts["store"] == "ok"
        before = (await door.query(GetBoard(campaign_id=1))).launches
        await until_asked(lambda: launched(server, before + 1))


async def test_a_node_whose_pool_was_taken_stops(tmp_path: Path) -> None:
    file = node_file(tmp_path, speed=20.0, more=CAMPAIGN + AGENTS)
    first = Server(file)
    running = asyncio.create_task(first.run())
    await until(lambda: hasattr(first, "_door"))
    add_leads(tmp_path, 1, 200)
    await until_asked(lambda: _started(first))
    async with serving(file) as second:
        with pytest.raises(StaleEpoch):
            await asyncio.wait_for(running, 20.0)
        with pytest.raises(StateError):
            await first.door.query(GetHealth())
        assert (await second.door.query(GetHealth())).ready


async def _started(server: Server):
    try:
        return (await server.door.command(StartCampaign(campaign_id=1), BOSS)).state == "running"
    except StateError:
        return False


async def test_run_serves_until_it_is_asked_to_stop(tmp_path: Path) -> None:
    server = Server(node_file(tmp_path, speed=20.0, more=CAMPAIGN + AGENTS))
    ready = asyncio.Event()

    @asynccontextmanager
    async def beside() -> AsyncIterator[None]:
        ready.set()
        yield

    running = asyncio.create_task(server.run(beside()))
    await asyncio.wait_for(ready.wait(), 10.0)
    add_leads(tmp_path, 1, 100)
    await server.door.command(StartCampaign(campaign_id=1), BOSS)
    await until_asked(lambda: launched(server, 5))
    server.ask_to_stop()
    await asyncio.sleep(0.05)
    server.ask_to_stop()  # the second time: at once
    await asyncio.wait_for(running, 10.0)
    with SqliteStore(tmp_path / "store.db", create=False) as store:
        assert audit(store, 1, ended=False) == []
        assert store.stored_campaign(1).state.name == "RUNNING"
        run = store.last_run(1)
        assert run is not None
        assert run.ended_ns >= run.started_ns > 0


async def test_a_second_signal_before_the_drain_ends_it_all_the_same(tmp_path: Path) -> None:
    server = Server(node_file(tmp_path, speed=1.0, more=CAMPAIGN + AGENTS))
    ready = asyncio.Event()

    @asynccontextmanager
    async def beside() -> AsyncIterator[None]:
        ready.set()
        yield
        server.ask_to_stop()  # while the API ends its answers

    running = asyncio.create_task(server.run(beside(), drain_s=60.0))
    await asyncio.wait_for(ready.wait(), 10.0)
    add_leads(tmp_path, 1, 100)
    await server.door.command(StartCampaign(campaign_id=1), BOSS)
    await until_asked(lambda: launched(server, 5))
    server.ask_to_stop()
    await asyncio.wait_for(running, 10.0)


async def test_two_operators_at_once_each_get_a_clear_answer(tmp_path: Path) -> None:
    async with serving(node_file(tmp_path, more=CAMPAIGN + AGENTS.replace("auto_ready = true\n", "").replace(
        'wrap_up = { kind = "uniform", low = 1.0, high = 3.0 }\n', ""
    ))) as server:  # fmt: skip
        door = server.door
        changes = [
            door.command(ChangeCampaign(campaign_id=1, changes={"ratio": 1.0 + n}, version=1), BOSS) for n in range(5)
        ]
        answers = await asyncio.gather(*changes, return_exceptions=True)
        assert [type(one).__name__ for one in answers] == ["CampaignView", *["VersionConflict"] * 4]
        acts = [door.command(LogIn(agent_id=n), BOSS) for n in range(1, 11) for _ in range(3)]
        states = {one.agent.state for one in await asyncio.gather(*acts)}
        assert states == {"not_ready"}
        await asyncio.gather(*(door.command(SetReady(agent_id=n), BOSS) for n in range(1, 11)))


async def test_a_start_that_fails_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(threading.enumerate())
    file = node_file(tmp_path, more=CAMPAIGN)
    (tmp_path / "node").write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match=r"node\.folder"):
        await Server(file).run()
    (tmp_path / "node").unlink()

    async def refuse(_: object, __: object) -> None:
        raise LinkDown("nobody answers")

    monkeypatch.setattr(SimulatedAdapter, "connect", refuse)
    started = asyncio.get_running_loop().time()
    with pytest.raises(LinkDown):
        await Server(file).run()
    assert asyncio.get_running_loop().time() - started < DRAIN_S / 2  # nobody waits for calls
    assert {one.name for one in set(threading.enumerate()) - before if one.name.startswith("outpace")} == set()


async def test_a_file_that_names_an_unknown_campaign_is_refused(tmp_path: Path) -> None:
    file = node_file(tmp_path, more=AGENTS + 'campaigns = ["none"]\n')
    with pytest.raises(ConfigError, match="no such campaign"):
        async with serving(file):
            raise AssertionError("it serves")
