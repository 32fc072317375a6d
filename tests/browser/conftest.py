"""The console as people see it: a node that serves, and Chromium. Needs the Debian package chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.served import CHROMIUM, STAND_INS, WAIT_S, Consoles, Node, served

expect.set_options(timeout=WAIT_S * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)
            if pytest_asyncio.is_async_test(item):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)  # that of the browser


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node without campaigns and agents, four times faster than time."""
    with served(tmp_path_factory.mktemp("node"), speed=4.0) as one:
        yield one


@pytest.fixture(scope="module")
def busy_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node whose campaign 1 runs, ten times faster than time, with twelve agents that the node plays."""
    campaign = '[[campaigns]]\nname = "spring"\nmode = "predictive"\ndispositions = ["sale", "no interest"]\n'
    with served(tmp_path_factory.mktemp("busy"), speed=10.0, more=campaign + STAND_INS.format(count=12)) as one:
        one.imported(1, 20_000)
        one.post("/v1/campaigns/1/start")
        one.until("/v1/campaigns/1/board", lambda board: board["connected"] > 20)
        yield one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all; each page has a profile of its own in it."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def consoles(browser: Browser) -> AsyncIterator[Consoles]:
    """Opens pages; a script error or a breach of the content policy in one of them fails the test."""
    opened = Consoles(browser)
    try:
        yield opened
    finally:
        await opened.close()
    assert not opened.faults, "\n".join(opened.faults)
