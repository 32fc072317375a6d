"""The AMI decoder against pyst2 as an oracle, on the captures and on what pyst2 is known to get wrong.

pyst2 strips values on both sides and keeps the last of a repeated header. It also takes the words "status will follow"
in any line as the start of a block in which message ends do not count, so the answers that say so are left out.
Needs .bench/pyst2: run bench/peers.sh first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from outpace.telephony.asterisk._ami import Decoder

ROOT = Path(__file__).parents[3]
CAPTURES = ROOT / "tests" / "data" / "captures"
PYST2 = ROOT / ".bench" / "pyst2"


@pytest.fixture(scope="module", autouse=True)
def _peer() -> None:
    assert (PYST2 / ".complete").exists(), "pyst2 is not there: run bench/peers.sh"


Headers = dict[str, str]


def by_pyst2(stream: bytes, folder: Path) -> list[Headers | str]:
    """The headers of every message by pyst2, in a process of its own; the text of its error where it raised one."""
    path = folder / "stream.txt"
    path.write_bytes(stream)
    script = Path(__file__).with_name("pyst2_messages.py")
    environment = {**os.environ, "PYTHONPATH": str(PYST2)}
    result = subprocess.run(
        [sys.executable, str(script), str(path)], env=environment, capture_output=True, check=True, timeout=60
    )
    messages: list[Headers | str]
    banner, *messages = json.loads(result.stdout)
    assert banner == {"Response": "Generated Header"}
    return messages


def by_us(stream: bytes) -> list[Headers]:
    """The same by the decoder, with pyst2's reading of spaces and repeated headers."""
    return [{name: value.strip() for name, value in message.items()} for message in Decoder().feed(stream)]


@pytest.mark.parametrize("name", [path.name for path in sorted(CAPTURES.glob("ami-*.txt"))])
def test_capture_when_read_by_both_then_the_same_headers(name: str, tmp_path: Path) -> None:
    blocks = (CAPTURES / name).read_bytes().split(b"\r\n\r\n")
    stream = b"\r\n\r\n".join(block for block in blocks if b"status will follow" not in block)
    ours = by_us(stream)
    assert len(ours) > 200
    assert by_pyst2(stream, tmp_path) == ours


def test_chan_variables_when_sent_then_pyst2_raises_and_we_list_them(tmp_path: Path) -> None:
    stream = (
        b"Asterisk Call Manager/11.0.0\r\n"
        b"Event: Newchannel\r\nChanVariable: LEAD_ID=7\r\nChanVariable: CAMPAIGN=1\r\n\r\n"
    )
    assert by_pyst2(stream, tmp_path) == ["'dict' object has no attribute 'has_key'"]
    (message,) = Decoder().feed(stream)
    assert message.get_all("ChanVariable") == ["LEAD_ID=7", "CAMPAIGN=1"]


def test_repeated_header_when_sent_then_pyst2_keeps_one_and_we_all(tmp_path: Path) -> None:
    stream = b"Asterisk Call Manager/11.0.0\r\nEvent: X\r\nVariable: a\r\nVariable: b\r\n\r\n"
    assert by_pyst2(stream, tmp_path) == [{"Event": "X", "Variable": "b"}]
    (message,) = Decoder().feed(stream)
    assert message.as_dict() == {"Event": "X", "Variable": ["a", "b"]}
