"""Events for platforms, signed; those that were not taken are kept.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.requests import call, part
from outpace.domain.resources import DeadLetter, Page, WebhookView
from outpace.domain.wire import Retried


class Webhooks(Core):
    """Events for platforms, signed; those that were not taken are kept."""

    def list_webhooks(self) -> list[WebhookView]:
        """All webhooks.

        Roles: operator, integrator.
        """
        return self._ask(call("GET", "/v1/webhooks", list[WebhookView]))

    def create_webhook(self, *, url: str, topics: Sequence[str], secret: str, idempotency_key: str = "") -> WebhookView:
        """Post events of these topics to an address from now on, signed with the secret.

        Roles: operator, integrator.
        """
        return self._ask(
            call(
                "POST",
                "/v1/webhooks",
                WebhookView,
                body={"url": url, "topics": topics, "secret": secret},
                key=idempotency_key,
            )
        )

    def delete_webhook(self, webhook_id: int) -> None:
        """Post nothing more there.

        Roles: operator, integrator.
        """
        return self._ask(call("DELETE", f"/v1/webhooks/{part(webhook_id)}", type(None)))

    def list_dead_letters(self, webhook_id: int, *, cursor: str = "", limit: int = 100) -> Page[DeadLetter]:
        """Events that a webhook did not take, the oldest first.

        Roles: operator, integrator.
        """
        return self._ask(
            call(
                "GET",
                f"/v1/webhooks/{part(webhook_id)}/dead-letters",
                Page[DeadLetter],
                query={"cursor": cursor, "limit": limit},
            )
        )

    def iter_dead_letters(self, webhook_id: int, *, page_size: int = 100) -> Iterator[DeadLetter]:
        """Events that a webhook did not take, the oldest first: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_dead_letters(webhook_id, cursor=cursor, limit=page_size))

    def retry_dead_letters(self, webhook_id: int, *, idempotency_key: str = "") -> Retried:
        """Post them again.

        Roles: operator, integrator.
        """
        return self._ask(
            call("POST", f"/v1/webhooks/{part(webhook_id)}/dead-letters/retry", Retried, key=idempotency_key)
        )


class AsyncWebhooks(AsyncCore):
    """Events for platforms, signed; those that were not taken are kept."""

    async def list_webhooks(self) -> list[WebhookView]:
        """All webhooks.

        Roles: operator, integrator.
        """
        return await self._ask(call("GET", "/v1/webhooks", list[WebhookView]))

    async def create_webhook(
        self, *, url: str, topics: Sequence[str], secret: str, idempotency_key: str = ""
    ) -> WebhookView:
        """Post events of these topics to an address from now on, signed with the secret.

        Roles: operator, integrator.
        """
        return await self._ask(
            call(
                "POST",
                "/v1/webhooks",
                WebhookView,
                body={"url": url, "topics": topics, "secret": secret},
                key=idempotency_key,
            )
        )

    async def delete_webhook(self, webhook_id: int) -> None:
        """Post nothing more there.

        Roles: operator, integrator.
        """
        return await self._ask(call("DELETE", f"/v1/webhooks/{part(webhook_id)}", type(None)))

    async def list_dead_letters(self, webhook_id: int, *, cursor: str = "", limit: int = 100) -> Page[DeadLetter]:
        """Events that a webhook did not take, the oldest first.

        Roles: operator, integrator.
        """
        return await self._ask(
            call(
                "GET",
                f"/v1/webhooks/{part(webhook_id)}/dead-letters",
                Page[DeadLetter],
                query={"cursor": cursor, "limit": limit},
            )
        )

    def iter_dead_letters(self, webhook_id: int, *, page_size: int = 100) -> AsyncIterator[DeadLetter]:
        """Events that a webhook did not take, the oldest first: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_dead_letters(webhook_id, cursor=cursor, limit=page_size))

    async def retry_dead_letters(self, webhook_id: int, *, idempotency_key: str = "") -> Retried:
        """Post them again.

        Roles: operator, integrator.
        """
        return await self._ask(
            call("POST", f"/v1/webhooks/{part(webhook_id)}/dead-letters/retry", Retried, key=idempotency_key)
        )
