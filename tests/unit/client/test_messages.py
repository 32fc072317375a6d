"""Webhooks' signatures, messages of the stream, downloads and uploads, without a node."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from outpace.client import (
    BadAnswer,
    Client,
    ConnectionFailed,
    Forbidden,
    Interrupted,
    Resumed,
    Retry,
    SignatureError,
    Snapshot,
    Unauthorized,
    Update,
    verify_webhook,
)
from outpace.client._uploads import async_pieces, is_read_once, pieces
from outpace.client.messages import messages_of
from outpace.client.requests import Address
from outpace.client.stream import AsyncStream, Following, Stream
from outpace.domain.resources import Alarm, JobView
from outpace.domain.wire import Topic
from outpace.runtime import control, webhooks

NOW_S = 1_800_000_000
SECRET = "0123456789abcdef-secret"
ALARM = Alarm(alarm="switch", severity="critical", subject="", text="away", since=datetime(2026, 1, 5, tzinfo=UTC))
JOB = JobView(
    job_id="import-1",
    kind="import",
    state="running",
    progress=0.5,
    text="",
    created_at=datetime(2026, 1, 5, tzinfo=UTC),
    created_by="ada",
)


def posted() -> bytes:
    """A request's body as the node makes it."""
    told = control.Update(sequence=7, topic=Topic.ALARMS, key="switch", data=msgspec.to_builtins(ALARM))
    gone = control.Update(sequence=8, topic=Topic.CALLS, key="4", data=None)
    return b'{"events":[' + b",".join(webhooks.encode(one, NOW_S * 10**9) for one in (told, gone)) + b"]}"


def test_webhook_of_the_node_is_known_by_its_signature() -> None:
    headers = {"outpace-signature": webhooks.signature(SECRET, NOW_S, posted())}
    first, second = verify_webhook(SECRET, headers, posted(), now_s=NOW_S + 299)
    assert (first.id, first.topic, first.key, first.data) == (7, Topic.ALARMS, "switch", ALARM)
    assert (second.id, second.data, second.at) == (8, None, datetime.fromtimestamp(NOW_S, UTC))


@pytest.mark.parametrize(
    ("secret", "header", "body", "now_s", "why"),
    [
        ("another", None, None, NOW_S, "not that of the secret"),
        (SECRET, None, b'{"events":[]}', NOW_S, "not that of the secret"),
        (SECRET, None, None, NOW_S + 301, "301 s from now"),
        (SECRET, None, None, NOW_S - 301, "301 s from now"),
        (SECRET, "", None, NOW_S, "no signature"),
        (SECRET, "t=1", None, NOW_S, "no signature"),
        (SECRET, f"t={NOW_S},v1={'0' * 64}", None, NOW_S, "not that of the secret"),
    ],
)
def test_webhook_of_somebody_else_is_refused(
    secret: str, header: str | None, body: bytes | None, now_s: int, why: str
) -> None:
    told = webhooks.signature(SECRET, NOW_S, posted()) if header is None else header
    with pytest.raises(SignatureError, match=why) as caught:
        verify_webhook(secret, {"Outpace-Signature": told}, body or posted(), now_s=now_s)
    assert SECRET not in str(caught.value)


def test_webhook_of_now_needs_no_clock_and_one_that_cannot_be_read_says_so() -> None:
    now_s = round(datetime.now(UTC).timestamp())
    headers = {"Outpace-Signature": webhooks.signature(SECRET, now_s, b"{}")}
    with pytest.raises(BadAnswer, match="events"):
        verify_webhook(SECRET, headers, b"{}")


def frame(kind: str, *updates: tuple[int, object]) -> bytes:
    told = [{"sequence": n, "topic": "jobs", "key": "import-1", "data": data} for n, data in updates]
    return msgspec.json.encode({"type": "update", **told[0]} if kind == "update" else {"type": kind, "updates": told})


def test_messages_bring_the_resource_of_their_topic() -> None:
    update = Update(sequence=5, topic=Topic.JOBS, key="import-1", data=JOB)
    assert messages_of(frame("update", (5, JOB))) == [update]
    assert messages_of(frame("snapshot", (5, JOB))) == [Snapshot(updates=[update])]
    assert messages_of(frame("resumed", (5, JOB))) == [Resumed(missed=1), update]
    assert messages_of(frame("resumed")) == [Resumed(missed=0)]
    assert messages_of(frame("update", (6, None)))[0].data is None  # type: ignore[union-attr]
    for text in (b"", b"{}", b'{"type":"other"}', frame("update", (5, {"job_id": 1}))):
        with pytest.raises(BadAnswer):
            messages_of(text)


def following(address: Address | None = None, **more: object) -> Following:
    settings: dict = {"after": 0, "retry": Retry(attempts=3, first_s=1.0, most_s=4.0), "give_up_s": None, **more}
    return Following(address or Address("http://node/x", "token"), ["jobs", Topic.CALLS], random=Random(1), **settings)


def tell(stream: Following, text: bytes) -> None:
    """Have a frame told to its end."""
    for message in stream.heard(text):
        stream.tell(message)


def closed(code: int, reason: str = "") -> ConnectionClosedError:
    return ConnectionClosedError(Close(code, reason), None)


def refused(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> InvalidStatus:
    return InvalidStatus(Response(status, "No", Headers(headers or {}), body))


def test_stream_goes_on_after_the_last_update_it_has_told() -> None:
    stream = following()
    assert stream.address == "ws://node/x/v1/stream?topics=jobs%2Ccalls"
    tell(stream, frame("snapshot", (4, JOB), (5, JOB)))
    assert stream.address.endswith("&after=5")
    tell(stream, frame("update", (9, JOB)))
    assert (stream.last, stream.address.partition("after=")[2]) == (9, "9")
    tell(stream, frame("snapshot"))
    assert stream.last == 9


@pytest.mark.parametrize("kind", [Stream, AsyncStream])
async def test_stream_that_is_left_half_way_through_a_frame_goes_on_there(kind: type[Stream | AsyncStream]) -> None:
    first, later = frame("snapshot", (5, JOB)), frame("resumed", *((n, JOB) for n in range(6, 506)))
    asked: list[str] = []

    async def tells(connection: ServerConnection) -> None:
        asked.append(connection.request.path)
        await connection.send(later if "after=" in connection.request.path else first)
        await connection.wait_closed()

    async with serve(tells, "127.0.0.1", 0) as node:
        url = f"http://127.0.0.1:{node.sockets[0].getsockname()[1]}"
        stream = kind(following(address=Address(url, "token"), after=5), 5.0, verify=True)
        told = await take(stream, 11)  # the frame's first word, and ten of its updates
        assert told[0] == Resumed(missed=500)
        assert [one.sequence for one in told[1:]] == [*range(6, 16)]
        assert stream.last == 15
        again = await take(stream, 2)
        assert (again[0], stream.last) == (Resumed(missed=500), again[1].sequence)
    assert [path.partition("after=")[2] for path in asked] == ["5", "15"]


async def take(stream: Stream | AsyncStream, count: int) -> list[Any]:
    """The next messages of a stream, which is then left where it stands."""
    if isinstance(stream, Stream):
        return await asyncio.to_thread(lambda: list(islice(stream, count)))
    messages, told = aiter(stream), []
    while len(told) < count:
        told.append(await anext(messages))
    await messages.aclose()  # type: ignore[attr-defined]
    return told


def test_stream_that_breaks_off_is_told_once_and_waits_longer_each_time() -> None:
    stream = following()
    stream.heard(frame("snapshot", (5, JOB)))
    told, first_s = stream.broken(closed(4408, "too slow"))
    assert told == Interrupted(code=4408, reason="too slow")
    assert 0.5 <= first_s <= 1.0
    waits = [stream.broken(OSError("refused")) for _ in range(6)]
    assert [one for one, _ in waits] == [None] * 6
    assert all(2.0 <= wait_s <= 4.0 for _, wait_s in waits[1:])
    stream.heard(frame("resumed"))
    told, wait_s = stream.broken(OSError("again"))
    assert told == Interrupted(code=None, reason="again")
    assert wait_s <= 1.0


def test_stream_waits_as_long_as_the_node_says() -> None:
    stream = following()
    assert stream.broken(refused(503, headers={"Retry-After": "9"}))[1] == 9.0


def test_stream_that_the_node_wants_no_more_ends() -> None:
    with pytest.raises(Unauthorized, match="expired"):
        following().broken(closed(4401, "the token has expired"))
    with pytest.raises(Forbidden):
        following().broken(closed(1008, "this stream only tells"))
    with pytest.raises(Unauthorized):
        following().broken(refused(401))


def test_stream_gives_up_when_it_was_never_there_or_is_away_for_too_long() -> None:
    stream = following()
    for _ in range(2):
        stream.broken(OSError("refused"))
    with pytest.raises(ConnectionFailed, match="refused"):
        stream.broken(OSError("refused"))
    stream = following(give_up_s=1.5)
    stream.heard(frame("snapshot"))
    stream.broken(OSError("gone"))
    with pytest.raises(ConnectionFailed, match="gone"):
        stream.broken(OSError("gone"))


class Breaking(httpx.SyncByteStream):
    def __iter__(self):
        yield b"one\r\ntw"
        yield b"o\nthr"
        raise httpx.RemoteProtocolError("the peer is gone")


def test_download_that_breaks_off_is_no_whole(tmp_path: Path) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=Breaking()))
    with Client("http://node", "t", transport=transport) as client:
        with pytest.raises(ConnectionFailed, match="broke off"):
            client.export_attempts().save(tmp_path / "all.csv")
        assert list(tmp_path.iterdir()) == []
        lines = client.export_attempts().lines()
        assert [next(lines), next(lines)] == [b"one", b"two"]
        with pytest.raises(ConnectionFailed):
            next(lines)


def test_download_may_be_opened_and_left(tmp_path: Path) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=b"a\nb"))
    with Client("http://node", "t", transport=transport) as client:
        with client.export_attempts() as export:
            assert b"".join(export) == b"a\nb"
        assert list(client.export_attempts().lines()) == [b"a", b"b"]
        assert client.export_attempts().save(tmp_path / "all.csv") == 3


async def later() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b"cd"


async def test_uploads_of_all_forms_bring_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "list"
    await asyncio.to_thread(path.write_bytes, b"abcd")
    for source in (b"abcd", path, str(path), io.BytesIO(b"abcd"), [b"ab", b"", b"cd"], iter([b"ab", b"cd"])):
        again = not is_read_once(source)
        assert b"".join([piece async for piece in async_pieces(source)]) == b"abcd"
        if again:
            assert b"".join(pieces(source)) == b"abcd"
    assert b"".join([piece async for piece in async_pieces(later())]) == b"abcd"
    assert [is_read_once(one) for one in (b"", path, [b""], io.BytesIO(), iter([]), later())] == [False] * 3 + [
        True
    ] * 3
