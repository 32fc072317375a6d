from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outpace.store.memory import MemoryStore
from outpace.store.port import Store
from outpace.store.sqlite import SqliteStore


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "store.db") as store:
        yield store


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "sqlite": lambda: SqliteStore(tmp_path / "store.db"),
    }
    store = made[request.param]()
    yield store
    store.close()
