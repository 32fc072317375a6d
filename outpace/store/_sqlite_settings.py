"""Definitions of campaigns, trunk groups and agents in SQLite."""

from __future__ import annotations

from outpace.domain.errors import ConfigError
from outpace.store._definitions import AnySettings, Definition, Definitions, Kind, check_free, check_version, encoded
from outpace.store._sqlite_file import SqliteFile

_SELECT = """
    SELECT id, settings, version, state, created_ns, {changed}.changed_ns, {changed}.changed_by
    FROM definitions d JOIN versions v USING ({joined}) WHERE tenant = ? AND kind = ?
"""
_LATEST = _SELECT.format(changed="d", joined="tenant, kind, id, version")
_ALL = _SELECT.format(changed="v", joined="tenant, kind, id").replace(" version,", " v.version,")
_NAMED = "SELECT id FROM definitions WHERE tenant = ? AND kind = ? AND name = ?"
_NEXT_ID = "SELECT coalesce(max(id), 0) + 1 FROM definitions WHERE tenant = ? AND kind = ?"
_CHANGED = """
    UPDATE definitions SET name = ?, version = ?, changed_ns = ?, changed_by = ?
    WHERE tenant = ? AND kind = ? AND id = ?
"""
_STATE = "UPDATE definitions SET state = ?, changed_ns = ?, changed_by = ? WHERE tenant = ? AND kind = ? AND id = ?"


class SqliteSettings(SqliteFile, Definitions):
    """See `SettingsPort`."""

    def campaigns(self) -> dict[str, int]:
        """See `SettingsPort.campaigns`."""
        with self._errors():
            rows = self._db.execute(
                "SELECT name, id FROM definitions WHERE tenant = ? AND kind = ? ORDER BY id",
                (self._tenant, Kind.CAMPAIGN.value),
            ).fetchall()
        return dict(rows)

    def _named(self, kind: Kind, name: str) -> int:
        with self._errors():
            row = self._db.execute(_NAMED, (self._tenant, kind.value, name)).fetchone()
        return int(row[0]) if row else 0

    def _define(self, kind: Kind, settings: AnySettings, by: str, now_ns: int, id_: int) -> int:
        key = (self._tenant, kind.value)
        with self._transaction():
            check_free(kind, settings.name, self._named(kind, settings.name))
            if id_ and self._defined(kind, id_):
                raise ConfigError("id", f"there is a {kind.value} {id_} already")
            new = id_ or int(self._db.execute(_NEXT_ID, key).fetchone()[0])
            row = (*key, new, settings.name, 0, 1, now_ns, now_ns, by)
            self._db.execute("INSERT INTO definitions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            self._write_version(kind, new, 1, encoded(settings, new), by, now_ns)
        return new

    def _change(self, kind: Kind, id_: int, settings: AnySettings, version: int, by: str, now_ns: int) -> Definition:
        with self._transaction():
            found = self._one(kind, id_)
            check_version(kind, found, version)
            check_free(kind, settings.name, self._named(kind, settings.name), id_)
            new = found.version + 1
            self._db.execute(_CHANGED, (settings.name, new, now_ns, by, self._tenant, kind.value, id_))
            self._write_version(kind, id_, new, encoded(settings, id_), by, now_ns)
            return self._one(kind, id_)

    def _write_version(self, kind: Kind, id_: int, version: int, settings: str, by: str, now_ns: int) -> None:
        row = (self._tenant, kind.value, id_, version, settings, now_ns, by)
        self._db.execute("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def _set_state(self, kind: Kind, id_: int, state: int, by: str, now_ns: int) -> None:
        with self._transaction():
            self._one(kind, id_)
            self._db.execute(_STATE, (state, now_ns, by, self._tenant, kind.value, id_))

    def _defined(self, kind: Kind, id_: int = 0) -> list[Definition]:
        which, parameters = (" AND id = ?", (id_,)) if id_ else ("", ())
        with self._errors():
            rows = self._db.execute(f"{_LATEST}{which} ORDER BY id", (self._tenant, kind.value, *parameters)).fetchall()
        return [Definition(*row) for row in rows]

    def _versions(self, kind: Kind, id_: int, before: int, limit: int) -> list[Definition]:
        which = "AND id = ? AND (? = 0 OR v.version < ?) ORDER BY v.version DESC LIMIT ?"
        parameters = (self._tenant, kind.value, id_, before, before, limit)
        with self._errors():
            rows = self._db.execute(f"{_ALL}{which}", parameters).fetchall()
        return [Definition(*row) for row in rows]
