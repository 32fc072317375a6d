"""The synthetic AMI stream of the bench: one call's events over and over, 19 to 21 headers and about 433 bytes each."""

from __future__ import annotations

BANNER = b"Asterisk Call Manager/11.0.0\r\n"

COMMON = (
    "Channel: PJSIP/carrier-{call:08x}\r\nChannelState: {state}\r\nChannelStateDesc: {word}\r\nCallerIDNum: 5550100\r\n"
    "CallerIDName: Campaign 1\r\nConnectedLineNum: <unknown>\r\nConnectedLineName: <unknown>\r\nLanguage: en\r\n"
    "AccountCode: campaign-1\r\nContext: outpace\r\nExten: 4860300{call:08d}\r\nPriority: 1\r\n"
    "Uniqueid: op-{call:012d}\r\nLinkedid: op-{call:012d}\r\n"
)
#: event, channel state, its word, the headers of its own
KINDS = (
    ("Newchannel", 0, "Down", ""),
    ("VarSet", 0, "Down", "Variable: LEAD_ID\r\nValue: {call}\r\n"),
    ("Newstate", 5, "Ringing", ""),
    ("DialBegin", 5, "Ringing", "DestUniqueid: op-{call:012d}\r\nDialString: 4860300{call:08d}@carrier\r\n"),
    ("Newexten", 5, "Ringing", "Extension: 4860300{call:08d}\r\nApplication: Wait\r\nAppData: 3600\r\n"),
    ("DialEnd", 6, "Up", "DestUniqueid: op-{call:012d}\r\nDialStatus: ANSWER\r\n"),
    ("Hangup", 6, "Up", "Cause: 16\r\nCause-txt: Normal Clearing\r\nTechCause: 200\r\n"),
)
#: What an engine asks of each of them.
WANTED = {
    "Newchannel": ("Uniqueid", "Channel"),
    "VarSet": ("Uniqueid", "Variable", "Value"),
    "Newstate": ("Uniqueid", "ChannelState"),
    "DialBegin": ("DestUniqueid", "DialString"),
    "Newexten": ("Uniqueid", "Application"),
    "DialEnd": ("DestUniqueid", "DialStatus"),
    "Hangup": ("Uniqueid", "Cause", "TechCause"),
}


def synthetic(events: int) -> bytes:
    """A banner and `events` events (a multiple of seven is a whole number of calls)."""
    parts = [BANNER]
    for number in range(events):
        name, state, word, own = KINDS[number % len(KINDS)]
        head = f"Event: {name}\r\nPrivilege: call,all\r\nTimestamp: 1795321035.{number % 1000000:06d}\r\n"
        body = head + "SystemName: lab\r\n" + COMMON + own + "\r\n"
        parts.append(body.format(call=number // len(KINDS), state=state, word=word).encode())
    return b"".join(parts)
