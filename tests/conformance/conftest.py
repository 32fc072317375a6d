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

#: Name -> maker of a harness, which is called on the event loop.
HARNESSES: dict[str, Callable[[], Harness]] = {
    f"simulated-{kind.value}": (lambda kind=kind: SimulatedHarness(kind)) for kind in TrunkKind
}
SWITCHES = (*sorted(HARNESSES), "asterisk")

#: What a card may need -> the switches that can do it; Asterisk leaves counting to its users, SIP has no spans.
ABLE = {
    "counts_channels": frozenset(HARNESSES),
    "alarms": frozenset(HARNESSES) - {f"simulated-{TrunkKind.SIP.value}"},
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a card on every switch that is able to what the card needs."""
    if "switch" not in metafunc.fixturenames:
        return
    needs = [ABLE[mark.args[0]] for mark in metafunc.definition.iter_markers("needs")]
    names = [name for name in SWITCHES if all(name in able for able in needs)]
    marks = {"asterisk": pytest.mark.lab}
    metafunc.parametrize("switch", [pytest.param(name, marks=marks.get(name, ())) for name in names], indirect=True)


@pytest_asyncio.fixture
async def switch(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    """One switch, up and connected."""
    if request.param == "asterisk":
        harness: Harness = AsteriskHarness(request.getfixturevalue("lab"))
    else:
        harness = HARNESSES[request.param]()
    await harness.start()
    yield harness
    await harness.stop()
