"""The example runs a whole campaign through the client, as its page says."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from outpace.domain.access import Role
from tests.integration.api.floor import node_file, open_floor

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
async def test_example_runs_a_whole_campaign(tmp_path: Path) -> None:
    async with open_floor(node_file(tmp_path)) as floor:
        token = floor.tokens[Role.OPERATOR]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "examples/client.py",
            "4",
            "30",
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": ".",
                "OUTPACE_URL": floor.url,
                "OUTPACE_TOKEN": token,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, err.decode()
        told = out.decode()
        assert re.search(r"imported: \{'read': 30, 'added': 30,", told), told
        assert "cap: 0.02 since version 2" in told
        assert re.search(r"[1-9]\d* connected, \d+ abandoned", told)
        assert re.search(r"exported: \d{4,} bytes", told)
        attempts = (await floor.get("/v1/attempts?limit=1000"))["items"]
        assert len({attempt["lead_id"] for attempt in attempts}) == 29  # the suppressed one was not dialled
        (campaign,) = (await floor.get("/v1/campaigns?archived=true"))["items"]
        assert campaign["state"] == "archived"
