"""The simulated switch on an event loop: the carrier behind the port that every switch has.

Engine time may run faster than the loop's: `speed` engine seconds pass in one second of the loop. The carrier outlives
its adapter, as a switch outlives the dialer: close one and open another on the same carrier to play a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from outpace.domain.commands import SwitchCommand
from outpace.domain.config import Campaign, Pool
from outpace.domain.errors import LinkDown
from outpace.telephony.adapter import Capabilities, FactSink, KeptResult, LiveCall
from outpace.telephony.simulated._carrier import SimulatedCarrier

_NEVER = 2**63 - 1
#: The loop is asked for at most this long a sleep, in its own seconds; the timer is then set again.
_LONGEST_SLEEP_S = 3600.0
#: Of a pool without campaigns.
_CONNECT_LIMIT_S = Campaign(id=1, name="-").connect_limit_s


def dead_man_s(pool: Pool) -> float:
    """How long an answered call may stay unconnected before the switch itself plays the message, in seconds."""
    return max((one.connect_limit_s for one in pool.campaigns), default=_CONNECT_LIMIT_S) + 1.0


class SimulatedAdapter:
    """TelephonyAdapter over a SimulatedCarrier.

    Parameters
    ----------
    carrier : SimulatedCarrier. May have calls already.
    now_ns : engine time, as the pump reads it.
    speed : engine seconds in one second of the loop.
    """

    capabilities = Capabilities(
        amd=True, play_message=True, agent_legs=True, query_calls=True, trunk_alarms=True, dead_man=True
    )

    def __init__(self, carrier: SimulatedCarrier, *, now_ns: Callable[[], int], speed: float = 1.0) -> None:
        if not speed > 0.0:
            raise ValueError(f"speed must be more than 0, not {speed:g}")
        self._carrier = carrier
        self._now_ns = now_ns
        self._speed = speed
        self._sink: FactSink | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def connect(self, sink: FactSink) -> None:
        """Restore the link; what happened without it is lost, as on a real switch."""
        now_ns = self._now_ns()
        self._carrier.advance(now_ns)
        self._carrier.set_link(True, now_ns)
        self._sink = sink
        self._deliver()

    def check(self, pool: Pool) -> None:
        """There is nothing that it cannot do."""

    def change(self, pool: Pool) -> None:
        """Other lines, and a dead-man's timer for other connect limits."""
        self._carrier.set_trunk_groups(pool.trunk_groups, dead_man_s=dead_man_s(pool), now_ns=self._now_ns())
        self._arm()

    def submit(self, commands: Iterable[SwitchCommand]) -> None:
        """Hand the commands over; facts come from the loop, never from inside this call."""
        self._carrier.submit(commands, self._now_ns())
        self._arm()

    async def snapshot(self) -> list[LiveCall]:
        """Every call on the carrier."""
        self._require_link()
        return self._carrier.live_calls()

    async def kept_results(self) -> list[KeptResult]:
        """What the dead-man's timer has kept."""
        self._require_link()
        return self._carrier.kept_results()

    async def forget(self, call_ids: Sequence[int]) -> None:
        """Remove kept results."""
        self._require_link()
        self._carrier.forget(call_ids)

    def pressure(self) -> dict[str, float]:
        """Calls up, link state, and the carrier's counters."""
        gauges = {name: float(count) for name, count in self._carrier.stats.items()}
        gauges["link_up"] = float(self._carrier.link_is_up)
        return gauges

    def wake(self) -> None:
        """Look at the carrier again: something was done to it directly (a lost leg, an alarm, a cut link)."""
        self._arm()

    async def close(self) -> None:
        """Cut the link; calls stay on the carrier, and so does the dead-man's timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._sink = None
        now_ns = self._now_ns()
        self._carrier.advance(now_ns)
        self._carrier.set_link(False, now_ns)
        self._carrier.advance(now_ns)

    def _require_link(self) -> None:
        if not self._carrier.link_is_up:
            raise LinkDown("the simulated link is cut")

    def _deliver(self) -> None:
        self._timer = None
        events = self._carrier.advance(self._now_ns())
        if events and self._sink is not None:
            self._sink(events)
        self._arm()

    def _arm(self) -> None:
        # one timer at a time, always for the carrier's next event
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ns = self._carrier.next_event_ns()
        if due_ns == _NEVER or self._sink is None:
            return
        delay_s = max(0.0, (due_ns - self._now_ns()) / 1e9 / self._speed)
        self._timer = asyncio.get_running_loop().call_later(min(delay_s, _LONGEST_SLEEP_S), self._deliver)
