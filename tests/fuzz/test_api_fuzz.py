"""The control API, as an application: any method, path, query, headers and body is answered, and never as our fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outpace.api.app import ALL_ROUTES, create_app
from outpace.api.auth import bearer_of, bearer_of_subprotocols
from outpace.api.frames import frame, texts_of
from outpace.api.problems import ProblemError
from outpace.api.settings import ApiSettings
from outpace.api.versions import version_of
from outpace.domain.access import Role
from tests.integration.api.floor import node_file, open_floor

ENDPOINTS = [endpoint for routes in ALL_ROUTES for endpoint in routes.endpoints]

#: What requests are made of; free bytes come on top.
WORDS = [
    *(b"/", b"..", b"%2e%2e", b"%00", b"%ff", b"\xff", b"//", b"?", b"#", b"1", b"0", b"-1", b"9" * 30, b"+4930123456"),
    *(b"campaigns", b"v1", b"leads", b"desk", b"\xc3\xa9", b" ", b"\r\n", b"true", b"null", b"2026-01-01T00:00:00Z"),
]
pieces = st.sampled_from(WORDS) | st.binary(max_size=8)
free = st.lists(pieces, max_size=6).map(b"".join)
methods = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get", ""])
#: Addresses of operations with anything for their parameters, and anything at all.
paths = st.one_of(
    free.map(lambda one: b"/" + one),
    st.tuples(st.sampled_from([one.path for one in ENDPOINTS]), free, free).map(
        lambda parts: (
            parts[0].replace("{by}", "hour").encode().replace(b"{", b"\x00", 1).partition(b"\x00")[0]
            + (parts[1] if "{" in parts[0] else b"")
            + (parts[0].encode().rpartition(b"}")[2] if "{" in parts[0] else b"")
        )
    ),
)
names = [one.name for endpoint in ENDPOINTS for one in endpoint.parameters if one.place == "query"]
queries = st.lists(
    st.tuples(st.sampled_from(names).map(str.encode) | free, free).map(b"=".join), max_size=4
).map(b"&".join)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
examples = [one.body_example for one in ENDPOINTS if isinstance(one.body_example, dict)]
#: Bodies of the reference with one field that is anything; JSON of any kind; bytes.
bodies = st.one_of(
    st.sampled_from(examples).map(json.dumps).map(str.encode),
    st.tuples(st.sampled_from(examples), values, st.integers(0, 30)).map(
        lambda parts: json.dumps({**parts[0], [*parts[0]][parts[2] % len(parts[0])]: parts[1]}).encode()
    ),
    values.map(json.dumps).map(str.encode),
    st.binary(max_size=60),
    st.just(b"[" * 5000),
    st.just(b'{"a":' * 2000),
)
known = [b"if-match", b"idempotency-key", b"content-type", b"accept", b"x-forwarded-for", b"transfer-encoding"]
headers = st.lists(
    st.tuples(
        st.sampled_from(known) | st.binary(min_size=1, max_size=8),
        st.sampled_from([b'"1"', b"*", b"application/json", b"text/csv"]) | st.binary(max_size=20),
    ),
    max_size=3,
)


class World:
    """A node with its application in front, in a loop of its own; every request leaves it as it may."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self.loop.run_until_complete(self._open(folder))

    async def _open(self, folder: Path) -> None:
        self.floor = await self._stack.enter_async_context(open_floor(node_file(folder)))
        await self.floor.campaign(leads=10, agents=1)
        settings = ApiSettings(requests_per_s=1e6, burst=1_000_000)
        self.app = create_app(self.floor.server, settings)
        self._stack.push_async_callback(self.app.close)

    def close(self) -> None:
        self.loop.run_until_complete(self._stack.aclose())
        self.loop.close()

    def ask(
        self, method: str, path: bytes, query: bytes, more: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        """Status, headers and body of the answer."""
        token = self.floor.tokens[Role.OPERATOR].encode()
        scope = {
            "type": "http",
            "method": method,
            "path": path.decode("utf-8", "replace"),
            "raw_path": path,
            "query_string": query,
            "headers": [(b"authorization", b"Bearer " + token), *((name.lower(), value) for name, value in more)],
            "scheme": "http",
            "client": ("127.0.0.1", 1),
        }
        return self.loop.run_until_complete(asyncio.wait_for(self._ask(scope, body), 10.0))

    async def _ask(self, scope: dict[str, Any], body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        told: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        start, rest = told[0], told[1:]
        return start["status"], dict(start["headers"]), b"".join(one.get("body", b"") for one in rest)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.close()


@settings(max_examples=1500)
@given(method=methods, path=paths, query=queries, more=headers, body=bodies)
def test_any_request_is_answered(
    world: World, method: str, path: bytes, query: bytes, more: list[tuple[bytes, bytes]], body: bytes
) -> None:
    status, told, content = world.ask(method, path, query, more, body)
    assert status < 500, (status, content)
    assert told[b"x-content-type-options"] == b"nosniff"
    if status >= 400:
        assert told[b"content-type"] == b"application/problem+json"
        problem = json.loads(content)
        assert problem["status"] == status
        assert problem["type"].startswith("urn:outpace:problem:")
        assert problem["detail"]


@given(value=st.binary(max_size=60) | st.binary(max_size=30).map(lambda one: b"Bearer " + one))
def test_any_authorization_is_a_token_or_none(value: bytes) -> None:
    token = bearer_of([(b"authorization", value)])
    assert isinstance(token, str)
    assert not token or value.lower().startswith(b"bearer ")
    text = value.decode("latin-1")
    assert bearer_of_subprotocols([text, f"bearer.{text}"]) in (text, text.removeprefix("bearer."))


@given(value=st.text(max_size=20) | st.integers(0, 10**12).map(lambda n: f'"{n}"'))
def test_any_if_match_is_a_version_or_a_problem(value: str) -> None:
    try:
        version = version_of(value)
    except ProblemError:
        assert value.strip() != "*"
    else:
        assert (value.strip(), version) == ("*", 0) or value.strip() == f'"{version}"'


@given(texts=st.lists(st.text(max_size=200_000) | st.text(max_size=200), max_size=4))
def test_frames_are_read_as_they_were_made(texts: list[str]) -> None:
    assert texts_of(b"".join(frame(text.encode()) for text in texts)) == texts
