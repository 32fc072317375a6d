"""The event loop: uvloop by default, plain asyncio on request; both must pass the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal, TypeVar

Loop = Literal["uvloop", "asyncio"]

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T], loop: Loop = "uvloop") -> T:
    """Run a coroutine to its end on a new event loop."""
    factory = asyncio.new_event_loop
    if loop == "uvloop":
        import uvloop  # noqa: PLC0415 - plain asyncio must do without it

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
