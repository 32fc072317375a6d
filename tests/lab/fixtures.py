"""pytest fixtures on the lab, and a sink that waits for facts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from outpace.domain.config import Agent, Campaign, TrunkGroup, TrunkKind
from outpace.domain.events import Event
from outpace.telephony.asterisk.adapter import AsteriskAdapter
from outpace.telephony.asterisk.settings import AsteriskSettings
from tests.lab.lab import COUNTRY, SECRET, Lab, install

CAMPAIGN = Campaign(id=1, name="plain", message="vm-goodbye", connect_limit_s=1.0)
#: Who answers waits long for an agent: for calls that are left alone for reasons of their own.
PATIENT = Campaign(id=3, name="patient", message="vm-goodbye", connect_limit_s=30.0)
CLASSIFIED = Campaign(id=2, name="classified", message="vm-goodbye", connect_limit_s=2.0, amd=True, amd_timeout_s=3.0)
SIP = TrunkGroup(id=1, name="carrier", strip=COUNTRY, dial="PJSIP/{number}@carrier")
CARD = TrunkGroup(id=2, name="card", kind=TrunkKind.ISDN_PRI, dial="DAHDI/g1/{number}")
AGENTS = tuple(Agent(id=number, name=f"agent {number}", leg=f"PJSIP/agent{number}") for number in range(1, 20))


class Facts:
    """A sink that keeps every fact, and waits for one that is still to come."""

    def __init__(self) -> None:
        self.seen: list[Event] = []
        self.times: list[float] = []
        self._news = asyncio.Event()

    def __call__(self, facts: Sequence[Event]) -> None:
        self.seen.extend(facts)
        self.times.extend([asyncio.get_running_loop().time()] * len(facts))
        self._news.set()

    def of(self, kind: type, number: int = 0) -> list:
        """Facts of a kind, of one call, agent or trunk group (the first field), in order."""
        return [fact for fact in self.seen if type(fact) is kind and number in (0, _first(fact))]

    def about(self, call_id: int) -> list[str]:
        """Names of the facts about a call, in order."""
        return [type(fact).__name__ for fact in self.seen if getattr(fact, "call_id", 0) == call_id]

    async def wait(self, kind: type, number: int = 0, *, count: int = 1, timeout_s: float = 10.0):
        """The count-th fact of a kind, as soon as it is there."""
        async with asyncio.timeout(timeout_s):
            while len(self.of(kind, number)) < count:
                self._news.clear()
                await self._news.wait()
        return self.of(kind, number)[count - 1]


def _first(fact: Event) -> object:
    return getattr(fact, fact.__struct_fields__[0], None) if fact.__struct_fields__ else None


def lab_settings(lab: Lab, **changes: object) -> AsteriskSettings:
    """Settings of a link to the lab's Asterisk."""
    return AsteriskSettings(**({"port": lab.ami_port, "secret": SECRET} | changes))


def make_adapter(lab: Lab, **changes: object) -> AsteriskAdapter:
    """An adapter on the lab's Asterisk, not connected."""
    return AsteriskAdapter(
        lab_settings(lab, **changes), campaigns=[CAMPAIGN, CLASSIFIED, PATIENT], trunk_groups=[SIP, CARD], agents=AGENTS
    )


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A lab that is up. What is missing is installed; what can't be had fails the test.

    OUTPACE_LAB_SUITE=bullseye takes Asterisk 16 instead of 22.
    """
    install()
    made = Lab(suite=os.environ.get("OUTPACE_LAB_SUITE", "sid"))
    try:
        made.start_asterisk()
        made.start_phones()
        yield made
    finally:
        made.close()


@pytest.fixture
async def facts() -> Facts:
    return Facts()


@pytest.fixture
async def adapter(lab: Lab, facts: Facts) -> AsyncIterator[AsteriskAdapter]:
    """A connected adapter; what it leaves on the switch is hung up at the end."""
    made = make_adapter(lab)
    await made.connect(facts)
    yield made
    await made.close()
    lab.wait_until_idle()
