"""A client of the API in this process, with a token of every role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from outpace.api.app import create_app
from outpace.api.settings import ApiSettings
from outpace.api.tokens import make_token
from outpace.domain.access import Role
from tests.unit.api.door import NOW_NS, MemoryNode


class Client:
    """Speaks HTTP to an application, as a role."""

    def __init__(self, node: MemoryNode, settings: ApiSettings) -> None:
        self.node = node
        self.tokens = {
            role: make_token(
                node.store,
                name=role.value,
                role=role,
                agent_id=7 if role is Role.AGENT else 0,
                expires_ns=0,
                now_ns=NOW_NS,
            )[0]
            for role in Role
        }
        self.app = create_app(node, settings, wall_ns=node.now_ns, monotonic_ns=node.now_ns)
        transport = httpx.ASGITransport(app=self.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://node")

    async def send(self, method: str, path: str, *, role: Role | None = Role.OPERATOR, **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if role is not None:
            headers.setdefault("Authorization", f"Bearer {self.tokens[role]}")
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, role: Role | None = Role.OPERATOR, **more: Any) -> httpx.Response:
        return await self.send("GET", path, role=role, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return await self.send("POST", path, json=json, **more)

    async def patch(self, path: str, json: Any, **more: Any) -> httpx.Response:
        return await self.send("PATCH", path, json=json, **more)


@pytest.fixture
def node(tmp_path: Path) -> MemoryNode:
    return MemoryNode(tmp_path)


@pytest.fixture
def settings() -> ApiSettings:
    return ApiSettings()


@pytest.fixture
async def api(node: MemoryNode, settings: ApiSettings) -> AsyncIterator[Client]:
    client = Client(node, settings)
    yield client
    await client.http.aclose()
    await client.app.close()
    node.store.close()
