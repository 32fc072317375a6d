"""The node's one door: questions are answered, orders carried out and written to the audit, listeners served."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar, cast

import msgspec

from outpace.domain.access import Actor
from outpace.domain.errors import StateError
from outpace.domain.orders import Order, Question
from outpace.domain.wire import Topic
from outpace.runtime import door_admin, door_campaigns, door_desk, door_history, door_leads
from outpace.runtime.control import Subscription
from outpace.runtime.door_table import ACTS, ANSWERS
from outpace.runtime.house import House
from outpace.store.access import StoredAct

T = TypeVar("T")

#: Whose functions are in the table.
PARTS = (door_campaigns, door_leads, door_desk, door_history, door_admin)

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Door:
    """A ControlPort over a running node."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._open = True

    async def query(self, question: Question[T]) -> T:
        """See `ControlPort.query`."""
        self._check()
        return cast("T", await ANSWERS[type(question)](self._house, question))

    async def command(self, order: Order[T], actor: Actor) -> T:
        """See `ControlPort.command`."""
        self._check()
        done = await ACTS[type(order)](self._house, order, actor)
        await self._house.audit(
            StoredAct(
                at_ns=self._house.now_ns(),
                actor=actor.name,
                role=actor.role,
                action=action_of(type(order)),
                subject=done.subject,
                detail=msgspec.json.encode(done.detail).decode(),
            )
        )
        return cast("T", done.answer)

    async def subscribe(self, topics: Sequence[Topic], *, after: int = 0) -> Subscription:
        """See `ControlPort.subscribe`."""
        self._check()
        return self._house.hub.subscribe(topics, after=after)

    def close(self) -> None:
        """Let nobody in any more; listeners are told."""
        self._open = False
        self._house.hub.close("the node stops")

    def _check(self) -> None:
        if not self._open:
            raise StateError("the node stops")


def action_of(order: type) -> str:
    """The audit's word for an order.

    >>> action_of(door_leads.RevealNumber)
    'reveal-number'
    """
    return _WORD.sub("-", order.__name__).lower()
