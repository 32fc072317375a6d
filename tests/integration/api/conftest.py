"""A node that serves, for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.api.floor import Floor, node_file, open_floor


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(node_file(tmp_path)) as one:
        yield one
