"""Hang-ups that Asterisk has announced and not carried out.

Asterisk tells that a channel's far end has hung up (HangupRequest), and then clears the channel (Hangup). A request
that comes while an AMI Bridge takes the channel from its dialplan can get lost on the way (seen with 22.10): the
channel stays in the bridge, and the agent talks to nobody until somebody hangs up.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable

from outpace.telephony.asterisk.mapping import Leg, Mapper

log = logging.getLogger(__name__)

#: Seconds between two looks at a leg that did not go, at least and at most.
_PAUSE_S, _PAUSE_MAX_S = 0.25, 30.0


class OverdueHangups:
    """Watches legs whose far end has hung up, until they are gone.

    Parameters
    ----------
    mapper : tells of such legs, and whether they are still there.
    grace_s : what the switch has to clear such a leg by itself, in seconds.
    hang_up : clears a channel by its id.
    is_up : whether there is a link, and the mapper has heard by it what has become of the legs.
    """

    def __init__(
        self, mapper: Mapper, grace_s: float, hang_up: Callable[[str], None], is_up: Callable[[], bool]
    ) -> None:
        self._mapper = mapper
        self._grace_s = grace_s
        self._hang_up = hang_up
        self._is_up = is_up
        self._due: list[tuple[float, int, Leg, float]] = []  # a heap; the pause after which to look again
        self._count = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def watch(self) -> None:
        """Take the legs of which the mapper has heard that they leave."""
        leaving, self._mapper.leaving = self._mapper.leaving, []
        for leg in leaving:
            self._look_at(leg, self._grace_s, max(self._grace_s, _PAUSE_S))
        if leaving:
            self._arm()

    def close(self) -> None:
        """Watch no more."""
        self._closed = True
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_at(self, leg: Leg, in_s: float, pause_s: float) -> None:
        heapq.heappush(self._due, (asyncio.get_running_loop().time() + in_s, next(self._count), leg, pause_s))

    def _arm(self) -> None:
        if self._due and not self._closed:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_at(self._due[0][0], self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._due and self._due[0][0] <= now:
            _, _, leg, pause_s = heapq.heappop(self._due)
            if not self._mapper.is_live(leg):
                continue
            if self._is_up():
                log.warning(
                    "Asterisk has lost a hang-up: clearing the %s",
                    "call" if leg.call_id else "leg",
                    extra={"call_id": str(leg.call_id)} if leg.call_id else {"agent_id": leg.agent_id},
                )
                self._hang_up(leg.uniqueid)
                pause_s = min(2.0 * pause_s, _PAUSE_MAX_S)
            # the order may be lost with the link; else it is over by then
            self._look_at(leg, pause_s, pause_s)
        self._arm()
