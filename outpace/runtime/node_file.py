"""Node files: TOML -> checked settings of `outpace serve`. Every error names file, line, key and reason.

The tables are [node], [switch], [store], [journal], [log], [redis], [api], [[trunk_groups]], [[campaigns]] and
[[agents]]. The last three are first definitions: what the store knows by name already stays as it is there, since it
is changed through the control API. Paths of a carrier's profile start at the file's folder, all others at the current
one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import msgspec

from outpace.domain.config import Campaign, TrunkGroup
from outpace.domain.errors import ConfigError
from outpace.domain.wire import Topic
from outpace.runtime.settings import AgentGroup, JournalSettings, LogSettings, StoreSettings, Table, desks
from outpace.runtime.switches import SwitchSettings
from outpace.runtime.toml_reader import TomlReader

A = TypeVar("A", bound=msgspec.Struct)


class NodeSettings(Table, frozen=True):
    """The node's name among its like, the pool that it owns while it runs, and the folder for what comes and goes."""

    name: str = "node1"
    pool: str = "default"
    max_calls: int = 8192
    folder: str = "var/node"

    def __post_init__(self) -> None:
        for key in ("name", "pool"):
            value = getattr(self, key)
            if not value or not value.isprintable() or len(value) > 64:
                raise ConfigError(key, "wants 1 to 64 printable characters")
        if not 1 <= self.max_calls <= 1_000_000:
            raise ConfigError("max_calls", f"must be from 1 to 1000000, not {self.max_calls}")


class RedisSettings(Table, frozen=True):
    """What nodes share by Redis, and the stream of events.

    Parameters
    ----------
    url : redis://, rediss:// or unix://, with user and password where Redis wants them.
    prefix : of all keys.
    topics : what is appended to the stream PREFIX:events.
    stream_max : about so many entries stay in the stream.
    shared_trunk_groups : names of trunk groups whose calls per second all nodes have together.
    nodes : among how many the calls per second are divided while Redis is out of reach.
    """

    url: str
    prefix: str = "outpace"
    topics: tuple[Topic, ...] = (Topic.ATTEMPTS, Topic.DISPOSITIONS, Topic.ALARMS)
    stream_max: int = 100_000
    shared_trunk_groups: tuple[str, ...] = ()
    nodes: int = 2

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("redis", "rediss", "unix"):
            raise ConfigError("url", "wants redis://, rediss:// or unix://")
        if not self.prefix or not self.prefix.isprintable():
            raise ConfigError("prefix", "must not be empty")
        if not 1 <= self.stream_max <= 100_000_000:
            raise ConfigError("stream_max", f"must be from 1 to 100000000, not {self.stream_max}")
        if not 1 <= self.nodes <= 1000:
            raise ConfigError("nodes", f"must be from 1 to 1000, not {self.nodes}")

    def __repr__(self) -> str:
        return f"RedisSettings({self.prefix!r} at {urlsplit(self.url).hostname or 'a socket'})"


class NodeAgents(AgentGroup, frozen=True):
    """`count` agents alike, and the names of the campaigns that they serve: at first, all of this file's."""

    campaigns: tuple[str, ...] | None = None


class NodeFile(msgspec.Struct, Generic[A], frozen=True):
    """A node file, read and checked. Campaigns name trunk groups by their place in `trunk_groups`, from 1."""

    file: Path
    node: NodeSettings
    switch: SwitchSettings
    store: StoreSettings
    journal: JournalSettings | None
    log: LogSettings
    redis: RedisSettings | None
    api: A
    trunk_groups: tuple[TrunkGroup, ...]
    campaigns: tuple[Campaign, ...]
    agent_groups: tuple[NodeAgents, ...]


_TABLES = ("node", "switch", "store", "journal", "log", "redis", "api", "trunk_groups", "campaigns", "agents")


def load(path: Path, api: type[A], environ: Mapping[str, str] = os.environ) -> NodeFile[A]:
    """Read a node file.

    Parameters
    ----------
    api : what the table [api] is read as; its default where the file has none.
    environ : where secrets named by `secret_env` and `url_env` are looked up.

    Raises
    ------
    ConfigError : `where` is "file:line: key path".
    """
    return _Reader(path, _TABLES, environ).read(api)


class _Reader(TomlReader):
    def read(self, api: type[A]) -> NodeFile[A]:
        """The whole file."""
        groups = self.trunk_groups(required=False)
        campaigns: list[Campaign] = []
        for index, table in enumerate(self.list_of_tables("campaigns", required=False)):
            campaign = self.campaign(("campaigns", index), table, groups)
            if any(campaign.name == other.name for other in campaigns):
                raise self.error(("campaigns", index, "name"), f"{campaign.name!r} occurs twice")
            campaigns.append(campaign)
        file: NodeFile[A] = NodeFile(
            file=self.path,
            node=self.optional("node", NodeSettings) or NodeSettings(),
            switch=self.switch(),
            store=self.optional("store", StoreSettings) or StoreSettings(),
            journal=self.optional("journal", JournalSettings),
            log=self.optional("log", LogSettings) or LogSettings(),
            redis=self._redis(),
            api=self.optional("api", api) or api(),
            trunk_groups=groups,
            campaigns=tuple(campaigns),
            agent_groups=self.agent_groups(NodeAgents),
        )
        names: set[str] = set()
        for index, group in enumerate(file.agent_groups):
            for _, name, _ in desks([group]):
                if name in names:
                    raise self.error(("agents", index, "name"), f"{name!r} occurs twice")
                names.add(name)
        return file

    def _redis(self) -> RedisSettings | None:
        if not self.has("redis"):
            return None
        table = self.with_secret(("redis",), self.table("redis", required=True), "url")
        return self.convert(("redis",), table, RedisSettings)
