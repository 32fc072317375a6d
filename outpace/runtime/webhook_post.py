"""One request to a webhook's address, in a thread, over within a time that the other side cannot draw out.

The time-out of a socket is for each operation: a receiver that sends a byte now and then would never reach it. So each
connection is watched, and cut when its time has passed.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import SplitResult, urlsplit

from outpace.domain.units import NS_PER_S, seconds_to_ns
from outpace.runtime.clock import monotonic_ns


class Poster:
    """Posts, from any number of threads.

    Parameters
    ----------
    timeout_s : real seconds that a request may take from the connection to the end of the answer's headers.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._guards: set[socket.socket] = set()
        self._closed = False

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> str:
        """Why the other side did not take it; empty when it did."""
        parts, deadline_ns = urlsplit(url), monotonic_ns() + seconds_to_ns(self._timeout_s)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        error = ""
        try:
            with self._connection(parts, deadline_ns) as connection:
                connection.request("POST", target, body, dict(headers))
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as failure:
            error = f"{type(failure).__name__}: {failure}"
        else:
            error = "" if 200 <= status < 300 else f"answered {status}"
        # headers that were cut read like headers that have ended
        return f"no answer within {self._timeout_s:g} s" if monotonic_ns() >= deadline_ns else error

    def close(self) -> None:
        """Cut what is under way, and connect no more."""
        with self._lock:
            self._closed = True
            for guard in self._guards:
                _shut(guard)

    @contextmanager
    def _connection(self, parts: SplitResult, deadline_ns: int) -> Iterator[http.client.HTTPConnection]:
        host = parts.hostname
        assert host is not None
        secure = parts.scheme == "https"
        connection = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(host, parts.port)
        with ExitStack() as stack:
            line = self._connect(stack, host, connection.port, deadline_ns)
            if secure:
                line = stack.enter_context(ssl.create_default_context().wrap_socket(line, server_hostname=host))
            connection.sock = line
            stack.callback(connection.close)
            yield connection

    def _connect(self, stack: ExitStack, host: str, port: int, deadline_ns: int) -> socket.socket:
        # to the first of the host's addresses that answers; all of them share the time
        failure = OSError(f"{host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            left_s = _left_s(deadline_ns)
            if left_s <= 0.0:
                break
            with ExitStack() as one:
                line = one.enter_context(socket.socket(family, kind, protocol))
                line.settimeout(left_s)
                one.enter_context(self._watched(line, deadline_ns))
                try:
                    line.connect(address)
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                except OSError as error:
                    failure = error
                    continue
                stack.enter_context(one.pop_all())
                return line
        raise failure

    @contextmanager
    def _watched(self, line: socket.socket, deadline_ns: int) -> Iterator[None]:
        # by a second handle: that of the first goes over to TLS while the other side may already be slow
        guard = line.dup()
        timer = threading.Timer(max(0.0, _left_s(deadline_ns)), self._cut, (guard,))
        timer.daemon = True
        with self._lock:
            self._guards.add(guard)
            if self._closed:
                _shut(guard)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._guards.discard(guard)
                guard.close()

    def _cut(self, guard: socket.socket) -> None:
        with self._lock:
            if guard in self._guards:
                _shut(guard)


def _left_s(deadline_ns: int) -> float:
    return (deadline_ns - monotonic_ns()) / NS_PER_S


def _shut(guard: socket.socket) -> None:
    with suppress(OSError):  # the other side was quicker
        guard.shutdown(socket.SHUT_RDWR)
