"""Audit, tokens, webhooks and remembered answers in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from outpace.domain.access import Role
from outpace.domain.errors import ConfigError, UnknownId
from outpace.store._sqlite_file import SqliteFile
from outpace.store.access import (
    ANSWER_NS,
    DEAD_LETTERS_MAX,
    StoredAct,
    StoredAnswer,
    StoredDeadLetter,
    StoredToken,
    StoredWebhook,
)

Row = TypeVar("Row", StoredAct, StoredToken, StoredWebhook, StoredDeadLetter, StoredAnswer)

_NEXT_ACT = "SELECT coalesce(max(entry_id), 0) FROM audit WHERE tenant = ?"
_ACTS = f"SELECT {', '.join(StoredAct.__struct_fields__)} FROM audit WHERE tenant = ?"
_TOKENS = f"SELECT {', '.join(StoredToken.__struct_fields__)} FROM tokens WHERE tenant = ?"
_NEXT_ID = "INSERT INTO last_ids VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET id = id + 1 RETURNING id"
_WEBHOOKS = """
    SELECT webhook_id, url, topics, secret, created_ns,
        (SELECT count(*) FROM dead_letters d WHERE d.tenant = w.tenant AND d.webhook_id = w.webhook_id)
    FROM webhooks w WHERE tenant = ? ORDER BY webhook_id
"""
_LETTERS = f"""
    SELECT {", ".join(StoredDeadLetter.__struct_fields__)} FROM dead_letters
    WHERE tenant = ? AND webhook_id = ? AND letter_id > ? ORDER BY letter_id LIMIT ?
"""
_DROP_OLDEST = f"""
    DELETE FROM dead_letters WHERE tenant = ?1 AND letter_id IN (
        SELECT letter_id FROM dead_letters WHERE tenant = ?1 AND webhook_id = ?2
        ORDER BY letter_id DESC LIMIT -1 OFFSET {DEAD_LETTERS_MAX}
    )
"""
_ANSWER = f"""
    SELECT {", ".join(StoredAnswer.__struct_fields__)} FROM answers
    WHERE tenant = ? AND actor = ? AND idempotency_key = ? AND at_ns > ?
"""


class SqliteAccess(SqliteFile):
    """See `AccessPort`."""

    # ---- audit -------------------------------------------------------------------------------------------------------

    def append_audit(self, *acts: StoredAct) -> None:
        """See `AccessPort.append_audit`."""
        with self._transaction():
            (last,) = self._db.execute(_NEXT_ACT, (self._tenant,)).fetchone()
            rows = [
                (self._tenant, i, act.at_ns, act.actor, act.role.value, act.action, act.subject, act.detail)
                for i, act in enumerate(acts, last + 1)
            ]
            self._db.executemany("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def audit(self, before_id: int, limit: int, subject: str = "", actor: str = "") -> list[StoredAct]:
        """See `AccessPort.audit`."""
        which: list[tuple[str, int | str]] = []
        if before_id:
            which.append(("entry_id < ?", before_id))
        if subject:
            which.append(("subject = ?", subject))
        if actor:
            which.append(("actor = ?", actor))
        conditions = "".join(f" AND {condition}" for condition, _ in which)
        with self._errors():
            rows = self._db.execute(
                f"{_ACTS}{conditions} ORDER BY entry_id DESC LIMIT ?",
                (self._tenant, *(value for _, value in which), limit),
            ).fetchall()
        return [_row(StoredAct, row) for row in rows]

    # ---- tokens ------------------------------------------------------------------------------------------------------

    def add_token(self, token_hash: str, name: str, role: Role, agent_id: int, expires_ns: int, now_ns: int) -> int:
        """See `AccessPort.add_token`."""
        with self._transaction():
            if self._tokens("token_hash", token_hash):
                raise ConfigError("token_hash", "there is such a token already")
            row = self._db.execute(
                "INSERT INTO tokens SELECT ?1, coalesce(max(token_id), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, 0 FROM tokens"
                " WHERE tenant = ?1 RETURNING token_id",
                (self._tenant, token_hash, name, role.value, agent_id, now_ns, expires_ns),
            ).fetchone()
        return int(row[0])

    def token(self, token_hash: str) -> StoredToken | None:
        """See `AccessPort.token`."""
        with self._errors():
            found = self._tokens("token_hash", token_hash)
        return found[0] if found else None

    def tokens(self) -> list[StoredToken]:
        """See `AccessPort.tokens`."""
        with self._errors():
            rows = self._db.execute(f"{_TOKENS} ORDER BY token_id", (self._tenant,)).fetchall()
        return [_row(StoredToken, row) for row in rows]

    def revoke_token(self, token_id: int, now_ns: int) -> None:
        """See `AccessPort.revoke_token`."""
        with self._transaction():
            if not self._tokens("token_id", token_id):
                raise UnknownId(f"no token {token_id}")
            self._db.execute(
                "UPDATE tokens SET revoked_ns = ? WHERE tenant = ? AND token_id = ? AND revoked_ns = 0",
                (now_ns, self._tenant, token_id),
            )

    def _tokens(self, key: str, value: int | str) -> list[StoredToken]:
        rows = self._db.execute(f"{_TOKENS} AND {key} = ?", (self._tenant, value)).fetchall()
        return [_row(StoredToken, row) for row in rows]

    # ---- webhooks ----------------------------------------------------------------------------------------------------

    def add_webhook(self, url: str, topics: tuple[str, ...], secret: str, now_ns: int) -> int:
        """See `AccessPort.add_webhook`."""
        with self._transaction():
            webhook_id = self._next_id("webhook")
            row = (self._tenant, webhook_id, url, msgspec.json.encode(topics).decode(), secret, now_ns)
            self._db.execute("INSERT INTO webhooks VALUES (?, ?, ?, ?, ?, ?)", row)
        return webhook_id

    def webhooks(self) -> list[StoredWebhook]:
        """See `AccessPort.webhooks`."""
        with self._errors():
            rows = self._db.execute(_WEBHOOKS, (self._tenant,)).fetchall()
        return [_row(StoredWebhook, (*row[:2], msgspec.json.decode(row[2]), *row[3:])) for row in rows]

    def delete_webhook(self, webhook_id: int) -> None:
        """See `AccessPort.delete_webhook`."""
        with self._transaction():
            self._webhook(webhook_id)
            for table in ("webhooks", "dead_letters"):
                self._db.execute(f"DELETE FROM {table} WHERE tenant = ? AND webhook_id = ?", (self._tenant, webhook_id))

    def _next_id(self, kind: str) -> int:
        return int(self._db.execute(_NEXT_ID, (self._tenant, kind)).fetchone()[0])

    def _webhook(self, webhook_id: int) -> None:
        key = (self._tenant, webhook_id)
        if self._db.execute("SELECT 1 FROM webhooks WHERE tenant = ? AND webhook_id = ?", key).fetchone() is None:
            raise UnknownId(f"no webhook {webhook_id}")

    def add_dead_letters(self, webhook_id: int, events: Sequence[str], attempts: int, error: str, now_ns: int) -> None:
        """See `AccessPort.add_dead_letters`."""
        with self._transaction():
            self._webhook(webhook_id)
            for event in events:
                row = (self._tenant, self._next_id("dead letter"), webhook_id, event, attempts, error, now_ns)
                self._db.execute("INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._db.execute(_DROP_OLDEST, (self._tenant, webhook_id))

    def dead_letters(self, webhook_id: int, after_id: int, limit: int) -> list[StoredDeadLetter]:
        """See `AccessPort.dead_letters`."""
        with self._errors():
            rows = self._db.execute(_LETTERS, (self._tenant, webhook_id, after_id, limit)).fetchall()
        return [_row(StoredDeadLetter, row) for row in rows]

    def remove_dead_letters(self, letter_ids: Iterable[int]) -> int:
        """See `AccessPort.remove_dead_letters`."""
        with self._transaction():
            keys = [(self._tenant, letter_id) for letter_id in letter_ids]
            return self._db.executemany("DELETE FROM dead_letters WHERE tenant = ? AND letter_id = ?", keys).rowcount

    # ---- answers -----------------------------------------------------------------------------------------------------

    def remember_answer(self, key: str, actor: str, digest: str, status: int, body: bytes, now_ns: int) -> None:
        """See `AccessPort.remember_answer`."""
        with self._transaction():
            self._db.execute("DELETE FROM answers WHERE tenant = ? AND at_ns <= ?", (self._tenant, now_ns - ANSWER_NS))
            row = (self._tenant, actor, key, digest, status, body, now_ns)
            self._db.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)

    def answer_of(self, key: str, actor: str, now_ns: int) -> StoredAnswer | None:
        """See `AccessPort.answer_of`."""
        with self._errors():
            row = self._db.execute(_ANSWER, (self._tenant, actor, key, now_ns - ANSWER_NS)).fetchone()
        return None if row is None else _row(StoredAnswer, row)


def _row(kind: type[Row], values: tuple[Any, ...]) -> Row:
    return msgspec.convert(dict(zip(kind.__struct_fields__, values, strict=True)), kind)
