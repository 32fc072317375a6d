"""Settings of a link to one Asterisk. Reads no file."""

from __future__ import annotations

import re

import msgspec

from outpace.domain.errors import ConfigError

_RANGES = re.compile(r"\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*")
_CONTEXT = re.compile(r"[A-Za-z0-9_-]{1,79}")


class Circuits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Voice card channels of one span that carry a trunk group's calls, e.g. span 1, channels `1-15,17-31`."""

    trunk_group: int
    span: int
    channels: str

    def __post_init__(self) -> None:
        if not _RANGES.fullmatch(self.channels):
            raise ConfigError("channels", f"wants numbers and ranges like 1-15,17-31, not {self.channels!r}")

    def numbers(self) -> frozenset[int]:
        """The channel numbers."""
        found: set[int] = set()
        for part in self.channels.split(","):
            first, _, last = part.partition("-")
            found.update(range(int(first), int(last or first) + 1))
        return frozenset(found)


class AsteriskSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach Asterisk's manager interface, and the limits of the link.

    The manager user wants `read = system,call,user,originate` and `write = system,call,originate,reporting` (and
    `command` on releases before 18, which cannot list kept results in another way), and `timestampevents = yes`.

    Parameters
    ----------
    max_pending : originates sent and not yet a channel; more wait inside. Asterisk would queue them silently.
    max_waiting : originates that may wait inside; beyond it they are refused.
    launch_timeout_s : an originate without a channel after this time is refused as TIMED_OUT.
    doubt_s : an originate that failed has had no channel when none is told of within this time. The failure overtakes
        the channel's own events on a switch that is busy: then the call was made, and must not be made again.
    hangup_grace_s : a channel of which Asterisk says that its far end has hung up is cleared when it is still there
        after this time; a hang-up can get lost while a bridge is made.
    ping_s, stale_s : a ping every `ping_s`; one unanswered for `stale_s` makes the link stale.
    backoff_s, backoff_max_s : first and longest pause between attempts to connect; it doubles each time.
    """

    host: str = "127.0.0.1"
    port: int = 5038
    username: str = "outpace"
    secret: str
    call_context: str = "outpace-call"
    message_context: str = "outpace-message"
    agent_context: str = "outpace-agent"
    agent_caller_id: str = ""
    agent_timeout_s: float = 30.0
    after_greeting_silence_ms: int = 800
    max_pending: int = 100
    max_waiting: int = 10_000
    launch_timeout_s: float = 30.0
    doubt_s: float = 5.0
    hangup_grace_s: float = 1.0
    connect_timeout_s: float = 10.0
    boot_timeout_s: float = 60.0
    action_timeout_s: float = 10.0
    ping_s: float = 5.0
    stale_s: float = 5.0
    backoff_s: float = 0.25
    backoff_max_s: float = 10.0
    reconcile_s: float = 30.0
    query_window_s: float = 0.1
    circuits: tuple[Circuits, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise ConfigError("port", f"must be from 1 to 65535, not {self.port}")
        for key in ("username", "secret"):
            if not getattr(self, key):
                raise ConfigError(key, "must not be empty")
        for key in ("call_context", "message_context", "agent_context"):
            if not _CONTEXT.fullmatch(getattr(self, key)):
                raise ConfigError(key, f"wants letters, digits, _ and -, not {getattr(self, key)!r}")
        for key in ("max_pending", "max_waiting"):
            if not 1 <= getattr(self, key) <= 100_000:
                raise ConfigError(key, f"must be from 1 to 100000, not {getattr(self, key)}")
        for key in self.__struct_fields__:
            if key.endswith("_s") and not 0.001 <= getattr(self, key) <= 3600.0:
                raise ConfigError(key, f"must be from 0.001 to 3600 seconds, not {getattr(self, key)}")
        if not 100 <= self.after_greeting_silence_ms <= 5000:
            raise ConfigError(
                "after_greeting_silence_ms", f"must be from 100 to 5000, not {self.after_greeting_silence_ms}"
            )
        if self.backoff_max_s < self.backoff_s:
            raise ConfigError("backoff_max_s", f"must not be less than backoff_s ({self.backoff_s})")

    def __repr__(self) -> str:
        return f"AsteriskSettings({self.username!r} at {self.host}:{self.port})"
