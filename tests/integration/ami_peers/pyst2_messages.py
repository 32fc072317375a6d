"""What pyst2 makes of a manager stream: its own framing and parsing, run in one thread. Started by the test, alone.

Usage: PYTHONPATH=.bench/pyst2 python pyst2_messages.py STREAM: a JSON list with the headers of each message, or the
text of the error that pyst2 raised on it.
"""

from __future__ import annotations

import io
import json
import os
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore", DeprecationWarning)

from asterisk.manager import Manager, ManagerMsg  # noqa: E402


def main() -> None:
    manager = Manager()
    manager._sock = io.BytesIO(Path(sys.argv[1]).read_bytes())
    manager._running.set()
    manager._connected.set()
    manager._receive_data()
    messages: list[dict[str, str] | str] = []
    while lines := manager._message_queue.get():
        try:
            messages.append(ManagerMsg(lines).headers)
        except AttributeError as error:
            messages.append(str(error))
    json.dump(messages, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # its threads were never started and its __del__ waits for them


main()
