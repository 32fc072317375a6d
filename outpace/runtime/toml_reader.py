"""What the readers of campaign files and node files share: TOML tables -> checked structs.

Every error names the file, the line, the key and the reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from outpace.domain.config import Campaign, RetryRule, TrunkGroup
from outpace.domain.errors import ConfigError
from outpace.runtime import toml_lines
from outpace.runtime.settings import AGENTS_MAX, AgentGroup, count_agents
from outpace.runtime.switches import SwitchSettings, switch_settings
from outpace.runtime.validation import dotted, explained
from outpace.telephony.simulated.distributions import build, resolve

T = TypeVar("T")
G = TypeVar("G", bound=AgentGroup)


class TomlReader:
    """Converts table after table; knows where each key stands, for the errors.

    Parameters
    ----------
    path : the file.
    tables : the tables that it may have.
    environ : where secrets named by `..._env` are looked up.

    Raises
    ------
    ConfigError : the file cannot be read, is no TOML, or has a table that is not known.
    """

    def __init__(self, path: Path, tables: tuple[str, ...], environ: Mapping[str, str]) -> None:
        try:
            text = path.read_text("utf-8")
        except OSError as error:
            raise ConfigError(str(path), f"can't be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(str(path), f"is no UTF-8 text: {error}") from error
        try:
            self._data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(str(path), f"is no TOML: {error}") from error
        self.path = path
        self._lines = toml_lines.key_lines(text)
        self._environ = environ
        for key in self._data:
            if key not in tables:
                raise self.error((key,), f"unknown table; one of {', '.join(tables)}")

    def trunk_groups(self, *, required: bool) -> tuple[TrunkGroup, ...]:
        """The tables [[trunk_groups]], with ids by order."""
        groups: list[TrunkGroup] = []
        for index, table in enumerate(self.list_of_tables("trunk_groups", required=required)):
            where = ("trunk_groups", index)
            if "id" in table:
                raise self.error((*where, "id"), "unknown key: ids are given by order")
            group = self.convert(where, {"id": index + 1, **table}, TrunkGroup)
            if any(group.name == other.name for other in groups):
                raise self.error((*where, "name"), f"{group.name!r} occurs twice")
            groups.append(group)
        return tuple(groups)

    def campaign(self, where: toml_lines.Path, table: dict[str, Any], groups: tuple[TrunkGroup, ...]) -> Campaign:
        """A campaign, under id 1; it names its trunk groups, all of them by default."""
        table = dict(table)
        ids = {group.name: group.id for group in groups}
        if "id" in table:
            raise self.error((*where, "id"), "unknown key: the store gives the id")
        names = table.get("trunk_groups", list(ids))
        if not isinstance(names, list):
            raise self.error((*where, "trunk_groups"), "wants a list of names of trunk groups")
        for name in names:
            if not isinstance(name, str) or name not in ids:
                raise self.error((*where, "trunk_groups"), f"no trunk group is named {name!r}")
        table["trunk_groups"] = [ids[name] for name in names]
        rules = table.get("retry")
        for key, rule in rules.items() if isinstance(rules, dict) else ():
            # One by one, since msgspec names no key of a mapping.
            self.convert((*where, "retry", key), rule, RetryRule)
        return self.convert(where, {"id": 1, **table}, Campaign)

    def agent_groups(self, kind: type[G]) -> tuple[G, ...]:
        """The tables [[agents]]."""
        groups = tuple(
            self._agents(("agents", index), table, kind)
            for index, table in enumerate(self.list_of_tables("agents", required=False))
        )
        if count_agents(groups) > AGENTS_MAX:
            raise self.error(("agents",), f"more than {AGENTS_MAX} agents")
        return groups

    def _agents(self, where: toml_lines.Path, table: dict[str, Any], kind: type[G]) -> G:
        group = self.convert(where, table, kind)
        group = msgspec.structs.replace(group, wrap_up=resolve(group.wrap_up, self.path.parent))
        try:
            build(group.wrap_up, "wrap_up")
        except ConfigError as error:
            raise self.error((*where, *error.where.split(".")), error.reason) from error
        return group

    def switch(self) -> SwitchSettings:
        """The table [switch]."""
        table = self.with_secret(("switch",), self.table("switch", required=True), "secret")
        kind = table.pop("kind", None)
        known = switch_settings(kind)
        if known is None:
            raise self.error(("switch", "kind"), f'wants "simulated" or "asterisk", not {kind!r}')
        return self.convert(("switch",), table, known)

    def with_secret(self, where: toml_lines.Path, table: dict[str, Any], key: str) -> dict[str, Any]:
        """The table with `key` from the environment variable that `KEY_env` names."""
        table, named = dict(table), f"{key}_env"
        if named in table:
            name = table.pop(named)
            if key in table:
                raise self.error((*where, named), f"excludes {key}")
            secret = self._environ.get(name) if isinstance(name, str) else None
            if not secret:
                raise self.error((*where, named), f"the environment variable {name!r} is not set")
            table[key] = secret
        return table

    def has(self, key: str) -> bool:
        """Whether the file has such a table."""
        return key in self._data

    def table(self, key: str, *, required: bool) -> dict[str, Any]:
        """The table of that name; empty when it is missing and not required."""
        table = self._data.get(key)
        if table is None:
            if required:
                raise self.error((key,), f"the table [{key}] is missing")
            return {}
        if not isinstance(table, dict):
            raise self.error((key,), f"wants a table [{key}]")
        return table

    def list_of_tables(self, key: str, *, required: bool) -> list[dict[str, Any]]:
        """The tables [[key]]."""
        tables = self._data.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self.error((key,), f"wants tables [[{key}]]")
        if required and not tables:
            raise self.error((key,), f"wants at least one table [[{key}]]")
        return tables

    def optional(self, key: str, kind: type[T]) -> T | None:
        """A table as a struct, None when it is missing."""
        return self.convert((key,), self.table(key, required=True), kind) if self.has(key) else None

    def convert(self, where: toml_lines.Path, table: object, kind: type[T]) -> T:
        """A table as a struct; what is wrong with it is told with its line."""
        try:
            return msgspec.convert(table, kind, strict=True)
        except msgspec.ValidationError as error:
            path, reason = explained(error)
            raise self.error((*where, *path), reason) from error

    def error(self, path: toml_lines.Path, reason: str) -> ConfigError:
        """An error that names the line of a key."""
        line = toml_lines.line_of(self._lines, path)
        return ConfigError(f"{self.path}:{line}: {dotted(path)}", reason)
