"""A real Asterisk with a SIPp carrier under the cards."""

from __future__ import annotations

import itertools

from outpace.domain.config import Campaign, TrunkGroup
from outpace.telephony.asterisk.adapter import AsteriskAdapter
from tests.conformance.harness import Callee, Harness
from tests.lab import lab as phones
from tests.lab.fixtures import AGENTS, lab_settings

_CODES = {
    Callee.PERSON: phones.HUMAN,
    Callee.MACHINE: phones.MACHINE,
    Callee.RINGS: phones.RINGS,
    Callee.MUTE: phones.NO_PROVISIONAL,
    Callee.BUSY: 486,
    Callee.INVALID: 404,
    Callee.CONGESTION: 503,
    Callee.REJECTED: 603,
}
#: Attempt ids and numbers of one run are all different: the switch and the carrier outlive a card.
_runs = itertools.count(1)
_serials = itertools.count(60_001)


class AsteriskHarness(Harness):
    """The lab's Asterisk; its timer runs for the connect limit and a second."""

    dead_man_s = 5.0
    late_s = 2.5  # its machine may stand still for a while

    def __init__(self, lab: phones.Lab) -> None:
        super().__init__()
        self._lab = lab
        self._next_call += next(_runs) << 16

    async def start(self) -> None:
        campaign = Campaign(id=1, name="cards", message="vm-goodbye", connect_limit_s=self.dead_man_s - 1.0, amd=True)
        group = TrunkGroup(id=self.trunk_group_id, name="carrier", channels=self.channels, strip=phones.COUNTRY)
        self.adapter = AsteriskAdapter(
            lab_settings(self._lab), campaigns=[campaign], trunk_groups=[group], agents=AGENTS
        )
        await self.adapter.connect(self.sink)

    async def stop(self) -> None:
        await self.adapter.close()
        self._lab.wait_until_idle()

    async def restart(self) -> None:
        await self.adapter.close()
        await self.start()

    def number(self, callee: Callee, *, ring_s: float = 0.3, stay_s: float | None = None) -> int:
        talk = 0 if stay_s is None else max(1, round(stay_s * 10))
        return phones.number(_CODES[callee], next(_serials), ring_ds=round(ring_s * 10), talk_ds=talk)

    async def lose_leg(self, agent_id: int) -> None:
        names = [line.split("!")[0] for line in self._lab.cli("core show channels concise").splitlines()]
        for name in names:
            if name.startswith(f"PJSIP/agent{agent_id}-"):
                self._lab.cli(f"channel request hangup {name}")
