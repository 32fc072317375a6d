"""Tables that campaign files and node files have in common: where things are kept, and who sits at the desks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal, TypeVar

import msgspec

from outpace.domain.errors import ConfigError
from outpace.telephony.simulated.distributions import Seconds
from outpace.telephony.simulated.people import PeopleSettings

G = TypeVar("G", bound="AgentGroup")

AGENTS_MAX = 20_000


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base: unknown keys are refused."""


class StoreSettings(Table, frozen=True):
    """Where leads and attempts are kept: one SQLite file."""

    path: str = "var/outpace.db"


class JournalSettings(Table, frozen=True):
    """Where the journal goes, the size of a file, and how many files are kept."""

    path: str = "var/journal"
    file_mb: float = 64.0
    keep: int = 20

    def __post_init__(self) -> None:
        if not 0.01 <= self.file_mb <= 4096.0:
            raise ConfigError("file_mb", f"must be from 0.01 to 4096, not {self.file_mb:g}")
        if not 2 <= self.keep <= 100_000:
            raise ConfigError("keep", f"must be from 2 to 100000, not {self.keep}")


class LogSettings(Table, frozen=True):
    """Where the log goes: a file, or stderr when `file` is empty."""

    file: str = ""
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class PoolSettings(Table, frozen=True):
    """The pool that this node owns while it runs."""

    name: str = "default"
    max_calls: int = 8192


class AgentGroup(Table, frozen=True):
    """`count` agents alike; `{n}` in name and leg counts from `first`.

    With `auto_ready` outpace logs them in at the start and makes them ready again after the wrap-up.
    """

    name: str
    leg: str = ""
    count: int = 1
    first: int = 1
    auto_ready: bool = False
    wrap_up: Seconds = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.count <= AGENTS_MAX:
            raise ConfigError("count", f"must be from 1 to {AGENTS_MAX}, not {self.count}")
        if not 0 <= self.first <= 10**9:
            raise ConfigError("first", f"must be from 0 to 10^9, not {self.first}")
        for key in ("name", "leg"):
            value = getattr(self, key)
            if self.count > 1 and value and "{n}" not in value:
                raise ConfigError(key, "wants {n} where count is more than 1")
        if self.wrap_up != 0.0 and not self.auto_ready:
            raise ConfigError("wrap_up", "is drawn for auto_ready agents only; others end it themselves")


def count_agents(groups: Iterable[AgentGroup]) -> int:
    """Agents in all groups."""
    return sum(group.count for group in groups)


def desks(groups: Iterable[G]) -> Iterator[tuple[G, str, str]]:
    """Group, name and leg of every agent, in order."""
    for group in groups:
        for n in range(group.first, group.first + group.count):
            yield group, group.name.replace("{n}", str(n)), group.leg.replace("{n}", str(n))


def automatic(groups: Iterable[AgentGroup], ids: Iterable[int]) -> list[tuple[PeopleSettings, list[int]]]:
    """Groups of agents that outpace makes ready by itself: how they work, and their ids out of those of all desks."""
    left = iter(ids)
    members = [(group, list(islice(left, group.count))) for group in groups]
    return [
        (PeopleSettings(wrap_up=group.wrap_up, log_in_over_s=0.0), agent_ids)
        for group, agent_ids in members
        if group.auto_ready
    ]
