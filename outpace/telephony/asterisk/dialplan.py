"""What outpace and its dialplan fragment (outpace.conf) share: channel ids, variables, events, kept results.

A channel id is made from the attempt id, so the switch itself refuses a duplicate. Ids have a fixed width because some
AMI actions take the prefix of an id for the id.
"""

from __future__ import annotations

import re
from importlib.resources import files

from outpace.domain.commands import Originate
from outpace.domain.config import Campaign, TrunkGroup
from outpace.domain.errors import LocalProtocolError
from outpace.domain.outcomes import AbandonReason, Verdict
from outpace.domain.units import NS_PER_MS, NS_PER_S
from outpace.telephony.adapter import KeptResult
from outpace.telephony.asterisk.settings import AsteriskSettings

PREFIX = "outpace-"
EXTEN_WAIT = "wait"
EXTEN_AMD = "amd"
EXTEN_PLAY = "play"
VARIABLE_TAKEN = "OUTPACE_TAKEN"
VARIABLE_MESSAGE = "OUTPACE_MESSAGE"
EVENT_VERDICT = "OutpaceVerdict"
EVENT_MESSAGE_ENDED = "OutpaceMessageEnded"
FAMILY = "outpace"

_CALL = re.compile(r"outpace-(\d{19})")
_AGENT = re.compile(r"outpace-agent-(\d{10})-(\d{10})")
_MESSAGE = re.compile(r"[A-Za-z0-9_./-]{1,200}")
_KEPT = re.compile(r"abandoned\|(\d{1,11})")
_HUMAN = re.compile(r"HUMAN-(\d{1,6})-\d{1,6}")

_INT64_MAX = 2**63 - 1  # no id and no time of ours is beyond

_VERDICTS = {"HUMAN": Verdict.PERSON, "MACHINE": Verdict.MACHINE, "NOTSURE": Verdict.UNSURE}


def fragment() -> str:
    """The dialplan fragment, to be included in extensions.conf."""
    return files("outpace.telephony.asterisk").joinpath("outpace.conf").read_text(encoding="ascii")


def call_channel(call_id: int) -> str:
    """Channel id of an outbound call."""
    return f"{PREFIX}{call_id:019d}"


def agent_channel(agent_id: int, serial: int) -> str:
    """Channel id of an agent's standing leg; `serial` tells it from one of the same agent that is still closing."""
    return f"{PREFIX}agent-{agent_id:010d}-{serial:010d}"


def identify(channel_id: str) -> tuple[int, int]:
    """(call id, 0), (0, agent id), or (0, 0) for a channel that is not ours."""
    if not channel_id.startswith(PREFIX):
        return 0, 0
    call = _CALL.fullmatch(channel_id)
    if call is not None:
        return (int(call[1]), 0) if int(call[1]) <= _INT64_MAX else (0, 0)
    agent = _AGENT.fullmatch(channel_id)
    return (0, int(agent[1])) if agent is not None else (0, 0)


def agent_serial(channel_id: str) -> int:
    """The serial in an agent leg's channel id, 0 = it is none."""
    agent = _AGENT.fullmatch(channel_id)
    return int(agent[2]) if agent is not None else 0


def dial_string(group: TrunkGroup, number: int) -> str:
    """The channel to dial: `strip` taken off the number's front, `prefix` put there, into the group's template."""
    if number <= 0:
        raise LocalProtocolError(f"not a number to dial: {number}")
    return group.dial.replace("{number}", group.prefix + str(number).removeprefix(group.strip))


def message_file(message: str) -> str:
    """The name of a recorded message, refused when it could say more than a file's name to the dialplan."""
    if not _MESSAGE.fullmatch(message) or ".." in message:
        raise LocalProtocolError(f"not a sound file's name: {message!r}")
    return message


def originate_fields(
    command: Originate, group: TrunkGroup, campaign: Campaign, settings: AsteriskSettings
) -> list[tuple[str, str]]:
    """Fields of the Originate action; raises LocalProtocolError where a value cannot be said safely."""
    limit_s = campaign.connect_limit_s + 1.0
    fields = [
        ("Channel", dial_string(group, command.number)),
        ("ChannelId", call_channel(command.call_id)),
        ("Context", settings.call_context),
        ("Exten", EXTEN_AMD if command.classify else EXTEN_WAIT),
        ("Priority", "1"),
        ("Timeout", str(max(1, command.ring_timeout_ns // NS_PER_MS))),
        ("Account", f"outpace-{command.campaign_id}"),
        ("Async", "true"),
        ("Variable", f"OUTPACE_CALL={command.call_id}"),
        ("Variable", f"OUTPACE_LIMIT={limit_s:.3f}"),
    ]
    if command.caller_id:
        fields.append(("CallerID", command.caller_id))
    if campaign.message:
        fields.append(("Variable", f"{VARIABLE_MESSAGE}={message_file(campaign.message)}"))
    if command.classify:
        fields.append(("Variable", f"OUTPACE_AMD_MS={round(campaign.amd_timeout_s * 1000)}"))
        fields.append(("Variable", f"OUTPACE_AMD_SILENCE_MS={settings.after_greeting_silence_ms}"))
    return fields


def agent_fields(agent_id: int, leg: str, channel_id: str, settings: AsteriskSettings) -> list[tuple[str, str]]:
    """Fields of the Originate action that opens an agent's standing leg."""
    if leg.startswith("Local/") and not leg.endswith("/n"):
        leg += "/n"  # an optimised Local channel would take its id away with it
    fields = [
        ("Channel", leg),
        ("ChannelId", channel_id),
        ("Context", settings.agent_context),
        ("Exten", EXTEN_WAIT),
        ("Priority", "1"),
        ("Timeout", str(round(settings.agent_timeout_s * 1000))),
        ("Account", f"outpace-agent-{agent_id}"),
        ("Async", "true"),
    ]
    if settings.agent_caller_id:
        fields.append(("CallerID", settings.agent_caller_id))
    return fields


def verdict_of(status: str) -> Verdict:
    """What AMDSTATUS says; NONE = no verdict (the caller hung up, or the analysis was interrupted)."""
    return _VERDICTS.get(status, Verdict.NONE)


def closing_silence_ns(cause: str) -> int:
    """How long the silence was that ended a person's greeting, from AMDCAUSE; 0 = no greeting ended."""
    human = _HUMAN.fullmatch(cause)
    return int(human[1]) * NS_PER_MS if human is not None else 0


def kept_result(key: str, value: str) -> KeptResult | None:
    """One entry of the AstDB family; None when it is not ours to read."""
    number = key.rsplit("/", 1)[-1].strip()
    kept = _KEPT.fullmatch(value.strip())
    if kept is None or not (number.isascii() and number.isdigit()) or len(number) > 19:
        return None
    at_ns = int(kept[1]) * NS_PER_S
    if max(int(number), at_ns) > _INT64_MAX:
        return None
    return KeptResult(int(number), AbandonReason.NO_AGENT_IN_TIME, at_ns)
