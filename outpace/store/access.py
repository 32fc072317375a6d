"""Who may come in, what they did, whom we tell: tokens, audit, webhooks, answers that must not be given twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from outpace.domain.access import Role
from outpace.domain.units import NS_PER_S

#: How long the answer to an idempotency key is remembered.
ANSWER_NS = 24 * 3600 * NS_PER_S

#: Dead letters kept for one webhook; the oldest go first.
DEAD_LETTERS_MAX = 10_000


class StoredAct(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the audit. `detail` is a JSON object, without secrets. `entry_id` 0 = not written yet."""

    entry_id: int = 0
    at_ns: int
    actor: str
    role: Role
    action: str
    subject: str
    detail: str = "{}"


class StoredToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token, known by its hash only. `expires_ns` 0 = never, `revoked_ns` 0 = holds."""

    token_id: int
    token_hash: str
    name: str
    role: Role
    agent_id: int
    created_ns: int
    expires_ns: int
    revoked_ns: int


class StoredWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """Where events are posted, signed with `secret`; `dead` letters wait to be posted again."""

    webhook_id: int
    url: str
    topics: tuple[str, ...]
    secret: str
    created_ns: int
    dead: int


class StoredDeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An event (JSON text) that a webhook did not take in that many attempts."""

    letter_id: int
    webhook_id: int
    event: str
    attempts: int
    error: str
    at_ns: int


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a request with an idempotency key was answered. `digest` is that of the request."""

    digest: str
    status: int
    body: bytes
    at_ns: int


class AccessPort(Protocol):
    """Audit, tokens, webhooks, answers. UnknownId for a token or webhook that there is not."""

    def append_audit(self, *acts: StoredAct) -> None:
        """Write lines of the audit, in one transaction."""

    def audit(self, before_id: int, limit: int, subject: str = "", actor: str = "") -> list[StoredAct]:
        """Lines with ids less than `before_id` (0 = all), latest first; of one subject or actor, "" = of all."""

    def add_token(self, token_hash: str, name: str, role: Role, agent_id: int, expires_ns: int, now_ns: int) -> int:
        """A new token; returns its id. ConfigError when the hash is known."""

    def token(self, token_hash: str) -> StoredToken | None:
        """The token of that hash, revoked and expired ones too; None = there is none."""

    def tokens(self) -> list[StoredToken]:
        """All tokens, by id."""

    def revoke_token(self, token_id: int, now_ns: int) -> None:
        """Let a token hold no more. The first time stands."""

    def add_webhook(self, url: str, topics: tuple[str, ...], secret: str, now_ns: int) -> int:
        """A new webhook; returns its id."""

    def webhooks(self) -> list[StoredWebhook]:
        """All webhooks, by id."""

    def delete_webhook(self, webhook_id: int) -> None:
        """Forget a webhook and its dead letters."""

    def add_dead_letters(self, webhook_id: int, events: Sequence[str], attempts: int, error: str, now_ns: int) -> None:
        """Keep events that a webhook did not take, in one transaction. Of one webhook, 10,000 are kept."""

    def dead_letters(self, webhook_id: int, after_id: int, limit: int) -> list[StoredDeadLetter]:
        """Letters of a webhook with ids greater than `after_id`, oldest first."""

    def remove_dead_letters(self, letter_ids: Iterable[int]) -> int:
        """Forget letters, in one transaction; returns how many there were (still)."""

    def remember_answer(self, key: str, actor: str, digest: str, status: int, body: bytes, now_ns: int) -> None:
        """Keep what a request was answered, for 24 hours. The first answer to a key stands."""

    def answer_of(self, key: str, actor: str, now_ns: int) -> StoredAnswer | None:
        """What the actor's request with that key was answered in the last 24 hours; None = nothing."""
