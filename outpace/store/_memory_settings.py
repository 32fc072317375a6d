"""Definitions of campaigns, trunk groups and agents in memory."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from outpace.domain.errors import ConfigError
from outpace.store._definitions import AnySettings, Definition, Definitions, Kind, check_free, check_version, encoded


class _Version(NamedTuple):
    settings: str
    changed_ns: int
    changed_by: str


class _Defined(msgspec.Struct):
    name: str
    created_ns: int
    changed_ns: int
    changed_by: str
    state: int = 0
    versions: list[_Version] = []


class MemorySettings(Definitions):
    """See `SettingsPort`."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[Kind, dict[int, _Defined]] = {kind: {} for kind in Kind}

    def campaigns(self) -> dict[str, int]:
        """See `SettingsPort.campaigns`."""
        return {one.name: id_ for id_, one in sorted(self._kinds[Kind.CAMPAIGN].items())}

    def _named(self, kind: Kind, name: str) -> int:
        return next((id_ for id_, one in self._kinds[kind].items() if one.name == name), 0)

    def _define(self, kind: Kind, settings: AnySettings, by: str, now_ns: int, id_: int) -> int:
        check_free(kind, settings.name, self._named(kind, settings.name))
        known = self._kinds[kind]
        if id_ in known:
            raise ConfigError("id", f"there is a {kind.value} {id_} already")
        new = id_ or max(known, default=0) + 1
        version = _Version(encoded(settings, new), now_ns, by)
        known[new] = _Defined(settings.name, now_ns, now_ns, by, versions=[version])
        return new

    def _change(self, kind: Kind, id_: int, settings: AnySettings, version: int, by: str, now_ns: int) -> Definition:
        check_version(kind, self._one(kind, id_), version)
        check_free(kind, settings.name, self._named(kind, settings.name), id_)
        found = self._kinds[kind][id_]
        found.versions.append(_Version(encoded(settings, id_), now_ns, by))
        found.name, found.changed_ns, found.changed_by = settings.name, now_ns, by
        return self._one(kind, id_)

    def _set_state(self, kind: Kind, id_: int, state: int, by: str, now_ns: int) -> None:
        self._one(kind, id_)
        found = self._kinds[kind][id_]
        found.state, found.changed_ns, found.changed_by = state, now_ns, by

    def _defined(self, kind: Kind, id_: int = 0) -> list[Definition]:
        return [
            Definition(i, one.versions[-1].settings, len(one.versions), one.state, one.created_ns, *_change_of(one))
            for i, one in sorted(self._kinds[kind].items())
            if id_ in (0, i)
        ]

    def _versions(self, kind: Kind, id_: int, before: int, limit: int) -> list[Definition]:
        one = self._kinds[kind][id_]
        versions = [
            Definition(id_, version.settings, number, one.state, one.created_ns, version.changed_ns, version.changed_by)
            for number, version in enumerate(one.versions, 1)
            if before == 0 or number < before
        ]
        return versions[::-1][:limit]


def _change_of(one: _Defined) -> tuple[int, str]:
    return one.changed_ns, one.changed_by
