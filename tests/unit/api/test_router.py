"""Paths to operations."""

from __future__ import annotations

from typing import Any

import pytest

from outpace.api.answers import Reply
from outpace.api.problems import ProblemError
from outpace.api.router import Router

PATHS = ["/a", "/a/{x}", "/a/fixed", "/a/{x}/b", "/a/{x}/b/{y}", "/health/live"]


def operation(name: str) -> Any:
    async def bound(scope: Any, _: Any) -> Reply:
        return Reply(200, f"{name} {scope['path_params']}".encode(), [])

    return bound


ROUTER = Router([("GET", path, operation(path)) for path in PATHS] + [("POST", "/a", operation("post"))])


async def sent(method: str, path: str) -> tuple[dict[str, Any], bytes]:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    await ROUTER({"method": method, "path": path}, receive, send)
    return messages[0], messages[1]["body"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/a", b"/a {}"),
        ("/a/7", b"/a/{x} {'x': '7'}"),
        ("/a/fixed", b"/a/fixed {}"),
        ("/a/7/b", b"/a/{x}/b {'x': '7'}"),
        ("/a/7/b/c d", b"/a/{x}/b/{y} {'x': '7', 'y': 'c d'}"),
        ("/a/b/b/b", b"/a/{x}/b/{y} {'x': 'b', 'y': 'b'}"),
        ("/health/live", b"/health/live {}"),
    ],
)
async def test_path_leads_to_its_operation(path: str, body: bytes) -> None:
    assert (await sent("GET", path))[1] == body


@pytest.mark.parametrize(
    "path", ["", "/", "/b", "/a/", "//a", "/a//b", "/a/fixed/b", "/a/7/c", "/a/7/b/c/d", "/health", "a", "/A"]
)
async def test_path_that_is_none_is_not_found(path: str) -> None:
    with pytest.raises(ProblemError) as caught:
        await sent("GET", path)
    assert caught.value.slug == "not-found"


async def test_methods() -> None:
    assert (await sent("POST", "/a"))[1] == b"post {}"
    assert (await sent("HEAD", "/a/7"))[1] == b"/a/{x} {'x': '7'}"
    start, _ = await sent("OPTIONS", "/a")
    assert (start["status"], dict(start["headers"])[b"allow"]) == (204, b"GET, HEAD, OPTIONS, POST")
    for method in ("DELETE", "get", "TRACE", ""):
        with pytest.raises(ProblemError) as caught:
            await sent(method, "/a")
        assert caught.value.headers == {"Allow": "GET, HEAD, OPTIONS, POST"}


@pytest.mark.parametrize("again", [("GET", "/a"), ("GET", "/a/{y}"), ("PUT", "/a/{y}")])
def test_operation_that_is_there_already_is_refused(again: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="there already"):
        Router([("GET", "/a", operation("a")), ("GET", "/a/{x}", operation("b")), (*again, operation("c"))])
