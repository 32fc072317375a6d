"""Audit, health and webhooks, by the door."""

from __future__ import annotations

import msgspec

from outpace.domain.access import Actor
from outpace.domain.errors import ConfigError, UnknownId
from outpace.domain.orders import (
    CreateWebhook,
    DeleteWebhook,
    GetHealth,
    ListAlarms,
    ListAudit,
    ListDeadLetters,
    ListWebhooks,
    RetryDeadLetters,
)
from outpace.domain.resources import AlarmView, AuditEntry, DeadLetter, HealthView, Page, WebhookView
from outpace.domain.version import VERSION
from outpace.domain.wire import Topic
from outpace.runtime import views
from outpace.runtime.door_table import Done, answers, carries_out, limit_of, page, place_of
from outpace.runtime.house import House
from outpace.runtime.webhooks import check_url, origin
from outpace.store.access import StoredAct, StoredDeadLetter, StoredWebhook
from outpace.store.port import Store

#: A secret that can be guessed signs nothing.
_SECRET_MIN = 16

#: Dead letters posted again in one go.
_AGAIN_MAX = 10_000

_OK = "ok"


@answers(ListAudit)
async def list_audit(house: House, question: ListAudit) -> Page[AuditEntry]:
    """Acts, latest first."""
    limit, (before,) = limit_of(question), place_of(question)
    found = await house.read_long(lambda store: store.audit(before, limit + 1, question.subject, question.actor))
    return page(found, limit, _entry, lambda one: str(one.entry_id))


def _entry(stored: StoredAct) -> AuditEntry:
    return AuditEntry(
        entry_id=stored.entry_id,
        at=views.at(stored.at_ns),
        actor=stored.actor,
        role=stored.role.value,
        action=stored.action,
        subject=stored.subject,
        detail=msgspec.json.decode(stored.detail),
    )


@answers(GetHealth)
async def get_health(house: House, _: GetHealth) -> HealthView:
    """How the node is."""
    parts = house.parts()
    return HealthView(
        ready=all(parts[name] == _OK for name in ("switch", "store", "engine")),
        version=VERSION,
        parts=parts,
        alarms=house.alarms.active,
    )


@answers(ListAlarms)
async def list_alarms(house: House, _: ListAlarms) -> list[AlarmView]:
    """Alarms that are on and those that were."""
    return house.alarms.views()


# ---- webhooks ----------------------------------------------------------------------------------------------------


@answers(ListWebhooks)
async def list_webhooks(house: House, _: ListWebhooks) -> list[WebhookView]:
    """All webhooks."""
    return house.webhooks.views()


@answers(ListDeadLetters)
async def list_dead_letters(house: House, question: ListDeadLetters) -> Page[DeadLetter]:
    """Events that a webhook did not take, oldest first."""
    _view(house, question.webhook_id)
    limit, (after,) = limit_of(question), place_of(question)
    found = await house.read_long(lambda store: store.dead_letters(question.webhook_id, after, limit + 1))
    return page(found, limit, _letter, lambda one: str(one.letter_id))


def _letter(stored: StoredDeadLetter) -> DeadLetter:
    return DeadLetter(
        letter_id=stored.letter_id,
        webhook_id=stored.webhook_id,
        event=msgspec.json.decode(stored.event),
        attempts=stored.attempts,
        error=stored.error,
        at=views.at(stored.at_ns),
    )


def _view(house: House, webhook_id: int) -> WebhookView:
    for view in house.webhooks.views():
        if view.webhook_id == webhook_id:
            return view
    raise UnknownId(f"no webhook {webhook_id}")


@carries_out(CreateWebhook)
async def create_webhook(house: House, order: CreateWebhook, actor: Actor) -> Done:
    """Post events from now on."""
    del actor
    check_url(order.url)
    known = [topic.value for topic in Topic]
    for name in order.topics:
        if name not in known:
            raise ConfigError("topics", f"no such topic: {name!r}; one of {', '.join(known)}")
    if not order.topics:
        raise ConfigError("topics", f"wants at least one of {', '.join(known)}")
    if len(order.secret) < _SECRET_MIN:
        raise ConfigError("secret", f"wants at least {_SECRET_MIN} characters")
    house.webhooks.check_room()
    topics, now_ns = tuple(dict.fromkeys(order.topics)), house.now_ns()

    def keep(store: Store) -> StoredWebhook:
        webhook_id = store.add_webhook(order.url, topics, order.secret, now_ns)
        return next(one for one in store.webhooks() if one.webhook_id == webhook_id)

    stored = await house.write(keep)
    house.webhooks.add(stored)
    detail = {"url": origin(order.url), "topics": list(topics)}
    return Done(_view(house, stored.webhook_id), f"webhook/{stored.webhook_id}", detail)


@carries_out(DeleteWebhook)
async def delete_webhook(house: House, order: DeleteWebhook, actor: Actor) -> Done:
    """Post nothing more there, and forget its dead letters."""
    del actor
    view = _view(house, order.webhook_id)
    await house.webhooks.remove(order.webhook_id)
    await house.write(lambda store: store.delete_webhook(order.webhook_id))
    return Done(None, f"webhook/{order.webhook_id}", {"url": origin(view.url)})


@carries_out(RetryDeadLetters)
async def retry_dead_letters(house: House, order: RetryDeadLetters, actor: Actor) -> Done:
    """Post dead letters again; they leave the list when they were taken."""
    del actor
    _view(house, order.webhook_id)
    found = await house.read_long(lambda store: store.dead_letters(order.webhook_id, 0, _AGAIN_MAX))
    count = house.webhooks.again(order.webhook_id, [(one.letter_id, one.event) for one in found])
    return Done(count, f"webhook/{order.webhook_id}", {"letters": count})
