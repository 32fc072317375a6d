"""Agents, calls, leads and suppression through the door, on a floor where everybody answers and talks for long."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from outpace.domain.errors import ConfigError, StateError, UnknownId
from outpace.domain.orders import (
    AddLead,
    ChangeCampaign,
    CountLeads,
    DefineAgent,
    GetCall,
    GetCampaign,
    GetDesk,
    GetLead,
    GetReport,
    HangUpCall,
    ListAgents,
    ListAttempts,
    ListAudit,
    ListCalls,
    ListLeads,
    ListSuppression,
    LogIn,
    LogOut,
    RevealNumber,
    SetDisposition,
    SetNotReady,
    SetReady,
    StartCampaign,
    Suppress,
    Unsuppress,
    WhyNotLead,
)
from outpace.domain.wire import Topic
from outpace.runtime import server as runtime_server
from outpace.runtime.control import ControlPort, Subscription, Update
from outpace.runtime.views import at
from tests.integration.server.house import BOSS, CAMPAIGN, node_file, serving, until, until_asked

NUMBER = "+12025550123"
OTHER = "+12025550124"


def floor(tmp_path: Path, **changes: Any) -> Any:
    """A node file with one campaign; everybody answers."""
    return node_file(tmp_path, **({"more": CAMPAIGN, "mix": "live = 1.0", "talk": 600.0} | changes))


async def agent_in(door: ControlPort, *states: str, agent_id: int = 1):
    desk = await door.query(GetDesk(agent_id=agent_id))
    return desk if desk.agent.state in states else None


async def ready(door: ControlPort, name: str = "ann") -> int:
    """A new agent of campaign 1, who is ready."""
    agent = await door.command(DefineAgent(name=name, leg=f"PJSIP/{name}", campaigns=[1]), BOSS)
    await door.command(LogIn(agent_id=agent.agent_id), BOSS)
    await door.command(SetReady(agent_id=agent.agent_id), BOSS)
    await until_asked(lambda: agent_in(door, "ready", "talking", agent_id=agent.agent_id))
    return agent.agent_id


async def take(subscription: Subscription, count: int) -> list[Update]:
    """The next updates, at least so many."""
    found: list[Update] = []
    async for batch in subscription:
        found += batch
        if len(found) >= count:
            return found
    raise AssertionError(subscription.dropped)


async def test_an_agents_call_from_record_to_callback(tmp_path: Path) -> None:
    async with serving(floor(tmp_path)) as server:
        door = server.door
        told = await door.subscribe([Topic.DISPOSITIONS, Topic.ATTEMPTS])
        assert await ready(door) == 1
        attributes = {"name": "Zoë", "age": 41}
        lead = await door.command(
            AddLead(campaign_id=1, number="202 555 0123", region="US", reference="R7", attributes=attributes), BOSS
        )
        assert (lead.number, lead.state) == (NUMBER, "new")
        await door.command(StartCampaign(campaign_id=1), BOSS)
        desk = await until_asked(lambda: agent_in(door, "talking"))
        assert desk.call is not None
        assert (desk.call.campaign, desk.call.script_ref) == ("first", "greet")
        assert desk.call.dispositions == ["sale", "no sale", "callback"]
        assert (desk.call.lead.reference, desk.call.lead.attributes) == ("R7", attributes)
        assert desk.agent.call_id == desk.call.call.call_id
        call = await door.query(GetCall(call_id=desk.agent.call_id))
        assert (call.state, call.agent_id, call.number, call.lead_id) == ("talking", 1, NUMBER, lead.lead_id)
        assert [one.call_id for one in await door.query(ListCalls(campaign_id=1))] == [call.call_id]
        assert (await door.command(SetNotReady(agent_id=1, reason=7), BOSS)).agent.next_state == "not_ready"
        await door.command(HangUpCall(call_id=call.call_id), BOSS)
        desk = await until_asked(lambda: agent_in(door, "wrap_up", "not_ready"))
        callback = desk.agent.since.replace(microsecond=0) + timedelta(days=1)
        said = SetDisposition(
            agent_id=1, call_id=call.call_id, disposition="callback", attributes={"about": "price"},
            callback_at=callback,
        )  # fmt: skip
        desk = await door.command(said, BOSS)
        assert desk.call is None or (desk.call.call.state, desk.call.disposition) == ("ended", "callback")
        scheduled = await until_asked(lambda: lead_in(door, lead.lead_id, "scheduled"))
        assert scheduled.due_at == callback
        (attempt,) = (await door.query(ListAttempts(lead_id=lead.lead_id))).items
        assert (attempt.outcome, attempt.disposition, attempt.attributes) == (
            "connected",
            "callback",
            {"about": "price"},
        )
        updates = await take(told, 2)
        assert {one.topic for one in updates} == {Topic.DISPOSITIONS, Topic.ATTEMPTS}
        disposition = next(one.data for one in updates if one.topic is Topic.DISPOSITIONS)
        assert disposition["number"] == NUMBER
        assert (disposition["disposition"], disposition["attributes"]) == ("callback", {"about": "price"})
        why = await door.query(WhyNotLead(lead_id=lead.lead_id))
        assert ("not_due", callback) in [(one.guard, one.opens_at) for one in why.obstacles]
        await door.command(LogOut(agent_id=1), BOSS)
        assert (await door.command(LogOut(agent_id=1), BOSS)).agent.state == "logged_out"


async def test_a_callback_waits_behind_no_lead_that_is_leased_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_server, "CALLBACKS_EVERY_S", 0.02)
    one_by_one = CAMPAIGN.replace('mode = "ratio"\nratio = 2.0', 'mode = "progressive"\nhopper_size = 20')
    # slowly: what the store has not written in ten of the engine's seconds is withdrawn, and another lead is dialled
    async with serving(floor(tmp_path, more=one_by_one, speed=5.0)) as server:
        door = server.door
        await ready(door)
        first = await door.command(AddLead(campaign_id=1, number=NUMBER), BOSS)
        for n in range(20):
            await door.command(AddLead(campaign_id=1, number=f"+120255502{n:02}"), BOSS)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        call = (await until_asked(lambda: agent_in(door, "talking"))).call.call
        assert call.number == NUMBER
        assert (await door.query(CountLeads(campaign_id=1)))["leased"] == 19  # over the half: no more are asked for
        await door.command(SetNotReady(agent_id=1, reason=7), BOSS)
        await door.command(HangUpCall(call_id=call.call_id), BOSS)
        await until_asked(lambda: agent_in(door, "wrap_up", "not_ready"))
        callback_at = at(server.now_ns()) + timedelta(seconds=6)
        said = SetDisposition(agent_id=1, call_id=call.call_id, disposition="callback", callback_at=callback_at)
        await door.command(said, BOSS)
        await until_asked(lambda: lead_in(door, first.lead_id, "leased"))
        assert at(server.now_ns()) >= callback_at
        # the engine hears of a lease a moment after whoever reads the store
        await until(lambda: server._runner.engine.hopper_count(1) == 20)
        await door.command(SetReady(agent_id=1), BOSS)
        again = (await until_asked(lambda: agent_in(door, "talking"))).call.call
        assert (again.number, again.attempt_number) == (NUMBER, 2)


async def test_dispositions_keep_their_places_once_a_campaign_has_run(tmp_path: Path) -> None:
    file = floor(tmp_path)

    async def change(door: ControlPort, names: list[str] | None) -> list[str]:
        order = ChangeCampaign(campaign_id=1, changes={"dispositions": names})
        return list((await door.command(order, BOSS)).settings.dispositions)

    async def said(door: ControlPort) -> list[str]:
        return [one.disposition for one in (await door.query(ListAttempts(campaign_id=1))).items]

    async def only_the_end_is_free(door: ControlPort, names: list[str]) -> None:
        version = (await door.query(GetCampaign(campaign_id=1))).version
        for wrong in (["callback", *names], names[::-1], names[:-1], names[1:], None):
            with pytest.raises(ConfigError, match="put new ones at the end") as refused:
                await change(door, wrong)
            assert refused.value.where == "dispositions"
        campaign = await door.query(GetCampaign(campaign_id=1))
        assert (list(campaign.settings.dispositions), campaign.version) == (names, version)
        assert await change(door, names) == names

    async with serving(file) as server:
        door = server.door
        assert await change(door, None) == ["done"]  # nobody has been called
        assert await change(door, ["no interest", "sale"]) == ["no interest", "sale"]
        assert await change(door, ["sale", "no interest"]) == ["sale", "no interest"]
        await ready(door)
        await door.command(AddLead(campaign_id=1, number=NUMBER), BOSS)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        call = (await until_asked(lambda: agent_in(door, "talking"))).agent.call_id
        await only_the_end_is_free(door, ["sale", "no interest"])
        await door.command(HangUpCall(call_id=call), BOSS)
        await until_asked(lambda: agent_in(door, "wrap_up"))
        assert await change(door, ["sale", "no interest", "callback"]) == ["sale", "no interest", "callback"]
        await door.command(SetDisposition(agent_id=1, call_id=call, disposition="sale"), BOSS)
        assert await until_asked(lambda: said(door)) == ["sale"]
        await only_the_end_is_free(door, ["sale", "no interest", "callback"])
    async with serving(file) as server:  # the file's own list counts at first only
        await only_the_end_is_free(server.door, ["sale", "no interest", "callback"])
        assert await said(server.door) == ["sale"]


async def lead_in(door: ControlPort, lead_id: int, *states: str):
    lead = await door.query(GetLead(lead_id=lead_id))
    return lead if lead.state in states else None


async def test_what_an_agent_may_not_do_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with serving(floor(tmp_path)) as server:
        door = server.door
        for order in (LogIn(agent_id=1), SetReady(agent_id=1), LogOut(agent_id=1)):
            with pytest.raises(UnknownId):
                await door.command(order, BOSS)
        with pytest.raises(UnknownId):
            await door.command(DefineAgent(name="ann", leg="x", campaigns=[9]), BOSS)
        with pytest.raises(ConfigError):
            await door.command(DefineAgent(name="", leg="x", campaigns=[1]), BOSS)
        await door.command(DefineAgent(name="ann", leg="PJSIP/1", campaigns=[1]), BOSS)
        for order in (SetReady(agent_id=1), SetNotReady(agent_id=1)):
            with pytest.raises(StateError):
                await door.command(order, BOSS)
        await door.command(LogIn(agent_id=1, leg="PJSIP/2"), BOSS)
        assert (await door.command(LogIn(agent_id=1), BOSS)).agent.leg == "PJSIP/2"  # a second tab
        with pytest.raises(StateError):
            await door.command(LogIn(agent_id=1, leg="PJSIP/3"), BOSS)
        with pytest.raises(ConfigError):
            await door.command(SetNotReady(agent_id=1, reason=2**40), BOSS)
        for call_id in ("1", "x", "9" * 30, ""):
            with pytest.raises(StateError):
                await door.command(SetDisposition(agent_id=1, call_id=call_id, disposition="sale"), BOSS)
            with pytest.raises(UnknownId):
                await door.command(HangUpCall(call_id=call_id), BOSS)
            with pytest.raises(UnknownId):
                await door.query(GetCall(call_id=call_id))
        renamed = await door.command(DefineAgent(agent_id=1, name="anna", leg="PJSIP/2", campaigns=[]), BOSS)
        assert (renamed.name, renamed.campaigns, renamed.state) == ("anna", [], "not_ready")
        assert await door.query(ListAgents(campaign_id=1)) == []


async def test_a_hot_lead_is_dialled_before_all_others_at_once(tmp_path: Path) -> None:
    async with serving(floor(tmp_path, speed=1.0)) as server:
        door = server.door
        for n in range(20):
            await door.command(AddLead(campaign_id=1, number=f"+120255511{n:02d}"), BOSS)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        # the hopper is full of others, and an agent comes only now
        hot = await door.command(AddLead(campaign_id=1, number=NUMBER, hot=True), BOSS)
        await ready(door)
        first = await until_asked(lambda: door.query(ListCalls()))
        assert first[0].number == NUMBER
        assert first[0].lead_id == hot.lead_id
        audit = (await door.query(ListAudit(subject=f"lead/{hot.lead_id}"))).items
        assert audit[0].detail == {"number": NUMBER, "hot": True, "reference": "", "known": False}


async def test_leads_that_cannot_be_added_say_why(tmp_path: Path) -> None:
    async with serving(floor(tmp_path)) as server:
        door = server.door
        lead = await door.command(AddLead(campaign_id=1, number=NUMBER), BOSS)
        with pytest.raises(StateError, match=f"lead {lead.lead_id}"):
            await door.command(AddLead(campaign_id=1, number=NUMBER), BOSS)
        assert (await door.command(AddLead(campaign_id=1, number=NUMBER, hot=True), BOSS)).lead_id == lead.lead_id
        for number in ("", "12", "+1", "abc", "2025550123"):
            with pytest.raises(ConfigError) as raised:
                await door.command(AddLead(campaign_id=1, number=number), BOSS)
            assert raised.value.where == "number"
        with pytest.raises(ConfigError):
            await door.command(AddLead(campaign_id=1, number="202 555 0150", region="XX"), BOSS)
        with pytest.raises(ConfigError):
            await door.command(AddLead(campaign_id=1, number=OTHER, due_at=at(0).replace(tzinfo=None)), BOSS)
        with pytest.raises(UnknownId):
            await door.command(AddLead(campaign_id=7, number=OTHER), BOSS)
        assert await door.command(RevealNumber(lead_id=lead.lead_id), BOSS) == NUMBER
        assert (await door.query(ListAudit())).items[0].action == "reveal-number"
        with pytest.raises(UnknownId):
            await door.query(GetLead(lead_id=99))
        for wrong in ({"cursor": "x"}, {"cursor": "-1"}, {"cursor": "9" * 25}, {"limit": 0}, {"limit": 9999}):
            with pytest.raises(ConfigError):
                await door.query(ListLeads(campaign_id=1, **wrong))
        with pytest.raises(ConfigError):
            await door.query(ListLeads(campaign_id=1, state="tired"))
        counts = await door.query(CountLeads(campaign_id=1))
        assert (counts["total"], counts["due"]) == (1, 1)


async def test_a_hot_lead_that_is_known_says_where_it_is(tmp_path: Path) -> None:
    async with serving(floor(tmp_path, mix="live = 0.0\ninvalid = 1.0")) as server:
        door = server.door
        await ready(door)
        lead = await door.command(AddLead(campaign_id=1, number=NUMBER), BOSS)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        await until_asked(lambda: lead_in(door, lead.lead_id, "invalid"))
        for hot in (False, True):
            with pytest.raises(StateError, match=f"lead {lead.lead_id} is invalid"):
                await door.command(AddLead(campaign_id=1, number=NUMBER, hot=hot), BOSS)
        await door.command(Suppress(number=NUMBER), BOSS)
        with pytest.raises(StateError, match="suppressed"):
            await door.command(AddLead(campaign_id=1, number=NUMBER, hot=True), BOSS)


async def test_a_number_that_was_suppressed_and_freed_is_dialled(tmp_path: Path) -> None:
    # slowly, so that a disk that takes its time has no intent withdrawn
    async with serving(floor(tmp_path, speed=5.0)) as server:
        door = server.door
        lead = await door.command(AddLead(campaign_id=1, number=NUMBER), BOSS)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        await until_asked(lambda: lead_in(door, lead.lead_id, "leased"))
        await door.command(Suppress(number=NUMBER), BOSS)
        assert await lead_in(door, lead.lead_id, "suppressed")  # it has left hopper and lease
        await door.command(Unsuppress(number=NUMBER), BOSS)
        await ready(door)
        await until_asked(lambda: lead_in(door, lead.lead_id, "dialing"))
        assert [one.lead_id for one in await door.query(ListCalls())] == [lead.lead_id]


async def test_a_suppressed_number_is_hung_up_and_never_dialled(tmp_path: Path) -> None:
    # in real time: it must ring until it is suppressed
    async with serving(floor(tmp_path, mix="live = 0.0\nno_answer = 1.0", speed=1.0)) as server:
        door = server.door
        await ready(door)
        lead = await door.command(AddLead(campaign_id=1, number=NUMBER), BOSS)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        await until_asked(lambda: door.query(ListCalls()))
        kept = await door.command(Suppress(number=NUMBER, reason="asked us"), BOSS)
        assert (kept.number, kept.added_by, kept.reason, kept.campaign_id) == (NUMBER, "boss", "asked us", 0)
        (attempt,) = await until_asked(lambda: attempts(door))
        assert attempt.outcome == "cancelled"
        await door.command(Suppress(number=OTHER, campaign_id=1), BOSS)
        with pytest.raises(StateError, match="suppressed"):
            await door.command(AddLead(campaign_id=1, number=OTHER), BOSS)
        why = await door.query(WhyNotLead(lead_id=lead.lead_id))
        assert why.obstacles[0].guard == "suppressed"
        assert [one.number for one in (await door.query(ListSuppression())).items] == [NUMBER]
        assert (await door.query(ListSuppression(number=OTHER))).items == []
        await door.command(Unsuppress(number=NUMBER), BOSS)
        with pytest.raises(UnknownId):
            await door.command(Unsuppress(number=NUMBER), BOSS)
        for wrong in ({"number": "x"}, {"number": NUMBER, "expires_at": at(1)}):
            with pytest.raises(ConfigError):
                await door.command(Suppress(**wrong), BOSS)


async def attempts(door: ControlPort):
    return (await door.query(ListAttempts(campaign_id=1))).items


async def test_reports_add_up_and_say_what_they_count(tmp_path: Path) -> None:
    async with serving(floor(tmp_path, talk=2.0)) as server:
        door = server.door
        for n in range(8):
            await door.command(AddLead(campaign_id=1, number=f"+120255511{n:02d}"), BOSS)
        for n in range(3):
            await ready(door, f"agent {n}")
        await door.command(ChangeCampaign(campaign_id=1, changes={"wrap_up_max_s": 1}), BOSS)
        await door.command(StartCampaign(campaign_id=1), BOSS)
        found = await until_asked(lambda: eight(door))
        since, until = min(one.ended_at for one in found), max(one.ended_at for one in found) + timedelta(seconds=1)
        for by in ("campaign", "agent", "hour", "outcome"):
            report = await door.query(GetReport(by=by, since=since, until=until))
            assert sum(row["attempts"] for row in report.rows) == report.total["attempts"] == 8
            assert report.total["answered"] == report.total["connected"] + report.total["abandoned"]
            assert [column.name for column in report.columns][1:] == list(report.total)
            names = {column.name for column in report.columns}
            assert all({one.numerator, one.denominator} <= names | {""} for one in report.columns)
            assert set(report.rows[0]) > set(report.total)
        with pytest.raises(ConfigError):
            await door.query(GetReport(by="colour", since=since, until=until))
        with pytest.raises(ConfigError):
            await door.query(GetReport(by="agent", since=until, until=since))
        assert (await door.query(GetReport(by="agent", since=at(1), until=at(2_000_000)))).total["attempts"] == 0


async def eight(door: ControlPort):
    found = await attempts(door)
    return found if len(found) == 8 else None


async def test_a_log_in_elsewhere_keeps_what_an_operator_has_just_set(tmp_path: Path) -> None:
    async with serving(floor(tmp_path)) as server:
        door = server.door
        ann = await door.command(DefineAgent(name="ann", leg="PJSIP/1", campaigns=[1]), BOSS)
        change = DefineAgent(agent_id=ann.agent_id, name="anna", leg="PJSIP/1", campaigns=[])
        log_in = LogIn(agent_id=ann.agent_id, leg="PJSIP/2")
        await asyncio.gather(door.command(change, BOSS), door.command(log_in, BOSS))
        (agent,) = await door.query(ListAgents())
        assert (agent.name, agent.campaigns) == ("anna", [])
        (act,) = (await door.query(ListAudit(subject=f"agent/{ann.agent_id}", limit=1))).items
        assert (act.action, act.detail) == ("log-in", {"leg": "PJSIP/2"})
