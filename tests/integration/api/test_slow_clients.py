"""Clients of the live stream that hardly read, or send what nobody asked for: told, dropped, and of no weight."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import json
import os
import resource
import socket
import statistics
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from outpace.api import connections
from outpace.api import stream as api_stream
from outpace.api.settings import ApiSettings
from outpace.domain.access import Role
from outpace.runtime.control import Topic
from tests.integration.api.floor import WAIT_S, Floor, node_file, open_floor

MASK = b"\x01\x02\x03\x04"


def frame(payload: bytes, *, first: int = 0x81, masked: bool = True, length: int | None = None) -> bytes:
    """A client's frame; `first` is FIN, RSV and opcode, `length` what its head says."""
    size = len(payload) if length is None else length
    bit = 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    if masked:
        payload = MASK + bytes(byte ^ MASK[n % 4] for n, byte in enumerate(payload))
    return head + payload


@asynccontextmanager
async def raw_stream(floor: Floor, query: str = "?topics=jobs", *, buffer: int = 0) -> AsyncIterator[socket.socket]:
    """A socket after its handshake; what the server says next is unread."""
    host, port = floor.url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    one = socket.socket()
    if buffer:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    one.setblocking(False)
    try:
        await loop.sock_connect(one, (host, int(port)))
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /v1/stream{query} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {floor.tokens[Role.OPERATOR]}\r\n\r\n"
        )
        await loop.sock_sendall(one, request.encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await asyncio.wait_for(loop.sock_recv(one, 1), WAIT_S)
        assert head.startswith(b"HTTP/1.1 101")
        yield one
    finally:
        one.close()


async def last_words(one: socket.socket) -> tuple[int, bytes]:
    """Code and reason of the close frame that ends what a connection tells: all else is JSON in ASCII."""
    loop, told = asyncio.get_running_loop(), bytearray()
    async with asyncio.timeout(WAIT_S):
        while (at := told.find(b"\x88")) < 0 or len(told) < at + 2 + told[at + 1]:
            data = await loop.sock_recv(one, 1 << 16)
            assert data, "the connection ended without a word"
            told += data
    return struct.unpack("!H", told[at + 2 : at + 4])[0], bytes(told[at + 4 :])


async def metric(floor: Floor, name: str) -> float:
    lines = (await floor.send("GET", "/metrics")).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.split(" ")[0] == f"outpace_{name}")


async def until_metric(floor: Floor, name: str, value: float) -> None:
    async with asyncio.timeout(WAIT_S):
        while await metric(floor, name) != value:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        (frame(b"hello"), {1008}),
        (frame(b"\x00\x01", first=0x82), {1008}),
        (frame(b"part", first=0x01) + frame(b"of it", first=0x80), {1008}),
        (frame(b"\xff\xfe"), {1008}),
        (frame(b"", first=0x80), {1002}),
        (frame(b"part", first=0x01) + frame(b"another", first=0x81), {1002}),
        (frame(b"x", masked=False), {1002}),
        (frame(b"x", first=0xC1), {1002}),
        (frame(b"x", first=0x83), {1002}),
        (frame(b"x", first=0x09), {1002}),
        (frame(b"x" * 126, first=0x89), {1002}),
        (frame(b"", length=2**62), {1002, 1009}),
        (frame(b"x" * 5000), {1009}),
        (frame(b"x" * 3000, first=0x01) + frame(b"x" * 3000, first=0x80), {1009}),
        (frame(struct.pack("!H", 1006), first=0x88), {1002}),
        (frame(b"\x03", first=0x88), {1002}),
        (frame(struct.pack("!H", 1000), first=0x88), {1000}),
        (b"\x00" * 2000, {1002}),
        (b"GET / HTTP/1.1\r\n\r\n" * 20, {1002}),
    ],
)
async def test_frames_of_any_kind_end_their_stream_alone(
    floor: Floor, caplog: pytest.LogCaptureFixture, sent: bytes, codes: set[int]
) -> None:
    async with raw_stream(floor) as bad, floor.stream("?topics=jobs") as good:
        await good.recv()
        await asyncio.get_running_loop().sock_sendall(bad, sent)
        assert (await last_words(bad))[0] in codes
        floor.server.publish(Topic.JOBS, "a", {"n": 1})
        assert json.loads(await good.recv())["data"] == {"n": 1}
    await until_metric(floor, "api_streams", 0.0)
    assert not [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]


async def test_who_sends_pings_and_reads_no_answers_is_cut_off(floor: Floor) -> None:
    pings = frame(b"x" * 125, first=0x89) * 1000
    async with raw_stream(floor, buffer=4096) as deaf:
        loop, sent = asyncio.get_running_loop(), 0
        with contextlib.suppress(ConnectionError):
            while sent < 64 << 20:
                async with asyncio.timeout(WAIT_S):
                    await loop.sock_sendall(deaf, pings)
                sent += len(pings)
        assert sent < 64 << 20
    await until_metric(floor, "api_streams", 0.0)
    assert (await floor.get("/v1/health"))["ready"]


def memory() -> int:
    """Bytes that this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def test_clients_that_hardly_read_are_told_and_dropped_in_bounded_memory(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_stream, "STALLED_S", 1.0)
    monkeypatch.setattr(connections, "_LAST_WORDS_S", WAIT_S)
    count, filler = 30, "x" * 20_000
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        quick = await stack.enter_async_context(floor.stream("?topics=jobs"))
        slow = [await stack.enter_async_context(raw_stream(floor, buffer=4096)) for _ in range(count)]
        await quick.recv()

        async def sip(one: socket.socket) -> None:
            with contextlib.suppress(ConnectionError):
                while await loop.sock_recv(one, 1):  # noqa: ASYNC110 - it is slow, and does not wait
                    await asyncio.sleep(1.0)

        sippers = [asyncio.create_task(sip(one)) for one in slow[: count // 3]]
        before = memory()
        for n in range(500):
            floor.server.publish(Topic.JOBS, "a", {"n": n, "filler": filler})
            assert json.loads(await asyncio.wait_for(quick.recv(), WAIT_S))["data"]["n"] == n
        await until_metric(floor, "api_streams_dropped_total", float(count))
        # 500 updates of 20 kB are 10 MB for each: the hub keeps some, each client's buffer is bounded
        assert memory() - before < 64 << 20
        for one in sippers:
            one.cancel()
        await asyncio.gather(*sippers, return_exceptions=True)
        assert await last_words(slow[-1]) == (api_stream.TOO_SLOW, b"nothing was read for too long")
        floor.server.publish(Topic.JOBS, "a", {"n": -1})
        assert json.loads(await asyncio.wait_for(quick.recv(), WAIT_S))["data"]["n"] == -1


async def test_thousands_of_subscriptions_leave_nothing_behind(tmp_path: Path) -> None:
    file = node_file(tmp_path)
    settings = ApiSettings(port=0, requests_per_s=1e6, burst=1_000_000)
    async with open_floor(msgspec.structs.replace(file, api=settings)) as floor:
        host, port = floor.url.removeprefix("http://").split(":")

        async def ask(query: str) -> bytes:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                f"GET /v1/stream{query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                f"Authorization: Bearer {floor.tokens[Role.OPERATOR]}\r\n\r\n".encode()
            )
            answer = await asyncio.wait_for(reader.read(12), WAIT_S)
            writer.close()
            return answer

        for _ in range(20):
            wrong = await asyncio.gather(*(ask("?topics=weather") for _ in range(50)))
            assert set(wrong) == {b"HTTP/1.1 422"}
            right = await asyncio.gather(*(ask("") for _ in range(50)))
            assert set(right) == {b"HTTP/1.1 101"}
        await until_metric(floor, "api_streams", 0.0)
        await until_metric(floor, "hub_listeners", 0.0)
        assert await metric(floor, "api_streams_dropped_total") == 0.0


#: Rounds without and with such clients, seconds of each, and clients of each kind.
ROUNDS, ROUND_S, CLIENTS = 5, 1.0, 15


@pytest.mark.alone
async def test_slow_clients_do_not_make_the_engine_late(tmp_path: Path) -> None:
    # in one process with the clients, so that what they cost here is more than what they cost a node
    async with open_floor(node_file(tmp_path, live=0.05, talk=0.05)) as floor:
        await floor.campaign(leads=8000, agents=10, mode="ratio", ratio=10.0)
        await floor.patch("/v1/trunk-groups/1", {"cps": 100.0, "burst": 20})
        await floor.post("/v1/campaigns/1/start")
        await floor.until("/v1/campaigns/1/board", lambda board: board["launches"] > 100)
        lags: dict[bool, list[float]] = {False: [], True: []}
        for n in range(2 * ROUNDS):
            async with contextlib.AsyncExitStack() as stack:
                if n % 2:
                    for _ in range(CLIENTS):
                        await stack.enter_async_context(raw_stream(floor, "", buffer=4096))
                await asyncio.sleep(0.2)
                lags[bool(n % 2)].append(await _mean_lag(floor, ROUND_S))
        # what such clients cost they cost in every round; a busy machine spoils one round or another, and only upwards
        without, beside = statistics.median(lags[False]), sorted(lags[True])[1]
        assert (await floor.get("/v1/campaigns/1/board"))["state"] == "running"
        # a busy machine is late by itself: twice that, and two milliseconds, are what rounds of one kind differ by
        assert beside < 2.0 * max(without, min(lags[False])) + 0.002, lags


async def _mean_lag(floor: Floor, seconds: float) -> float:
    # seconds by which facts were late on their way into the engine, on average
    start = [await metric(floor, f"pump_lag_seconds_{part}") for part in ("sum", "count")]
    await asyncio.sleep(seconds)
    end = [await metric(floor, f"pump_lag_seconds_{part}") for part in ("sum", "count")]
    assert end[1] > start[1]
    return (end[0] - start[0]) / (end[1] - start[1])
