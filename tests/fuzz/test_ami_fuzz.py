"""AMI: any bytes in any pieces give the same messages or RemoteProtocolError only; no action leaves its lines."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from outpace.domain.errors import LocalProtocolError, RemoteProtocolError
from outpace.telephony.asterisk._ami import Decoder, EventReader, Message, encode_action

#: What a hostile or broken stream is likely made of; single bytes and free text come on top.
WORDS = [
    b"Asterisk Call Manager/11.0.0",
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b"\n\n",
    b"Event: Hangup",
    b"Event:",
    b"Event: X",
    b"Response: Success",
    b"ActionID: a1",
    b"Cause: 16",
    b"cause:17",
    b"Channel: PJSIP/x",
    b"Output: ",
    b": ",
    b"\x00",
    b"\xff\xc3",
    "Zoë".encode(),
]
WANTED = {"Hangup": ("Cause", "Channel"), "X": None}
MAX_MESSAGE = 200

streams = st.lists(st.sampled_from(WORDS) | st.binary(max_size=20), max_size=40).map(b"".join)
#: Streams that are AMI for the most part, so that the fuzz gets beyond the first line.
likely = st.tuples(
    st.sampled_from([b"", b"Asterisk Call Manager/11.0.0\r\n", b"Asterisk Call Manager/1.0\n"]),
    st.lists(
        st.tuples(
            st.sampled_from([b"Event: Hangup", b"Event: X", b"Event: Y", b"Response: Success"]),
            st.lists(st.sampled_from(WORDS) | st.binary(max_size=10), max_size=5),
        ).map(lambda message: b"\r\n".join([message[0], *message[1]]) + b"\r\n\r\n"),
        max_size=6,
    ),
    streams,
).map(lambda parts: parts[0] + b"".join(parts[1]) + parts[2])
cuts = st.lists(st.integers(0, 600), max_size=12)

Read = list[tuple[str, ...] | list[tuple[str, str]]]


def read(reader: Decoder | EventReader, data: bytes, at: list[int]) -> tuple[Read, bool, str]:
    """Everything that comes out, whether the stream was refused, and the banner."""
    out: Read = []
    edges = [0, *sorted(min(cut, len(data)) for cut in at), len(data)]
    try:
        for start, stop in zip(edges, [*edges[1:], len(data)], strict=True):
            for item in reader.feed(data[start:stop]):
                out.append(item.items() if isinstance(item, Message) else item)
        reader.feed(b"")
    except RemoteProtocolError:
        assert reader.closed
    return out, reader.closed, reader.banner


@settings(deadline=None)
@given(data=streams | likely, at=cuts, every=st.integers(1, 50))
def test_decoder_when_fed_in_any_pieces_then_the_same_messages(data: bytes, at: list[int], every: int) -> None:
    whole = read(Decoder(MAX_MESSAGE), data, [])
    assert read(Decoder(MAX_MESSAGE), data, at) == whole
    assert read(Decoder(MAX_MESSAGE), data, list(range(0, len(data), every))) == whole


@settings(deadline=None)
@given(data=streams | likely, at=cuts)
def test_reader_when_fed_any_bytes_then_agrees_with_the_decoder(data: bytes, at: list[int]) -> None:
    expected: Read = []
    decoder = Decoder(MAX_MESSAGE)
    skipped = 0
    try:
        for message in decoder.feed(data):
            if message.event == "Hangup":
                expected.append(("Hangup", message.get("Cause"), message.get("Channel")))
            elif message.event in {"", "X"}:
                expected.append(message.items())
            else:
                skipped += 1
        decoder.feed(b"")
    except RemoteProtocolError:
        pass
    reader = EventReader(WANTED, MAX_MESSAGE)
    assert read(reader, data, at) == (expected, decoder.closed, decoder.banner)
    assert reader.skipped == skipped


@settings(deadline=None)
@given(data=likely)
def test_message_when_any_then_its_views_agree(data: bytes) -> None:
    try:
        messages = Decoder().feed(data)
    except RemoteProtocolError:
        return
    for message in messages:
        items = message.items()
        assert items[0] in (("Event", message.event), ("Response", message.response))
        assert bool(message.event) != bool(message.response)
        assert list(message.as_dict()) == list(dict(items))
        for name, value in message.as_dict().items():
            assert [v for n, v in items if n == name] == (value if isinstance(value, list) else [value])
            folded = name.encode("utf-8", "surrogateescape").lower()
            alike = [v for n, v in items if n.encode("utf-8", "surrogateescape").lower() == folded]
            assert message.get_all(name) == alike
            assert message.get(name) == alike[0]


names = st.text(st.characters(codec="utf-8", exclude_characters=":\r\n\x00"), min_size=1, max_size=20).filter(
    lambda name: name == name.strip() and name.lower() not in {"action", "actionid", ""}
)
values = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=60)


@settings(deadline=None)
@given(action=values.filter(bool), fields=st.lists(st.tuples(names, values), max_size=8), action_id=values)
def test_action_when_encoded_and_decoded_then_the_same(
    action: str, fields: list[tuple[str, str]], action_id: str
) -> None:
    data = encode_action(action, fields, action_id)
    (message,) = Decoder().feed(b"Event" + data.removeprefix(b"Action"))
    expected = [("Event", action), ("ActionID", action_id), *fields] if action_id else [("Event", action), *fields]
    assert message.items() == expected


@settings(deadline=None)
@given(
    action=st.text(max_size=10),
    fields=st.lists(
        st.tuples(st.text(max_size=10), st.text(max_size=20) | st.text("aé:\r\n\x00 ", max_size=8)), max_size=4
    ),
    action_id=st.text("a1\r\n", max_size=4),
)
def test_action_when_any_text_then_one_line_a_field_or_refused(
    action: str, fields: list[tuple[str, str]], action_id: str
) -> None:
    try:
        data = encode_action(action, fields, action_id)
    except LocalProtocolError:
        return
    lines = data.split(b"\r\n")
    assert lines[-2:] == [b"", b""]
    assert len(lines) == 2 + 1 + len(fields) + bool(action_id)
    assert [line.partition(b":")[0] for line in lines].count(b"Action") == 1
    assert not any(set(line) & set(b"\r\n\x00") for line in lines)
