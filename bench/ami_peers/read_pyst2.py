"""pyst2 as it comes: connected over loopback, its threads, its queues. Prints the cost of COUNT events.

Usage: PYTHONPATH=.bench/pyst2 python read_pyst2.py PORT COUNT
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)

from asterisk.manager import Manager  # noqa: E402


def main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    seen = 0
    done = threading.Event()

    def on_event(event: object, manager: object) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            done.set()

    manager = Manager()
    manager.register_event("*", on_event)
    cpu, wall = time.process_time(), time.perf_counter()
    manager.connect("127.0.0.1", port)
    if not done.wait(120):
        raise SystemExit(f"{seen} of {count} events came")
    json.dump({"events": seen, "cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # its close waits for an answer to a logoff


main()
