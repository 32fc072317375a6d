"""Who may do what, and who did: tokens, the audit, oneself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from outpace.api import roles
from outpace.api.answers import Answer
from outpace.api.audit import note
from outpace.api.bodies import Id, TokenBody
from outpace.api.endpoint import Call, Routes
from outpace.api.examples import AUDIT, ME, NEW_TOKEN, TOKEN, TOKEN_MADE, page_of
from outpace.api.paging import Cursor, Limit
from outpace.api.tokens import all_tokens, make_token
from outpace.domain.access import Role
from outpace.domain.orders import ListAudit, TokenView
from outpace.domain.resources import AuditEntry, Page
from outpace.domain.units import NS_PER_S
from outpace.domain.wire import Me, TokenMade
from outpace.runtime.views import ns_of
from outpace.store.port import Store

routes = Routes("access", "Tokens with their roles, and the audit of who did what.")

_Exact = Annotated[str, Meta(max_length=200)]


@routes.add("GET", "/v1/me", roles.ANYBODY, example=ME)
async def get_me(call: Call) -> Me:
    """Whom the token speaks for."""
    session = call.scope["auth"]
    actor = call.actor
    expires_at = datetime.fromtimestamp(session.expires_ns / NS_PER_S, UTC) if session.expires_ns else None
    names_legs = actor.role in roles.STEERING or (
        actor.role is Role.AGENT and bool(call.api.settings.agent_legs)
    )  # fmt: skip
    return Me(
        name=actor.name, role=actor.role, agent_id=actor.agent_id, names_legs=names_legs, expires_at=expires_at
    )  # fmt: skip


@routes.add("GET", "/v1/audit", roles.STEERING, example=page_of(AUDIT))
async def list_audit(
    call: Call, subject: _Exact = "", actor: _Exact = "", cursor: Cursor = "", limit: Limit = 100
) -> Page[AuditEntry]:
    """Who did what to what, the latest first."""
    return await call.ask(ListAudit(subject=subject, actor=actor, cursor=cursor, limit=limit))


@routes.add("GET", "/v1/tokens", roles.OPERATORS, example=[TOKEN])
async def list_tokens(call: Call) -> list[TokenView]:
    """All tokens, without their secrets."""
    return await call.api.node.read(all_tokens)


@routes.add(
    "POST", "/v1/tokens", roles.OPERATORS, status=201, example=TOKEN_MADE, body_example=NEW_TOKEN, remembered=False
)
async def create_token(call: Call, body: TokenBody) -> Answer[TokenMade]:
    """A new token; its secret is shown this once."""
    node = call.api.node
    expires_ns = ns_of(body.expires_at, "expires_at") if body.expires_at else 0

    def make(store: Store) -> tuple[str, TokenView]:
        return make_token(
            store,
            name=body.name,
            role=body.role,
            agent_id=body.agent_id,
            expires_ns=expires_ns,
            now_ns=call.api.wall_ns(),
        )

    secret, view = await node.write(make)
    detail = {"name": view.name, "role": view.role.value, "agent_id": view.agent_id}
    await note(node, call.actor, "create-token", f"token/{view.token_id}", detail)
    return Answer(TokenMade(token=secret, view=view))


@routes.add("DELETE", "/v1/tokens/{token_id}", roles.OPERATORS, status=204, problems=(404,))
async def revoke_token(call: Call, token_id: Id) -> None:
    """Revoke a token; its streams end within seconds."""
    node = call.api.node
    await node.write(lambda store: store.revoke_token(token_id, call.api.wall_ns()))
    call.api.sessions.forget()
    await note(node, call.actor, "revoke-token", f"token/{token_id}", {})
