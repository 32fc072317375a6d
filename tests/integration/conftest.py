from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.peers import Platform, RedisServer


@pytest.fixture
def platform() -> Iterator[Platform]:
    made = Platform()
    yield made
    made.close()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    made = RedisServer(tmp_path)
    made.start()
    yield made
    made.stop()
