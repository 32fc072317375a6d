"""An endpoint at work: checks the role, reads the request, runs the handler, encodes what it answers."""

from __future__ import annotations

import asyncio
import typing
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from outpace.api.answers import Answer, Reply, StreamReply, reply
from outpace.api.asgi import Receive, Scope
from outpace.api.auth import header_of, require
from outpace.api.context import Api
from outpace.api.endpoint import JSON, Call, Endpoint
from outpace.api.idempotency import digest_of
from outpace.api.masking import hide
from outpace.api.problems import ProblemError
from outpace.api.roles import sees_numbers
from outpace.api.router import Bound
from outpace.domain.resources import Page

#: Bytes of a JSON body at most.
BODY_MAX = 1 << 20

#: Seconds that a JSON body may take to come.
BODY_S = 30.0

#: Items of an answer beyond which it is encoded beside the loop.
LONG = 200

#: Seconds without a byte of a body that is being sent.
STALLED_S = 30.0

_PARAMETERS_MAX = 32


def bind(endpoint: Endpoint, api: Api) -> Bound:
    """What answers requests to the endpoint."""
    parameters = _parameters_reader(endpoint)
    body = _body_reader(endpoint)

    async def run(scope: Scope, receive: Receive) -> Reply | StreamReply:
        call = Call(api, scope, receive)
        require(call.actor, endpoint.roles)
        arguments = parameters(scope)
        if endpoint.method == "GET" or not endpoint.reads_body:
            return await _run(endpoint, call, arguments)
        with api.bodies.one(call.actor.token_id):
            raw = await _whole(receive)
        arguments.update(body(scope, raw))
        key = header_of(scope["headers"], b"idempotency-key", None) if endpoint.remembered else None
        if key is None:
            return await _run(endpoint, call, arguments)

        async def once() -> Reply:
            answered = await _run(endpoint, call, arguments)
            assert isinstance(answered, Reply)
            return answered

        digest = digest_of(scope["raw_path"], scope["query_string"], raw)
        return await api.idempotency.once(key.decode("latin-1"), call.actor, digest, once)

    return run


async def _run(endpoint: Endpoint, call: Call, arguments: dict[str, Any]) -> Reply | StreamReply:
    answer = await endpoint.handler(call, **arguments)
    if isinstance(answer, Reply | StreamReply):
        return answer
    content, headers = (answer.content, answer.headers) if isinstance(answer, Answer) else (answer, [])
    masked = not sees_numbers(call.actor)

    def encoded() -> Reply:
        return reply(hide(content) if masked else content, endpoint.status, headers)

    return await asyncio.to_thread(encoded) if _length(content) > LONG else encoded()


def _length(content: Any) -> int:
    items = content.items if isinstance(content, Page) else content
    return len(items) if isinstance(items, list) else 0


# ---- parameters --------------------------------------------------------------------------------------------------


def _parameters_reader(endpoint: Endpoint) -> Callable[[Scope], dict[str, Any]]:
    wanted = endpoint.parameters
    fields = [(one.argument, one.hint) if one.required else (one.argument, one.hint, one.default) for one in wanted]
    renamed = {one.argument: one.name for one in wanted if one.argument != one.name}
    struct = msgspec.defstruct("Parameters", fields, kw_only=True, rename=renamed)
    in_path = [one.name for one in wanted if one.place == "path"]
    in_headers = [(one.name, one.name.lower().encode()) for one in wanted if one.place == "header"]
    moments = [one.name for one in wanted if _is_moment(one.hint)]
    in_query = frozenset(one.name for one in wanted if one.place == "query")
    arguments = tuple(one.argument for one in wanted)

    def read(scope: Scope) -> dict[str, Any]:
        query = scope["query_string"]
        given: dict[str, Any] = _query(query, in_query) if query else {}
        for name in in_path:
            given[name] = scope["path_params"][name]
        for name, raw_name in in_headers:
            value = header_of(scope["headers"], raw_name, None)
            if value is not None:
                given[name] = value.decode("latin-1")
        for name in moments:
            if name in given and given[name][4:5] != "-":  # else msgspec takes a number for seconds
                raise ProblemError("invalid", "wants a date-time such as 2026-01-31T09:00:00Z", field=name)
        taken = msgspec.convert(given, struct, strict=False)
        return {name: getattr(taken, name) for name in arguments}

    return read


def _is_moment(hint: Any) -> bool:
    return hint is datetime or any(_is_moment(inner) for inner in typing.get_args(hint))


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


# ---- body --------------------------------------------------------------------------------------------------------


def _body_reader(endpoint: Endpoint) -> Callable[[Scope, bytes], dict[str, Any]]:
    if endpoint.body is None:
        return _no_body
    decoder = msgspec.json.Decoder(endpoint.body)
    taken = sorted({endpoint.body_media, JSON})

    def read(scope: Scope, raw: bytes) -> dict[str, Any]:
        if not raw:
            if endpoint.body_required:
                raise ProblemError("malformed", "a JSON body is needed")
            return {}
        media = header_of(scope["headers"], b"content-type", JSON.encode()).partition(b";")[0].strip().lower()
        if media.decode("latin-1") not in taken:
            raise ProblemError("media-type", f"{media.decode('latin-1')} is not taken here, but {' and '.join(taken)}")
        body = decoder.decode(raw)
        return {"body": msgspec.to_builtins(body) if endpoint.body_plain else body}

    return read


def _no_body(_: Scope, raw: bytes) -> dict[str, Any]:
    if raw.strip() not in (b"", b"{}"):
        raise ProblemError("malformed", "no body is taken here")
    return {}


async def _whole(receive: Receive) -> bytes:
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_S):
            async for part in pieces(receive):
                size += len(part)
                if size > BODY_MAX:
                    raise ProblemError("too-large", f"a body may have {BODY_MAX} bytes at most")
                parts.append(part)
    except TimeoutError:
        raise ProblemError("malformed", f"the body did not come within {BODY_S:g} s") from None
    return b"".join(parts)


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The body of a request as it comes. ProblemError `malformed`: it broke off, or nothing came for `STALLED_S`."""
    more = True
    while more:
        try:
            async with asyncio.timeout(STALLED_S):
                message = await receive()
        except TimeoutError:
            raise ProblemError("malformed", f"nothing more of the body came for {STALLED_S:g} s") from None
        if message["type"] == "http.disconnect":
            raise ProblemError("malformed", "the body broke off")
        yield message.get("body", b"")
        more = message.get("more_body", False)
