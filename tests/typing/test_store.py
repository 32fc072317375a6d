"""Both stores are Stores, as mypy sees it."""

from __future__ import annotations

from pathlib import Path

from outpace.store.memory import MemoryStore
from outpace.store.port import Store
from outpace.store.sqlite import SqliteStore


def test_stores_answer_the_port(tmp_path: Path) -> None:
    stores: list[Store] = [MemoryStore(), SqliteStore(tmp_path / "store.db")]
    for store in stores:
        assert store.campaigns() == {}
        store.close()
