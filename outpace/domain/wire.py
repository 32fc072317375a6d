"""What the control API says beyond the resources: problems, topics, and small answers of its own.

The API and its client share these words; nothing behind the door needs them.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec

from outpace.domain.access import Role
from outpace.domain.orders import TokenView


class Topic(Enum):
    """What can be listened to. ATTEMPTS and DISPOSITIONS are events (for platforms), the others states (for boards)."""

    CAMPAIGNS = "campaigns"
    AGENTS = "agents"
    CALLS = "calls"
    ALARMS = "alarms"
    ATTEMPTS = "attempts"
    DISPOSITIONS = "dispositions"
    JOBS = "jobs"


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field of the request; `field` is its path, e.g. `abandonment.cap`, "" the whole body."""

    field: str
    reason: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong, for people (`title`, `detail`) and programs (`type`, `errors`).

    `version` is that of the settings as they are, where somebody else has changed them.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
    version: int | None = None


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a token speaks for; `names_legs` = may log an agent in at another leg than the one that is set."""

    name: str
    role: Role
    agent_id: int
    names_legs: bool = False
    expires_at: datetime | None


class TokenMade(msgspec.Struct, frozen=True, kw_only=True):
    """A token, this once with its secret."""

    token: str
    view: TokenView

    def __repr__(self) -> str:
        return f"TokenMade(token='***', view={self.view!r})"


class Revealed(msgspec.Struct, frozen=True):
    """A number in full; that it was asked for is in the audit."""

    full_number: str


class Retried(msgspec.Struct, frozen=True):
    """How many events are posted again."""

    retried: int


class Live(msgspec.Struct, frozen=True):
    """That somebody answers."""

    live: bool = True


class Ready(msgspec.Struct, frozen=True):
    """That the node can dial."""

    ready: bool = True
