"""What a user of the client has from its types, as mypy sees it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import assert_type

import pytest

from outpace.client import (
    AsyncClient,
    AsyncDownload,
    AsyncJob,
    Client,
    ConnectionFailed,
    Download,
    Interrupted,
    Job,
    Message,
    Resumed,
    Retry,
    Snapshot,
    Update,
)
from outpace.domain.config import Abandonment, DialMode, RetryRule
from outpace.domain.resources import CampaignView, LeadView, Page

AWAY = "http://127.0.0.1:9"
ONCE = Retry(attempts=1)

#: Nothing that is compiled, and nothing of the node, comes with the client.
_ALONE = """
import sys, outpace.client
rooms = {name.split(".")[1] for name in sys.modules if name.startswith("outpace.")}
assert rooms == {"client", "domain"}, rooms
assert "numpy" not in sys.modules
"""


def uses(client: Client) -> None:
    """Types of a user's calls."""
    assert_type(client.list_leads(campaign_id=1, state="new"), Page[LeadView])
    assert_type(client.iter_leads(list_id=2), Iterator[LeadView])
    made = client.create_campaign(
        name="spring",
        mode="predictive",
        abandonment={"cap": 0.02, "window": "day"},
        retry={"busy": {"wait_s": 60.0}, "no_answer": RetryRule(wait_s=600.0)},
        calling_hours={"timezone": "Europe/Berlin"},
    )
    assert_type(made, CampaignView)
    client.change_campaign(1, version=made.version, mode=DialMode.RATIO, abandonment=Abandonment(), script=None)
    assert_type(client.import_list(1, b"phone\n", name="list"), Job)
    assert_type(client.export_attempts(format="csv"), Download)
    for message in client.stream(topics=["calls"]):
        assert_type(message, Message)
        match message:
            case Snapshot(updates=updates):
                assert_type(updates, list[Update])
            case Interrupted(reason=reason):
                assert_type(reason, str)
            case Resumed() | Update():
                pass


def misuses(client: Client) -> None:
    """What the types refuse: mypy would say that an ignore is not needed if they did not."""
    client.create_campaign(mode="predictive")  # type: ignore[call-arg]
    client.change_campaign(1, reserve=1)  # type: ignore[call-arg]
    client.create_campaign(name="a", mode="magic")  # type: ignore[arg-type]
    client.list_leads(state="lost")  # type: ignore[arg-type]
    client.import_list(1, 7, name="a")  # type: ignore[arg-type]


async def later_uses(client: AsyncClient) -> None:
    """The same of the other client."""
    assert_type(await client.get_lead(7), LeadView)
    assert_type(client.iter_leads(campaign_id=1), AsyncIterator[LeadView])
    assert_type(await client.import_suppression(b"+4930123456\n"), AsyncJob)
    assert_type(client.get_rejects(1), AsyncDownload)
    async for message in client.stream():
        assert_type(message, Message)


def test_client_is_typed_for_its_users() -> None:
    with Client(AWAY, "token", retry=ONCE) as client, pytest.raises(ConnectionFailed):
        uses(client)


async def test_async_client_is_typed_for_its_users() -> None:
    async with AsyncClient(AWAY, "token", retry=ONCE) as client:
        with pytest.raises(ConnectionFailed):
            await later_uses(client)


def test_client_comes_alone() -> None:
    subprocess.run([sys.executable, "-c", _ALONE], check=True)
