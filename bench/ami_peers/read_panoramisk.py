"""panoramisk's protocol on a stream in memory, in pieces of 64 KiB (no socket: that favours it). Prints the cost.

Usage: PYTHONPATH=.bench/panoramisk python read_panoramisk.py STREAM
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from panoramisk.ami_protocol import AMIProtocol

PIECE = 65536


class Factory:
    """What the protocol hands its messages to."""

    save_stream = None

    def __init__(self) -> None:
        self.events = 0

    def dispatch(self, event: object) -> None:
        self.events += 1


def main() -> None:
    data = Path(sys.argv[1]).read_bytes()
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory = Factory()
    cpu, wall = time.process_time(), time.perf_counter()
    for start in range(0, len(data), PIECE):
        protocol.data_received(data[start : start + PIECE])
    cost = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    json.dump({"events": protocol.factory.events, **cost}, sys.stdout)


main()
