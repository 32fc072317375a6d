"""The simulated switch under the cards, over each kind of trunk."""

from __future__ import annotations

import asyncio

from outpace.domain.config import AnswerSupervision, TrunkGroup, TrunkKind
from outpace.domain.outcomes import Outcome
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated.adapter import SimulatedAdapter
from outpace.telephony.simulated.profile import Amd, CarrierProfile, Mix, Numbers, Times, VoiceCard
from tests.conformance.harness import Callee, Harness

START_NS = 1_700_000_000_000_000_000
#: Real seconds that count at most between two looks at the clock.
STEP_S = 0.02

CODES = {
    Callee.PERSON: 101,
    Callee.MACHINE: 102,
    Callee.RINGS: 180,
    Callee.MUTE: 181,
    Callee.BUSY: 486,
    Callee.INVALID: 404,
    Callee.CONGESTION: 503,
    Callee.REJECTED: 603,
}


class SimulatedHarness(Harness):
    """A carrier that plays coded numbers, twenty times faster than the loop's clock.

    Its clock stands still with the process: at that speed a loop that gets no processor for 50 ms would otherwise come
    back to a switch that has hung up by itself meanwhile.
    """

    dead_man_s = 3.0
    seconds_per_second = 20.0

    def __init__(self, kind: TrunkKind) -> None:
        super().__init__()
        guessed = kind is TrunkKind.ANALOGUE
        if kind is TrunkKind.MFC_R2:
            self.rejection = Outcome.FAILED  # R2 has no signal for it
        profile = CarrierProfile(
            name="coded",
            mix=Mix(live=1.0),
            numbers=Numbers.CODED,
            times=Times(proceeding=0.02, ringing=0.02, message=1.0, bridge=0.01, leg=0.05),
            amd=Amd(delay=0.5, closing_silence_s=0.2, speech_start_s=0.1),
            voice_card=VoiceCard(channels_per_span=2, answer_delay=0.1),
        )
        group = TrunkGroup(
            id=self.trunk_group_id,
            name="lines",
            kind=kind,
            channels=self.channels,
            cps=100.0,
            answer_supervision=AnswerSupervision.GUESSED if guessed else AnswerSupervision.TRUSTED,
        )
        self.carrier = SimulatedCarrier(profile, [group], seed=11, dead_man_s=self.dead_man_s)
        self._looked = asyncio.get_running_loop().time()
        self._passed = 0.0

    def now_ns(self) -> int:
        looked = asyncio.get_running_loop().time()
        self._passed += min(looked - self._looked, STEP_S)
        self._looked = looked
        return START_NS + round(self._passed * self.seconds_per_second * 1e9)

    async def pass_time(self, seconds: float) -> None:
        until_ns = self.now_ns() + round(seconds * 1e9)
        while self.now_ns() < until_ns:  # noqa: ASYNC110 - time tells nobody that it has passed
            await asyncio.sleep(STEP_S / 4)

    async def start(self) -> None:
        self.adapter = SimulatedAdapter(self.carrier, now_ns=self.now_ns, speed=self.seconds_per_second)
        await self.adapter.connect(self.sink)

    async def stop(self) -> None:
        await self.adapter.close()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def number(self, callee: Callee, *, ring_s: float = 0.3, stay_s: float | None = None) -> int:
        stay = 0 if stay_s is None else max(1, round(stay_s * 10))
        return int(f"{CODES[callee]}{round(ring_s * 10):02d}{stay:03d}0001")

    async def lose_leg(self, agent_id: int) -> None:
        self.carrier.lose_leg(agent_id, self.now_ns())
        self._wake()

    async def set_alarm(self, *, on: bool) -> None:
        self.carrier.set_alarm(self.trunk_group_id, 0, on, self.now_ns())
        self._wake()

    def _wake(self) -> None:
        assert isinstance(self.adapter, SimulatedAdapter)
        self.adapter.wake()
