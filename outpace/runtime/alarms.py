"""What somebody should look at: found in the figures every second, raised when it lasts, and told when it is over."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from outpace.domain.config import Pool
from outpace.domain.resources import Alarm, AlarmView
from outpace.domain.units import NS_PER_S

log = logging.getLogger(__name__)

CRITICAL, WARNING = "critical", "warning"

#: Real seconds that a sign must last before it is an alarm; the others are told at once.
LASTS_S = {
    "no_agents": 30.0,
    "budget_bound": 30.0,
    "store_behind": 2.0,
    "loop_slow": 5.0,
    "switch_down": 1.0,
    "redis_down": 5.0,
}

#: People who must have answered in the window before the share of abandoned ones is held against the cap: of fewer, it
#: jumps over it with each of the first that the cap allows.
ANSWERED_MIN = 200

#: Alarms that are over and still told.
PAST_MAX = 500

#: Commands waiting for the store, beyond which it is behind.
STORE_WAITING_MAX = 10_000

#: Real seconds by which the event loop may be late.
LOOP_LATE_S = 0.1

#: Engine time ahead of a wall clock that was set back.
CLOCK_AHEAD_MAX_NS = NS_PER_S


class Sign(NamedTuple):
    """What is wrong with a subject now: `alarm` is its kind, "node" the subject of what is about all of it."""

    alarm: str
    severity: str
    subject: str
    text: str


class Alarms:
    """Follows signs.

    Parameters
    ----------
    tell : takes key and alarm, None = it is over.
    now : engine time, for `since`.
    monotonic_ns : real time, for how long a sign lasts.
    """

    def __init__(
        self,
        tell: Callable[[str, Alarm | None], None],
        now: Callable[[], datetime],
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._tell = tell
        self._now = now
        self._monotonic_ns = monotonic_ns
        self._first_ns: dict[tuple[str, str], int] = {}
        self._active: dict[tuple[str, str], Alarm] = {}
        self._past: deque[AlarmView] = deque(maxlen=PAST_MAX)

    @property
    def active(self) -> list[Alarm]:
        """The alarms that are on, the longest first."""
        return list(self._active.values())

    def views(self) -> list[AlarmView]:
        """The alarms that are on, then those that are over, each the latest first."""
        active = sorted(self._active.values(), key=lambda alarm: alarm.since, reverse=True)
        return [*(AlarmView(**msgspec.structs.asdict(alarm)) for alarm in active), *self._past]

    def look(self, signs: Iterable[Sign]) -> None:
        """Take what is wrong now."""
        found = {(sign.alarm, sign.subject): sign for sign in signs}
        real_ns = self._monotonic_ns()
        for key in [key for key in self._first_ns if key not in found]:
            del self._first_ns[key]
            alarm = self._active.pop(key, None)
            if alarm is not None:
                log.info("alarm is over", extra={"alarm": alarm.alarm, "subject": alarm.subject})
                self._past.appendleft(AlarmView(**msgspec.structs.asdict(alarm), until=self._now()))
                self._tell(_name(key), None)
        for key, sign in found.items():
            first_ns = self._first_ns.setdefault(key, real_ns)
            known = self._active.get(key)
            if known is None and real_ns - first_ns < LASTS_S.get(sign.alarm, 0.0) * NS_PER_S:
                continue
            alarm = Alarm(
                alarm=sign.alarm,
                severity=sign.severity,
                subject=sign.subject,
                text=sign.text,
                since=known.since if known is not None else self._now(),
            )
            if known is None:
                log.warning("alarm: %s", sign.text, extra={"alarm": sign.alarm, "subject": sign.subject})
            if alarm != known:
                self._active[key] = alarm
                self._tell(_name(key), alarm)


def _name(key: tuple[str, str]) -> str:
    return ":".join(key)


class Figures(NamedTuple):
    """What signs are read from: the engine's counters and everybody's gauges."""

    counters: dict[str, Any]
    store: Mapping[str, float]
    journal: Mapping[str, float]
    clock_ahead_ns: int
    loop_late_s: float
    redis_up: bool | None
    redis_text: str
    dead_letters: Mapping[int, int]


def signs(pool: Pool, figures: Figures) -> Iterator[Sign]:
    """All that is wrong now."""
    counters = figures.counters
    if not counters["link_up"]:
        yield Sign("switch_down", CRITICAL, "node", "the switch is out of reach: nothing is launched")
    if counters["fenced"]:
        yield Sign("fenced", CRITICAL, "node", "another engine has taken the pool")
    if figures.store["retrying"]:
        yield Sign("store_refuses", CRITICAL, "node", "the store refuses to write (locked or full) and is asked again")
    elif figures.store["waiting_commands"] > STORE_WAITING_MAX:
        yield Sign("store_behind", WARNING, "node", f"{figures.store['waiting_commands']:.0f} commands wait for it")
    if figures.journal.get("broken"):
        yield Sign("journal_broken", WARNING, "node", "the journal cannot be written any more")
    if figures.clock_ahead_ns > CLOCK_AHEAD_MAX_NS:
        ahead = f"{figures.clock_ahead_ns / NS_PER_S:.1f} s"
        text = f"the wall clock was set back: engine time is {ahead} ahead of it"
        yield Sign("clock_set_back", WARNING, "node", text)
    if figures.loop_late_s > LOOP_LATE_S:
        yield Sign("loop_slow", WARNING, "node", f"the event loop is {figures.loop_late_s * 1e3:.0f} ms late")
    if figures.redis_up is False:
        yield Sign("redis_down", WARNING, "node", f"Redis is out of reach: {figures.redis_text}")
    elif figures.redis_text:
        yield Sign("redis_name", CRITICAL, "node", figures.redis_text)
    for webhook_id, dead in figures.dead_letters.items():
        yield Sign("dead_letters", WARNING, f"webhook {webhook_id}", f"{dead} events were not taken")
    for group in pool.trunk_groups:
        trunk = counters["trunks"].get(group.id)
        if counters["link_up"] and trunk is not None and trunk["channels"] < group.channels:
            severity = WARNING if trunk["channels"] else CRITICAL
            text = f"{trunk['channels']} of {group.channels} channels are in service"
            yield Sign("trunk_alarm", severity, group.name, text)
    for campaign in pool.campaigns:
        yield from _campaign_signs(campaign.name, counters["campaigns"][campaign.id])


def _campaign_signs(name: str, counts: dict[str, Any]) -> Iterator[Sign]:
    if counts["state"] not in ("running", "paused", "draining"):
        return
    budget = counts["budget"]
    if budget["spent"]:
        text = (
            f"the abandonment budget is spent: {budget['legal_abandoned']} of {budget['answered']} "
            f"({budget['ratio']:.1%}) against {budget['cap']:.1%}"
        )
        yield Sign("budget_spent", CRITICAL, name, text)
    elif budget["answered"] >= ANSWERED_MIN and budget["ratio"] > budget["cap"]:
        yield Sign("budget_over", CRITICAL, name, f"abandoned {budget['ratio']:.2%}, more than {budget['cap']:.2%}")
    elif counts["reason"] == "budget":
        yield Sign("budget_bound", WARNING, name, "the abandonment budget holds the launches back")
    if counts["state"] == "running" and counts["reason"] == "no_agents":
        yield Sign("no_agents", WARNING, name, "no agent is logged in and unpaused")
