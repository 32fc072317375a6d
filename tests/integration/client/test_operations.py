"""Every operation of the control API through both clients, on a node that serves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from outpace.api.app import encoded_document
from outpace.client import AsyncClient, Client, Conflict, InvalidRequest, NotFound, VersionConflict
from outpace.domain.access import Role
from outpace.domain.config import Abandonment, DialMode
from outpace.domain.resources import AttemptView, Page
from tests.integration.api.floor import Floor
from tests.integration.client.user import KINDS, User, user_of

DOCUMENT = json.loads(encoded_document())
OPERATIONS = {told["operationId"] for methods in DOCUMENT["paths"].values() for told in methods.values()}
NOW = datetime.now(UTC)


def test_clients_have_the_operations_of_the_document_and_no_others() -> None:
    for kind in KINDS:
        methods = {name for name in dir(kind) if not name.startswith(("_", "iter_"))}
        assert methods - {"close", "stream"} == OPERATIONS
    pages = {
        told["operationId"].removeprefix("list_")
        for methods in DOCUMENT["paths"].values()
        for told in methods.values()
        if any(one["name"] == "cursor" for one in told.get("parameters", []))
    }
    for kind in KINDS:
        assert {name.removeprefix("iter_") for name in dir(kind) if name.startswith("iter_")} == pages


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
async def test_every_operation(floor: Floor, kind: type[Client | AsyncClient]) -> None:
    async with user_of(kind, floor) as user:
        campaign_id = await settings(user)
        await lists(user, campaign_id)
        await people(user, campaign_id)
        await calls(user, campaign_id)
        await history(user, campaign_id)
        await administration(user)
        await user.ask("add_lead", campaign_id, number="+49305550001", due_at=NOW + timedelta(days=1))
        await user.ask("start_campaign", campaign_id)
        await user.ask("stop_campaign", campaign_id, now=True)
        await user.until(lambda view: view.state == "paused", "get_campaign", campaign_id)
        assert (await user.ask("archive_campaign", campaign_id)).state == "archived"
        assert user.called == OPERATIONS


async def settings(user: User) -> int:
    with pytest.raises(InvalidRequest) as refused:
        await user.ask("create_campaign", name="spring", abandonment={"cap": 7})
    assert [one.field for one in refused.value.errors] == ["abandonment.cap"]
    whole = await user.ask("validate_campaign", name="spring", mode="progressive", wrap_up_max_s=0.02)
    assert whole.abandonment == Abandonment()
    made = await user.ask(
        "create_campaign", name="spring", mode=DialMode.PROGRESSIVE, wrap_up_max_s=0.02, dispositions=["sale", "none"]
    )
    campaign_id: int = made.campaign_id
    assert made == await user.ask("get_campaign", campaign_id)
    changed = await user.ask("change_campaign", campaign_id, version=1, abandonment={"cap": 0.02}, script=None)
    assert (changed.version, changed.settings.abandonment.cap) == (2, 0.02)
    with pytest.raises(VersionConflict) as conflict:
        await user.ask("change_campaign", campaign_id, version=1, reserve=1)
    assert (conflict.value.version, conflict.value.status, conflict.value.type) == (2, 412, "version-conflict")
    await user.ask("change_campaign", campaign_id, version=0, abandonment=Abandonment(cap=0.01))
    history = await user.ask("list_campaign_versions", campaign_id, limit=1)
    assert isinstance(history, Page)
    assert [one.version for one in await user.all("iter_campaign_versions", campaign_id=campaign_id, page_size=1)] == [
        3,
        2,
        1,
    ]
    assert [one.name for one in (await user.ask("list_campaigns")).items] == ["spring"]
    (group,) = await user.ask("list_trunk_groups")
    assert (await user.ask("get_trunk_group", group.settings.id)).settings == group.settings
    faster = await user.ask("change_trunk_group", group.settings.id, version=group.version, cps=500.0)
    assert faster.settings.cps == 500.0
    assert (await user.ask("create_trunk_group", name="second", channels=4)).settings.channels == 4
    return campaign_id


async def lists(user: User, campaign_id: int) -> None:
    rows = ["phone,city", *(f"+4930100{n:04},Ulm" for n in range(40)), "nobody,Ulm"]
    body = "\n".join(rows).encode()
    job = await user.ask("import_list", campaign_id, body, name="first", validation="possible")
    shown: list[Any] = []
    ended = await user.run(job.wait, progress=shown.append, timeout_s=20.0)
    assert ended.result == {"read": 41, "added": 40, "duplicates": 0, "suppressed": 0, "rejected": 1}
    assert shown[-1] == ended
    assert (await user.ask("get_job", job.job_id)) == ended
    assert ended in await user.ask("list_jobs")
    with pytest.raises(Conflict):
        await user.ask("cancel_job", job.job_id)
    (one,) = (await user.ask("list_lists", campaign_id=campaign_id)).items
    assert (await user.ask("get_list", one.list_id)).rejected == 1
    rejects = await user.bytes_of("get_rejects", one.list_id)
    assert rejects == b'line,reason,row\r\n42,not a phone number,"nobody,Ulm"\r\n'
    leads = await user.all("iter_leads", list_id=one.list_id, page_size=7)
    assert [lead.number for lead in leads] == [f"+4930100{n:04}" for n in range(40)]
    assert (await user.ask("list_leads", number="+49301000003", limit=1)).items == [leads[3]]
    assert await user.ask("get_lead", leads[3].lead_id) == leads[3]
    added = await user.ask("add_lead", campaign_id, number="030 5550000", region="DE", attributes={"vip": True})
    assert (added.number, added.attributes) == ("+49305550000", {"vip": True})
    assert (await user.ask("reveal_number", added.lead_id)).full_number == "+49305550000"
    assert not (await user.ask("why_not_lead", added.lead_id)).dialable
    assert (await user.ask("count_leads", campaign_id))["total"] == 41
    kept = await user.ask("suppress", number="+49301000005", reason="asked", expires_at=NOW + timedelta(days=9))
    assert (await user.ask("list_suppression")).items == [kept]
    await user.ask("unsuppress", kept.number)
    with pytest.raises(NotFound):
        await user.ask("unsuppress", kept.number)
    listed = await user.ask("import_suppression", [b"+4930999", b"0001\nnobody\n"], reason="a list")
    assert (await user.run(listed.wait, timeout_s=20.0)).result["added"] == 1
    assert (await user.bytes_of("get_suppression_rejects", listed.job_id)).endswith(b"2,not a phone number,nobody\r\n")
    assert [one.number for one in await user.all("iter_suppression")] == ["+49309990001"]


async def people(user: User, campaign_id: int) -> None:
    made = await user.ask("create_agent", name="Ada", leg="SIM/1", campaigns=[campaign_id])
    agent_id = made.agent_id
    changed = await user.ask("change_agent", agent_id, name="Ada L.", leg="SIM/2", campaigns=[campaign_id])
    assert (changed.name, changed.leg) == ("Ada L.", "SIM/2")
    assert [one.agent_id for one in await user.ask("list_agents", campaign_id=campaign_id)] == [agent_id]
    await user.ask("log_in", agent_id, leg="SIM/3")
    await user.until(lambda one: one.leg_state == "up", "get_agent", agent_id)
    assert (await user.ask("set_not_ready", agent_id, reason=3)).agent.state == "not_ready"
    assert (await user.ask("set_ready", agent_id)).agent.state == "ready"


async def calls(user: User, campaign_id: int) -> None:
    assert (await user.ask("start_campaign", campaign_id)).state == "running"
    await user.until(lambda board: board.connected >= 3, "get_board", campaign_id)
    assert (await user.ask("pause_campaign", campaign_id)).state == "paused"
    await user.until(lambda found: not found, "list_calls", campaign_id=campaign_id)
    assert (await user.ask("why_nothing", campaign_id)).obstacles
    decisions = await user.ask("list_decisions", campaign_id, after=1)
    assert all(one.sequence > 1 for one in decisions)
    await user.ask("resume_campaign", campaign_id)
    await user.until(lambda counts: not counts["new"], "count_leads", campaign_id)


async def history(user: User, campaign_id: int) -> None:
    await user.until(lambda view: view.state == "completed", "get_campaign", campaign_id)
    # the campaign is completed with its last call's end, which the store has a moment later
    await user.until(lambda page: len(page.items) >= 41, "list_attempts", campaign_id=campaign_id, limit=1000)
    attempts = await user.all("iter_attempts", campaign_id=campaign_id, page_size=9)
    assert len({one.call_id for one in attempts}) == len(attempts) >= 41
    assert (await user.ask("list_attempts", limit=2)).items == attempts[:2]
    lines = (await user.bytes_of("export_attempts", format="jsonl")).splitlines()
    assert [msgspec.json.decode(line, type=AttemptView) for line in lines] == attempts
    span = {"since": NOW - timedelta(hours=1), "until": NOW + timedelta(days=1)}  # NOW is of when tests were gathered
    report = await user.ask("get_report", "outcome", **span)
    assert report.total["attempts"] == len(attempts)
    rows = (await user.bytes_of("export_report", "outcome", **span)).splitlines()
    assert rows[0].startswith(b"outcome,attempts,")
    talked = next(one for one in attempts if one.agent_id)
    desk = await user.ask("get_desk", talked.agent_id)
    assert desk.call is None
    with pytest.raises(NotFound):
        await user.ask("get_call", talked.call_id)
    with pytest.raises(NotFound):
        await user.ask("hang_up_call", talked.call_id)
    with pytest.raises(Conflict):
        await user.ask("set_disposition", talked.agent_id, call_id="1", disposition="sale")
    assert (await user.ask("log_out", talked.agent_id)).agent.agent_id == talked.agent_id
    job = await user.ask("simulate", campaign_id=campaign_id, changes={"mode": "ratio"}, agents=2, hours=0.25, seeds=2)
    assert (await user.run(job.wait, timeout_s=60.0)).result["assumed"]["agents"] == 2


async def administration(user: User) -> None:
    me = await user.ask("get_me")
    assert me.role is Role.OPERATOR
    made = await user.ask("create_token", name="board", role="monitor", expires_at=NOW + timedelta(days=1))
    assert made.token not in repr(made)
    assert made.view in await user.ask("list_tokens")
    await user.ask("revoke_token", made.view.token_id)
    hook = await user.ask(
        "create_webhook", url="http://127.0.0.1:9/hook", topics=["alarms"], secret="0123456789abcdef-secret"
    )
    assert [one.webhook_id for one in await user.ask("list_webhooks")] == [hook.webhook_id]
    assert (await user.ask("list_dead_letters", hook.webhook_id)).items == []
    assert (await user.ask("retry_dead_letters", hook.webhook_id)).retried == 0
    await user.ask("delete_webhook", hook.webhook_id)
    acts = await user.all("iter_audit", actor="operator", page_size=50)
    assert {"create-campaign", "create-token", "create-webhook"} <= {act.action for act in acts}
    assert (await user.ask("list_audit", limit=1)).items[0].action
    assert (await user.ask("get_live")).live
    assert (await user.ask("get_ready")).ready
    assert (await user.ask("get_health")).ready
    assert [one.alarm for one in await user.ask("list_alarms")] == []
    assert "outpace_build_info" in await user.ask("get_metrics")
    assert await user.ask("get_openapi") == DOCUMENT
