"""Tokens, roles, masking, agents' own, limits: who may do and see what."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from outpace.api import examples
from outpace.api.app import ALL_ROUTES
from outpace.api.auth import FRESH_NS, token_hash
from outpace.api.imports import rejects_path
from outpace.api.settings import ApiSettings
from outpace.domain.access import Role
from outpace.domain.orders import RevealNumber
from outpace.domain.resources import AttemptView, CallView, CampaignView, LeadView, ListView
from outpace.domain.units import NS_PER_S
from tests.unit.api.conftest import Client
from tests.unit.api.door import NOW_NS, shown

ENDPOINTS = [endpoint for routes in ALL_ROUTES for endpoint in routes.endpoints]
NUMBER = "+4930123456"
HIDDEN = "+493*****56"


def address(path: str) -> str:
    return re.sub(r"\{by\}", "hour", re.sub(r"\{number\}", "%2B4930123456", re.sub(r"\{(?!by|number)\w+\}", "7", path)))


@pytest.fixture
def house(api: Client) -> Client:
    """A campaign, a lead, a call of agent 7 and one of agent 8, an attempt of each."""
    door = api.node.door
    door.campaigns[1] = shown(CampaignView, examples.CAMPAIGN)
    for number in (7, 8):
        door.leads[number] = shown(LeadView, examples.LEAD, lead_id=number)
        door.calls[str(number)] = shown(CallView, examples.CALL, call_id=str(number), lead_id=number, agent_id=number)
        door.attempts.append(shown(AttemptView, examples.ATTEMPT, call_id=str(number), agent_id=number))
    return api


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
async def test_nothing_but_health_is_open(api: Client, endpoint: Any) -> None:
    answer = await api.send(endpoint.method, address(endpoint.path), role=None)
    assert answer.status_code == (200 if endpoint.open else 401)
    assert endpoint.open == endpoint.path.startswith("/health/")
    if not endpoint.open:
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "urn:outpace:problem:unauthorized"


@pytest.mark.parametrize("role", Role)
async def test_roles_open_what_the_table_says(api: Client, role: Role) -> None:
    for endpoint in ENDPOINTS:
        answer = await api.send(endpoint.method, address(endpoint.path), role=role)
        if role not in endpoint.roles:
            assert answer.status_code == 403, endpoint.name
        elif answer.status_code == 403:
            assert role in (Role.AGENT, Role.MONITOR), endpoint.name


async def test_monitor_reaches_nothing_that_names_people(api: Client) -> None:
    reached = {one.path for one in ENDPOINTS if Role.MONITOR in one.roles}
    assert not [path for path in reached if re.search("lead|agent|call|attempt|suppress|list|audit|token", path)]
    span = "since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z"
    assert (await api.get(f"/v1/reports/agent?{span}", Role.MONITOR)).status_code == 403


async def test_supervisor_sets_no_trunks_tokens_or_webhooks() -> None:
    reached = {(one.method, one.path) for one in ENDPOINTS if Role.SUPERVISOR in one.roles and one.method != "GET"}
    assert not [path for _, path in reached if re.search("trunk|token|webhook", path)]


@pytest.mark.parametrize("token", ["", "x", "outpace_", "é", "a" * 5000])
async def test_token_that_is_none_is_refused(api: Client, token: str) -> None:
    answer = await api.get("/v1/me", None, headers={"Authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
async def test_scheme_is_read_in_any_case(api: Client, scheme: str) -> None:
    token = api.tokens[Role.MONITOR]
    answer = await api.get("/v1/me", None, headers={"Authorization": f"{scheme} {token}"})
    assert answer.json() == {
        "name": "monitor",
        "role": "monitor",
        "agent_id": 0,
        "names_legs": False,
        "expires_at": None,
    }


async def test_token_is_kept_hashed_and_shown_once(api: Client) -> None:
    made = (await api.post("/v1/tokens", {"name": "board", "role": "monitor"})).json()
    secret = made["token"]
    stored = next(one for one in api.node.store.tokens() if one.name == "board")
    assert stored.token_hash == token_hash(secret)
    assert secret not in (await api.get("/v1/tokens")).text
    assert (await api.get("/v1/me", None, headers={"Authorization": f"Bearer {secret}"})).status_code == 200


async def test_token_with_a_key_is_not_remembered(api: Client) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second = [await api.post("/v1/tokens", {"name": "a", "role": "monitor"}, headers=headers) for _ in range(2)]
    assert first.json()["token"] != second.json()["token"]
    assert api.node.store.answer_of("one", "token:1", NOW_NS) is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a", "role": "agent"}, "agent_id"),
        ({"name": "a", "role": "monitor", "agent_id": 7}, "agent_id"),
        ({"name": "a", "role": "king"}, "role"),
        ({"name": "", "role": "monitor"}, "name"),
        ({"name": "a", "role": "monitor", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "a", "role": "monitor", "expires_at": "2030-01-01T00:00:00"}, "expires_at"),
    ],
)
async def test_token_that_cannot_be_is_refused_by_name(api: Client, body: dict[str, Any], field: str) -> None:
    answer = await api.post("/v1/tokens", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_token_that_is_revoked_ends_at_once(api: Client) -> None:
    made = (await api.post("/v1/tokens", {"name": "board", "role": "monitor"})).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert (await api.get("/v1/me", None, headers=headers)).status_code == 200
    gone = await api.send("DELETE", f"/v1/tokens/{made['view']['token_id']}")
    assert gone.status_code == 204
    assert (await api.get("/v1/me", None, headers=headers)).status_code == 401
    assert (await api.send("DELETE", "/v1/tokens/999")).status_code == 404


async def test_token_that_is_revoked_elsewhere_ends_within_seconds(api: Client) -> None:
    assert (await api.get("/v1/me")).status_code == 200
    operator = next(one for one in api.node.store.tokens() if one.role is Role.OPERATOR)
    api.node.store.revoke_token(operator.token_id, NOW_NS)
    assert (await api.get("/v1/me")).status_code == 200
    api.node.time_ns += FRESH_NS
    assert (await api.get("/v1/me")).status_code == 401


async def test_token_expires_to_the_nanosecond(api: Client) -> None:
    body = {"name": "short", "role": "monitor", "expires_at": "2027-01-15T08:00:01Z"}
    headers = {"Authorization": f"Bearer {(await api.post('/v1/tokens', body)).json()['token']}"}
    api.node.time_ns = NOW_NS + NS_PER_S - 1
    assert (await api.get("/v1/me", None, headers=headers)).status_code == 200
    api.node.time_ns += 1
    answer = await api.get("/v1/me", None, headers=headers)
    assert answer.status_code == 401
    assert "expired" in answer.headers["www-authenticate"]


async def test_store_is_asked_once_for_a_token(api: Client) -> None:
    for _ in range(20):
        await api.get("/v1/me")
    assert api.node.reads == 1


# ---- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "number"), [(Role.OPERATOR, NUMBER), (Role.INTEGRATOR, NUMBER), (Role.SUPERVISOR, HIDDEN)]
)
async def test_numbers_are_masked_by_role(house: Client, role: Role, number: str) -> None:
    assert (await house.get("/v1/leads/7", role)).json()["number"] == number
    assert (await house.get("/v1/leads?campaign_id=1", role)).json()["items"][0]["number"] == number
    assert (await house.get("/v1/attempts", role)).json()["items"][0]["number"] == number
    exported = (await house.get("/v1/attempts/export?format=jsonl", role)).text
    assert f'"number":"{number}"' in exported
    assert (NUMBER in exported) == (number == NUMBER)


async def test_agent_sees_the_record_with_the_number_masked(house: Client) -> None:
    answer = await house.get("/v1/agents/7/desk", Role.AGENT)
    assert answer.json()["call"]["lead"]["number"] == HIDDEN
    assert answer.json()["call"]["call"]["number"] == HIDDEN
    assert NUMBER not in answer.text


async def test_reveal_is_an_order_in_the_name_of_who_asks(house: Client) -> None:
    answer = await house.post("/v1/leads/8/reveal", role=Role.SUPERVISOR)
    assert answer.json() == {"full_number": NUMBER}
    order, actor = house.node.door.orders[-1]
    assert order == RevealNumber(lead_id=8)
    assert actor.name == "supervisor"


async def test_agent_reveals_only_the_number_in_hand(house: Client) -> None:
    assert (await house.post("/v1/leads/7/reveal", role=Role.AGENT)).status_code == 200
    assert (await house.post("/v1/leads/8/reveal", role=Role.AGENT)).status_code == 403
    house.node.door.calls.clear()
    assert (await house.post("/v1/leads/7/reveal", role=Role.AGENT)).status_code == 403


async def test_rows_of_rejects_are_for_who_sees_numbers(house: Client) -> None:
    house.node.door.lists[3] = shown(ListView, examples.LIST, list_id=3)
    rows = [["2", "not a phone number", 'none,"A ""3"""'], ["3", '"," expected', f"{NUMBER},\n4,too short,x\r\n,B"]]
    with rejects_path(house.node, 3).open("w", newline="") as file:
        csv.writer(file).writerows([["line", "reason", "row"], *rows])
    told = {}
    for role in (Role.OPERATOR, Role.INTEGRATOR, Role.SUPERVISOR):
        told[role] = list(csv.reader(io.StringIO((await house.get("/v1/lists/3/rejects", role)).text, newline="")))
    assert told[Role.OPERATOR] == told[Role.INTEGRATOR] == [["line", "reason", "row"], *rows]
    assert told[Role.SUPERVISOR] == [["line", "reason"], *(row[:2] for row in rows)]
    assert (await house.get("/v1/lists/3/rejects", Role.AGENT)).status_code == 403


# ---- agents' own -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/agents/8"),
        ("GET", "/v1/agents/8/desk"),
        ("POST", "/v1/agents/8/desk/ready"),
        ("POST", "/v1/agents/8/desk/log-in"),
        ("POST", "/v1/agents/8/desk/log-out"),
        ("POST", "/v1/agents/8/desk/not-ready"),
        ("GET", "/v1/calls/8"),
        ("POST", "/v1/calls/8/hang-up"),
        ("GET", "/v1/attempts?agent_id=8"),
    ],
)
async def test_agent_when_it_is_another_s_then_forbidden(house: Client, method: str, path: str) -> None:
    before = list(house.node.door.orders)
    assert (await house.send(method, path, role=Role.AGENT)).status_code == 403
    assert house.node.door.orders == before


async def test_agent_works_at_their_own_desk(house: Client) -> None:
    assert (await house.post("/v1/agents/7/desk/ready", role=Role.AGENT)).json()["agent"]["state"] == "ready"
    body = {"call_id": "7", "disposition": "sale", "callback_at": "2027-02-01T09:00:00Z", "attributes": {"a": [1]}}
    assert (await house.post("/v1/agents/7/desk/disposition", body, role=Role.AGENT)).status_code == 200
    foreign = await house.post("/v1/agents/8/desk/disposition", body, role=Role.AGENT)
    assert foreign.status_code == 403
    assert (await house.post("/v1/calls/7/hang-up", role=Role.AGENT)).status_code == 204
    mine = (await house.get("/v1/attempts", Role.AGENT)).json()["items"]
    assert [one["agent_id"] for one in mine] == [7]


async def test_callback_without_a_time_zone_is_refused(house: Client) -> None:
    body = {"call_id": "7", "disposition": "sale", "callback_at": "2027-02-01T09:00:00"}
    answer = await house.post("/v1/agents/7/desk/disposition", body)
    assert answer.json()["errors"][0]["field"] == "callback_at"


# ---- limits ------------------------------------------------------------------------------------------------------


class TestFewRequests:
    """With a small allowance."""

    @pytest.fixture
    def settings(self) -> ApiSettings:
        return ApiSettings(requests_per_s=2.0, burst=3)

    async def test_burst_then_rate_and_each_token_for_itself(self, api: Client) -> None:
        statuses = [(await api.get("/v1/me")).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert (await api.get("/v1/me", Role.MONITOR)).status_code == 200
        refused = await api.get("/v1/me")
        assert refused.headers["retry-after"] == "1"
        api.node.time_ns += NS_PER_S // 2
        assert (await api.get("/v1/me")).status_code == 200
        assert (await api.get("/v1/me")).status_code == 429

    async def test_health_is_answered_whatever_the_rate(self, api: Client) -> None:
        assert {(await api.get("/health/live", None)).status_code for _ in range(20)} == {200}


async def test_guessing_tokens_is_slowed_down(api: Client) -> None:
    statuses = [(await api.get("/v1/me", None, headers={"Authorization": "Bearer x"})).status_code for _ in range(60)]
    assert statuses.count(401) == 50
    assert set(statuses[50:]) == {429}
    assert (await api.get("/v1/me")).status_code == 200
