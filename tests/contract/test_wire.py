"""Bytes on the wire of a node in a process of its own: any bytes, any frames, ten thousand requests at once."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
import resource
import socket
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.node import RunningNode, running_node

#: Seconds that an answer may take on a busy machine.
WAIT_S = 60.0
AT_ONCE = 10_000
#: Of them, those that connect at a time: what is beyond the listener's backlog is tried again after seconds, and who
#: has said nothing for twenty is sent away.
CONNECTING = 500

_LINES = [b"GET /v1/me HTTP/1.1", b"POST /v1/campaigns HTTP/1.1", b"GET /v1/stream HTTP/1.1", b"PRI * HTTP/2.0", b"GET"]
_HEADERS = [
    *(b"Host: x", b"Content-Length: 5", b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked"),
    *(b"Connection: close", b"Connection: Upgrade", b"Upgrade: websocket", b"Upgrade: h2c", b"Expect: 100-continue"),
    *(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 99"),
    *(b"Authorization: Bearer x", b"Authorization: Basic eDp5", b"Content-Type: application/json", b"X: \xff\x00"),
]
_BODIES = [b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"hello", b"{}", b"0\r\n\r\n", b"ffffffffffffffff\r\n"]
_requests = st.tuples(
    st.sampled_from(_LINES) | st.binary(max_size=30),
    st.lists(st.sampled_from(_HEADERS) | st.binary(max_size=30), max_size=8),
    st.lists(st.sampled_from(_BODIES) | st.binary(max_size=30), max_size=3),
).map(lambda parts: b"\r\n".join([parts[0], *parts[1], b"", b""]) + b"".join(parts[2]))
_streams = st.lists(_requests | st.binary(max_size=200), min_size=1, max_size=4).map(b"".join)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    with running_node(tmp_path_factory.mktemp("wire")) as one:
        yield one
        assert not one.errors()
        assert one.metric("outpace_api_requests_failed_total") == 0.0


def address(node: RunningNode) -> tuple[str, int]:
    host, port = node.url.removeprefix("http://").split(":")
    return host, int(port)


def said(node: RunningNode, data: bytes, *, after: bytes | None = None) -> bytes:
    """All that a connection answers to bytes (and to more `after` its first answer), when nothing more will come."""
    answer = b""
    with socket.create_connection(address(node), timeout=WAIT_S) as one:
        try:
            one.sendall(data)
            if after is not None:
                while b"\r\n\r\n" not in answer and (more := one.recv(1)):
                    answer += more
                one.sendall(after)
            one.shutdown(socket.SHUT_WR)
            while more := one.recv(1 << 16):
                answer += more
        except ConnectionError:
            pass  # cut off
        except OSError as error:
            if error.errno != errno.ENOTCONN:  # cut off before we had done: shutdown() has a word of its own for it
                raise
    return answer


@settings(max_examples=250)
@given(data=_streams)
def test_any_bytes_are_answered_or_cut_off(node: RunningNode, data: bytes) -> None:
    answer = said(node, data)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
    assert not answer.startswith(b"HTTP/1.1 5") or answer.startswith(b"HTTP/1.1 503"), answer
    assert b"Traceback" not in answer


@settings(max_examples=120)
@given(data=st.binary(max_size=300))
def test_any_frames_are_taken_or_end_the_stream(node: RunningNode, data: bytes) -> None:
    key = base64.b64encode(b"sixteen bytes ok").decode()
    head = (
        f"GET /v1/stream?topics=jobs HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {node.token}\r\n\r\n"
    )
    assert said(node, head.encode(), after=data).startswith(b"HTTP/1.1 101")


async def test_ten_thousand_requests_at_once(node: RunningNode) -> None:
    """All are answered, or refused and told when to come again; calls go on."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(AT_ONCE, hard - 500)
    request = (
        f"GET /v1/campaigns HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {node.token}\r\n\r\n"
    ).encode()
    host, port = address(node)
    start, ready, entry = asyncio.Event(), asyncio.Semaphore(0), asyncio.Semaphore(CONNECTING)

    async def ask() -> bytes:
        async with entry:
            reader, writer = await asyncio.open_connection(host, port)
        ready.release()
        await start.wait()
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer

    try:
        before = node.metric("outpace_engine_facts_total")
        async with asyncio.timeout(4 * WAIT_S):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(ask()) for _ in range(count)]
                for _ in range(count):  # all are connected before anybody asks
                    await ready.acquire()
                start.set()
        answers = Counter(task.result()[9:12] for task in tasks)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert set(answers) <= {b"200", b"429", b"503"}, answers
    assert answers[b"200"] > 0
    for task in tasks:
        head, _, body = task.result().partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            assert b"\r\nretry-after: " in head.lower()
            assert json.loads(body)["type"].startswith("urn:outpace:problem:")
    assert node.get("/v1/health")["ready"]
    assert node.metric("outpace_api_requests_in_flight") <= 1.0
    deadline = time.monotonic() + WAIT_S  # four calls may ring or talk for seconds in which nothing happens
    while node.metric("outpace_engine_facts_total") == before:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
