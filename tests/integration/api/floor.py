"""A node that serves its API on loopback, in this process: the real server, store and engine, a simulated carrier."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

from outpace.api.server import serving
from outpace.api.settings import ApiSettings
from outpace.api.tokens import make_token
from outpace.domain.access import Role
from outpace.runtime.clock import wall_ns
from outpace.runtime.node_file import NodeFile, load
from outpace.runtime.server import Server

NODE = """
[node]
folder = "{folder}/node"
[store]
path = "{folder}/store.db"
[switch]
kind = "simulated"
profile = "carrier.toml"
[log]
level = "warning"
[api]
port = 0
requests_per_s = 2000
burst = 4000
[[trunk_groups]]
name = "carrier"
channels = 200
cps = 1000.0
burst = 200
"""
CARRIER = """
name = "carrier"
[mix]
live = {live}
busy = {busy}
[times]
answer = {answer}
busy = 0.02
talk = {talk}
"""

#: For whatever is waited for: workers give way to everything else, so that a busy machine lets them wait long.
WAIT_S = 60.0


class Floor:
    """What a test needs of the node: a client of every role, the server, the address."""

    def __init__(self, server: Server, url: str, tokens: dict[Role, str]) -> None:
        self.server = server
        self.url = url
        self.tokens = tokens
        self.http = httpx.AsyncClient(base_url=url, timeout=WAIT_S)

    async def send(self, method: str, path: str, *, role: Role = Role.OPERATOR, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[role]}", **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, role: Role = Role.OPERATOR) -> Any:
        """The resource at a path."""
        answer = await self.send("GET", path, role=role)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, json: Any = None, *, role: Role = Role.OPERATOR, **more: Any) -> Any:
        """What a POST that succeeds is answered."""
        answer = await self.send("POST", path, role=role, json=json, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def patch(self, path: str, changes: dict[str, Any], etag: str = "*") -> Any:
        """A change that succeeds."""
        answer = await self.send("PATCH", path, json=changes, headers={"If-Match": etag})
        assert answer.is_success, answer.text
        return answer.json()

    async def until(self, path: str, true: Callable[[Any], Any], *, role: Role = Role.OPERATOR) -> Any:
        """The resource at a path as soon as something is true of it."""
        async with asyncio.timeout(WAIT_S):
            while not true(found := await self.get(path, role)):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        return found

    async def campaign(self, *, leads: int = 0, agents: int = 0, first: int = 49_301_000_000, **settings: Any) -> int:
        """A new campaign with leads, and agents who are logged in and ready; its id."""
        usual = {"name": f"campaign {first}", "mode": "progressive", "wrap_up_max_s": 0.02}
        made = await self.post("/v1/campaigns", {**usual, **settings})
        campaign_id: int = made["campaign_id"]
        if leads:
            await self.imported(campaign_id, (f"+{first + n}" for n in range(leads)))
        for n in range(agents):
            body = {"name": f"agent {first}.{n}", "leg": f"SIM/{n}", "campaigns": [campaign_id]}
            agent_id = (await self.post("/v1/agents", body))["agent_id"]
            await self.post(f"/v1/agents/{agent_id}/desk/log-in")
            await self.until(f"/v1/agents/{agent_id}", lambda one: one["leg_state"] == "up")
            await self.post(f"/v1/agents/{agent_id}/desk/ready")
        return campaign_id

    async def imported(self, campaign_id: int, numbers: Any) -> Any:
        """A list that has been imported; its job."""
        body = "\n".join(["phone", *numbers]) + "\n"
        path = f"/v1/campaigns/{campaign_id}/imports?name=list&validation=possible"
        job = await self.post(path, content=body.encode(), headers={"Content-Type": "text/csv"})
        return await self.until(f"/v1/jobs/{job['job_id']}", lambda one: one["state"] not in ("queued", "running"))

    def stream(self, query: str = "", role: Role = Role.OPERATOR) -> websockets.connect:
        """A live stream."""
        return websockets.connect(
            f"{self.url.replace('http', 'ws', 1)}/v1/stream{query}",
            subprotocols=["outpace.v1", f"bearer.{self.tokens[role]}"],  # type: ignore[list-item]
        )


Stream = ClientConnection


def node_file(
    folder: Path, more: str = "", *, live: float = 0.6, answer: float = 0.02, talk: float = 0.05
) -> NodeFile[ApiSettings]:
    """A node file with a carrier; `more` is appended."""
    busy = round(1.0 - live, 6)
    (folder / "carrier.toml").write_text(CARRIER.format(live=live, busy=busy, answer=answer, talk=talk))
    (folder / "node.toml").write_text(NODE.format(folder=folder) + more)
    return load(folder / "node.toml", ApiSettings)


@asynccontextmanager
async def open_floor(file: NodeFile[ApiSettings]) -> AsyncIterator[Floor]:
    """The node, serving."""
    server = Server(file)
    await server.start()
    try:
        async with serving(server, file.api) as url:
            now_ns = wall_ns()
            tokens = {}
            for role in Role:
                make = {"name": role.value, "role": role, "agent_id": 1 if role is Role.AGENT else 0}
                tokens[role] = (
                    await server.write(lambda store, make=make: make_token(store, **make, expires_ns=0, now_ns=now_ns))
                )[0]
            floor = Floor(server, url, tokens)
            try:
                yield floor
            finally:
                await floor.http.aclose()
    finally:
        await server.stop(drain_s=0.0)
