"""Real servers on loopback that a node talks to: a platform that takes webhooks, and Redis."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Platform:
    """Takes events, or answers as a test says. `asked` counts requests as they come, `requests` holds the answered."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.asked = 0
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.held = threading.Event()
        self.held.set()
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                platform.asked += 1
                platform.held.wait(10.0)
                platform.requests.append((dict(self.headers), body))
                self.send_response(platform.answers.pop(0) if platform.answers else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """A test's output is its own."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events?from=outpace"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.held.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def events(self) -> list[dict[str, object]]:
        return [event for _, body in self.requests for event in json.loads(body)["events"]]


def quiet_port() -> int:
    """A free port of loopback that the system gives to nobody who asks for any: it stays free while nobody listens."""
    end = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    first = os.getpid() % 1000  # two runs beside each other look in different places
    for place in range(1000):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                port = end - 1 - (first + place) % 1000
                tried.bind(("127.0.0.1", port))
                return port
    raise AssertionError("no port is free")


class RedisServer:
    """A redis-server of its own, on loopback, that a test may stop and start again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = quiet_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program is not None, "redis-server is missing: tools/packages.sh redis-server"
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*command, "--dir", str(self._folder)], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10.0
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, "redis-server has ended"
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
