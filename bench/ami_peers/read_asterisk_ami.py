"""asterisk-ami's own reading loop on a stream in memory (no socket: that favours it). Prints the cost of its events.

Usage: PYTHONPATH=.bench/asterisk-ami python read_asterisk_ami.py STREAM
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from asterisk.ami.client import AMIClient


class Memory:
    """What the client takes for its socket."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def recv(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        self.at += len(part)
        return part

    def close(self) -> None:
        """Nothing is open."""


def main() -> None:
    seen = 0

    def on_event(source: object, event: object) -> None:
        nonlocal seen
        seen += 1

    client = AMIClient()
    client.add_listener(on_event=on_event)
    client._socket = Memory(Path(sys.argv[1]).read_bytes())
    client.finished = threading.Event()
    cpu, wall = time.process_time(), time.perf_counter()
    client.listen()
    json.dump({"events": seen, "cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}, sys.stdout)


main()
