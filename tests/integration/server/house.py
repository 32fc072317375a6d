"""A node that serves, in this process: a small floor on the simulated switch, faster than time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from outpace.domain.access import Actor, Role
from outpace.runtime.node_file import load
from outpace.runtime.server import Server
from outpace.store.port import NewLead
from outpace.store.sqlite import SqliteStore

NODE = """\
[node]
folder = "{folder}/node"
max_calls = 256
{node}
[store]
path = "{folder}/store.db"
[switch]
kind = "simulated"
profile = "carrier.toml"
speed = {speed}
[[trunk_groups]]
name = "carrier"
channels = 60
cps = 100
burst = 20
{more}
"""

CARRIER = """\
name = "test"
[mix]
{mix}
[times]
proceeding = 0.2
ringing = 0.5
answer = {{ kind = "uniform", low = 1.0, high = 6.0 }}
no_answer = 12.0
busy = 1.0
talk = {{ kind = "uniform", low = {talk}, high = {talk_high} }}
"""

MIX = "live = 0.5\nno_answer = 0.3\nbusy = 0.2"

AGENTS = """\
[[agents]]
name = "agent {n}"
leg = "PJSIP/{n}"
count = 10
auto_ready = true
wrap_up = { kind = "uniform", low = 1.0, high = 3.0 }
"""

CAMPAIGN = """\
[[campaigns]]
name = "first"
mode = "ratio"
ratio = 2.0
connect_limit_s = 5.0
dispositions = ["sale", "no sale", "callback"]
script = "greet"
"""

#: Who acts in the tests.
BOSS = Actor(token_id=1, name="boss", role=Role.OPERATOR)


class Opaque(msgspec.Struct, frozen=True):
    """Stands for the table [api], which is not the node's."""

    port: int = 0


def node_file(
    folder: Path, *, speed: float = 50.0, node: str = "", more: str = "", mix: str = MIX, talk: float = 4.0
) -> Any:
    """A node file in the folder. Everybody who answers talks for `talk` to four times `talk` seconds."""
    (folder / "carrier.toml").write_text(CARRIER.format(mix=mix, talk=talk, talk_high=4 * talk))
    path = folder / "node.toml"
    path.write_text(NODE.format(folder=folder, speed=speed, node=node, more=more))
    return load(path, Opaque)


@asynccontextmanager
async def serving(file: Any, **options: Any) -> AsyncIterator[Server]:
    """A server of the file, started; stopped in the end."""
    server = Server(file, **options)
    try:
        await server.start()
        yield server
    finally:
        await server.stop(drain_s=0.0)


def leads(count: int, first: int = 0) -> list[NewLead]:
    """Leads with numbers that belong to nobody."""
    return [NewLead(12025550000 + 10_000_000 * (n // 100) + n % 100, f"ref {n}") for n in range(first, first + count)]


def add_leads(folder: Path, campaign_id: int, count: int, first: int = 0) -> None:
    """Leads of a campaign, put into the store by another hand."""
    with SqliteStore(folder / "store.db", create=False) as store:
        store.add_leads(campaign_id, leads(count, first), 1)


async def until(holds: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


async def until_asked(ask: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Ask until the answer is true; gives it."""
    async with asyncio.timeout(seconds):
        while True:
            answer = await ask()
            if answer:
                return answer
            await asyncio.sleep(0.01)
