"""Retry and paging without a node: what is sent again, what is waited, what an answer becomes."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from outpace.client import (
    ApiError,
    AsyncClient,
    BadAnswer,
    Client,
    Conflict,
    ConnectionFailed,
    InvalidRequest,
    NotFound,
    Retry,
    TooManyRequests,
    Unavailable,
    VersionConflict,
)
from outpace.client.requests import Address
from outpace.domain import errors
from outpace.domain.errors import ConfigError
from outpace.domain.wire import FieldError, Problem

ME = b'{"name":"ada","role":"operator","agent_id":0,"expires_at":null}'
Answer = httpx.Response | Exception
WORDS = {409: "conflict", 412: "version-conflict", 422: "invalid", 429: "too-many-requests", 503: "unavailable"}


def problem(status: int, slug: str = "", headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    told = Problem(
        type=f"urn:outpace:problem:{slug or WORDS[status]}", title="No", status=status, detail="it is so", **more
    )
    return httpx.Response(status, content=msgspec.json.encode(told), headers=headers)


def ok(body: bytes = ME) -> httpx.Response:
    return httpx.Response(200, content=body)


class Wire:
    """Answers from a list, and what was sent; the waits are written down and not waited."""

    def __init__(self, *answers: Answer, **more: Any) -> None:
        self.answers = list(answers)
        self.sent: list[httpx.Request] = []
        self.waits: list[float] = []
        self.more = more

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.sent.append(request)
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)  # each is read once

    def run(self, kind: type, act: Callable[[Any], Any]) -> Any:
        """What an act of a client comes to."""
        if kind is Client:
            client = Client("http://node", "token", transport=httpx.MockTransport(self.answer), **self.more)
            client._sleep = self.waits.append
            with client:
                found = act(client)
                return list(found) if hasattr(found, "__next__") else found
        return asyncio.run(self.run_later(act))

    async def run_later(self, act: Callable[[Any], Any]) -> Any:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        async with AsyncClient("http://node", "token", transport=httpx.MockTransport(self.answer), **self.more) as one:
            one._sleep = sleep
            found = act(one)
            return [item async for item in found] if hasattr(found, "__anext__") else await found


kinds = pytest.mark.parametrize("kind", [Client, AsyncClient])


@kinds
@pytest.mark.parametrize(
    "first",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("gone"),
        problem(429, headers={"Retry-After": "0"}),
        problem(503, headers={"Retry-After": "1"}),
        httpx.Response(502, content=b"<html>"),
        httpx.Response(504),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "act",
    [
        lambda client: client.get_me(),
        lambda client: client.start_campaign(1),
        lambda client: client.validate_campaign(name="a"),
    ],
    ids=["GET", "POST with a key", "POST that changes nothing"],
)
def test_what_may_come_twice_is_sent_again(kind: type, first: Answer, act: Callable[[Any], Any]) -> None:
    wire = Wire(first, problem(409))
    with pytest.raises(Conflict):
        wire.run(kind, act)
    assert len(wire.sent) == 2
    keys = [request.headers.get("idempotency-key") for request in wire.sent]
    assert keys[0] == keys[1]
    assert [request.content for request in wire.sent[:1]] == [request.content for request in wire.sent[1:]]


@kinds
@pytest.mark.parametrize(
    "act",
    [
        lambda client: client.create_token(name="a", role="monitor"),
        lambda client: client.change_campaign(1, version=1, reserve=1),
        lambda client: client.import_list(1, b"phone\n", name="a"),
    ],
    ids=["token", "PATCH", "import"],
)
def test_what_may_not_come_twice_is_sent_again_only_when_it_was_not_done(kind: type, act: Callable[[Any], Any]) -> None:
    for answer in (httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("gone")):
        wire = Wire(answer)
        with pytest.raises(ConnectionFailed):
            wire.run(kind, act)
    with pytest.raises(ApiError):
        Wire(httpx.Response(502, content=b"<html>")).run(kind, act)
    wire = Wire(httpx.ConnectError("refused"), problem(503, headers={"Retry-After": "0"}), problem(422))
    with pytest.raises(InvalidRequest):
        wire.run(kind, act)
    assert len({request.content for request in wire.sent}) == 1


@kinds
def test_upload_that_is_read_once_is_sent_once(kind: type) -> None:
    wire = Wire(httpx.ConnectError("refused"))
    with pytest.raises(ConnectionFailed):
        wire.run(kind, lambda client: client.import_list(1, iter([b"phone\n"]), name="a"))


@kinds
def test_refusals_are_not_sent_again(kind: type) -> None:
    for answer in (problem(422), problem(409), problem(503), problem(500, "internal"), problem(507, "storage-full")):
        wire = Wire(answer)
        with pytest.raises(ApiError):
            wire.run(kind, lambda client: client.get_me())
        assert wire.waits == []


@kinds
def test_wait_grows_and_the_word_of_the_node_counts(kind: type) -> None:
    retry = Retry(attempts=5, first_s=1.0, most_s=3.0)
    wire = Wire(*[httpx.ConnectError("refused")] * 3, problem(429, headers={"Retry-After": "7"}), ok(), retry=retry)
    assert wire.run(kind, lambda client: client.get_me()).name == "ada"
    for waited, longest in zip(wire.waits, (1.0, 2.0, 3.0), strict=False):
        assert longest / 2 <= waited <= longest
    assert wire.waits[3] == 7.0


@kinds
def test_node_that_wants_too_long_a_wait_is_not_asked_again(kind: type) -> None:
    wire = Wire(problem(503, headers={"Retry-After": "61"}))
    with pytest.raises(Unavailable) as caught:
        wire.run(kind, lambda client: client.get_me())
    assert caught.value.retry_after_s == 61.0


@kinds
def test_attempts_end(kind: type) -> None:
    wire = Wire(*[problem(429, headers={"Retry-After": "1"})] * 2, retry=Retry(attempts=2))
    with pytest.raises(TooManyRequests):
        wire.run(kind, lambda client: client.get_me())
    assert len(wire.waits) == 1
    wire = Wire(httpx.ReadTimeout(""), retry=Retry(attempts=1))
    with pytest.raises(ConnectionFailed, match="GET /v1/me: ReadTimeout"):
        wire.run(kind, lambda client: client.get_me())


@kinds
def test_post_that_is_still_being_carried_out_is_waited_for(kind: type) -> None:
    busy = problem(409, "in-progress", headers={"Retry-After": "1"})
    wire = Wire(httpx.ReadTimeout("slow"), busy, httpx.Response(200, content=b'{"retried":2}'))
    assert wire.run(kind, lambda client: client.retry_dead_letters(1)).retried == 2
    assert wire.waits[1] == 1.0


@kinds
def test_deletion_is_done_when_an_attempt_in_doubt_has_done_it(kind: type) -> None:
    gone = problem(404, "not-found")
    wire = Wire(httpx.ReadTimeout("slow"), gone)
    assert wire.run(kind, lambda client: client.unsuppress("+4930123456")) is None
    with pytest.raises(NotFound):
        Wire(httpx.ConnectError("refused"), problem(404, "not-found")).run(kind, lambda c: c.unsuppress("+4930123456"))


@kinds
def test_pages_are_asked_for_as_they_are_read(kind: type) -> None:
    def page(name: str, cursor: str | None) -> httpx.Response:
        entry = dict.fromkeys(("actor", "role", "action", "subject"), name)
        item = {"entry_id": 1, "at": "2026-01-05T09:00:00Z", "detail": {}, **entry}
        return ok(msgspec.json.encode({"items": [item, item], "next_cursor": cursor}))

    wire = Wire(page("a", "next"), page("b", "4 ?&"), page("c", None))
    found = wire.run(kind, lambda client: client.iter_audit(actor="ada", page_size=2))
    assert [one.actor for one in found] == ["a", "a", "b", "b", "c", "c"]
    asked = [dict(request.url.params) for request in wire.sent]
    assert asked == [
        {"actor": "ada", "limit": "2"},
        {"actor": "ada", "limit": "2", "cursor": "next"},
        {"actor": "ada", "limit": "2", "cursor": "4 ?&"},
    ]
    assert wire.sent[0].url.path == "/v1/audit"


def test_page_that_is_not_read_is_not_asked_for() -> None:
    wire = Wire(ok(b'{"items":[],"next_cursor":"more"}'), ok(b'{"items":[],"next_cursor":null}'))
    with Client("http://node", "t", transport=httpx.MockTransport(wire.answer)) as client:
        pages = client.iter_leads(campaign_id=1)
        assert wire.sent == []
        assert list(pages) == []
    assert len(wire.sent) == 2


@kinds
def test_changes_name_their_version_and_keep_what_is_null(kind: type) -> None:
    for version, etag in ((3, '"3"'), (0, "*")):
        wire = Wire(problem(412, version=4))
        with pytest.raises(VersionConflict) as caught:
            wire.run(kind, lambda client, version=version: client.change_campaign(1, version=version, script=None))
        assert caught.value.version == 4
        assert isinstance(caught.value, errors.VersionConflict)
        (request,) = wire.sent
        assert (request.headers["if-match"], request.content) == (etag, b'{"script":null}')
        assert request.headers["content-type"] == "application/merge-patch+json"


@kinds
def test_parts_of_paths_are_quoted(kind: type) -> None:
    wire = Wire(httpx.Response(204))
    wire.run(kind, lambda client: client.unsuppress("+49 30/1?", campaign_id=2))
    assert wire.sent[0].url.raw_path == b"/v1/suppression/%2B49%2030%2F1%3F?campaign_id=2"


@kinds
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"name":1}', b"[]"])
def test_answer_that_does_not_fit_says_so(kind: type, body: bytes) -> None:
    with pytest.raises(BadAnswer, match="cannot read"):
        Wire(ok(body)).run(kind, lambda client: client.get_me())


def test_errors_hold_the_problem_and_can_be_sent_to_other_processes() -> None:
    wire = Wire(problem(422, errors=[FieldError("abandonment.cap", "must be less than 1")]))
    with pytest.raises(InvalidRequest) as caught:
        wire.run(Client, lambda client: client.get_me())
    error = caught.value
    assert (error.status, error.type, error.detail) == (422, "invalid", "it is so")
    assert error.errors == [FieldError("abandonment.cap", "must be less than 1")]
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.problem, str(again)) == (InvalidRequest, error.problem, str(error))
    conflict = pickle.loads(pickle.dumps(VersionConflict(Problem(
        type="t", title="T", status=412, detail="d", version=7))))  # fmt: skip
    assert conflict.version == 7


def test_token_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTPACE_URL", "https://node.example/outpace/")
    monkeypatch.setenv("OUTPACE_TOKEN", "secret")
    address = Address.of(None, None)
    assert (address.url, address.token) == ("https://node.example/outpace", "secret")
    assert "secret" not in repr(address)
    assert Address.of("http://a", "mine") == Address("http://a", "mine")
    wire = Wire(ok())
    with Client(transport=httpx.MockTransport(wire.answer)) as client:
        assert "secret" not in repr(client)
        client.get_me()
    assert str(wire.sent[0].url) == "https://node.example/outpace/v1/me"
    assert wire.sent[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("node:8080", "t"),
        ("ftp://node", "t"),
        ("http://", "t"),
        ("http://ada:pass@node", "t"),
        ("http://node?x=1", "t"),
        ("http://node", "two words"),
        ("http://node", "line\nbreak"),
        ("http://node", "ünï"),
    ],
)
def test_address_that_cannot_be_is_refused(url: str, token: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Client(url, token)
    assert token not in str(caught.value) or token == "t"


def test_redirect_is_not_followed() -> None:
    wire = Wire(httpx.Response(302, headers={"Location": "http://elsewhere/"}))
    with pytest.raises(ApiError) as caught:
        wire.run(Client, lambda client: client.get_me())
    assert caught.value.status == 302
    assert len(wire.sent) == 1
