"""Real traffic, cut at random places (seeded): the same messages, and those that are in it."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from outpace.telephony.asterisk._ami import Decoder, EventReader, Message

CAPTURES = Path(__file__).parents[3] / "data" / "captures"

#: file, banner, messages, responses, hangups, alarms
FACTS = [
    ("ami-capture.txt", "Asterisk Call Manager/11.0.0", 556, 34, 20, 0),
    ("ami-capture-16.txt", "Asterisk Call Manager/5.0.4", 491, 34, 20, 0),
    ("ami-capture-dahdi.txt", "Asterisk Call Manager/11.0.0", 391, 14, 21, 0),
    ("ami-capture-dahdi-alarms.txt", "Asterisk Call Manager/11.0.0", 253, 5, 0, 120),
]
WANTED = {
    "Newstate": ("Uniqueid", "ChannelState"),
    "DialEnd": ("DestUniqueid", "DialStatus"),
    "Hangup": ("Uniqueid", "Cause", "TechCause", "Cause-txt"),
    "OriginateResponse": ("ActionID", "Response", "Reason", "Uniqueid"),
    "Cdr": ("Uniqueid", "Disposition"),
    "CoreShowChannel": None,
    "Alarm": ("DAHDIChannel", "Alarm"),
}


def pieces(data: bytes, seed: int) -> list[bytes]:
    """`data` in pieces of 1 to 4,000 bytes, short ones more often."""
    source = random.Random(seed)
    parts = []
    start = 0
    while start < len(data):
        size = source.choice((1, 2, 3, 10, 100, 1000, 4000))
        parts.append(data[start : start + size])
        start += size
    return parts


def plain(data: bytes) -> list[list[tuple[str, str]]]:
    """The messages by the plainest reading of the format, to compare with."""
    blocks = data.decode().partition("\r\n")[2].split("\r\n\r\n")
    headers = [[line.partition(":") for line in block.split("\r\n")] for block in blocks[:-1]]
    return [[(name, value[1:]) for name, _, value in block] for block in headers]


@pytest.mark.parametrize(("name", "banner", "messages", "responses", "hangups", "alarms"), FACTS)
def test_capture_when_decoded_whole_then_what_is_in_it(
    name: str, banner: str, messages: int, responses: int, hangups: int, alarms: int
) -> None:
    data = (CAPTURES / name).read_bytes()
    decoder = Decoder()
    decoded = decoder.feed(data)
    kinds = Counter(message.event for message in decoded)
    assert decoder.banner == banner
    assert (len(decoded), kinds[""], kinds["Hangup"], kinds["Alarm"]) == (messages, responses, hangups, alarms)
    assert [message.items() for message in decoded] == plain(data)
    for message in decoded:
        assert {key: message.get_all(key) for key in message.as_dict()} == {
            key: value if isinstance(value, list) else [value] for key, value in message.as_dict().items()
        }


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", [facts[0] for facts in FACTS])
def test_capture_when_cut_anywhere_then_the_same_messages(name: str, seed: int) -> None:
    data = (CAPTURES / name).read_bytes()
    decoder = Decoder()
    decoded = [message.items() for part in pieces(data, seed) for message in decoder.feed(part)]
    assert decoded == plain(data)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [facts[0] for facts in FACTS])
def test_capture_when_read_for_events_then_what_the_decoder_finds(name: str, seed: int) -> None:
    data = (CAPTURES / name).read_bytes()
    expected: list[object] = []
    skipped = 0
    for message in Decoder().feed(data):
        fields = WANTED.get(message.event)
        if fields is not None:
            expected.append((message.event, *(message.get(field) for field in fields)))
        elif message.response or message.event in WANTED:
            expected.append(message.items())
        else:
            skipped += 1
    reader = EventReader(WANTED)
    read = [
        item.items() if isinstance(item, Message) else item for part in pieces(data, seed) for item in reader.feed(part)
    ]
    assert read == expected
    assert reader.skipped == skipped
