"""Audit, tokens, webhooks and remembered answers, in every store."""

from __future__ import annotations

import pytest

from outpace.domain.access import Role
from outpace.domain.errors import ConfigError, UnknownId
from outpace.store import _memory_access, _sqlite_access
from outpace.store.access import ANSWER_NS, StoredAct, StoredAnswer, StoredDeadLetter, StoredToken, StoredWebhook
from outpace.store.port import Store
from tests.unit.store.build import HOUR, NOW


def act(actor: str, subject: str, at_ns: int = NOW) -> StoredAct:
    return StoredAct(
        at_ns=at_ns, actor=actor, role=Role.OPERATOR, action="ChangeCampaign", subject=subject, detail='{"cap":0.02}'
    )


def test_audit_comes_latest_first_by_subject_and_actor(store: Store) -> None:
    store.append_audit(act("ada", "campaign/1"))
    store.append_audit(act("bob", "campaign/1"), act("ada", "lead/9", NOW + 1))
    store.append_audit()
    latest = store.audit(0, 1)[0]
    assert (latest.entry_id, latest.at_ns, latest.role, latest.detail) == (3, NOW + 1, Role.OPERATOR, '{"cap":0.02}')
    assert [one.entry_id for one in store.audit(0, 9)] == [3, 2, 1]
    assert [one.entry_id for one in store.audit(3, 1)] == [2]
    assert [one.entry_id for one in store.audit(0, 9, "campaign/1")] == [2, 1]
    assert [one.entry_id for one in store.audit(0, 9, actor="ada")] == [3, 1]
    assert [one.entry_id for one in store.audit(2, 9, "campaign/1", "ada")] == [1]
    assert store.audit(0, 9, "campaign") == []


def test_tokens_are_found_by_their_hash_and_can_be_revoked_once(store: Store) -> None:
    assert store.add_token("c0ffee", "desk", Role.AGENT, 7, NOW + HOUR, NOW) == 1
    assert store.add_token("beef", "board", Role.MONITOR, 0, 0, NOW) == 2
    desk = StoredToken(
        token_id=1,
        token_hash="c0ffee",
        name="desk",
        role=Role.AGENT,
        agent_id=7,
        created_ns=NOW,
        expires_ns=NOW + HOUR,
        revoked_ns=0,
    )
    assert store.token("c0ffee") == desk
    assert store.token("C0FFEE") is None
    store.revoke_token(2, NOW + 1)
    store.revoke_token(2, NOW + 2)
    assert [token.revoked_ns for token in store.tokens()] == [0, NOW + 1]
    with pytest.raises(UnknownId, match="no token 3"):
        store.revoke_token(3, NOW)
    with pytest.raises(ConfigError):
        store.add_token("beef", "again", Role.MONITOR, 0, 0, NOW)


def test_webhooks_keep_their_dead_letters_until_they_go(store: Store) -> None:
    assert store.add_webhook("https://crm/a", ("attempts", "alarms"), "s3cret", NOW) == 1
    assert store.add_webhook("https://crm/b", (), "x", NOW) == 2
    store.add_dead_letters(1, ['{"n":0}', '{"n":1}'], 5, "timed out", NOW)
    store.add_dead_letters(1, ['{"n":2}'], 5, "timed out", NOW + 1)
    store.add_dead_letters(2, ["{}"], 1, "", NOW)
    assert store.webhooks()[0] == StoredWebhook(
        webhook_id=1,
        url="https://crm/a",
        topics=("attempts", "alarms"),
        secret="s3cret",
        created_ns=NOW,
        dead=3,
    )
    assert store.dead_letters(1, 1, 1) == [
        StoredDeadLetter(letter_id=2, webhook_id=1, event='{"n":1}', attempts=5, error="timed out", at_ns=NOW)
    ]
    assert [letter.letter_id for letter in store.dead_letters(1, 0, 9)] == [1, 2, 3]
    assert store.remove_dead_letters([2, 3, 9]) == 2
    assert store.remove_dead_letters([2]) == 0
    store.delete_webhook(1)
    assert [(hook.webhook_id, hook.dead) for hook in store.webhooks()] == [(2, 1)]
    assert store.dead_letters(1, 0, 9) == []
    for unknown in (
        lambda: store.delete_webhook(1),
        lambda: store.add_dead_letters(1, ["{}"], 1, "", NOW),
    ):
        with pytest.raises(UnknownId, match="no webhook 1"):
            unknown()


def test_ids_of_what_was_deleted_are_not_given_again(store: Store) -> None:
    store.delete_webhook(store.add_webhook("https://crm/a", (), "x", NOW))
    assert store.add_webhook("https://crm/b", (), "x", NOW) == 2
    store.add_dead_letters(2, ["{}"], 1, "", NOW)
    assert store.remove_dead_letters([1]) == 1
    store.add_dead_letters(2, ["{}"], 1, "", NOW)
    assert [letter.letter_id for letter in store.dead_letters(2, 0, 9)] == [2]


def test_oldest_dead_letters_go_when_there_are_too_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory_access, "DEAD_LETTERS_MAX", 3)
    monkeypatch.setattr(_sqlite_access, "_DROP_OLDEST", _sqlite_access._DROP_OLDEST.replace("OFFSET 10000", "OFFSET 3"))
    for hook in (1, 2):
        store.add_webhook("https://crm/a", (), "x", NOW)
        store.add_dead_letters(hook, ["{}"] * (2 + hook), 1, "", NOW)
    assert [letter.letter_id for letter in store.dead_letters(1, 0, 9)] == [1, 2, 3]
    assert [letter.letter_id for letter in store.dead_letters(2, 0, 9)] == [5, 6, 7]


def test_first_answer_to_a_key_stands_for_a_day(store: Store) -> None:
    assert store.answer_of("k", "ada", NOW) is None
    store.remember_answer("k", "ada", "d1", 201, b"\x00{}", NOW)
    store.remember_answer("k", "ada", "d2", 500, b"", NOW + 1)
    store.remember_answer("k", "bob", "d3", 200, b"b", NOW + 1)
    assert store.answer_of("k", "ada", NOW) == StoredAnswer(digest="d1", status=201, body=b"\x00{}", at_ns=NOW)
    assert store.answer_of("k", "bob", NOW).status == 200
    assert store.answer_of("k", "ada", NOW + ANSWER_NS - 1) is not None
    assert store.answer_of("k", "ada", NOW + ANSWER_NS) is None
    store.remember_answer("k", "ada", "d4", 204, b"", NOW + ANSWER_NS)
    assert store.answer_of("k", "ada", NOW + ANSWER_NS).digest == "d4"
