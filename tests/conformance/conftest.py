"""The switches that the cards run against."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from outpace.domain.config import TrunkKind
from tests.conformance.asterisk import AsteriskHarness
from tests.conformance.harness import Harness
from tests.conformance.simulated import SimulatedHarness
from tests.lab.fixtures import lab

__all__ = ["lab", "switch"]

#: Name -> maker of a harness; it is called on the event loop.
HARNESSES: dict[str, Callable[[], Harness]] = {
    f"simulated-{kind.value}": (lambda kind=kind: SimulatedHarness(kind)) for kind in TrunkKind
}


@pytest_asyncio.fixture(params=[*sorted(HARNESSES), pytest.param("asterisk", marks=pytest.mark.lab)])
async def switch(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    """One switch, up and connected."""
    if request.param == "asterisk":
        harness: Harness = AsteriskHarness(request.getfixturevalue("lab"))
    else:
        harness = HARNESSES[request.param]()
    await harness.start()
    yield harness
    await harness.stop()
