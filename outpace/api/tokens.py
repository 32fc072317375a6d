"""Tokens on the store: made, listed, revoked; by the API and by `outpace token` alike."""

from __future__ import annotations

from datetime import UTC, datetime

from outpace.api.auth import new_token, token_hash
from outpace.domain.access import Role
from outpace.domain.errors import ConfigError
from outpace.domain.orders import TokenView
from outpace.domain.units import NS_PER_S
from outpace.store.access import StoredToken
from outpace.store.port import Store


def make_token(
    store: Store, *, name: str, role: Role, agent_id: int, expires_ns: int, now_ns: int
) -> tuple[str, TokenView]:
    """A new token with its secret, which is not kept.

    Parameters
    ----------
    agent_id : of the agent whom a token of the role agent speaks for, else 0. expires_ns : 0 = never.

    Raises
    ------
    ConfigError : `agent_id` and role do not go together, or the token would have expired already.
    """
    if (role is Role.AGENT) != bool(agent_id):
        raise ConfigError("agent_id", "belongs to the role agent, and to no other")
    if expires_ns and expires_ns <= now_ns:
        raise ConfigError("expires_at", "has passed already")
    secret = new_token()
    hashed = token_hash(secret)
    store.add_token(hashed, name, role, agent_id, expires_ns, now_ns)
    stored = store.token(hashed)
    assert stored is not None
    return secret, view_of(stored)


def all_tokens(store: Store) -> list[TokenView]:
    """All tokens, those that hold no more included."""
    return [view_of(one) for one in store.tokens()]


def view_of(stored: StoredToken) -> TokenView:
    """What is shown of a token."""
    return TokenView(
        token_id=stored.token_id,
        name=stored.name,
        role=stored.role,
        agent_id=stored.agent_id,
        created_at=_moment(stored.created_ns),
        expires_at=_moment(stored.expires_ns) if stored.expires_ns else None,
        revoked=bool(stored.revoked_ns),
    )


def _moment(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / NS_PER_S, UTC)
