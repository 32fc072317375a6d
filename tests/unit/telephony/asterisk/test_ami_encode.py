"""AMI actions: their bytes, and what is refused so that a value can never become a command."""

from __future__ import annotations

import pytest

from outpace.domain.errors import LocalProtocolError
from outpace.telephony.asterisk._ami import encode_action


def test_action_when_encoded_then_name_id_fields_in_order() -> None:
    fields = [("Channel", "PJSIP/1@carrier"), ("Variable", "a=1"), ("Variable", "b=2"), ("CallerID", "Zoë <1>")]
    assert encode_action("Originate", fields, "o7") == (
        b"Action: Originate\r\nActionID: o7\r\nChannel: PJSIP/1@carrier\r\nVariable: a=1\r\nVariable: b=2\r\n"
        b"CallerID: Zo\xc3\xab <1>\r\n\r\n"
    )


def test_action_when_without_id_or_fields_then_only_its_name() -> None:
    assert encode_action("Ping", []) == b"Action: Ping\r\n\r\n"


def test_fields_when_an_iterator_then_taken() -> None:
    assert encode_action("Setvar", iter({"Variable": "x"}.items())) == b"Action: Setvar\r\nVariable: x\r\n\r\n"


def test_value_when_surrogate_escapes_then_the_bytes_they_stand_for() -> None:
    assert encode_action("X", [("K", "Zo\udceb")]) == b"Action: X\r\nK: Zo\xeb\r\n\r\n"


INJECTIONS = ["a\r\nAction: Command", "a\nAction: Command", "a\rb", "\r", "\n", "end\r\n", "a\x00b", "\r\n\r\n"]


@pytest.mark.parametrize("text", INJECTIONS)
def test_line_end_when_in_a_value_or_name_then_refused_by_name(text: str) -> None:
    with pytest.raises(LocalProtocolError, match="field 'Variable'"):
        encode_action("Originate", [("Channel", "x"), ("Variable", text)])
    with pytest.raises(LocalProtocolError, match="field "):
        encode_action("Originate", [(text, "x")])
    with pytest.raises(LocalProtocolError, match="field 'Action'"):
        encode_action(text, [])
    with pytest.raises(LocalProtocolError, match="field 'ActionID'"):
        encode_action("Originate", [], text)


@pytest.mark.parametrize("name", ["", "a:b", " Channel", "Channel ", "\tChannel", "\udcff\ud800"])
def test_name_when_no_header_name_then_refused(name: str) -> None:
    with pytest.raises(LocalProtocolError, match="field "):
        encode_action("Originate", [(name, "x")])


@pytest.mark.parametrize("name", ["Action", "ACTION", "ActionID", "actionid"])
def test_name_when_it_is_an_argument_of_its_own_then_refused(name: str) -> None:
    with pytest.raises(LocalProtocolError, match="argument of its own"):
        encode_action("Originate", [(name, "Command")])


def test_action_when_nameless_then_refused() -> None:
    with pytest.raises(LocalProtocolError, match="needs a name"):
        encode_action("", [])


@pytest.mark.parametrize("point", [0xD800, 0xDC0A, 0xDC0D])
def test_value_when_a_surrogate_that_escapes_nothing_then_refused(point: int) -> None:
    with pytest.raises(LocalProtocolError, match="field 'K'"):
        encode_action("X", [("K", chr(point))])


def test_line_when_longer_than_the_switch_reads_then_refused() -> None:
    # Asterisk drops the first 1,024 bytes and would take the tail for a header, so for a command if it says so.
    room = 1022 - len("Variable: ")
    assert len(encode_action("X", [("Variable", "x" * room)]).split(b"\r\n")[1]) == 1022
    with pytest.raises(LocalProtocolError, match="field 'Variable': 1023 bytes"):
        encode_action("X", [("Variable", "x" * (room + 1))])
    with pytest.raises(LocalProtocolError, match="field 'Variable'"):
        encode_action("X", [("Variable", "é" * (room // 2 + 1))])


@pytest.mark.parametrize("pair", [("K", 5), (5, "v"), ("K", b"v")])
def test_field_when_not_text_then_type_error(pair: tuple[str, str]) -> None:
    with pytest.raises(TypeError):
        encode_action("X", [pair])


@pytest.mark.parametrize("pair", [("K", None), (None, "v")])
def test_field_when_none_then_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(LocalProtocolError, match="needs a name and a value"):
        encode_action("X", [pair])
