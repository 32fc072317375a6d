"""Campaign files: TOML -> checked settings. Every error names the file, the line, the key and the reason.

The tables are [campaign] (with [campaign.retry.<outcome>], [campaign.calling_hours], [campaign.abandonment] and
[campaign.inbound]), [list], [store], [switch], [[trunk_groups]], [[agents]], [journal], [log] and [pool]. Ids are given
by order; the campaign's id comes from the store, by name. Paths of a list file are relative to the campaign file, all
others to the current folder.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from outpace.domain.config import Agent, Campaign, Pool, RetryRule, TrunkGroup
from outpace.domain.errors import ConfigError
from outpace.runtime import toml_lines
from outpace.runtime.switches import SwitchSettings, switch_settings
from outpace.store.lead_import import ImportOptions
from outpace.telephony.simulated.distributions import Seconds, build, resolve
from outpace.telephony.simulated.people import PeopleSettings

T = TypeVar("T")

_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"(?:unknown|required) field `([^`]+)`")

AGENTS_MAX = 20_000


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base: unknown keys are refused."""


class ListSettings(_Table, frozen=True):
    """The list that a run imports first; `outpace.store.lead_import.ImportOptions` says what the keys mean."""

    file: str
    region: str = ""
    number_column: str | int = ""
    header: bool = True
    encoding: str = "utf-8"
    delimiter: str = ""
    validation: Literal["valid", "possible"] = "valid"

    def options(self) -> ImportOptions:
        """As the importer wants them."""
        return ImportOptions(
            region=self.region,
            column=self.number_column,
            header=self.header,
            encoding=self.encoding,
            delimiter=self.delimiter,
            validation=self.validation,
        )


class StoreSettings(_Table, frozen=True):
    """Where leads and attempts are kept: one SQLite file."""

    path: str = "var/outpace.db"


class JournalSettings(_Table, frozen=True):
    """Where the journal goes, the size of a file, and how many files are kept."""

    path: str = "var/journal"
    file_mb: float = 64.0
    keep: int = 20

    def __post_init__(self) -> None:
        if not 0.01 <= self.file_mb <= 4096.0:
            raise ConfigError("file_mb", f"must be from 0.01 to 4096, not {self.file_mb:g}")
        if not 2 <= self.keep <= 100_000:
            raise ConfigError("keep", f"must be from 2 to 100000, not {self.keep}")


class LogSettings(_Table, frozen=True):
    """Where the log goes: a file, or stderr when `file` is empty."""

    file: str = ""
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class PoolSettings(_Table, frozen=True):
    """The pool that this node owns while it runs."""

    name: str = "default"
    max_calls: int = 8192


class AgentGroup(_Table, frozen=True):
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


class Setup(msgspec.Struct, frozen=True):
    """A campaign file, read and checked. `campaign` has id 1 until `pool` gives it the store's."""

    file: Path
    campaign: Campaign
    trunk_groups: tuple[TrunkGroup, ...]
    agent_groups: tuple[AgentGroup, ...]
    switch: SwitchSettings
    lead_list: ListSettings | None
    store: StoreSettings
    journal: JournalSettings | None
    log: LogSettings
    pool_settings: PoolSettings

    def pool(self, campaign_id: int) -> Pool:
        """The pool, with the campaign under the id that the store gave it."""
        campaign = msgspec.structs.replace(self.campaign, id=campaign_id)
        agents = tuple(
            Agent(id=agent_id, name=_numbered(group.name, n), leg=_numbered(group.leg, n), campaigns=(campaign_id,))
            for agent_id, group, n in self._desks()
        )
        return Pool(
            campaigns=(campaign,),
            trunk_groups=self.trunk_groups,
            agents=agents,
            max_calls=self.pool_settings.max_calls,
            name=self.pool_settings.name,
        )

    def automatic(self) -> list[tuple[PeopleSettings, list[int]]]:
        """Groups of agents that outpace makes ready by itself: how they work, and their ids."""
        ids: dict[int, list[int]] = {}
        for agent_id, group, _ in self._desks():
            ids.setdefault(self.agent_groups.index(group), []).append(agent_id)
        groups = [(self.agent_groups[index], members) for index, members in ids.items()]
        return [
            (PeopleSettings(wrap_up=group.wrap_up, log_in_over_s=0.0), members)
            for group, members in groups
            if group.auto_ready
        ]

    def list_path(self) -> Path | None:
        """The list file, None when the campaign names none."""
        return self.file.parent / self.lead_list.file if self.lead_list is not None else None

    def _desks(self) -> list[tuple[int, AgentGroup, int]]:
        desks = [(group, n) for group in self.agent_groups for n in range(group.first, group.first + group.count)]
        return [(agent_id, group, n) for agent_id, (group, n) in enumerate(desks, start=1)]


_TABLES = ("campaign", "list", "store", "switch", "trunk_groups", "agents", "journal", "log", "pool")


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Setup:
    """Read a campaign file.

    Parameters
    ----------
    environ : where secrets named by `secret_env` are looked up.

    Raises
    ------
    ConfigError : `where` is "file:line: key path".
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(str(path), f"can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), f"is no UTF-8 text: {error}") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), f"is no TOML: {error}") from error
    return _Reader(path, text, data, environ).read()


class _Reader:
    # Converts table after table; knows where each key stands, for the errors.
    def __init__(self, path: Path, text: str, data: dict[str, Any], environ: Mapping[str, str]) -> None:
        self._path = path
        self._lines = toml_lines.key_lines(text)
        self._data = data
        self._environ = environ

    def read(self) -> Setup:
        for key in self._data:
            if key not in _TABLES:
                raise self._error((key,), f"unknown table; one of {', '.join(_TABLES)}")
        groups = self._trunk_groups()
        agents = tuple(
            self._agents(("agents", index), table)
            for index, table in enumerate(self._list_of_tables("agents", required=False))
        )
        if sum(group.count for group in agents) > AGENTS_MAX:
            raise self._error(("agents",), f"more than {AGENTS_MAX} agents")
        setup = Setup(
            file=self._path,
            campaign=self._campaign(groups),
            trunk_groups=groups,
            agent_groups=agents,
            switch=self._switch(),
            lead_list=self._optional("list", ListSettings),
            store=self._optional("store", StoreSettings) or StoreSettings(),
            journal=self._optional("journal", JournalSettings),
            log=self._optional("log", LogSettings) or LogSettings(),
            pool_settings=self._optional("pool", PoolSettings) or PoolSettings(),
        )
        try:
            setup.pool(1)
        except ConfigError as error:
            raise self._error(self._owner_of(error.where), error.reason) from error
        return setup

    def _campaign(self, groups: tuple[TrunkGroup, ...]) -> Campaign:
        table = dict(self._table("campaign", required=True))
        ids = {group.name: group.id for group in groups}
        if "id" in table:
            raise self._error(("campaign", "id"), "unknown key: the store gives the id")
        names = table.get("trunk_groups", list(ids))
        if not isinstance(names, list):
            raise self._error(("campaign", "trunk_groups"), "wants a list of names of trunk groups")
        for name in names:
            if not isinstance(name, str) or name not in ids:
                raise self._error(("campaign", "trunk_groups"), f"no trunk group is named {name!r}")
        table["trunk_groups"] = [ids[name] for name in names]
        rules = table.get("retry")
        for key, rule in rules.items() if isinstance(rules, dict) else ():
            # One by one, since msgspec names no key of a mapping.
            self._convert(("campaign", "retry", key), rule, RetryRule)
        return self._convert(("campaign",), {"id": 1, **table}, Campaign)

    def _trunk_groups(self) -> tuple[TrunkGroup, ...]:
        groups: list[TrunkGroup] = []
        for index, table in enumerate(self._list_of_tables("trunk_groups", required=True)):
            where = ("trunk_groups", index)
            if "id" in table:
                raise self._error((*where, "id"), "unknown key: ids are given by order")
            group = self._convert(where, {"id": index + 1, **table}, TrunkGroup)
            if any(group.name == other.name for other in groups):
                raise self._error((*where, "name"), f"{group.name!r} occurs twice")
            groups.append(group)
        return tuple(groups)

    def _agents(self, where: toml_lines.Path, table: dict[str, Any]) -> AgentGroup:
        group = self._convert(where, table, AgentGroup)
        group = msgspec.structs.replace(group, wrap_up=resolve(group.wrap_up, self._path.parent))
        try:
            build(group.wrap_up, "wrap_up")
        except ConfigError as error:
            raise self._error((*where, *error.where.split(".")), error.reason) from error
        return group

    def _switch(self) -> SwitchSettings:
        table = dict(self._table("switch", required=True))
        kind = table.pop("kind", None)
        if "secret_env" in table:
            name = table.pop("secret_env")
            if "secret" in table:
                raise self._error(("switch", "secret_env"), "excludes secret")
            secret = self._environ.get(name) if isinstance(name, str) else None
            if not secret:
                raise self._error(("switch", "secret_env"), f"the environment variable {name!r} is not set")
            table["secret"] = secret
        known = switch_settings(kind)
        if known is None:
            raise self._error(("switch", "kind"), f'wants "simulated" or "asterisk", not {kind!r}')
        return self._convert(("switch",), table, known)

    def _table(self, key: str, *, required: bool) -> dict[str, Any]:
        table = self._data.get(key)
        if table is None:
            if required:
                raise self._error((key,), f"the table [{key}] is missing")
            return {}
        if not isinstance(table, dict):
            raise self._error((key,), f"wants a table [{key}]")
        return table

    def _list_of_tables(self, key: str, *, required: bool) -> list[dict[str, Any]]:
        tables = self._data.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error((key,), f"wants tables [[{key}]]")
        if required and not tables:
            raise self._error((key,), f"wants at least one table [[{key}]]")
        return tables

    def _optional(self, key: str, kind: type[T]) -> T | None:
        if key not in self._data:
            return None
        return self._convert((key,), self._table(key, required=True), kind)

    def _convert(self, where: toml_lines.Path, table: object, kind: type[T]) -> T:
        try:
            return msgspec.convert(table, kind, strict=True)
        except msgspec.ValidationError as error:
            raise self._explain(where, error) from error

    def _explain(self, where: toml_lines.Path, error: msgspec.ValidationError) -> ConfigError:
        found = _AT.match(str(error))
        assert found is not None
        reason = found["reason"]
        path: list[str | int] = list(where)
        for name, index in _STEP.findall(found["path"] or ""):
            if index != "...":
                path.append(name or int(index))
        cause = error.__cause__
        if isinstance(cause, ConfigError):
            path.extend(cause.where.split("."))
            reason = cause.reason
        field = _FIELD.search(reason)
        if field is not None:
            path.append(field[1])
            reason = "unknown key" if "unknown" in reason else "is missing"
        return self._error(tuple(path), reason)

    def _error(self, path: toml_lines.Path, reason: str) -> ConfigError:
        line = toml_lines.line_of(self._lines, path)
        return ConfigError(f"{self._path}:{line}: {_dotted(path)}", reason)

    def _owner_of(self, key: str) -> toml_lines.Path:
        return {"max_calls": ("pool", "max_calls"), "campaigns": ("campaign",)}.get(key, (key,))


def _dotted(path: toml_lines.Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _numbered(template: str, n: int) -> str:
    return template.replace("{n}", str(n))
