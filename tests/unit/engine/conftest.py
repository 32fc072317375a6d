"""What the engine's tests share: a pacer that wants what a test says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.engine.wishing import compiled


@pytest.fixture(scope="session")
def wish(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The class WishPacer."""
    return compiled(tmp_path_factory.mktemp("wish"))
