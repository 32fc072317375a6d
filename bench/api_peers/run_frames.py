"""The least that a broadcast costs: one finished frame written to every connection; commands as in run_outpace.py."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import uvloop

from outpace.api.frames import frame

transports: set[Any] = set()


class Listener(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        transports.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        # whatever was asked: enough for a client that only counts
        self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + frame(b"{}"))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Listener, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"url": f"http://127.0.0.1:{port}", "token": ""}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        _, count, every_s, size = line.split()
        data = json.dumps({"type": "update", "data": {"text": "x" * int(size)}}).encode()
        began = time.process_time()
        for _ in range(int(count)):
            whole = frame(data)
            for transport in transports:
                transport.write(whole)
            await asyncio.sleep(float(every_s))
        print(json.dumps({"cpu_s": time.process_time() - began}), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
