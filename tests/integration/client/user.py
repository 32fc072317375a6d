"""Either client behind one face, so that a test is written once: what waits is run in a thread."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from outpace.client import AsyncClient, Client
from outpace.domain.access import Role
from tests.integration.api.floor import WAIT_S, Floor

KINDS = (Client, AsyncClient)
_NONE = object()


class User:
    """Calls operations by name and remembers which."""

    def __init__(self, client: Client | AsyncClient) -> None:
        self.client = client
        self.called: set[str] = set()

    async def ask(self, name: str, /, *given: Any, **named: Any) -> Any:
        """Call an operation."""
        self.called.add(name)
        return await self.run(getattr(self.client, name), *given, **named)

    async def run(self, method: Any, /, *given: Any, **named: Any) -> Any:
        """Call something of the client."""
        if isinstance(self.client, Client):
            return await asyncio.to_thread(method, *given, **named)
        answer = method(*given, **named)
        return await answer if inspect.isawaitable(answer) else answer

    async def all(self, name: str, /, **named: Any) -> list[Any]:
        """What an iterator over pages brings."""
        found = getattr(self.client, name)(**named)
        return await asyncio.to_thread(list, found) if isinstance(self.client, Client) else [one async for one in found]

    async def bytes_of(self, name: str, /, *given: Any, **named: Any) -> bytes:
        """What a download brings."""
        self.called.add(name)
        found = getattr(self.client, name)(*given, **named)
        if isinstance(self.client, Client):
            return await asyncio.to_thread(b"".join, found)
        return b"".join([piece async for piece in found])

    async def until(self, true: Any, name: str, /, *given: Any, **named: Any) -> Any:
        """The answer of an operation as soon as something is true of it."""
        async with asyncio.timeout(WAIT_S):
            while not true(found := await self.ask(name, *given, **named)):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        return found

    @asynccontextmanager
    async def listening(self, **named: Any) -> AsyncIterator[Any]:
        """A live stream: a function that brings the next message."""
        stream = self.client.stream(**named)
        if isinstance(self.client, Client):
            messages = iter(stream)

            async def heard() -> Any:
                return await asyncio.wait_for(asyncio.to_thread(next, messages, _NONE), WAIT_S)
        else:
            later = aiter(stream)

            async def heard() -> Any:
                return await asyncio.wait_for(anext(later), WAIT_S)

        try:
            yield heard
        finally:
            await self.run(stream.close)


@asynccontextmanager
async def user_of(
    kind: type[Client | AsyncClient], floor: Floor, role: Role = Role.OPERATOR, **more: Any
) -> AsyncIterator[User]:
    """A client of the node, with the token of a role."""
    client = kind(floor.url, floor.tokens[role], **more)
    try:
        yield User(client)
    finally:
        closed = client.close()
        if closed is not None:
            await closed
