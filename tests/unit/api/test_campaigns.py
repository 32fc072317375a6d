"""Campaigns over HTTP: creation, changes with versions, states, problems that name the field."""

from __future__ import annotations

import pytest

from outpace.domain.access import Role
from outpace.domain.errors import StoreError
from outpace.domain.orders import ChangeCampaign, StopCampaign
from tests.unit.api.conftest import Client

ONE = "/v1/campaigns/1"


@pytest.fixture
async def campaign(api: Client) -> Client:
    assert (await api.post("/v1/campaigns", {"name": "spring"})).status_code == 201
    return api


async def test_create_answers_the_campaign_with_its_address_and_version(api: Client) -> None:
    answer = await api.post("/v1/campaigns", {"name": "spring", "abandonment": {"cap": 0.02}})
    assert answer.status_code == 201
    assert answer.headers["location"] == ONE
    assert answer.headers["etag"] == '"1"'
    assert answer.json()["state"] == "draft"
    assert answer.json()["settings"]["abandonment"]["cap"] == 0.02
    assert (await api.get(ONE)).json() == answer.json()


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({}, "name", "is missing"),
        ({"name": ""}, "name", "must not be empty"),
        ({"name": "a", "ratio": "2"}, "ratio", "expected `float`, got `str`"),
        ({"name": "a", "ratio": 0}, "ratio", "must be from 0.1 to 100, not 0"),
        ({"name": "a", "amd": "true"}, "amd", "expected `bool`, got `str`"),
        ({"name": "a", "id": 7}, "id", "unknown key"),
        ({"name": "a", "abandonment": {"cap": 2}}, "abandonment.cap", "must be from 0 to 1, not 2"),
        ({"name": "a", "abandonment": {"capp": 2}}, "abandonment.capp", "unknown key"),
        ({"name": "a", "calling_hours": {"timezone": "Mars"}}, "calling_hours.timezone", "no such time zone: 'Mars'"),
        ({"name": "a", "mode": "magic"}, "mode", "invalid enum value 'magic'"),
    ],
)
async def test_create_when_a_field_is_wrong_then_it_is_named(
    api: Client, body: dict[str, object], field: str, reason: str
) -> None:
    answer = await api.post("/v1/campaigns", body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"field": field, "reason": reason}]
    assert api.node.door.campaigns == {}


async def test_validate_answers_the_defaults_and_keeps_nothing(api: Client) -> None:
    answer = await api.post("/v1/campaigns/validate", {"name": "spring"})
    assert answer.status_code == 200
    assert answer.json()["hopper_size"] == 500
    assert api.node.door.orders == []


async def test_change_needs_the_version_that_was_seen(campaign: Client) -> None:
    change = {"abandonment": {"cap": 0.01}}
    unnamed = await campaign.patch(ONE, change)
    assert unnamed.status_code == 428
    first = await campaign.patch(ONE, change, headers={"If-Match": '"1"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    late = await campaign.patch(ONE, {"reserve": 1}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert late.json()["version"] == 2
    assert late.headers["etag"] == '"2"'
    whatever = await campaign.patch(ONE, {"reserve": 1}, headers={"If-Match": "*"})
    assert whatever.json()["settings"]["abandonment"]["cap"] == 0.01
    assert whatever.json()["settings"]["reserve"] == 1


@pytest.mark.parametrize("etag", ["1", 'W/"1"', '"x"', '"0"', '"-1"', '"1", "2"', '"' + "9" * 80 + '"'])
async def test_change_when_if_match_is_no_etag_of_ours_then_conflict(campaign: Client, etag: str) -> None:
    answer = await campaign.patch(ONE, {"reserve": 1}, headers={"If-Match": etag})
    assert answer.status_code == 412
    assert not any(isinstance(order, ChangeCampaign) for order, _ in campaign.node.door.orders)


async def test_change_takes_null_as_the_default_again(campaign: Client) -> None:
    await campaign.patch(ONE, {"reserve": 3}, headers={"If-Match": "*"})
    answer = await campaign.patch(ONE, {"reserve": None}, headers={"If-Match": "*"})
    assert answer.json()["settings"]["reserve"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [({"id": 9}, "id"), ({"abandonment": {"cap": "x"}}, "abandonment.cap"), ({"reserve": -1}, "reserve")],
)
async def test_change_when_a_field_is_wrong_then_it_is_named(
    campaign: Client, change: dict[str, object], field: str
) -> None:
    answer = await campaign.patch(ONE, change, headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_change_takes_a_merge_patch_and_plain_json_and_nothing_else(campaign: Client) -> None:
    for media, status in (("application/merge-patch+json", 200), ("application/json", 200), ("text/plain", 415)):
        answer = await campaign.send(
            "PATCH", ONE, content=b'{"reserve": 1}', headers={"If-Match": "*", "Content-Type": media}
        )
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("verb", "state"),
    [("start", "running"), ("pause", "paused"), ("resume", "running"), ("stop", "draining"), ("archive", "archived")],
)
async def test_verbs_lead_to_states(campaign: Client, verb: str, state: str) -> None:
    answer = await campaign.post(f"{ONE}/{verb}")
    assert answer.status_code == 200
    assert answer.json()["state"] == state


async def test_stop_now_is_an_order_of_its_own(campaign: Client) -> None:
    await campaign.post(f"{ONE}/stop", {"now": True})
    order, actor = campaign.node.door.orders[-1]
    assert order == StopCampaign(campaign_id=1, now=True)
    assert actor.role is Role.OPERATOR


async def test_state_that_forbids_is_a_conflict(campaign: Client) -> None:
    await campaign.post(f"{ONE}/start")
    answer = await campaign.post(f"{ONE}/archive")
    assert (answer.status_code, answer.json()["detail"]) == (409, "the campaign runs")


@pytest.mark.parametrize("path", ["/v1/campaigns/9", "/v1/campaigns/9/board", "/v1/nothing", "/v1/campaigns/1/none"])
async def test_unknown_is_not_found(campaign: Client, path: str) -> None:
    answer = await campaign.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:outpace:problem:not-found"


@pytest.mark.parametrize("number", ["x", "0", "-1", "1.5", "99999999999", "1e", "%00", "1%20"])
async def test_id_that_is_none_is_refused_by_name(campaign: Client, number: str) -> None:
    answer = await campaign.get(f"/v1/campaigns/{number}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "campaign_id"


async def test_pages_lead_from_cursor_to_cursor(api: Client) -> None:
    for number in range(5):
        await api.post("/v1/campaigns", {"name": f"c{number}"})
    seen, cursor = [], ""
    while cursor is not None:
        page = (await api.get(f"/v1/campaigns?limit=2&cursor={cursor}")).json()
        seen += [one["name"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"c{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("limit=1&limit=2", "limit"),
        ("archived=maybe", "archived"),
        ("wrong=1", "wrong"),
        ("cursor=none-of-ours", "cursor"),
    ],
)
async def test_query_that_is_wrong_is_refused_by_name(api: Client, query: str, field: str) -> None:
    answer = await api.get(f"/v1/campaigns?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 400), (b"{", 400), (b"\xff", 400), (b"[]", 422), (b"null", 422), (b'{"name": "\\ud800"}', 400)],
)
async def test_body_that_is_no_object_is_refused(api: Client, content: bytes, status: int) -> None:
    answer = await api.send("POST", "/v1/campaigns", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status


async def test_body_beyond_the_bound_is_refused(api: Client) -> None:
    answer = await api.post("/v1/campaigns", {"name": "x" * (1 << 20)})
    assert answer.status_code == 413


async def test_method_that_is_not_offered_says_what_is(campaign: Client) -> None:
    answer = await campaign.send("DELETE", ONE)
    assert answer.status_code == 405
    assert {"GET", "PATCH"} <= set(answer.headers["allow"].split(", "))


async def test_store_that_is_locked_is_unavailable_for_a_while(campaign: Client) -> None:
    campaign.node.door.broken = StoreError("database is locked")
    answer = await campaign.get(ONE)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_error_that_nobody_expected_tells_nothing(campaign: Client, caplog: pytest.LogCaptureFixture) -> None:
    campaign.node.door.broken = RuntimeError("secret of the house")
    answer = await campaign.get(ONE)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "secret of the house" in caplog.text
