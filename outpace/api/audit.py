"""The audit of what the API itself does; orders to the node are written down by its door."""

from __future__ import annotations

from typing import Any

import msgspec

from outpace.api.node import ApiNode
from outpace.domain.access import Actor
from outpace.store.access import StoredAct


async def note(node: ApiNode, actor: Actor, action: str, subject: str, detail: dict[str, Any]) -> None:
    """Write down who did what to what; no secrets in `detail`."""
    act = StoredAct(
        at_ns=node.now_ns(),
        actor=actor.name,
        role=actor.role,
        action=action,
        subject=subject,
        detail=msgspec.json.encode(detail).decode(),
    )
    await node.write(lambda store: store.append_audit(act))
