"""What the client does beyond one request: acts once, streams, resumes, waits, keeps the token to itself."""

from __future__ import annotations

import asyncio
import logging
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from outpace.api import connections
from outpace.api import stream as api_stream
from outpace.client import (
    AsyncClient,
    Client,
    Conflict,
    ConnectionFailed,
    Forbidden,
    Interrupted,
    InvalidRequest,
    JobFailed,
    Resumed,
    Retry,
    Snapshot,
    Unauthorized,
    Update,
)
from outpace.domain.access import Role
from outpace.domain.resources import AgentView, BoardView, JobView
from outpace.domain.wire import Topic
from tests.integration.api.floor import WAIT_S, Floor, node_file, open_floor
from tests.integration.client.user import KINDS, User, user_of

QUICK = Retry(first_s=0.01, most_s=0.05)
kinds = pytest.mark.parametrize("kind", KINDS)
Kind = type[Client] | type[AsyncClient]


class Losing(httpx.BaseTransport):
    """Loses the answers to the first requests of a method: the node has carried them out."""

    def __init__(self, method: str, answers: int) -> None:
        self.method, self.answers = method, answers
        self.inner = httpx.HTTPTransport()
        self.sent: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        if request.method == self.method:
            self.sent.append(request)
            if len(self.sent) <= self.answers:
                response.read()
                response.close()
                raise httpx.ReadError("the answer is lost")
        return response

    def close(self) -> None:
        self.inner.close()


class AsyncLosing(httpx.AsyncBaseTransport):
    """The same."""

    def __init__(self, method: str, answers: int) -> None:
        self.method, self.answers = method, answers
        self.inner = httpx.AsyncHTTPTransport()
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        if request.method == self.method:
            self.sent.append(request)
            if len(self.sent) <= self.answers:
                await response.aread()
                await response.aclose()
                raise httpx.ReadError("the answer is lost")
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


def losing(kind: Kind, method: str, answers: int = 2) -> Any:
    return (Losing if kind is Client else AsyncLosing)(method, answers)


@kinds
async def test_post_whose_answer_is_lost_acts_once(floor: Floor, kind: Kind) -> None:
    wire = losing(kind, "POST")
    async with user_of(kind, floor, retry=QUICK, transport=wire) as user:
        made = await user.ask("create_campaign", name="once")
        assert [one.name for one in (await user.ask("list_campaigns")).items] == ["once"]
        assert made.campaign_id == 1
    assert len({request.headers["idempotency-key"] for request in wire.sent}) == 1
    assert len(wire.sent) == 3


@kinds
async def test_key_of_ones_own_acts_once_over_the_life_of_the_program(floor: Floor, kind: Kind) -> None:
    for _ in range(2):
        async with user_of(kind, floor) as user:
            made = await user.ask("create_campaign", name="once", idempotency_key="order 4711")
    assert made.campaign_id == 1
    async with user_of(kind, floor) as user:
        with pytest.raises(InvalidRequest, match="another request"):
            await user.ask("create_campaign", name="twice", idempotency_key="order 4711")


@kinds
async def test_change_whose_answer_is_lost_is_not_sent_again(floor: Floor, kind: Kind) -> None:
    campaign_id = await floor.campaign()
    wire = losing(kind, "PATCH")
    async with user_of(kind, floor, retry=QUICK, transport=wire) as user:
        with pytest.raises(ConnectionFailed, match="PATCH /v1/campaigns/1: the answer is lost"):
            await user.ask("change_campaign", campaign_id, version=1, reserve=1)
        assert len(wire.sent) == 1
        assert (await user.ask("get_campaign", campaign_id)).version == 2


@kinds
async def test_deletion_whose_answer_is_lost_is_done(floor: Floor, kind: Kind) -> None:
    wire = losing(kind, "DELETE", 1)
    async with user_of(kind, floor, retry=QUICK, transport=wire) as user:
        await user.ask("suppress", number="+4930123456")
        assert await user.ask("unsuppress", "+4930123456") is None
        assert (await user.ask("list_suppression")).items == []
    assert len(wire.sent) == 2


@kinds
async def test_limits_of_the_node_are_waited_for(tmp_path: Path, kind: Kind) -> None:
    file = node_file(tmp_path)
    slow = msgspec.structs.replace(file, api=msgspec.structs.replace(file.api, requests_per_s=20.0, burst=2))
    async with open_floor(slow) as floor, user_of(kind, floor) as user:
        began = asyncio.get_running_loop().time()
        for _ in range(5):
            await user.ask("list_campaigns")
        assert asyncio.get_running_loop().time() - began >= 0.1


@kinds
async def test_stream_tells_all_there_is_and_then_what_changes(floor: Floor, kind: Kind) -> None:
    campaign_id = await floor.campaign(leads=5, agents=1)
    async with user_of(kind, floor) as user, user.listening(topics=[Topic.CAMPAIGNS, "agents"]) as heard:
        first = await heard()
        assert isinstance(first, Snapshot)
        assert {(one.topic, one.key, type(one.data)) for one in first.updates} == {
            (Topic.CAMPAIGNS, str(campaign_id), BoardView),
            (Topic.AGENTS, "1", AgentView),
        }
        await user.ask("start_campaign", campaign_id)
        async with asyncio.timeout(WAIT_S):
            while not (isinstance(told := await heard(), Update) and told.topic is Topic.CAMPAIGNS):
                pass
        assert isinstance(told.data, BoardView)


@kinds
async def test_stream_goes_on_when_the_node_starts_again(tmp_path: Path, kind: Kind) -> None:
    file = node_file(tmp_path)
    async with open_floor(file) as floor:
        port = int(floor.url.rsplit(":", 1)[1])
        client = kind(floor.url, floor.tokens[Role.OPERATOR], retry=QUICK)
        user = User(client)
        stream = client.stream(topics=["campaigns"])
        heard = reading(stream)
        await user.ask("create_campaign", name="before")
        assert isinstance(await heard(), Snapshot)
    assert isinstance(gone := await until(heard, Interrupted), Interrupted)
    assert gone.code == 1012
    same = msgspec.structs.replace(file, api=msgspec.structs.replace(file.api, port=port))
    async with open_floor(same) as floor:
        again = await until(heard, Snapshot, Resumed)
        assert again is not None
        await user.ask("create_campaign", name="after")
        told = again.updates[-1] if isinstance(again, Snapshot) and len(again.updates) == 2 else await heard()
        while told.data.name != "after":
            told = await heard()
        await user.run(stream.close)
        closed = client.close()
        if closed is not None:
            await closed


def reading(stream: Any) -> Any:
    """A function that brings the next message of a stream of either kind."""
    if hasattr(stream, "__iter__"):
        messages = iter(stream)
        return lambda: asyncio.wait_for(asyncio.to_thread(next, messages), WAIT_S)
    later = aiter(stream)
    return lambda: asyncio.wait_for(anext(later), WAIT_S)


async def until(heard: Any, *wanted: type) -> Any:
    """The next message of one of the kinds."""
    while not isinstance(found := await heard(), wanted):
        pass
    return found


@kinds
async def test_stream_that_was_interrupted_brings_what_was_missed(floor: Floor, kind: Kind) -> None:
    view = (await floor.post("/v1/campaigns", {"name": "one"}), await floor.imported(1, ["+4930123456"]))[1]
    shown = {**view, "text": "n = %d"}
    async with user_of(kind, floor, retry=QUICK) as user:
        stream = user.client.stream(topics=["jobs"])
        heard = reading(stream)
        assert isinstance(await heard(), Snapshot)
        floor.server.publish(Topic.JOBS, "import-1", {**shown, "text": "1"})
        assert (await heard()).data.text == "1"
        seen = stream.last
        await user.run(stream.close)
        for n in (2, 3):
            floor.server.publish(Topic.JOBS, "import-1", {**shown, "text": str(n)})
        later = user.client.stream(topics=["jobs"], after=seen)
        heard = reading(later)
        assert await heard() == Resumed(missed=2)
        told = [await heard(), await heard()]
        assert [one.data.text for one in told] == ["2", "3"]
        assert isinstance(told[0].data, JobView)
        await user.run(later.close)


@kinds
async def test_stream_that_is_not_for_the_role_says_so(floor: Floor, kind: Kind) -> None:
    async with user_of(kind, floor, Role.MONITOR) as user, user.listening(topics=["calls"]) as heard:
        with pytest.raises(Forbidden, match="may not listen to calls"):
            await heard()


@pytest.mark.slow
@kinds
async def test_stream_ends_with_its_token(floor: Floor, kind: Kind) -> None:
    made = await floor.post("/v1/tokens", {"name": "short", "role": "monitor"})
    floor.tokens[Role.MONITOR] = made["token"]
    async with user_of(kind, floor, Role.MONITOR) as user, user.listening() as heard:
        await heard()
        await floor.send("DELETE", f"/v1/tokens/{made['view']['token_id']}")
        with pytest.raises(Unauthorized, match="revoked"):
            await until(heard, Interrupted)


@kinds
async def test_stream_of_a_node_that_was_never_there_gives_up(kind: Kind) -> None:
    stream = kind("http://127.0.0.1:9", "token", retry=QUICK).stream()
    heard = reading(stream)
    assert isinstance(await heard(), Interrupted)
    with pytest.raises(ConnectionFailed):
        await heard()


def rows(count: int) -> Iterator[bytes]:
    yield b"phone\n"
    for start in range(0, count, 1000):
        yield b"".join(b"+%d\n" % (49_301_000_000 + n) for n in range(start, min(start + 1000, count)))


async def later_rows(count: int) -> AsyncIterator[bytes]:
    for piece in rows(count):
        yield piece


@kinds
@pytest.mark.parametrize("form", ["pieces", "path", "file", "async"])
async def test_list_of_any_form_is_imported(floor: Floor, tmp_path: Path, kind: Kind, form: str) -> None:
    campaign_id = await floor.campaign()
    path = tmp_path / "list.csv"
    path.write_bytes(b"".join(rows(3000)))
    with path.open("rb") as file:
        source = {"pieces": rows(3000), "path": path, "file": file, "async": later_rows(3000)}[form]
        if form == "async" and kind is Client:
            source = rows(3000)
        async with user_of(kind, floor) as user:
            job = await user.ask("import_list", campaign_id, source, name=form, validation="possible")
            assert (await user.run(job.wait, timeout_s=WAIT_S)).result["added"] == 3000


@kinds
async def test_import_that_fails_raises_and_one_that_is_cancelled_too(floor: Floor, kind: Kind) -> None:
    campaign_id = await floor.campaign()
    async with user_of(kind, floor) as user:
        job = await user.ask("import_list", campaign_id, b"name\nAda\nBob\n", name="none", column="phone")
        with pytest.raises(JobFailed, match="no column 'phone'") as failed:
            await user.run(job.wait)
        assert failed.value.job.state == "failed"
        long = await user.ask("import_list", campaign_id, rows(200_000), name="long", validation="possible")
        with pytest.raises(TimeoutError):
            await user.run(long.wait, timeout_s=0.1)
        await user.run(long.cancel)
        with pytest.raises(JobFailed, match="cancelled"):
            await user.run(long.wait)
        with pytest.raises(Conflict):
            await user.run(long.cancel)


@kinds
async def test_export_comes_in_pieces_and_is_saved_whole(floor: Floor, tmp_path: Path, kind: Kind) -> None:
    campaign_id = await floor.campaign(leads=30, agents=3)
    await floor.post(f"/v1/campaigns/{campaign_id}/start")
    await floor.until("/v1/attempts?limit=1000", lambda page: len(page["items"]) == 30)
    async with user_of(kind, floor) as user:
        path = tmp_path / "attempts.csv"
        size = await user.run(user.client.export_attempts(format="csv").save, path)
        assert path.stat().st_size == size
        assert path.read_bytes() == await user.bytes_of("export_attempts", format="csv")
        lines = user.client.export_attempts(format="jsonl").lines()
        found = await asyncio.to_thread(list, lines) if kind is Client else [line async for line in lines]
        assert len(found) == 30
        assert not path.with_name("attempts.csv.part").exists()
        with pytest.raises(InvalidRequest):
            await user.bytes_of("export_attempts", format="xml")


async def test_upload_is_read_a_piece_at_a_time(floor: Floor) -> None:
    campaign_id = await floor.campaign()
    largest = 0

    def watched() -> Iterator[bytes]:
        nonlocal largest
        yield b"phone\n"
        for _ in range(400):
            yield b"x" * 99_999 + b"\n"
            largest = max(largest, tracemalloc.get_traced_memory()[0])

    with Client(floor.url, floor.tokens[Role.OPERATOR]) as client:
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            job = await asyncio.to_thread(client.import_list, campaign_id, watched(), name="forty megabytes")
        finally:
            tracemalloc.stop()
    assert largest - before < 12e6
    assert job.view.kind == "import"


async def test_token_is_nowhere_to_be_read(floor: Floor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = floor.tokens[Role.OPERATOR]
    with Client(floor.url, token, retry=QUICK) as client:
        stream = client.stream(topics=["jobs"])
        await reading(stream)()
        await asyncio.to_thread(stream.close)
        with pytest.raises(InvalidRequest) as refused:
            await asyncio.to_thread(client.create_campaign, name="")
        said = [repr(client), repr(vars(client)), repr(vars(stream)), str(refused.value), repr(refused.value)]
    with Client("http://127.0.0.1:9", token, retry=QUICK) as away, pytest.raises(ConnectionFailed) as failed:
        await asyncio.to_thread(away.get_me)
    said += [repr(failed.value), repr(failed.value.__cause__), caplog.text]
    assert token not in "".join(said)
    assert "outpace.client" in caplog.text


@kinds
async def test_reader_that_is_too_slow_is_told_and_goes_on(
    floor: Floor, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_stream, "STALLED_S", 0.3)
    monkeypatch.setattr(connections, "_LAST_WORDS_S", WAIT_S)  # a client that is cut off is not told why
    await floor.campaign()
    job = {**await floor.imported(1, ["+4930123456"]), "text": "x" * 200_000}
    async with user_of(kind, floor, retry=QUICK) as user, user.listening(topics=["jobs"]) as heard:
        assert isinstance(await heard(), Snapshot)
        for n in range(200):
            floor.server.publish(Topic.JOBS, "import-1", {**job, "progress": n / 1000})
            if n % 10 == 0:
                await asyncio.sleep(0.01)
        async with asyncio.timeout(WAIT_S):
            while "outpace_api_streams_dropped_total 0.0" in (await floor.send("GET", "/metrics")).text:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # who reads again before it has been given up is none that is too slow
        assert (await until(heard, Interrupted)).code == 4408
        await until(heard, Snapshot, Resumed)
        floor.server.publish(Topic.JOBS, "import-1", {**job, "progress": 0.75})
        async with asyncio.timeout(WAIT_S):
            while not (isinstance(told := await heard(), Update) and told.data.progress == 0.75):
                pass
