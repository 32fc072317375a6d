"""Tokens with their roles, and the audit of who did what.

Written by tools/client_operations.py; what is wrong here is mended there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Literal

from outpace.client._async_core import AsyncCore
from outpace.client._core import Core
from outpace.client.requests import Again, call, part
from outpace.domain.access import Role
from outpace.domain.orders import TokenView
from outpace.domain.resources import AuditEntry, Page
from outpace.domain.wire import Me, TokenMade


class Access(Core):
    """Tokens with their roles, and the audit of who did what."""

    def get_me(self) -> Me:
        """Whom the token speaks for.

        Roles: any.
        """
        return self._ask(call("GET", "/v1/me", Me))

    def list_audit(self, *, subject: str = "", actor: str = "", cursor: str = "", limit: int = 100) -> Page[AuditEntry]:
        """Who did what to what, the latest first.

        Roles: operator, supervisor.
        """
        return self._ask(
            call(
                "GET",
                "/v1/audit",
                Page[AuditEntry],
                query={"subject": subject, "actor": actor, "cursor": cursor, "limit": limit},
            )
        )

    def iter_audit(self, *, subject: str = "", actor: str = "", page_size: int = 100) -> Iterator[AuditEntry]:
        """Who did what to what, the latest first: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_audit(subject=subject, actor=actor, cursor=cursor, limit=page_size))

    def list_tokens(self) -> list[TokenView]:
        """All tokens, without their secrets.

        Roles: operator.
        """
        return self._ask(call("GET", "/v1/tokens", list[TokenView]))

    def create_token(
        self,
        *,
        name: str,
        role: Role | Literal["operator", "supervisor", "agent", "integrator", "monitor"],
        agent_id: int = 0,
        expires_at: datetime | None = None,
    ) -> TokenMade:
        """A new token; its secret is shown this once.

        Roles: operator.
        """
        return self._ask(
            call(
                "POST",
                "/v1/tokens",
                TokenMade,
                body={"name": name, "role": role, "agent_id": agent_id, "expires_at": expires_at},
                again=Again.UNSENT,
            )
        )

    def revoke_token(self, token_id: int) -> None:
        """Revoke a token; its streams end within seconds.

        Roles: operator.
        """
        return self._ask(call("DELETE", f"/v1/tokens/{part(token_id)}", type(None)))


class AsyncAccess(AsyncCore):
    """Tokens with their roles, and the audit of who did what."""

    async def get_me(self) -> Me:
        """Whom the token speaks for.

        Roles: any.
        """
        return await self._ask(call("GET", "/v1/me", Me))

    async def list_audit(
        self, *, subject: str = "", actor: str = "", cursor: str = "", limit: int = 100
    ) -> Page[AuditEntry]:
        """Who did what to what, the latest first.

        Roles: operator, supervisor.
        """
        return await self._ask(
            call(
                "GET",
                "/v1/audit",
                Page[AuditEntry],
                query={"subject": subject, "actor": actor, "cursor": cursor, "limit": limit},
            )
        )

    def iter_audit(self, *, subject: str = "", actor: str = "", page_size: int = 100) -> AsyncIterator[AuditEntry]:
        """Who did what to what, the latest first: all of them, a page at a time."""
        return self._pages(lambda cursor: self.list_audit(subject=subject, actor=actor, cursor=cursor, limit=page_size))

    async def list_tokens(self) -> list[TokenView]:
        """All tokens, without their secrets.

        Roles: operator.
        """
        return await self._ask(call("GET", "/v1/tokens", list[TokenView]))

    async def create_token(
        self,
        *,
        name: str,
        role: Role | Literal["operator", "supervisor", "agent", "integrator", "monitor"],
        agent_id: int = 0,
        expires_at: datetime | None = None,
    ) -> TokenMade:
        """A new token; its secret is shown this once.

        Roles: operator.
        """
        return await self._ask(
            call(
                "POST",
                "/v1/tokens",
                TokenMade,
                body={"name": name, "role": role, "agent_id": agent_id, "expires_at": expires_at},
                again=Again.UNSENT,
            )
        )

    async def revoke_token(self, token_id: int) -> None:
        """Revoke a token; its streams end within seconds.

        Roles: operator.
        """
        return await self._ask(call("DELETE", f"/v1/tokens/{part(token_id)}", type(None)))
