"""A loopback relay before Asterisk's manager port that keeps every byte which outpace sends."""

from __future__ import annotations

import selectors
import socket
import threading
from typing import Self


class Wire:
    """Listens on `port` and relays to the switch, in a thread; `sent` is what came from our side."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._other: dict[socket.socket, socket.socket] = {}
        self._ours: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._kept: list[bytes] = []
        self._thread = threading.Thread(target=self._relay, name="wire")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.send(b"x")
        self._thread.join()
        for one in (*self._other, self._listener, self._wake, self._woken):
            one.close()
        self._selector.close()

    @property
    def sent(self) -> bytes:
        """All that outpace has sent, of all its connections."""
        return b"".join(self._kept)

    def _relay(self) -> None:
        while True:
            for key, _ in self._selector.select():
                one = key.fileobj
                assert isinstance(one, socket.socket)
                if one is self._woken:
                    return
                if one is self._listener:
                    self._accept()
                else:
                    self._pass_on(one)

    def _accept(self) -> None:
        ours, _ = self._listener.accept()
        switch = socket.create_connection(("127.0.0.1", self._target))
        self._other |= {ours: switch, switch: ours}
        self._ours.add(ours)
        for one in (ours, switch):
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        if one not in self._other:
            return
        try:
            data = one.recv(65536)
            if data:
                self._other[one].sendall(data)
        except ConnectionError:
            data = b""
        if one in self._ours:
            self._kept.append(data)
        if not data:
            for end in (one, self._other[one]):
                self._selector.unregister(end)
                del self._other[end]
                end.close()
