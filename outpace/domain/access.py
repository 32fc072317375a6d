"""Who may do what: roles, and who is asking."""

from __future__ import annotations

from enum import Enum

import msgspec


class Role(Enum):
    """What a token may do.

    OPERATOR: everything. SUPERVISOR: watch everything, steer campaigns that exist, act for agents; no settings of
    trunks, tokens or webhooks. AGENT: their own desk. INTEGRATOR: lists, leads, suppression, exports, webhooks.
    MONITOR: read figures, no people.
    """

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    INTEGRATOR = "integrator"
    MONITOR = "monitor"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `name` is the token's, for the audit; `agent_id` is set for the role AGENT, else 0."""

    token_id: int
    name: str
    role: Role
    agent_id: int = 0
    tenant: int = 0


#: The console's, the command line's and the scheduler's own acts.
SYSTEM = Actor(token_id=0, name="system", role=Role.OPERATOR)
