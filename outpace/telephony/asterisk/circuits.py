"""Voice card channels in alarm: what is left of each trunk group's capacity. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from outpace.domain.config import TrunkGroup
from outpace.domain.events import Event, TrunkCapacity
from outpace.telephony.asterisk.settings import Circuits


class CircuitBoard:
    """Counts the channels that can carry calls.

    A group without circuits (SIP) has its configured channels always. A channel is out while it is in alarm itself or
    its span is; a flapping span sends `Alarm: No Alarm` too, and only AlarmClear ends it.
    """

    def __init__(self, groups: Sequence[TrunkGroup], circuits: Sequence[Circuits]) -> None:
        self._all = [(c.trunk_group, c.span, c.numbers()) for c in circuits]
        self._alarms: set[int] = set()
        self._spans: set[int] = set()
        self._told: dict[int, int] = {}
        self._take(groups)

    def set_groups(self, groups: Sequence[TrunkGroup]) -> None:
        """Take the groups' settings from now on; the capacity of those that are new or have changed is told."""
        before = self._channels
        self._take(groups)
        for group_id, channels in self._channels.items():
            if before.get(group_id) != channels:
                self._told[group_id] = -1

    def _take(self, groups: Sequence[TrunkGroup]) -> None:
        self._channels = {group.id: group.channels for group in groups}
        self._circuits = [circuit for circuit in self._all if circuit[0] in self._channels]
        self._stale = True

    @property
    def watched(self) -> bool:
        """Whether any group has circuits."""
        return bool(self._circuits)

    def alarm(self, channel: int, *, on: bool) -> None:
        """One channel is in alarm, or clear again."""
        (self._alarms.add if on else self._alarms.discard)(channel)
        self._stale = True

    def span_alarm(self, span: int, *, on: bool) -> None:
        """A whole span is in alarm, or clear again."""
        (self._spans.add if on else self._spans.discard)(span)
        self._stale = True

    def read(self, spans: Iterable[tuple[int, bool]]) -> None:
        """State of the spans as the switch lists it: (span, in alarm). A clear span's channels are clear."""
        for span, in_alarm in spans:
            self.span_alarm(span, on=in_alarm)
            if not in_alarm:
                for _, number, channels in self._circuits:
                    if number == span:
                        self._alarms -= channels
        self._stale = True

    def capacity(self, group_id: int) -> int:
        """Channels of the group that can carry calls now."""
        mine = [(span, channels) for group, span, channels in self._circuits if group == group_id]
        if not mine:
            return self._channels[group_id]
        clear = sum(len(channels - self._alarms) for span, channels in mine if span not in self._spans)
        return min(clear, self._channels[group_id])

    def tell(self, out: list[Event], *, everything: bool = False) -> None:
        """Append TrunkCapacity for every group whose capacity has changed since it was told, or for all."""
        if not (self._stale or everything):
            return
        self._stale = False
        for group_id in self._channels:
            capacity = self.capacity(group_id)
            if everything or self._told.get(group_id, self._channels[group_id]) != capacity:
                self._told[group_id] = capacity
                out.append(TrunkCapacity(group_id, capacity))


def spans_of(rows: Iterable[Sequence[str]]) -> list[tuple[int, bool]]:
    """Spans and whether each is in alarm, of the rows of DAHDIShowStatus."""
    return [(int(row[2]), row[3] != "OK") for row in rows if row[2].isdigit()]
