"""Audit, tokens, webhooks and remembered answers in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from outpace.domain.access import Role
from outpace.domain.errors import ConfigError, UnknownId
from outpace.store.access import (
    ANSWER_NS,
    DEAD_LETTERS_MAX,
    StoredAct,
    StoredAnswer,
    StoredDeadLetter,
    StoredToken,
    StoredWebhook,
)


class MemoryAccess:
    """See `AccessPort`."""

    def __init__(self) -> None:
        super().__init__()
        self._acts: list[StoredAct] = []
        self._tokens: dict[int, StoredToken] = {}
        self._webhooks: dict[int, StoredWebhook] = {}
        self._last_webhook_id = 0
        self._letters: dict[int, StoredDeadLetter] = {}
        self._last_letter_id = 0
        self._answers: dict[tuple[str, str], StoredAnswer] = {}  # (actor, key)

    # ---- audit -------------------------------------------------------------------------------------------------------

    def append_audit(self, *acts: StoredAct) -> None:
        """See `AccessPort.append_audit`."""
        for act in acts:
            self._acts.append(msgspec.structs.replace(act, entry_id=len(self._acts) + 1))

    def audit(self, before_id: int, limit: int, subject: str = "", actor: str = "") -> list[StoredAct]:
        """See `AccessPort.audit`."""
        found = [
            act
            for act in reversed(self._acts)
            if (not before_id or act.entry_id < before_id) and subject in ("", act.subject) and actor in ("", act.actor)
        ]
        return found[:limit]

    # ---- tokens ------------------------------------------------------------------------------------------------------

    def add_token(self, token_hash: str, name: str, role: Role, agent_id: int, expires_ns: int, now_ns: int) -> int:
        """See `AccessPort.add_token`."""
        if self.token(token_hash) is not None:
            raise ConfigError("token_hash", "there is such a token already")
        token_id = len(self._tokens) + 1
        self._tokens[token_id] = StoredToken(
            token_id=token_id,
            token_hash=token_hash,
            name=name,
            role=role,
            agent_id=agent_id,
            created_ns=now_ns,
            expires_ns=expires_ns,
            revoked_ns=0,
        )
        return token_id

    def token(self, token_hash: str) -> StoredToken | None:
        """See `AccessPort.token`."""
        return next((token for token in self._tokens.values() if token.token_hash == token_hash), None)

    def tokens(self) -> list[StoredToken]:
        """See `AccessPort.tokens`."""
        return list(self._tokens.values())

    def revoke_token(self, token_id: int, now_ns: int) -> None:
        """See `AccessPort.revoke_token`."""
        if token_id not in self._tokens:
            raise UnknownId(f"no token {token_id}")
        if self._tokens[token_id].revoked_ns == 0:
            self._tokens[token_id] = msgspec.structs.replace(self._tokens[token_id], revoked_ns=now_ns)

    # ---- webhooks ----------------------------------------------------------------------------------------------------

    def add_webhook(self, url: str, topics: tuple[str, ...], secret: str, now_ns: int) -> int:
        """See `AccessPort.add_webhook`."""
        self._last_webhook_id += 1
        self._webhooks[self._last_webhook_id] = StoredWebhook(
            webhook_id=self._last_webhook_id, url=url, topics=topics, secret=secret, created_ns=now_ns, dead=0
        )
        return self._last_webhook_id

    def webhooks(self) -> list[StoredWebhook]:
        """See `AccessPort.webhooks`."""
        return [
            msgspec.structs.replace(webhook, dead=len(self._letters_of(webhook_id)))
            for webhook_id, webhook in self._webhooks.items()
        ]

    def delete_webhook(self, webhook_id: int) -> None:
        """See `AccessPort.delete_webhook`."""
        self._require_webhook(webhook_id)
        for letter in self._letters_of(webhook_id):
            del self._letters[letter.letter_id]
        del self._webhooks[webhook_id]

    def add_dead_letters(self, webhook_id: int, events: Sequence[str], attempts: int, error: str, now_ns: int) -> None:
        """See `AccessPort.add_dead_letters`."""
        self._require_webhook(webhook_id)
        for event in events:
            self._last_letter_id += 1
            self._letters[self._last_letter_id] = StoredDeadLetter(
                letter_id=self._last_letter_id,
                webhook_id=webhook_id,
                event=event,
                attempts=attempts,
                error=error,
                at_ns=now_ns,
            )
        for letter in self._letters_of(webhook_id)[:-DEAD_LETTERS_MAX]:
            del self._letters[letter.letter_id]

    def dead_letters(self, webhook_id: int, after_id: int, limit: int) -> list[StoredDeadLetter]:
        """See `AccessPort.dead_letters`."""
        return [letter for letter in self._letters_of(webhook_id) if letter.letter_id > after_id][:limit]

    def remove_dead_letters(self, letter_ids: Iterable[int]) -> int:
        """See `AccessPort.remove_dead_letters`."""
        return sum(self._letters.pop(letter_id, None) is not None for letter_id in letter_ids)

    def _letters_of(self, webhook_id: int) -> list[StoredDeadLetter]:
        return [letter for letter in self._letters.values() if letter.webhook_id == webhook_id]

    def _require_webhook(self, webhook_id: int) -> None:
        if webhook_id not in self._webhooks:
            raise UnknownId(f"no webhook {webhook_id}")

    # ---- answers -----------------------------------------------------------------------------------------------------

    def remember_answer(self, key: str, actor: str, digest: str, status: int, body: bytes, now_ns: int) -> None:
        """See `AccessPort.remember_answer`."""
        self._answers = {k: answer for k, answer in self._answers.items() if answer.at_ns > now_ns - ANSWER_NS}
        answer = StoredAnswer(digest=digest, status=status, body=body, at_ns=now_ns)
        self._answers.setdefault((actor, key), answer)

    def answer_of(self, key: str, actor: str, now_ns: int) -> StoredAnswer | None:
        """See `AccessPort.answer_of`."""
        answer = self._answers.get((actor, key))
        return answer if answer is not None and answer.at_ns > now_ns - ANSWER_NS else None
