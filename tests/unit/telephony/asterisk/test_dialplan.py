"""What the dialplan fragment and the adapter share: ids, variables, kept results; the fragment and the settings."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.commands import Originate
from outpace.domain.config import Campaign, TrunkGroup
from outpace.domain.errors import ConfigError, LocalProtocolError
from outpace.domain.outcomes import AbandonReason, Verdict
from outpace.telephony.adapter import KeptResult
from outpace.telephony.asterisk import dialplan
from outpace.telephony.asterisk.settings import AsteriskSettings, Circuits

SETTINGS = AsteriskSettings(secret="s")
GROUP = TrunkGroup(id=1, name="g")


@given(st.integers(1, 2**63 - 1), st.integers(1, 2**31 - 1), st.integers(0, 10**10 - 1))
def test_channel_ids_go_both_ways_and_none_is_another_s_prefix(call_id, agent_id, serial):
    call, agent = dialplan.call_channel(call_id), dialplan.agent_channel(agent_id, serial)
    assert dialplan.identify(call) == (call_id, 0)
    assert dialplan.identify(agent) == (0, agent_id)
    assert (dialplan.agent_serial(agent), dialplan.agent_serial(call)) == (serial, 0)
    assert len(call) == len(dialplan.call_channel(1))
    assert len(agent) == len(dialplan.agent_channel(1, 1))


def test_ids_of_more_than_64_bits_are_not_ours():
    assert dialplan.identify(dialplan.call_channel(2**63 - 1)) == (2**63 - 1, 0)
    assert dialplan.identify(dialplan.call_channel(2**63)) == (0, 0)


@given(st.text(max_size=40).map(lambda text: "outpace-" + text) | st.text(max_size=40))
def test_any_text_is_identified_without_an_error(text):
    call_id, agent_id = dialplan.identify(text)
    assert (call_id, agent_id) == (0, 0) or text in (dialplan.call_channel(call_id), text if agent_id else "")


@pytest.mark.parametrize(
    ("strip", "prefix", "dial", "expected"),
    [
        ("", "", "PJSIP/{number}@carrier", "PJSIP/4930123@carrier"),
        ("49", "", "PJSIP/{number}@carrier", "PJSIP/30123@carrier"),
        ("49", "0", "DAHDI/g1/{number}", "DAHDI/g1/030123"),
        ("1", "00", "PJSIP/x/sip:{number}@host", "PJSIP/x/sip:004930123@host"),
    ],
)
def test_dial_strings(strip, prefix, dial, expected):
    group = TrunkGroup(id=1, name="g", strip=strip, prefix=prefix, dial=dial)
    assert dialplan.dial_string(group, 4930123) == expected


@pytest.mark.parametrize("number", [0, -4930123])
def test_only_numbers_are_dialled(number):
    with pytest.raises(LocalProtocolError):
        dialplan.dial_string(GROUP, number)


@pytest.mark.parametrize("message", ["", "a b", "a,b", "a&b", "a)", "${X}", "../etc/x", "a\nb", "a" * 201, "ä"])
def test_a_message_that_is_more_than_a_file_s_name_is_refused(message):
    with pytest.raises(LocalProtocolError):
        dialplan.message_file(message)


def test_the_analysis_comes_with_its_settings():
    command = Originate(5, 1, 1, 4930123, "", 25_000_000_000, True)
    campaign = Campaign(id=1, name="c", amd=True, amd_timeout_s=4.0, connect_limit_s=2.0)
    fields = dialplan.originate_fields(command, GROUP, campaign, SETTINGS)
    assert ("Exten", "amd") in fields
    assert [value for name, value in fields if name == "Variable"] == [
        "OUTPACE_CALL=5", "OUTPACE_LIMIT=3.000", "OUTPACE_AMD_MS=4000", "OUTPACE_AMD_SILENCE_MS=800",
    ]  # fmt: skip
    assert not [name for name, _ in fields if name == "CallerID"]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("HUMAN", Verdict.PERSON), ("MACHINE", Verdict.MACHINE), ("NOTSURE", Verdict.UNSURE), ("HANGUP", Verdict.NONE)],
)
def test_verdicts(status, verdict):
    assert dialplan.verdict_of(status) is verdict


@pytest.mark.parametrize(
    ("cause", "silence_ns"), [("HUMAN-820-800", 820_000_000), ("MAXWORDS-3-3", 0), ("HUMAN-x-1", 0)]
)
def test_closing_silence(cause, silence_ns):
    assert dialplan.closing_silence_ns(cause) == silence_ns


def test_kept_results():
    kept = KeptResult(5 << 32 | 1, AbandonReason.NO_AGENT_IN_TIME, 1_795_321_036_000_000_000)
    assert dialplan.kept_result(f"/outpace/{5 << 32 | 1}", "abandoned|1795321036") == kept
    for key, value in (
        ("/outpace/x", "abandoned|1"),
        ("/outpace/1", "done|1"),
        ("/outpace/", ""),
        ("1" * 20, "abandoned|1"),
        ("9" * 19, "abandoned|1"),
        ("1", "abandoned|99999999999"),
    ):
        assert dialplan.kept_result(key, value) is None


def test_the_fragment_names_what_the_adapter_uses():
    text = dialplan.fragment()
    for context in (SETTINGS.call_context, SETTINGS.message_context, SETTINGS.agent_context):
        assert f"\n[{context}]\n" in text
    for word in (
        dialplan.VARIABLE_TAKEN, dialplan.VARIABLE_MESSAGE, f"UserEvent({dialplan.EVENT_VERDICT},",
        f"UserEvent({dialplan.EVENT_MESSAGE_ENDED},", f"DB({dialplan.FAMILY}/",
    ):  # fmt: skip
        assert word in text
    # one place writes the database, and only behind the test for a call that was taken over
    assert text.count("DB(") == 1
    assert text.index("GotoIf($[") < text.index("DB(")
    # in a pattern n, x and z are wildcards: no extension of ours may be one
    assert not re.search(r"exten => _", text)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"port": 0}, "port"),
        ({"secret": ""}, "secret"),
        ({"call_context": "a b"}, "call_context"),
        ({"max_pending": 0}, "max_pending"),
        ({"ping_s": 0.0}, "ping_s"),
        ({"after_greeting_silence_ms": 50}, "after_greeting_silence_ms"),
        ({"backoff_s": 5.0, "backoff_max_s": 1.0}, "backoff_max_s"),
    ],
)
def test_wrong_settings_say_which(changes, where):
    with pytest.raises(ConfigError) as error:
        AsteriskSettings(**({"secret": "s"} | changes))
    assert error.value.where == where


def test_unknown_settings_are_refused_and_the_secret_is_not_shown():
    with pytest.raises(msgspec.ValidationError, match="unknown field `sekrit`"):
        msgspec.convert({"secret": "s", "sekrit": "x"}, AsteriskSettings)
    assert "hidden" not in repr(AsteriskSettings(secret="hidden"))


def test_circuits():
    assert Circuits(trunk_group=1, span=1, channels="1-3,17").numbers() == {1, 2, 3, 17}
    with pytest.raises(ConfigError, match="numbers and ranges"):
        Circuits(trunk_group=1, span=1, channels="1-")
