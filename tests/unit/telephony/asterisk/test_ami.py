"""The AMI decoder: messages, line ends, limits and faults. Streams are literal."""

from __future__ import annotations

import pytest

from outpace.domain.errors import RemoteProtocolError
from outpace.telephony.asterisk._ami import Decoder, Message

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def one(data: bytes) -> Message:
    (message,) = Decoder().feed(data)
    return message


def feed_in_steps(decoder: Decoder, data: bytes, step: int) -> None:
    for start in range(0, len(data), step):
        decoder.feed(data[start : start + step])


def test_banner_when_first_line_then_kept_and_no_message() -> None:
    decoder = Decoder()
    assert decoder.feed(BANNER[:10]) == []
    assert decoder.banner == ""
    assert decoder.feed(BANNER[10:]) == []
    assert decoder.banner == "Asterisk Call Manager/11.0.0"


def test_event_when_whole_then_name_headers_and_order() -> None:
    message = one(BANNER + b"Event: Newstate\r\nChannel: PJSIP/a-1\r\nChannelState: 6\r\nAccountCode: \r\n\r\n")
    assert (message.event, message.response, message.action_id) == ("Newstate", "", "")
    assert message.items() == [
        ("Event", "Newstate"),
        ("Channel", "PJSIP/a-1"),
        ("ChannelState", "6"),
        ("AccountCode", ""),
    ]
    assert repr(message) == "<Message Event: Newstate>"


def test_response_when_whole_then_word_and_action_id() -> None:
    message = one(b"Response: Error\r\nActionID: o1\r\nMessage: Extension does not exist.\r\n\r\n")
    assert (message.event, message.response, message.action_id) == ("", "Error", "o1")
    assert message.get("Message") == "Extension does not exist."


def test_response_header_when_inside_an_event_then_still_an_event() -> None:
    message = one(b"Event: OriginateResponse\r\nActionID: o1\r\nResponse: Failure\r\nReason: 8\r\n\r\n")
    assert (message.event, message.response, message.action_id) == ("OriginateResponse", "", "o1")
    assert message.get("Response") == "Failure"


def test_get_when_case_differs_then_found() -> None:
    message = one(b"Event: Cdr\r\nUniqueID: 7-1\r\n\r\n")
    assert message.get("Uniqueid") == message.get("UNIQUEID") == "7-1"
    assert message.get("Linkedid") == ""
    assert message.get("Linkedid", "none") == "none"
    assert message.get("Unique") == ""


def test_repeated_headers_when_read_then_first_all_and_list() -> None:
    message = one(
        b"Event: X\r\nChanVariable: a=1\r\nOne: 1\r\nChanVariable: b=2\r\nChanVariable: b=2\r\nE: \r\nE: \r\n\r\n"
    )
    assert message.get("ChanVariable") == "a=1"
    assert message.get_all("chanvariable") == ["a=1", "b=2", "b=2"]
    assert message.get_all("none") == []
    assert message.as_dict() == {"Event": "X", "ChanVariable": ["a=1", "b=2", "b=2"], "One": "1", "E": ["", ""]}


def test_command_output_when_in_lines_then_a_list_with_its_spaces() -> None:
    message = one(b"Response: Success\r\nMessage: follows\r\nOutput:   a  b\r\nOutput: \r\nOutput: c:d\r\n\r\n")
    assert message.get_all("Output") == ["  a  b", "", "c:d"]


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"Key:value", "value"),
        (b"Key: value", "value"),
        (b"Key:  value ", " value "),
        (b"Key: a: b", "a: b"),
        (b"Key:", ""),
        (b"Key: Zo\xc3\xab", "Zoë"),
        (b"Key: Zo\xeb", "Zo\udceb"),
        (b"Key: tab\there", "tab\there"),
        (b"Key: lone\rcr", "lone\rcr"),
        (b"Key: lone\nlf", "lone\nlf"),
        (b"Key: lf last\n", "lf last\n"),
    ],
)
def test_value_when_written_so_then_read_so(raw: bytes, value: str) -> None:
    message = one(b"Event: X\r\n" + raw + b"\r\nLast: 1\r\n\r\n")
    assert message.items() == [("Event", "X"), ("Key", value), ("Last", "1")]


def test_value_when_it_holds_an_lf_then_it_can_forge_nothing() -> None:
    message = one(b"Event: Newexten\r\nAppData: x\n\nEvent: Hangup\nCause: 16\r\n\r\n")
    assert message.items() == [("Event", "Newexten"), ("AppData", "x\n\nEvent: Hangup\nCause: 16")]


def test_line_without_name_when_inside_a_message_then_skipped() -> None:
    message = one(b"Event: DBGetResponse\r\nVal: two\r\nlines\r\n: three\r\nFamily: f\r\n\r\n")
    assert message.items() == [("Event", "DBGetResponse"), ("Val", "two"), ("Family", "f")]


@pytest.mark.parametrize("blank", [b"\n", b"\r\n"])
def test_stream_when_its_first_line_ends_in_lf_then_lf_ends_lines(blank: bytes) -> None:
    decoder = Decoder()
    data = b"Asterisk Call Manager/5.0.4\nEvent: A\nK: v\r\n" + blank + b"Response: Success\nPing: Pong\n\n"
    assert [message.items() for message in decoder.feed(data)] == [
        [("Event", "A"), ("K", "v")],
        [("Response", "Success"), ("Ping", "Pong")],
    ]
    assert decoder.banner == "Asterisk Call Manager/5.0.4"


def test_blank_lines_when_between_messages_then_nothing() -> None:
    decoder = Decoder()
    assert [m.event for m in decoder.feed(b"\r\nEvent: A\r\n\r\n\r\n\n\r\nEvent: B\r\n\r\n")] == ["A", "B"]


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"Content-Type: auth/request\n\n",
        b"\xff\xfd\x18\n",
        BANNER + b"Channel: x\r\n",
        BANNER + b"Event: A\r\n\r\nno colon\r\n",
        BANNER + b"Event: \r\nA: b\r\n\r\n",
        BANNER + BANNER,
        BANNER + b"Event: A\r\nB: \x00\r\n\r\n",
        BANNER + b"\x00",
    ],
)
def test_feed_when_not_ami_then_remote_protocol_error_and_closed(data: bytes) -> None:
    decoder = Decoder()
    with pytest.raises(RemoteProtocolError):
        feed_in_steps(decoder, data, 1)
    assert decoder.closed
    with pytest.raises(RemoteProtocolError):
        decoder.feed(b"Event: B\r\n\r\n")


def test_fault_when_raised_then_it_tells_where_and_what() -> None:
    decoder = Decoder()
    decoder.feed(BANNER + b"Event: A\r\n\r\n")
    with pytest.raises(RemoteProtocolError, match=r"neither Event nor Response at byte 42 of the stream: b'Garb: 1"):
        decoder.feed(b"Garb: 1\r\n")


def test_fault_when_messages_precede_it_in_the_same_bytes_then_they_come_first() -> None:
    decoder = Decoder()
    assert not decoder.closed
    assert [m.event for m in decoder.feed(b"Event: A\r\n\r\nEvent: B\r\n\r\nGarbage\r\n")] == ["A", "B"]
    assert decoder.closed
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="at byte 24 "):
            decoder.feed(b"")


EVENT_40 = b"Event: A\r\nKey: " + b"v" * 21 + b"\r\n\r\n"


@pytest.mark.parametrize("step", [1, 7, 40])
def test_message_when_as_long_as_allowed_then_taken_and_one_more_refused(step: int) -> None:
    def feed(limit: int) -> list[Message]:
        decoder = Decoder(max_message=limit)
        messages = [decoder.feed(EVENT_40[start : start + step]) for start in range(0, 40, step)]
        return [message for part in messages for message in part]

    assert len(EVENT_40) == 40
    assert len(feed(40)) == 1
    with pytest.raises(RemoteProtocolError, match="more than 39 bytes at byte 0 "):
        feed(39)


@pytest.mark.parametrize("step", [1, 30])
def test_banner_when_longer_than_a_message_may_be_then_refused(step: int) -> None:
    decoder = Decoder(max_message=29)
    with pytest.raises(RemoteProtocolError, match="more than 29 bytes"):
        feed_in_steps(decoder, BANNER, step)


def test_line_when_it_never_ends_then_refused_at_the_limit() -> None:
    decoder = Decoder(max_message=1000)
    assert decoder.feed(b"Event: A\r\nOutput: " + b"x" * 900) == []
    with pytest.raises(RemoteProtocolError, match="more than 1000 bytes"):
        decoder.feed(b"x" * 100)


def test_limit_when_not_positive_then_value_error() -> None:
    with pytest.raises(ValueError, match="max_message"):
        Decoder(max_message=0)


def test_long_message_when_it_comes_byte_by_byte_then_each_byte_is_scanned_once() -> None:
    # Quadratic rescans of 300 kB would take minutes here.
    decoder = Decoder()
    decoder.feed(b"Response: Success\r\n")
    line = b"Output: " + b"x" * 90 + b"\r\n"
    for _ in range(3000):
        for start in range(0, 100, 10):
            assert decoder.feed(line[start : start + 10]) == []
    (message,) = decoder.feed(b"\r\n")
    assert len(message.get_all("Output")) == 3000


@pytest.mark.parametrize("size", [2000, 2047, 2048, 2049, 5000])
@pytest.mark.parametrize("cut", [1, 9, 12, 1000])
def test_long_message_when_cut_once_then_joined_and_what_follows_read(size: int, cut: int) -> None:
    # Around the number of bytes that the decoder joins to a message that waits.
    data = b"Event: A\r\nKey: " + b"v" * size + b"\r\n\r\nEvent: B\r\n\r\nEvent: C\r\n"
    decoder = Decoder()
    assert decoder.feed(data[:cut]) == []
    first, second = decoder.feed(data[cut:])
    assert (first.get("Key"), second.event) == ("v" * size, "B")
    assert [message.items() for message in decoder.feed(b"K: 1\r\n\r\n")] == [[("Event", "C"), ("K", "1")]]
    with pytest.raises(RemoteProtocolError, match=f"at byte {len(data) + 8} "):
        decoder.feed(b"Garbage\r\n")


def test_message_when_made_by_hand_then_empty_and_harmless() -> None:
    message = Message()
    assert (message.event, message.response, message.items(), message.as_dict()) == ("", "", [], {})
