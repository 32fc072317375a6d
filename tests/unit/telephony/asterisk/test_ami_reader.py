"""The AMI event reader: wanted fields of wanted events."""

from __future__ import annotations

import pytest

from outpace.domain.errors import RemoteProtocolError
from outpace.telephony.asterisk._ami import EventReader, Message

HANGUP = (
    b"Event: Hangup\r\nPrivilege: call,all\r\nChannel: PJSIP/c-1\r\nUniqueid: 17-1\r\nCause: 17\r\n"
    b"Cause-txt: User busy\r\nTechCause: 486\r\n\r\n"
)


def test_event_when_wanted_then_a_tuple_of_its_fields_in_the_order_asked() -> None:
    reader = EventReader({"Hangup": ("TechCause", "Uniqueid", "Cause")})
    assert reader.feed(HANGUP) == [("Hangup", "486", "17-1", "17")]
    assert reader.skipped == 0


def test_event_when_not_wanted_then_skipped_and_counted() -> None:
    reader = EventReader({"Hangup": ("Cause",)})
    others = b"Event: VarSet\r\nCause: 1\r\n\r\nEvent: Hang\r\nCause: 2\r\n\r\nEvent: Hangups\r\nCause: 3\r\n\r\n"
    assert reader.feed(others + HANGUP) == [("Hangup", "17")]
    assert reader.skipped == 3


def test_field_when_missing_empty_repeated_or_of_other_case_then_defined() -> None:
    reader = EventReader({"Cdr": ("Uniqueid", "None", "Empty", "Twice", "Lf")})
    data = b"Event: Cdr\r\nUniqueID: 7\r\nUniqueid: 8\r\nEmpty: \r\nTwice: a\r\nTwice: b\r\nLf: a\nTwice: c\r\n\r\n"
    assert reader.feed(data) == [("Cdr", "7", "", "", "a", "a\nTwice: c")]


def test_field_when_another_header_starts_alike_then_not_confused() -> None:
    reader = EventReader({"Hangup": ("Cause", "Tech")})
    data = b"Event: Hangup\r\nCause-txt: x\r\nTechCause: 1\r\nCaus: 2\r\nCause\r\nCause: 3\r\n\r\n"
    assert reader.feed(data) == [("Hangup", "3", "")]


def test_event_when_wanted_without_fields_then_its_name_alone() -> None:
    assert EventReader({"Hangup": ()}).feed(HANGUP) == [("Hangup",)]


def test_event_when_wanted_whole_then_a_message() -> None:
    (message,) = EventReader({"Hangup": None}).feed(HANGUP)
    assert isinstance(message, Message)
    assert (message.event, message.get("Cause-txt")) == ("Hangup", "User busy")


def test_response_when_read_then_always_a_message_in_its_place() -> None:
    reader = EventReader({"Hangup": ("Cause",)})
    first, response, last = reader.feed(HANGUP + b"Response: Success\r\nActionID: 5\r\n\r\n" + HANGUP)
    assert first == last == ("Hangup", "17")
    assert isinstance(response, Message)
    assert (response.response, response.action_id) == ("Success", "5")


def test_stream_when_cut_anywhere_then_the_same_events() -> None:
    data = b"Asterisk Call Manager/11.0.0\r\n" + HANGUP + b"Event: VarSet\r\nVariable: x\r\n\r\n" + HANGUP
    for cut in range(len(data) + 1):
        reader = EventReader({"Hangup": ("Uniqueid", "Cause")})
        assert reader.feed(data[:cut]) + reader.feed(data[cut:]) == [("Hangup", "17-1", "17")] * 2
        assert reader.banner == "Asterisk Call Manager/11.0.0"
        assert reader.skipped == 1


def test_fault_when_met_then_as_the_decoder() -> None:
    reader = EventReader({"Hangup": ("Cause",)}, max_message=len(HANGUP))
    assert reader.feed(HANGUP + b"HTTP/1.1 200\r\n") == [("Hangup", "17")]
    assert reader.closed
    with pytest.raises(RemoteProtocolError, match=f"at byte {len(HANGUP)} "):
        reader.feed(b"")
    with pytest.raises(RemoteProtocolError, match="more than"):
        EventReader({"Hangup": ("Cause",)}, max_message=len(HANGUP) - 1).feed(HANGUP)


def test_many_events_when_wanted_then_each_is_found() -> None:
    wanted = {f"Event{number}": (f"Field{number}",) for number in range(500)}
    reader = EventReader(wanted)
    data = b"".join(b"Event: Event%d\r\nField%d: %d\r\n\r\n" % (n, n, n) for n in range(500))
    assert reader.feed(data) == [(f"Event{n}", str(n)) for n in range(500)]


def test_sixteen_fields_when_wanted_then_taken_and_seventeen_refused() -> None:
    names = [f"F{number}" for number in range(17)]
    data = b"Event: X\r\n" + b"".join(b"F%d: %d\r\n" % (n, n) for n in range(17)) + b"\r\n"
    assert EventReader({"X": names[:16]}).feed(data) == [("X", *map(str, range(16)))]
    with pytest.raises(ValueError, match="at most 16"):
        EventReader({"X": names})


@pytest.mark.parametrize("name", ["", "a:", ":", "a:b", "a\r\nb", "é", "\udc80", "a\x00", None])
def test_names_when_no_header_can_have_them_then_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="can have the name"):
        EventReader({"X": (name,)})
    with pytest.raises(ValueError, match="can have the name"):
        EventReader({name: ("X",)})


def test_reader_when_set_up_twice_then_runtime_error() -> None:
    reader = EventReader({"Hangup": ("Cause",)})
    with pytest.raises(RuntimeError):
        reader.__init__({"Hangup": ("Uniqueid",)})
    assert reader.feed(HANGUP) == [("Hangup", "17")]
