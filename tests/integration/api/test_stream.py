"""The live stream over a real connection: snapshot, deltas, resume, slow clients, tokens that end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.server import ServerProtocol

from outpace.api import connections as api_connections
from outpace.api import stream as api_stream
from outpace.api.connections import HttpProtocol, StreamProtocol
from outpace.api.settings import ApiSettings
from outpace.api.tokens import make_token
from outpace.domain.access import Role
from outpace.domain.units import NS_PER_S
from outpace.domain.wire import Topic
from outpace.runtime.clock import wall_ns
from tests.integration.api.floor import WAIT_S, Floor, node_file, open_floor


async def heard(stream: Any) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(stream.recv(), WAIT_S))


async def close_of(stream: Any) -> tuple[int, str]:
    """Code and reason with which the server ends a stream."""
    async with asyncio.timeout(WAIT_S):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await stream.recv()
    return stream.close_code, stream.close_reason


def handshake(floor: Floor) -> bytes:
    """What opens a stream, for who speaks without a library."""
    return (
        f"GET /v1/stream?topics=jobs HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {floor.tokens[Role.OPERATOR]}\r\n\r\n"
    ).encode()


async def test_snapshot_then_deltas_in_order(floor: Floor) -> None:
    campaign_id = await floor.campaign(leads=30, agents=2)
    async with floor.stream("?topics=campaigns,agents") as stream:
        first = await heard(stream)
        assert first["type"] == "snapshot"
        assert {(one["topic"], one["key"]) for one in first["updates"]} == {
            ("campaigns", str(campaign_id)),
            ("agents", "1"),
            ("agents", "2"),
        }
        await floor.post(f"/v1/campaigns/{campaign_id}/start")
        sequence, running = first["updates"][0]["sequence"], False
        while not running:
            update = await heard(stream)
            assert update["type"] == "update"
            assert update["sequence"] > sequence
            sequence = update["sequence"]
            running = update["topic"] == "campaigns" and update["data"]["state"] == "running"


async def test_resume_brings_what_was_missed_and_nothing_twice(floor: Floor) -> None:
    async with floor.stream("?topics=jobs") as stream:
        await heard(stream)
        floor.server.publish(Topic.JOBS, "a", {"n": 1})
        seen = (await heard(stream))["sequence"]
    for n in (2, 3):
        floor.server.publish(Topic.JOBS, "a", {"n": n})
    async with floor.stream(f"?topics=jobs&after={seen}") as stream:
        first = await heard(stream)
        assert first["type"] == "resumed"
        assert [one["data"]["n"] for one in first["updates"]] == [2, 3]
    async with floor.stream("?topics=jobs&after=1") as stream:
        first = await heard(stream)
        assert first["type"] == "snapshot"
        told = [one["data"]["n"] for one in first["updates"]]
        while 3 not in told:
            told.append((await heard(stream))["data"]["n"])


@pytest.mark.parametrize(
    ("query", "role", "status", "field"),
    [
        ("?topics=weather", Role.OPERATOR, 422, "topics"),
        ("?topics=", Role.OPERATOR, 422, "topics"),
        ("?after=-1", Role.OPERATOR, 422, "after"),
        ("?after=9999999999999999999", Role.OPERATOR, 422, "after"),
        ("?since=1", Role.OPERATOR, 422, "since"),
        ("?topics=calls", Role.MONITOR, 403, ""),
        ("?topics=attempts", Role.AGENT, 403, ""),
        ("?topics=agents", Role.INTEGRATOR, 403, ""),
    ],
)
async def test_handshake_that_is_refused_is_answered_as_a_problem(
    floor: Floor, query: str, role: Role, status: int, field: str
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with floor.stream(query, role):
            pass
    assert caught.value.response.status_code == status
    told = json.loads(caught.value.response.body)
    assert [one["field"] for one in told.get("errors", [])] == ([field] if field else [])


async def test_stream_is_at_one_address_only(floor: Floor) -> None:
    floor.url += "/elsewhere"
    with pytest.raises(InvalidStatus) as caught:
        async with floor.stream():
            pass
    assert caught.value.response.status_code == 404


async def test_numbers_are_masked_by_role_in_the_stream(floor: Floor) -> None:
    call = {"call_id": "1", "number": "+4930123456", "agent_id": 2}
    async with floor.stream("?topics=calls") as operator, floor.stream("?topics=calls", Role.SUPERVISOR) as supervisor:
        await heard(operator), await heard(supervisor)
        floor.server.publish(Topic.CALLS, "1", call)
        assert (await heard(operator))["data"]["number"] == "+4930123456"
        assert (await heard(supervisor))["data"]["number"] == "+493*****56"


async def test_agent_hears_what_is_their_own(floor: Floor) -> None:
    async with floor.stream("", Role.AGENT) as stream:
        await heard(stream)
        for call_id, agent_id in (("1", 2), ("2", 1), ("3", 0)):
            floor.server.publish(
                Topic.CALLS, call_id, {"call_id": call_id, "number": "+4930123456", "agent_id": agent_id}
            )
        floor.server.publish(Topic.AGENTS, "2", {"agent_id": 2})
        floor.server.publish(Topic.CALLS, "1", None)
        floor.server.publish(Topic.CALLS, "2", None)
        floor.server.publish(Topic.AGENTS, "1", {"agent_id": 1})
        told = [await heard(stream) for _ in range(3)]
        assert [(one["topic"], one["key"], one["data"] is None) for one in told] == [
            ("calls", "2", False),
            ("calls", "2", True),
            ("agents", "1", False),
        ]
        assert "*" in told[0]["data"]["number"]


async def test_client_that_talks_is_shown_out(floor: Floor) -> None:
    async with floor.stream("?topics=jobs") as stream:
        await heard(stream)
        await stream.send("hello?")
        assert await close_of(stream) == (1008, "this stream only tells")


async def test_client_that_sends_much_is_cut_off(floor: Floor) -> None:
    async with floor.stream("?topics=jobs") as stream:
        await heard(stream)
        await stream.send("x" * 100_000)
        assert (await close_of(stream))[0] == 1009


async def test_client_that_goes_before_it_is_let_in_is_no_fault(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone, done = asyncio.Event(), asyncio.Event()
    connection_lost, accept, run = StreamProtocol.connection_lost, api_stream._Socket.accept, StreamProtocol.run_asgi

    def lose(self: StreamProtocol, error: Exception | None) -> None:
        connection_lost(self, error)
        gone.set()

    async def accept_late(self: api_stream._Socket) -> None:
        await gone.wait()
        await accept(self)

    async def run_to_the_end(self: StreamProtocol) -> None:
        await run(self)
        done.set()

    monkeypatch.setattr(StreamProtocol, "connection_lost", lose)
    monkeypatch.setattr(StreamProtocol, "run_asgi", run_to_the_end)
    monkeypatch.setattr(api_stream._Socket, "accept", accept_late)
    host, port = floor.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(handshake(floor))
    writer.close()
    await asyncio.wait_for(done.wait(), WAIT_S)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert "\noutpace_api_streams 0.0\n" in (await floor.send("GET", "/metrics")).text


async def test_streams_that_ended_wait_for_no_full_collection(floor: Floor) -> None:
    kinds = StreamProtocol, HttpProtocol, ServerProtocol

    def left() -> list[object]:
        return [one for one in gc.get_objects() if type(one) in kinds]

    async with asyncio.timeout(WAIT_S):
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                async with floor.stream("?topics=jobs") as stream:
                    await heard(stream)
                    assert {type(one) for one in left()} == {StreamProtocol, ServerProtocol}
                while left():  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.01)
        finally:
            gc.enable()


async def test_client_that_answers_no_ping_and_does_not_read_is_let_go(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_connections, "_LAST_WORDS_S", 0.1)
    host, port = floor.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as deaf:
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(deaf, handshake(floor))
        await loop.sock_recv(deaf, 100)
        (protocol,) = (one for one in gc.get_objects() if type(one) is StreamProtocol and not one.disconnected)
        async with asyncio.timeout(WAIT_S):
            for n in range(1000):
                if protocol.transport.get_write_buffer_size():
                    break
                floor.server.publish(Topic.JOBS, "a", {"n": n, "filler": "x" * 200_000})
                await asyncio.sleep(0.01)
            assert protocol.transport.get_write_buffer_size()
            protocol.keepalive_timeout()
            while "\noutpace_api_streams 0.0\n" not in (await floor.send("GET", "/metrics")).text:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_token_that_is_revoked_ends_its_stream(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_stream, "LOOK_S", 0.05)
    made = await floor.post("/v1/tokens", {"name": "board", "role": "monitor"})
    floor.tokens[Role.MONITOR] = made["token"]
    async with floor.stream("", Role.MONITOR) as stream:
        await heard(stream)
        await floor.send("DELETE", f"/v1/tokens/{made['view']['token_id']}")
        assert await close_of(stream) == (4401, "the token has expired or was revoked")


async def test_token_that_expires_ends_its_stream(floor: Floor) -> None:
    now_ns = wall_ns()
    expires_ns = now_ns + 3 * NS_PER_S  # time enough to open the stream on a machine that hangs for a moment
    floor.tokens[Role.MONITOR], _ = await floor.server.write(
        lambda store: make_token(
            store, name="short", role=Role.MONITOR, agent_id=0, expires_ns=expires_ns, now_ns=now_ns
        )
    )
    async with floor.stream("", Role.MONITOR) as stream:
        await heard(stream)
        assert await close_of(stream) == (4401, "the token has expired or was revoked")


async def test_client_that_does_not_read_is_let_go_and_others_hear_on(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_stream, "STALLED_S", 0.3)
    host, port = floor.url.removeprefix("http://").split(":")
    async with floor.stream("?topics=jobs") as quick:
        await heard(quick)
        with socket.create_connection((host, int(port))) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(deaf, handshake(floor))
            await loop.sock_recv(deaf, 100)
            told = 0
            filler = "x" * 20_000
            for n in range(400):
                floor.server.publish(Topic.JOBS, "a", {"n": n, "filler": filler})
                while told < n:
                    assert (await heard(quick))["data"]["n"] == told
                    told += 1
            while told < 400:
                assert (await heard(quick))["data"]["n"] == told
                told += 1
            async with asyncio.timeout(10):
                while "streams_dropped_total 1.0" not in (await floor.send("GET", "/metrics")).text:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        floor.server.publish(Topic.JOBS, "a", {"n": -1})
        assert (await heard(quick))["data"]["n"] == -1


async def test_streams_are_bounded(tmp_path: Path) -> None:
    file = node_file(tmp_path)
    async with open_floor(msgspec.structs.replace(file, api=ApiSettings(port=0, streams_max=2))) as floor:
        async with floor.stream() as one, floor.stream():
            await heard(one)
            with pytest.raises(InvalidStatus) as caught:
                async with floor.stream():
                    pass
            assert caught.value.response.status_code == 503
        async with floor.stream() as again:
            await heard(again)


async def test_node_that_stops_says_so(tmp_path: Path) -> None:
    async with open_floor(node_file(tmp_path)) as floor:
        stream = await floor.stream()
        await heard(stream)
    assert (await close_of(stream))[0] == 1012
