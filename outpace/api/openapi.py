"""The OpenAPI 3.1 document, made of the endpoints: their types, roles, problems and examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from outpace.api.endpoint import JSON, MERGE_PATCH, Endpoint, Parameter, Routes
from outpace.api.problems import KINDS, problem
from outpace.api.shapes import refine
from outpace.domain.access import Role
from outpace.domain.version import VERSION
from outpace.domain.wire import Problem

_REF = "#/components/schemas/"
_PROBLEM = "application/problem+json"
#: Problems that every operation with a token may answer.
_ALWAYS = (400, 401, 403, 422, 429, 503)
_OPEN = (503,)
_WITH_BODY = (413, 415)
_ABOUT = """\
Control of an outpace node: campaigns, lists and leads, agents, calls, attempts, trunk groups, reports.

**Tokens.** Every request but health carries `Authorization: Bearer TOKEN`. A token has a role; each operation names
those that may use it. Numbers of people are masked for the roles supervisor, agent and monitor.

**Errors** are problem details (RFC 9457): `type` for programs, `detail` for people, `errors` with the field and the
reason.

**Changes of settings** are JSON merge patches and name the version that was seen in `If-Match`.

**Idempotency.** A POST may carry an `Idempotency-Key`: sent again with the same key within 24 hours it is answered as
the first time, with `Idempotent-Replayed: true`, and done once.

**Pages.** `next_cursor` of a page is the `cursor` of the next; none = there is no more.

**Live stream.** WebSocket at `/v1/stream?topics=campaigns,calls&after=SEQUENCE`. The first message is a `snapshot` of
the topics (or `resumed`, with what was missed since `after`), then one `update` a message, each with the node's
`sequence`. Browsers send the token as the subprotocol `bearer.TOKEN` beside `outpace.v1`.
"""

_HEADERS = {
    "ETag": ("The version of the settings, for If-Match.", '"3"'),
    "Location": ("The address of what was made.", "/v1/jobs/import-4"),
}


def document(all_routes: Sequence[Routes]) -> dict[str, Any]:
    """The document as plain data."""
    endpoints = [endpoint for routes in all_routes for endpoint in routes.endpoints]
    schemas = _Schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "outpace control API",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": routes.tag, "description": routes.about} for routes in all_routes],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas.components,
            "responses": {_problem_name(status): _problem_response(status, schemas) for status in _statuses(endpoints)},
        },
    }


def _statuses(endpoints: Iterable[Endpoint]) -> list[int]:
    return sorted({status for endpoint in endpoints for status in _problems(endpoint)})


def _problems(endpoint: Endpoint) -> list[int]:
    found = set(endpoint.problems) | set(_OPEN if endpoint.open else _ALWAYS)
    if endpoint.body is not None:
        found |= set(_WITH_BODY)
    if endpoint.method == "POST":
        found.add(409)
    return sorted(found)


class _Schemas:
    # Components of all types, under names that a reader can use: Page[LeadView] is LeadViewPage.
    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        kinds = [
            Problem,
            *(one.answer for one in endpoints if _is_json(one)),
            *(one.body for one in endpoints if one.body),
        ]
        _, raw = msgspec.json.schema_components(kinds, ref_template=_REF + "{name}")
        self.components = {_named(name): refine(_named(name), _clean(schema)) for name, schema in sorted(raw.items())}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type, by reference where it has a name."""
        (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REF + "{name}")
        cleaned: dict[str, Any] = _clean(schema)
        return cleaned


def _is_json(endpoint: Endpoint) -> bool:
    return endpoint.answer_media == (JSON,) and endpoint.answer is not type(None)


def _named(name: str) -> str:
    return re.sub(r"^Page_(\w+)_$", r"\1Page", name)


def _clean(schema: Any) -> Any:
    # references to renamed components; what msgspec tells of a null first
    if isinstance(schema, dict):
        return {
            key: _REF + _named(value.removeprefix(_REF)) if key == "$ref" else _clean(value)
            for key, value in schema.items()
        }
    return [_clean(one) for one in schema] if isinstance(schema, list) else schema


def _operation(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    roles = [role.value for role in Role if role in endpoint.roles]
    allowed = "No token is needed." if endpoint.open else f"Roles: {', '.join(roles)}."
    told: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": f"{endpoint.description}\n\n{allowed}".strip(),
        "tags": [endpoint.tag],
        "x-roles": roles,
    }
    if endpoint.open:
        told["security"] = []
    parameters = [_parameter(one, schemas) for one in endpoint.parameters]
    if endpoint.remembered:
        parameters.append(_KEY)
    if parameters:
        told["parameters"] = parameters
    if endpoint.body is not None or not endpoint.reads_body:
        told["requestBody"] = _body(endpoint, schemas)
    answers: dict[str, Any] = {str(endpoint.status): _answer(endpoint, schemas)}
    for status in _problems(endpoint):
        answers[str(status)] = {"$ref": f"#/components/responses/{_problem_name(status)}"}
    told["responses"] = answers
    return told


_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes it safe to send the request again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
}


def _parameter(parameter: Parameter, schemas: _Schemas) -> dict[str, Any]:
    schema = schemas.of(parameter.hint)
    about = schema.pop("description", "")
    if not parameter.wanted and parameter.default is not None:
        schema["default"] = parameter.default
    told = {"name": parameter.name, "in": parameter.place, "required": parameter.wanted, "schema": schema}
    if about:
        told["description"] = about
    return told


def _body(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    if not endpoint.reads_body:
        content = {
            endpoint.body_media: {"schema": {"type": "string", "minLength": 1}, "example": endpoint.body_example}
        }
        return {"required": True, "content": content}
    shown: dict[str, Any] = {"schema": schemas.of(endpoint.body)}
    if endpoint.body_example is not None:
        shown["example"] = endpoint.body_example
    media = (MERGE_PATCH, JSON) if endpoint.body_media == MERGE_PATCH else (JSON,)
    return {"required": endpoint.body_required, "content": dict.fromkeys(media, shown)}


def _answer(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(endpoint.status).phrase}
    if endpoint.answer_headers:
        told["headers"] = {
            name: {"description": _HEADERS[name][0], "schema": {"type": "string"}, "example": _HEADERS[name][1]}
            for name in endpoint.answer_headers
        }
    if _is_json(endpoint):
        shown = {"schema": schemas.of(endpoint.answer)}
        if endpoint.example is not None:
            shown["example"] = endpoint.example
        told["content"] = {JSON: shown}
    elif endpoint.answer is not type(None):
        told["content"] = {media.partition(";")[0]: {"schema": {"type": "string"}} for media in endpoint.answer_media}
    return told


def _problem_name(status: int) -> str:
    return re.sub(r"\W", "", HTTPStatus(status).phrase.title())


def _problem_response(status: int, schemas: _Schemas) -> dict[str, Any]:
    kinds = {slug: title for slug, (known, title) in KINDS.items() if known == status}
    examples = {slug: {"value": msgspec.to_builtins(problem(slug, title))} for slug, title in kinds.items()}
    content = {_PROBLEM: {"schema": schemas.of(Problem), "examples": examples}}
    told: dict[str, Any] = {"description": "; ".join(kinds.values()) + ".", "content": content}
    if status == 401:
        told["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    elif status in (429, 503):
        told["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
    return told
