"""Every error that outpace raises, as one tree.

::

    OutpaceError
    ├── ConfigError              a file, key or value is wrong; says where and why
    ├── StateError               a caller asked for what the state forbids
    │   ├── UnknownId            no call, agent, campaign or trunk group of that id
    │   └── VersionConflict      somebody else has changed the settings meanwhile
    ├── CapacityError            a bounded table or queue is full
    ├── StoreError               the store cannot do what was asked
    │   └── StaleEpoch           another engine owns the pool now; this one must stop
    └── TelephonyError           the switch link
        ├── LocalProtocolError   we tried to say what the protocol forbids (CR/LF in a value)
        ├── RemoteProtocolError  the switch sent what the protocol forbids
        └── LinkDown             there is no link; carries the reason

A refused launch is not an error: it is a decision with a reason (`LimitedBy`).
"""

from __future__ import annotations


class OutpaceError(Exception):
    """Base of all errors of outpace."""


class ConfigError(OutpaceError, ValueError):
    """A setting is wrong: `where` names the file and line or the key, `reason` what is wrong with it.

    It is a ValueError, so that msgspec adds the path of the struct in which it was raised.
    """

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, str]]:
        # runs in other processes tell theirs here
        return type(self), (self.where, self.reason)


class StateError(OutpaceError):
    """The state of a call, agent or campaign forbids what a caller asked for."""


class UnknownId(StateError):
    """A caller named a call, agent, campaign or trunk group that does not exist."""


class VersionConflict(StateError):
    """The settings were changed by somebody else meanwhile; `version` is theirs."""

    def __init__(self, message: str, version: int) -> None:
        super().__init__(message)
        self.version = version


class CapacityError(OutpaceError):
    """A bounded table or queue is full."""


class StoreError(OutpaceError):
    """The store cannot do what was asked."""


class StaleEpoch(StoreError):
    """Another engine has opened the pool since; this one can write no intent and must stop."""


class TelephonyError(OutpaceError):
    """Base of the errors of a switch link."""


class LocalProtocolError(TelephonyError):
    """A value of ours would break the line protocol; nothing was sent."""


class RemoteProtocolError(TelephonyError):
    """The switch sent bytes that are not its protocol."""


class LinkDown(TelephonyError):
    """The link to the switch is down; the message carries the reason."""
