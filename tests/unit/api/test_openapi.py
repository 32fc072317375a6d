"""The document says what the code does: types, examples, roles, problems; bodies follow the orders."""

from __future__ import annotations

import json
import re
import typing
from typing import Any

import msgspec
import pytest

from outpace.api import bodies, examples
from outpace.api.app import ALL_ROUTES, encoded_document
from outpace.api.gate import OPEN
from outpace.domain import orders
from outpace.domain.access import Role
from outpace.domain.config import Abandonment, Campaign, InboundLoad, RetryRule, TrunkGroup
from outpace.domain.outcomes import Outcome
from outpace.domain.states import LeadState
from tests.unit.api.conftest import Client

ENDPOINTS = [endpoint for routes in ALL_ROUTES for endpoint in routes.endpoints]
DOCUMENT: dict[str, Any] = json.loads(encoded_document())

#: Order -> its body, and fields of the order that the address tells.
BODIES: dict[type[Any], tuple[type[Any], set[str]]] = {
    orders.StopCampaign: (bodies.StopBody, {"campaign_id"}),
    orders.AddLead: (bodies.LeadBody, {"campaign_id"}),
    orders.Suppress: (bodies.SuppressionBody, set()),
    orders.DefineAgent: (bodies.AgentBody, {"agent_id"}),
    orders.LogIn: (bodies.LogInBody, {"agent_id"}),
    orders.SetNotReady: (bodies.NotReadyBody, {"agent_id"}),
    orders.SetDisposition: (bodies.DispositionBody, {"agent_id"}),
    orders.CreateWebhook: (bodies.WebhookBody, set()),
}


@pytest.mark.parametrize("order", BODIES, ids=lambda order: order.__name__)
def test_bodies_are_the_orders_without_the_address(order: type[Any]) -> None:
    body, told = BODIES[order]
    assert set(body.__struct_fields__) == set(order.__struct_fields__) - told
    defaults = {field.name: field.default for field in msgspec.structs.fields(order)}
    for field in msgspec.structs.fields(body):
        assert field.default == defaults[field.name], field.name


def test_every_question_and_order_is_asked_by_some_route() -> None:
    words = {
        name
        for name, kind in vars(orders).items()
        if isinstance(kind, type) and issubclass(kind, orders.Question | orders.Order) and not name.startswith("_")
    } - {"Question", "Order"}
    used: set[str] = set()
    for endpoint in ENDPOINTS:
        module = endpoint.handler.__globals__
        used |= {name for name in endpoint.handler.__code__.co_names if isinstance(module.get(name), type)}
    # those of jobs, of helpers, and what imports tell the node
    assert words - used <= {"LeadsAdded", "NumbersSuppressed", "ListAgents", "ListAttempts", "GetBoard"}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_examples_are_of_their_types(endpoint: Any) -> None:
    if endpoint.example is not None:
        msgspec.convert(endpoint.example, endpoint.answer, strict=True)
    elif endpoint.answer_media == ("application/json",):
        assert endpoint.answer is type(None)
    if endpoint.body is not None:
        msgspec.convert(endpoint.body_example, endpoint.body, strict=True)


def test_examples_are_all_shown() -> None:
    told = encoded_document().decode()
    for name, value in vars(examples).items():
        if name.isupper() and isinstance(value, dict):
            assert msgspec.json.encode(value).decode() in told, name


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_operations_are_told_whole(endpoint: Any) -> None:
    told = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    assert told["summary"]
    assert told["x-roles"] == [role.value for role in Role if role in endpoint.roles]
    assert set(re.findall(r"\{(\w+)\}", endpoint.path)) == {
        one["name"] for one in told.get("parameters", []) if one["in"] == "path"
    }
    assert str(endpoint.status) in told["responses"]
    if endpoint.open:
        assert told["security"] == []
        assert endpoint.path in OPEN
    else:
        assert {"400", "401", "403", "422", "429", "503"} <= set(told["responses"])
    for parameter in told.get("parameters", []):
        assert parameter["schema"], parameter["name"]


def test_operation_names_are_unique() -> None:
    names = [endpoint.name for endpoint in ENDPOINTS]
    assert len(names) == len(set(names))


def test_references_lead_somewhere_and_nothing_is_left_over() -> None:
    text = encoded_document().decode()
    wanted = set(re.findall(r'"#/components/(\w+/[^"]+)"', text))
    there = {f"{kind}/{name}" for kind in ("schemas", "responses") for name in DOCUMENT["components"][kind]}
    assert wanted == there


def test_names_of_types_can_be_read() -> None:
    names = set(DOCUMENT["components"]["schemas"])
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in names), names
    assert {"CampaignView", "CampaignViewPage", "NewCampaign", "CampaignChanges", "Problem", "FieldError"} <= names


def test_bodies_refuse_what_they_do_not_know() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for endpoint in ENDPOINTS:
        if endpoint.body is not None:
            assert schemas[endpoint.body.__name__]["additionalProperties"] is False, endpoint.body


def test_words_of_parameters_are_those_of_the_domain() -> None:
    def words(endpoint: str, parameter: str) -> set[str]:
        (one,) = [one for one in ENDPOINTS if one.name == endpoint]
        (hint,) = [one.hint for one in one.parameters if one.name == parameter]
        return set(typing.get_args(hint)) - {""}

    assert words("list_leads", "state") == {state.name.lower() for state in LeadState}
    assert words("list_attempts", "outcome") == {one.name.lower() for one in Outcome if one is not Outcome.NONE}


async def test_document_is_served(api: Client) -> None:
    answer = await api.get("/openapi.json", Role.MONITOR)
    assert answer.json() == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"


def test_document_tells_ranges_forms_and_what_goes_together() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for name in ("NewCampaign", "CampaignChanges", "Campaign"):
        low, high = Campaign.BOUNDS["ratio"]
        ratio = schemas[name]["properties"]["ratio"]
        assert (ratio["minimum"], ratio["maximum"]) == (low, high)
    assert schemas["NewTrunkGroup"]["properties"]["dial"]["pattern"]
    assert schemas["TokenBody"]["allOf"][0]["then"]["required"] == ["agent_id"]
    assert schemas["WhatIfBody"]["properties"]["changes"]["$ref"].endswith("/CampaignChanges")
    # what has no default cannot be made the default again
    assert schemas["CampaignChanges"]["properties"]["name"] == {"type": "string", "minLength": 1}


@pytest.mark.parametrize("kind", [Campaign, TrunkGroup, Abandonment, RetryRule, InboundLoad])
def test_every_bound_is_of_a_number_that_is_there(kind: Any) -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    assert kind.BOUNDS
    assert {fields[key] for key in kind.BOUNDS} <= {int, float}
