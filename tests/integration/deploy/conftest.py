"""A node with everything that has metrics: a journal, a webhook, and a Redis, which is out of reach."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.api.floor import node_file, open_floor

MORE = """
[journal]
path = "{folder}/journal"
[redis]
url = "redis://127.0.0.1:1"
"""


@pytest.fixture(scope="session")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the node exposes after a small campaign and an order that the engine refuses."""
    return asyncio.run(_scrape(tmp_path_factory.mktemp("monitored")))


async def _scrape(folder: Path) -> str:
    async with open_floor(node_file(folder, MORE.format(folder=folder))) as floor:
        hook = {"url": "http://127.0.0.1:1/", "topics": ["attempts"], "secret": "0123456789abcdef"}
        await floor.post("/v1/webhooks", hook)
        campaign_id = await floor.campaign(leads=10, agents=2)
        await floor.post(f"/v1/campaigns/{campaign_id}/start")
        board = f"/v1/campaigns/{campaign_id}/board"
        await floor.until(board, lambda one: one["launches"] == 10 and one["occupancy"]["value"] is not None)
        idle = {"name": "idle", "leg": "SIM/9", "campaigns": [campaign_id]}
        agent_id = (await floor.post("/v1/agents", idle))["agent_id"]
        assert (await floor.send("POST", f"/v1/agents/{agent_id}/desk/ready")).status_code == 409
        answer = await floor.send("GET", "/metrics")
        assert answer.status_code == 200, answer.text
        return answer.text
