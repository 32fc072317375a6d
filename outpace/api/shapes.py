"""What the OpenAPI document says of settings beyond their types: ranges, lengths, forms, and what goes together.

The checks themselves are the domain's, whose words are better than a schema's; ranges are read from it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from outpace.api.bodies import TokenBody, WhatIfBody
from outpace.domain.access import Role
from outpace.domain.config import (
    MAX_TRUNK_GROUPS,
    RETRIABLE,
    Abandonment,
    CallingHours,
    Campaign,
    ConnectClock,
    DialMode,
    InboundLoad,
    RetryRule,
    TrunkGroup,
)

Schema = dict[str, Any]

_NOT_EMPTY = {"minLength": 1}
_TIME_OF_DAY = {"pattern": r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
_LINE = r"^[^\u0000-\u001f\u007f]*$"
_DIAL = r"^[^{}\u0000-\u001f\u007f]*\{number\}[^{}\u0000-\u001f\u007f]*$"

_FIELDS: dict[type[msgspec.Struct], dict[str, Schema]] = {
    Campaign: {
        "name": _NOT_EMPTY,
        "trunk_groups": {"minItems": 1, "maxItems": MAX_TRUNK_GROUPS},
        "dispositions": {"minItems": 1},
        "answers": {"propertyNames": {"minLength": 1}},
        "retry": {"propertyNames": {"enum": list(RETRIABLE)}},
    },
    CallingHours: {
        "timezone": {"examples": ["Europe/Berlin"]},
        "start": _TIME_OF_DAY,
        "end": _TIME_OF_DAY,
        "days": {"minItems": 1, "items": {"type": "integer", "minimum": 1, "maximum": 7}},
    },
    Abandonment: {"since": {"format": "date"}, "timezone": {"examples": ["Europe/Berlin"]}},
    RetryRule: {},
    InboundLoad: {},
    WhatIfBody: {"changes": {"$ref": "#/components/schemas/CampaignChanges"}},
    TrunkGroup: {
        "name": _NOT_EMPTY,
        "dial": {"pattern": _DIAL},
        "strip": {"pattern": _LINE},
        "prefix": {"pattern": _LINE},
        "caller_ids": {"items": {"type": "string", "pattern": _LINE}},
    },
}


def _if(key: str, values: list[str], then: Schema, otherwise: Schema | None = None) -> Schema:
    rule: Schema = {"if": {"properties": {key: {"enum": values}}, "required": [key]}, "then": then}
    return rule if otherwise is None else {**rule, "else": otherwise}


#: What fields of a whole body have to do with each other, by the component's name.
_RULES: dict[str, list[Schema]] = {
    "NewCampaign": [
        _if("mode", [DialMode.AGENTLESS.value], {"required": ["message"], "properties": {"message": _NOT_EMPTY}}),
        _if(
            "connect_clock",
            [one.value for one in ConnectClock if one is not ConnectClock.ANSWER],
            {"required": ["amd"], "properties": {"amd": {"const": True}}},
        ),
    ],
    TokenBody.__name__: [
        _if(
            "role",
            [Role.AGENT.value],
            {"required": ["agent_id"], "properties": {"agent_id": {"minimum": 1}}},
            {"properties": {"agent_id": {"maximum": 0}}},
        )
    ],
}

_KINDS = {kind.__name__: kind for kind in _FIELDS}


def refine(name: str, schema: Schema) -> Schema:
    """A component's schema with what its type does not say; `New...` and `...Changes` are as what they are made of."""
    told = dict(schema)
    if name in _RULES:
        told["allOf"] = _RULES[name]
    kind = _KINDS.get(name.removeprefix("New").removesuffix("Changes"))
    if kind is None:
        return told
    bounds: dict[str, tuple[float, float]] = getattr(kind, "BOUNDS", {})
    facets = {key: {"minimum": low, "maximum": high} for key, (low, high) in bounds.items()} | _FIELDS[kind]
    told["properties"] = {key: {**one, **facets.get(key, {})} for key, one in schema["properties"].items()}
    return told
