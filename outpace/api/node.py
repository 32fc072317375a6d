"""What the API needs of a node beside its door: the store for its own records, a folder, a clock, the metrics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from outpace.domain.wire import Topic
from outpace.runtime.control import ControlPort
from outpace.runtime.metrics import Reading
from outpace.store.port import Store

T = TypeVar("T")


class ApiNode(Protocol):
    """A running node as the API sees it.

    door : where everything is asked and told.
    folder : of uploads and rejects; exists.
    store_path : the store's file, for workers in processes of their own.
    """

    @property
    def door(self) -> ControlPort: ...
    @property
    def folder(self) -> Path: ...
    @property
    def store_path(self) -> Path: ...

    def now_ns(self) -> int:
        """Engine time."""

    async def read(self, job: Callable[[Store], T]) -> T:
        """Run a function that only reads on the store, off the loop."""

    async def write(self, job: Callable[[Store], T], *, patient: bool = False) -> T:
        """Run a function on the store, off the loop; durable when it returns.

        StoreError when the store refuses to write for seconds, but for a `patient` caller, who waits.
        """

    def publish(self, topic: Topic, key: str, data: Any) -> None:
        """Tell the listeners of a topic what the API itself keeps (jobs)."""

    def reading(self) -> Reading:
        """What monitoring shows, now; on the loop."""
