"""A platform's worth of requests and streams, for bench_api_lag.py: `ask.py URL TOKEN CAMPAIGN AGENTS`.

Commands come as lines on stdin. `ask RATE SECONDS` sends so many requests a second, mixed from the table below, on a
clock of their own: who is answered late is not asked less. Answers one line of JSON: answers by status, their times,
updates heard. Streams are opened at the beginning and stay; one line of JSON says that they are.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter, deque
from typing import Any

import uvloop

CONNECTIONS = 48
#: Streams by what they listen to: boards on walls, floors of supervisors, platforms that take it all.
STREAMS = {"campaigns,alarms": 40, "campaigns,agents,alarms": 8, "campaigns,agents,calls,alarms,attempts": 2}
#: Requests in a thousand; {agent} is another one each time.
MIX = {
    ("GET", "/v1/campaigns/{campaign}/board", ""): 400,
    ("GET", "/v1/campaigns/{campaign}", ""): 300,
    ("GET", "/v1/agents/{agent}", ""): 180,
    ("GET", "/v1/agents/{agent}/desk", ""): 50,
    ("GET", "/v1/calls?limit=50", ""): 20,
    ("GET", "/v1/agents", ""): 10,
    ("GET", "/v1/attempts?limit=20", ""): 10,
    ("POST", "/v1/agents/{agent}/desk/not-ready", '{"reason": 1}'): 14,
    ("POST", "/v1/agents/{agent}/desk/ready", ""): 14,
    ("PATCH", "/v1/campaigns/{campaign}", '{"abandonment": {"cap": 0.0%d}}'): 2,
}


class Connection(asyncio.Protocol):
    """Sends what it is given, one after the other, and notes how long each answer took from when it was due."""

    def __init__(self, head: str) -> None:
        self._head = head
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._due: float | None = None
        self._buffer = b""
        self.taken_s: list[float] = []
        self.statuses: Counter[str] = Counter()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def send(self, due: float, method: str, path: str, body: str) -> None:
        kind = "Content-Type: application/json\r\n" if body else ""
        more = "If-Match: *\r\n" if method == "PATCH" else ""
        length = f"Content-Length: {len(body)}\r\n" if method != "GET" else ""
        request = f"{method} {path} HTTP/1.1\r\n{self._head}{kind}{more}{length}\r\n{body}".encode()
        self._waiting.append((due, request))
        self._next()

    def idle(self) -> bool:
        return self._due is None and not self._waiting

    def _next(self) -> None:
        if self._due is None and self._waiting:
            self._due, request = self._waiting.popleft()
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(rest) < length:
            return
        assert self._due is not None
        self._buffer = b""
        self.taken_s.append(time.perf_counter() - self._due)
        self.statuses[head[9:12].decode()] += 1
        self._due = None
        self._next()


class Listener(asyncio.Protocol):
    """A stream that is read and counted; its pings are answered."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._buffer = b""
        self.bytes = 0
        self.updates = 0
        self.ended = ""
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self.bytes += len(data)
        if not self.opened.done():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._buffer = rest
            self.opened.set_result(None)
        at = 0
        while (end := self._frame(at)) > 0:
            at = end
        self._buffer = self._buffer[at:]

    def _frame(self, at: int) -> int:
        # takes one frame; returns where the next one begins, 0 while it is not whole
        buffer = self._buffer
        if len(buffer) < at + 10 and len(buffer) < at + 2 + (buffer[at + 1] if len(buffer) > at + 1 else 126):
            return 0
        size, begin = buffer[at + 1], at + 2
        if size >= 126:
            begin = at + (4 if size == 126 else 10)
            size = int.from_bytes(buffer[at + 2 : begin])
        if len(buffer) < begin + size:
            return 0
        kind, payload = buffer[at] & 15, buffer[begin : begin + size]
        if kind == 9:
            self._transport.write(bytes([0x8A, 0x80 | size, 0, 0, 0, 0]) + payload)
        elif kind == 8:
            self.ended = payload.decode("latin-1")
        self.updates += kind == 1
        return begin + size

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = self.ended or str(exc) or "cut off"


async def ask(connections: list[Connection], words: dict[str, str], agents: int, rate: float, seconds: float) -> Any:
    chance = random.Random(1)
    kinds, weights = list(MIX), list(MIX.values())
    count = round(rate * seconds)
    picks = chance.choices(kinds, weights, k=count)
    for one in connections:
        one.taken_s.clear()
        one.statuses.clear()
    began = time.perf_counter() + 0.05
    for n, (method, path, body) in enumerate(picks):
        due = began + n / rate
        wait_s = due - time.perf_counter()
        if wait_s > 0.0005:
            await asyncio.sleep(wait_s)
        where = path.format(**words, agent=chance.randint(1, agents))
        connections[n % CONNECTIONS].send(due, method, where, body % chance.randint(1, 9) if "%d" in body else body)
    while not all(one.idle() for one in connections):  # noqa: ASYNC110 - what is left over is answered soon
        await asyncio.sleep(0.01)
    took_s = time.perf_counter() - began
    times = sorted(taken for one in connections for taken in one.taken_s)
    statuses = sum((one.statuses for one in connections), Counter())
    return {
        "per_s": len(times) / took_s,
        "p50_ms": times[len(times) // 2] * 1e3,
        "p99_ms": times[len(times) * 99 // 100] * 1e3,
        "statuses": statuses,
    }


def stream_of(head: str, topics: str) -> bytes:
    """The handshake of a stream."""
    return (
        f"GET /v1/stream?topics={topics} HTTP/1.1\r\n{head}Upgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


async def main(url: str, token: str, campaign: str, agents: int) -> None:
    host, port = url.removeprefix("http://").split(":")
    head = f"Host: {host}\r\nAuthorization: Bearer {token}\r\n"
    loop = asyncio.get_running_loop()
    listeners = [
        (await loop.create_connection(lambda topics=topics: Listener(stream_of(head, topics)), host, int(port)))[1]
        for topics, count in STREAMS.items()
        for _ in range(count)
    ]
    await asyncio.gather(*(one.opened for one in listeners))
    connections = [
        (await loop.create_connection(lambda: Connection(head), host, int(port)))[1] for _ in range(CONNECTIONS)
    ]
    print(json.dumps({"streams": len(listeners)}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        _, rate, seconds = line.split()
        before = sum(one.bytes for one in listeners), sum(one.updates for one in listeners)
        told = await ask(connections, {"campaign": campaign}, agents, float(rate), float(seconds))
        told["stream_mb"] = (sum(one.bytes for one in listeners) - before[0]) / 1e6
        told["updates"] = sum(one.updates for one in listeners) - before[1]
        told["ended"] = [one.ended for one in listeners if one.ended]
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4], int(sys.argv[4])))
