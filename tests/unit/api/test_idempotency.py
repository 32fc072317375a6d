"""The same key does a thing once, whoever else sends what meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from outpace.api import examples
from outpace.domain.access import Role
from outpace.domain.errors import StoreError
from outpace.domain.resources import CallView
from outpace.store.access import ANSWER_NS
from tests.unit.api.conftest import Client
from tests.unit.api.door import shown

LEAD = {"number": "+4930123456"}
PATH = "/v1/campaigns/1/leads"


@pytest.fixture
async def campaign(api: Client) -> Client:
    await api.post("/v1/campaigns", {"name": "spring"})
    return api


async def add(api: Client, key: str, body: Any = LEAD, role: Role = Role.OPERATOR) -> Any:
    return await api.post(PATH, body, role=role, headers={"Idempotency-Key": key})


async def test_same_request_is_answered_as_the_first_time(campaign: Client) -> None:
    first, second = await add(campaign, "k"), await add(campaign, "k")
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["content-type"] == first.headers["content-type"]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert len(campaign.node.door.leads) == 1


async def test_without_a_key_it_is_done_again(campaign: Client) -> None:
    assert (await campaign.post(PATH, LEAD)).status_code == 201
    assert (await campaign.post(PATH, LEAD)).status_code == 409


async def test_same_key_for_another_request_is_refused(campaign: Client) -> None:
    await add(campaign, "k")
    other = await add(campaign, "k", {"number": "+4930123457"})
    assert other.status_code == 422
    assert other.json()["type"].endswith("key-reused")
    elsewhere = await campaign.post("/v1/suppression", LEAD, headers={"Idempotency-Key": "k"})
    assert elsewhere.status_code == 422


async def test_keys_of_two_tokens_are_apart(campaign: Client) -> None:
    await add(campaign, "k")
    assert (await add(campaign, "k", {"number": "+4930123457"}, Role.INTEGRATOR)).status_code == 201


async def test_same_key_at_once_is_done_once(campaign: Client) -> None:
    answers = await asyncio.gather(*(add(campaign, "k") for _ in range(5)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409]
    refused = next(one for one in answers if one.status_code == 409)
    assert refused.json()["type"].endswith("in-progress")
    assert refused.headers["retry-after"] == "1"
    assert (await add(campaign, "k")).headers["idempotent-replayed"] == "true"


async def test_what_was_refused_may_be_sent_again(campaign: Client) -> None:
    campaign.node.door.broken = StoreError("database is locked")
    assert (await add(campaign, "k")).status_code == 503
    campaign.node.door.broken = None
    assert (await add(campaign, "k")).status_code == 201


async def test_what_is_done_is_told_even_if_it_cannot_be_remembered(
    campaign: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(campaign.node.store, "remember_answer", full)
    assert (await add(campaign, "k")).status_code == 201
    assert (await add(campaign, "k")).status_code == 409  # the lead is there: not a word of success twice


async def test_answer_is_forgotten_after_a_day(campaign: Client) -> None:
    await add(campaign, "k")
    campaign.node.time_ns += ANSWER_NS + 1
    assert (await add(campaign, "k")).status_code == 409


async def test_answer_without_a_body_is_remembered(campaign: Client) -> None:
    campaign.node.door.calls["5"] = shown(CallView, examples.CALL, call_id="5")
    for replayed in (None, "true"):
        answer = await campaign.post("/v1/calls/5/hang-up", headers={"Idempotency-Key": "h"})
        assert (answer.status_code, answer.headers.get("idempotent-replayed")) == (204, replayed)


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb", "é"])
async def test_key_that_is_none_is_refused(campaign: Client, key: str) -> None:
    answer = await campaign.post(PATH, LEAD, headers={"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert campaign.node.door.leads == {}
