"""Connects to 127.0.0.1:PORT, sends FILE and closes. Usage: python send_stream.py PORT FILE"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as link:
    link.sendall(Path(sys.argv[2]).read_bytes())
