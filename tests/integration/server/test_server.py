"""A node steered through its door alone: campaigns from draft to archive, settings while it dials, restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from outpace.domain.config import Campaign, DialMode
from outpace.domain.errors import ConfigError, StateError, UnknownId, VersionConflict
from outpace.domain.orders import (
    AddLead,
    ArchiveCampaign,
    CampaignVersions,
    ChangeCampaign,
    CreateCampaign,
    GetBoard,
    GetCampaign,
    GetDecisions,
    LeadsAdded,
    ListAgents,
    ListAttempts,
    ListAudit,
    ListCalls,
    ListCampaigns,
    PauseCampaign,
    StartCampaign,
    StopCampaign,
    WhyNothing,
)
from outpace.domain.wire import Topic
from outpace.runtime.audit import audit
from outpace.store.sqlite import SqliteStore
from tests.integration.server.house import AGENTS, BOSS, CAMPAIGN, add_leads, node_file, serving, until_asked


async def test_a_campaign_is_dialled_to_its_end_through_the_door(tmp_path: Path) -> None:
    async with serving(node_file(tmp_path, more=CAMPAIGN + AGENTS)) as server:
        door = server.door
        add_leads(tmp_path, 1, 150)
        (campaign,) = (await door.query(ListCampaigns())).items
        assert (campaign.campaign_id, campaign.name, campaign.state) == (1, "first", "draft")
        await door.command(LeadsAdded(campaign_id=1), BOSS)
        started = await door.command(StartCampaign(campaign_id=1), BOSS)
        assert started.state == "running"
        board = await until_asked(lambda: _board_with_calls(door))
        assert board.calls["talking"] > 0
        assert board.leads_total == 150
        calls = await door.query(ListCalls())
        assert {call.campaign_id for call in calls} == {1}
        assert any(agent.call_id for agent in await door.query(ListAgents(campaign_id=1)))
        ended = await until_asked(lambda: _in_state(door, "completed"))
        assert ended.reason == "not_running"
        board = await door.query(GetBoard(campaign_id=1))
        assert board.leads_left == 0
        assert board.answered == board.connected + board.abandoned
        decisions = await door.query(GetDecisions(campaign_id=1))
        assert sum(one.launched for one in decisions) <= board.launches
        first = await door.query(ListAttempts(campaign_id=1, limit=100))
        second = await door.query(ListAttempts(campaign_id=1, limit=100, cursor=first.next_cursor or ""))
        found = [*first.items, *second.items]
        withdrawn = server._runner.engine.counters()["withdrawn_intents"]  # of a store that lags behind a fast clock
        assert len(found) == board.launches - withdrawn == 150
        assert len({one.call_id for one in found}) == 150
        assert [one.ended_at for one in found] == sorted((one.ended_at for one in found), reverse=True)
        acts = (await door.query(ListAudit())).items
        assert [(one.action, one.actor, one.subject) for one in acts] == [
            ("start-campaign", "boss", "campaign/1"),
            ("leads-added", "boss", "campaign/1"),
        ]
    with SqliteStore(tmp_path / "store.db", create=False) as store:
        assert audit(store, 1, ended=True) == []
        assert store.last_run(1) is not None
        assert store.last_run(1).ended_ns > 0


async def _board_with_calls(door):
    board = await door.query(GetBoard(campaign_id=1))
    return board if board.calls["talking"] and board.leads_total else None


async def _in_state(door, state, campaign_id=1):
    campaign = await door.query(GetCampaign(campaign_id=campaign_id))
    return campaign if campaign.state == state else None


async def test_settings_change_while_it_dials_with_version_and_history(tmp_path: Path) -> None:
    async with serving(node_file(tmp_path, more=CAMPAIGN + AGENTS)) as server:
        door = server.door
        add_leads(tmp_path, 1, 400)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        await until_asked(lambda: _board_with_calls(door))
        changes = {"mode": "predictive", "abandonment": {"cap": 0.05}, "wrap_up_max_s": 20}
        changed = await door.command(ChangeCampaign(campaign_id=1, changes=changes, version=1), BOSS)
        assert (changed.version, changed.changed_by, changed.state) == (2, "boss", "running")
        assert changed.settings.mode is DialMode.PREDICTIVE
        with pytest.raises(VersionConflict) as raised:
            await door.command(ChangeCampaign(campaign_id=1, changes={"ratio": 3.0}, version=1), BOSS)
        assert raised.value.version == 2
        for wrong, where in (
            ({"abandonment": {"cap": 2}}, "abandonment.cap"),
            ({"ratio": "much"}, "ratio"),
            ({"colour": "red"}, "colour"),
            ({"trunk_groups": [9]}, "trunk_groups"),
            ({"id": 3}, "id"),
        ):
            with pytest.raises(ConfigError) as refused:
                await door.command(ChangeCampaign(campaign_id=1, changes=wrong), BOSS)
            assert refused.value.where == where
        board = await door.query(GetBoard(campaign_id=1))
        assert board.budget.cap == 0.05
        await until_asked(lambda: _forecasts(door))
        versions = (await door.query(CampaignVersions(campaign_id=1))).items
        assert [one.version for one in versions] == [2, 1]
        assert versions[0].changes == {
            "mode": ["ratio", "predictive"],
            "abandonment.cap": [0.03, 0.05],
            "wrap_up_max_s": [0.0, 20.0],
        }


async def _forecasts(door):
    return any(one.inputs["kappa"] > 0 for one in await door.query(GetDecisions(campaign_id=1)))


async def test_a_node_without_campaigns_gets_its_first_one_by_the_door(tmp_path: Path) -> None:
    async with serving(node_file(tmp_path)) as server:
        door = server.door
        assert (await door.query(ListCampaigns())).items == []
        with pytest.raises(ConfigError):
            await door.command(CreateCampaign(settings=Campaign(id=1, name="x", trunk_groups=(7,))), BOSS)
        made = await door.command(CreateCampaign(settings=Campaign(id=99, name="x")), BOSS)
        assert (made.campaign_id, made.settings.id, made.state, made.version) == (1, 1, "draft", 1)
        with pytest.raises(ConfigError) as taken:
            await door.command(CreateCampaign(settings=Campaign(id=1, name="x")), BOSS)
        assert taken.value.where == "name"
        why = await door.query(WhyNothing(campaign_id=1))
        assert why.obstacles[0].guard == "not_running"
        await door.command(StartCampaign(campaign_id=1), BOSS)
        why = await door.query(WhyNothing(campaign_id=1))
        assert "no_agents" in [one.guard for one in why.obstacles]
        with pytest.raises(UnknownId):
            await door.query(GetCampaign(campaign_id=2))


async def test_states_are_kept_and_go_on_after_a_restart(tmp_path: Path) -> None:
    file = node_file(tmp_path, more=CAMPAIGN + AGENTS + CAMPAIGN.replace("first", "second").replace("2.0", "1.0"))
    async with serving(file) as server:
        door = server.door
        add_leads(tmp_path, 1, 500)
        add_leads(tmp_path, 2, 50, first=600)
        for campaign_id in (1, 2):
            await door.command(StartCampaign(campaign_id=campaign_id), BOSS)
        await until_asked(lambda: _board_with_calls(door))
        assert (await door.command(PauseCampaign(campaign_id=2), BOSS)).state == "paused"
        with pytest.raises(StateError):
            await door.command(ArchiveCampaign(campaign_id=1), BOSS)
    async with serving(file) as server:
        door = server.door
        states = {one.name: one.state for one in (await door.query(ListCampaigns())).items}
        assert states == {"first": "running", "second": "paused"}
        before = (await door.query(GetBoard(campaign_id=1))).launches
        await until_asked(lambda: _launched_more(door, before))
        assert (await door.query(GetBoard(campaign_id=2))).launches == 0
        stopped = await door.command(StopCampaign(campaign_id=1, now=True), BOSS)
        assert stopped.state in ("draining", "paused")
        await until_asked(lambda: _in_state(door, "paused"))
        archived = await door.command(ArchiveCampaign(campaign_id=1), BOSS)
        assert archived.state == "archived"
        with pytest.raises(StateError):
            await door.command(StartCampaign(campaign_id=1), BOSS)
        assert [one.name for one in (await door.query(ListCampaigns())).items] == ["second"]
    async with serving(file) as server:
        door = server.door
        assert [one.state for one in (await door.query(ListCampaigns(archived=True))).items] == ["archived", "paused"]
        assert (await door.query(GetCampaign(campaign_id=1))).changed_by == "boss"
        with pytest.raises(UnknownId):
            await door.query(GetBoard(campaign_id=1))
    with SqliteStore(tmp_path / "store.db", create=False) as store:
        assert audit(store, 1, ended=False) == []


@pytest.mark.parametrize("hot", [False, True])
async def test_a_completed_campaign_takes_new_leads_after_a_restart(tmp_path: Path, hot: bool) -> None:
    file = node_file(tmp_path, more=CAMPAIGN + AGENTS)
    async with serving(file) as server:
        await server.door.command(StartCampaign(campaign_id=1), BOSS)
        await until_asked(lambda: _in_state(server.door, "completed"))
    async with serving(file) as server:
        door = server.door
        told: list[Any] = []
        server._hub.tap([Topic.CAMPAIGNS], lambda update: told.append(update.data["state"]))
        await asyncio.sleep(0.2)
        assert {*told, (await door.query(GetCampaign(campaign_id=1))).state} == {"completed"}
        await door.command(AddLead(campaign_id=1, number="+12025550123", hot=hot), BOSS)
        await until_asked(lambda: _launched_more(door, 0))
    add_leads(tmp_path, 1, 20)  # while nobody is there
    async with serving(file) as server:
        await until_asked(lambda: _launched_more(server.door, 0))


async def _launched_more(door, before):
    return (await door.query(GetBoard(campaign_id=1))).launches > before
