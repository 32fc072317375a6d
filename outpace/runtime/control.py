"""The one door to a running node: ask, tell, listen. Whoever steers or watches a node does it through this port.

Its words are plain data (domain/orders.py, domain/resources.py), so that the two sides can be one process or two.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from outpace.domain.access import Actor
from outpace.domain.orders import Order, Question
from outpace.domain.wire import Topic

T = TypeVar("T")


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that changed.

    Parameters
    ----------
    sequence : grows with every update of the node and over its restarts; those of other topics are left out. All of a
        snapshot have that of the last update before it.
    key : id of the subject within its topic.
    data : the subject as it is now (a resource as plain data), or None when it is gone. CAMPAIGNS: the board; AGENTS:
        the agent's view; CALLS: the call's; ALARMS, JOBS, ATTEMPTS, DISPOSITIONS: theirs.
    """

    sequence: int
    topic: Topic
    key: str
    data: Any


class Subscription(Protocol):
    """One listener. Iterating yields what gathered since, in order; it ends when the listener was dropped or closed.

    What comes first is the snapshot, or with `resumed` what was missed; it may be empty. A listener that does not keep
    up is dropped: `dropped` is the reason then. Nobody waits for it.
    """

    dropped: str
    resumed: bool

    def __aiter__(self) -> AsyncIterator[Sequence[Update]]: ...
    def close(self) -> None:
        """Listen no more."""


class ControlPort(Protocol):
    """The door. Errors are those of the domain: UnknownId, StateError, ConfigError, VersionConflict, StoreError."""

    async def query(self, question: Question[T]) -> T:
        """Answer a question."""

    async def command(self, order: Order[T], actor: Actor) -> T:
        """Carry out an order, write it to the audit, and answer when it has taken effect."""

    async def subscribe(self, topics: Sequence[Topic], *, after: int = 0) -> Subscription:
        """Listen to topics: first a snapshot of them as updates, then what changes.

        `after` resumes: where every update since that sequence is still kept, they come instead of the snapshot.
        """
