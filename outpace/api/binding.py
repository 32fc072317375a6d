"""An endpoint as a handler of the router: checks the role, reads the request, runs it, encodes the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from outpace.api.answers import Answer, Reply, StreamReply, reply
from outpace.api.auth import require
from outpace.api.context import Api
from outpace.api.endpoint import JSON, Call, Endpoint
from outpace.api.idempotency import digest_of
from outpace.api.masking import hide
from outpace.api.problems import ProblemError
from outpace.api.roles import sees_numbers
from outpace.domain.access import Actor

#: Bytes of a JSON body at most.
BODY_MAX = 1 << 20

_PARAMETERS_MAX = 32
_Request = Request[Actor, Any, Any]


def route(endpoint: Endpoint, api: Api) -> HTTPRouteHandler:
    """The endpoint as the router takes it."""
    parameters = _parameters_reader(endpoint)
    body = _body_reader(endpoint)
    remembers = endpoint.method == "POST" and endpoint.reads_body and not endpoint.secret

    async def serve(request: Request[Actor, Any, Any]) -> ASGIApp:
        call = Call(api, request)
        require(call.actor, endpoint.roles)
        arguments = parameters(request)
        if endpoint.method == "GET" or not endpoint.reads_body:
            return await _run(endpoint, call, arguments)
        raw = await request.body()
        arguments.update(body(request, raw))
        key = request.headers.get("idempotency-key") if remembers else None
        if key is None:
            return await _run(endpoint, call, arguments)

        async def run() -> Reply:
            answered = await _run(endpoint, call, arguments)
            assert isinstance(answered, Reply)
            return answered

        digest = digest_of(request.scope["raw_path"], request.scope["query_string"], raw)
        return await api.idempotency.once(key, call.actor, digest, run)

    serve.__name__ = endpoint.name
    return HTTPRouteHandler(
        endpoint.path.replace("}", ":str}"),
        http_method=endpoint.method,
        status_code=200,  # the reply has its own
        name=endpoint.name,
        request_max_body_size=BODY_MAX if endpoint.reads_body else None,
    )(serve)


async def _run(endpoint: Endpoint, call: Call, arguments: dict[str, Any]) -> Reply | StreamReply:
    answer = await endpoint.handler(call, **arguments)
    if isinstance(answer, Reply | StreamReply):
        return answer
    if not isinstance(answer, Answer):
        answer = Answer(answer)
    content = answer.content if sees_numbers(call.actor) else hide(answer.content)
    return reply(content, answer.status or endpoint.status, answer.headers)


def _parameters_reader(endpoint: Endpoint) -> Callable[[_Request], dict[str, Any]]:
    wanted = endpoint.parameters
    fields = [(one.argument, one.hint) if one.required else (one.argument, one.hint, one.default) for one in wanted]
    struct = msgspec.defstruct(
        "Parameters",
        fields,
        kw_only=True,
        rename={one.argument: one.name for one in wanted if one.argument != one.name},
    )
    in_path = [one.name for one in wanted if one.place == "path"]
    in_headers = [one.name for one in wanted if one.place == "header"]
    in_query = frozenset(one.name for one in wanted if one.place == "query")
    arguments = tuple(one.argument for one in wanted)

    def read(request: _Request) -> dict[str, Any]:
        scope = request.scope
        given: dict[str, Any] = _query(scope["query_string"], in_query) if scope["query_string"] else {}
        for name in in_path:
            given[name] = scope["path_params"][name]
        for name in in_headers:
            value = request.headers.get(name)
            if value is not None:
                given[name] = value
        taken = msgspec.convert(given, struct, strict=False)
        return {name: getattr(taken, name) for name in arguments}

    return read


def _query(raw: bytes, known: frozenset[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    try:
        text = raw.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_PARAMETERS_MAX)
    except ValueError as error:
        raise ProblemError("malformed", f"the query cannot be read: {error}") from error
    for name, value in pairs:
        if name not in known:
            raise ProblemError("invalid", f"there is no parameter {name!r} here", field=name)
        if name in given:
            raise ProblemError("invalid", f"the parameter {name!r} is given twice", field=name)
        given[name] = value
    return given


def _body_reader(endpoint: Endpoint) -> Callable[[_Request, bytes], dict[str, Any]]:
    if endpoint.body is None:
        return _no_body
    decoder = msgspec.json.Decoder(endpoint.body)
    taken = sorted({endpoint.body_media, JSON})

    def read(request: _Request, raw: bytes) -> dict[str, Any]:
        if not raw:
            if endpoint.body_required:
                raise ProblemError("malformed", "a JSON body is needed")
            return {}
        media = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if media not in taken:
            raise ProblemError("media-type", f"{media} is not taken here, but {' and '.join(taken)}")
        body = decoder.decode(raw)
        return {"body": msgspec.to_builtins(body) if endpoint.body_plain else body}

    return read


def _no_body(_: _Request, raw: bytes) -> dict[str, Any]:
    if raw.strip() not in (b"", b"{}"):
        raise ProblemError("malformed", "no body is taken here")
    return {}
