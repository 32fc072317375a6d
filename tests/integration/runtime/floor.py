"""A small campaign on the simulated switch, and nodes that run it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from outpace.runtime.campaign_file import Setup, load
from outpace.runtime.node import Node, NodeOptions
from outpace.store.lead_import import import_csv
from outpace.store.sqlite import SqliteStore

CAMPAIGN = """\
[campaign]
name = "test"
mode = "ratio"
ratio = 2.0
connect_limit_s = 5.0
[campaign.retry.no_answer]
wait_s = 30
max_attempts = 2
[campaign.retry.lost]
wait_s = 5
max_attempts = 9
[list]
file = "leads.csv"
validation = "possible"
[store]
path = "{store}"
[switch]
kind = "simulated"
profile = "carrier.toml"
speed = {speed}
[[trunk_groups]]
name = "carrier"
channels = 60
cps = 100
burst = 20
[[agents]]
name = "agent {{n}}"
count = 12
auto_ready = true
wrap_up = {{ kind = "uniform", low = 1.0, high = 3.0 }}
[journal]
path = "{journal}"
file_mb = {file_mb}
[pool]
max_calls = 128
[log]
level = "warning"
"""

CARRIER = """\
name = "test"
[mix]
live = 0.4
no_answer = 0.3
busy = 0.2
invalid = 0.1
[times]
proceeding = 0.2
ringing = 0.5
answer = { kind = "uniform", low = 1.0, high = 6.0 }
no_answer = 12.0
busy = 1.0
invalid = 1.0
talk = { kind = "uniform", low = 4.0, high = 20.0 }
"""


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; it must within a minute."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


def setup_of(path: Path) -> Setup:
    """The campaign, with its list in the store."""
    setup = load(path)
    listed = setup.list_path()
    assert listed is not None
    assert setup.lead_list is not None
    with SqliteStore(setup.store.path) as store:
        campaign_id = store.campaign_id(setup.campaign.name)
        import_csv(
            store, campaign_id, listed, setup.lead_list.options(), 1, rejects_path=listed.with_suffix(".rejects")
        )  # fmt: skip
    return setup


def node_of(setup: Setup, **options: object) -> Node:
    """A node of the campaign."""
    return Node(setup, NodeOptions(**options))  # type: ignore[arg-type]
