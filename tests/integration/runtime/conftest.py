from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.runtime.floor import CAMPAIGN, CARRIER

Floor = Callable[..., Path]


@pytest.fixture
def campaign_file(tmp_path: Path) -> Floor:
    """Writes a campaign of some leads on the simulated switch; gives the path of its file."""

    def write(leads: int = 150, speed: float = 100.0, file_mb: float = 64.0) -> Path:
        numbers = "".join(
            f"+1 {area} 555 01{n:02d}\n" for area in range(202, 202 + leads // 100 + 1) for n in range(100)
        )
        (tmp_path / "leads.csv").write_text("phone\n" + "".join(numbers.splitlines(keepends=True)[:leads]))
        (tmp_path / "carrier.toml").write_text(CARRIER)
        path = tmp_path / "campaign.toml"
        path.write_text(
            CAMPAIGN.format(store=tmp_path / "store.db", journal=tmp_path / "journal", speed=speed, file_mb=file_mb)
        )
        return path

    return write
