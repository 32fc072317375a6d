"""Webhooks: events posted to platforms, and those that could not be delivered."""

from __future__ import annotations

import msgspec

from outpace.api import roles
from outpace.api.answers import Answer
from outpace.api.bodies import Id, WebhookBody
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import DEAD_LETTER, NEW_WEBHOOK, RETRIED, WEBHOOK, page_of
from outpace.api.paging import Cursor, Limit
from outpace.domain.orders import CreateWebhook, DeleteWebhook, ListDeadLetters, ListWebhooks, RetryDeadLetters
from outpace.domain.resources import DeadLetter, Page, WebhookView
from outpace.domain.wire import Retried

routes = Routes("webhooks", "Events for platforms, signed; those that were not taken are kept.")

ONE = "/v1/webhooks/{webhook_id}"


@routes.add("GET", "/v1/webhooks", roles.PLATFORM, example=[WEBHOOK])
async def list_webhooks(call: Call) -> list[WebhookView]:
    """All webhooks."""
    return await call.ask(ListWebhooks())


@routes.add(
    "POST",
    "/v1/webhooks",
    roles.PLATFORM,
    status=201,
    headers=("Location",),
    example=WEBHOOK,
    body_example=NEW_WEBHOOK,
)
async def create_webhook(call: Call, body: WebhookBody) -> Answer[WebhookView]:
    """Post events of these topics to an address from now on, signed with the secret."""
    view = await call.tell(CreateWebhook(**msgspec.structs.asdict(body)))
    return Answer(view, location=f"/v1/webhooks/{view.webhook_id}")


@routes.add("DELETE", ONE, roles.PLATFORM, status=204, problems=(404,))
async def delete_webhook(call: Call, webhook_id: Id) -> None:
    """Post nothing more there."""
    await call.tell(DeleteWebhook(webhook_id=webhook_id))


@routes.add("GET", ONE + "/dead-letters", roles.PLATFORM, problems=(404,), example=page_of(DEAD_LETTER))
async def list_dead_letters(call: Call, webhook_id: Id, cursor: Cursor = "", limit: Limit = 100) -> Page[DeadLetter]:
    """Events that a webhook did not take, the oldest first."""
    return await call.ask(ListDeadLetters(webhook_id=webhook_id, cursor=cursor, limit=limit))


@routes.add("POST", ONE + "/dead-letters/retry", roles.PLATFORM, problems=(404,), example=RETRIED)
async def retry_dead_letters(call: Call, webhook_id: Id) -> Retried:
    """Post them again."""
    return Retried(await call.tell(RetryDeadLetters(webhook_id=webhook_id)))
