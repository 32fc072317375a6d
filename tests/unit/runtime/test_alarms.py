from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outpace.domain.config import Campaign, Pool, TrunkGroup
from outpace.domain.resources import Alarm
from outpace.engine.engine import Engine
from outpace.runtime.alarms import PAST_MAX, Alarms, Figures, Sign, signs

T0 = datetime(2026, 1, 1, tzinfo=UTC)
S = 1_000_000_000
POOL = Pool(campaigns=(Campaign(id=1, name="c"),), trunk_groups=(TrunkGroup(id=1, name="t", channels=30),))


class Watched:
    """Alarms, with a clock that a test sets."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Alarm | None]] = []
        self.now_s = 0
        self.alarms = Alarms(
            lambda key, alarm: self.told.append((key, alarm)),
            lambda: T0 + timedelta(seconds=self.now_s),
            lambda: self.now_s * S,
        )

    def look(self, now_s: int, *found: Sign) -> None:
        self.now_s = now_s
        self.alarms.look(found)


DOWN = Sign("switch_down", "critical", "node", "the switch is out of reach")
SPENT = Sign("budget_spent", "critical", "c", "spent")


def test_an_alarm_is_told_once_and_again_when_it_is_over() -> None:
    watched = Watched()
    watched.look(0, SPENT)
    watched.look(1, SPENT)
    assert [(key, alarm is not None) for key, alarm in watched.told] == [("budget_spent:c", True)]
    assert watched.alarms.active[0].since == T0
    watched.look(2)
    assert watched.told[-1] == ("budget_spent:c", None)
    assert watched.alarms.active == []


def test_alarms_that_are_over_are_told_after_those_that_are_on() -> None:
    watched = Watched()
    watched.look(0, SPENT)
    watched.look(5)
    watched.look(6, SPENT)
    watched.look(8)
    watched.look(9, SPENT)
    spans = [(view.since, view.until) for view in watched.alarms.views()]
    at = [T0 + timedelta(seconds=s) for s in range(10)]
    assert spans == [(at[9], None), (at[6], at[8]), (at[0], at[5])]
    assert {view.text for view in watched.alarms.views()} == {"spent"}


def test_only_the_latest_alarms_are_remembered() -> None:
    watched = Watched()
    for second in range(0, 2 * PAST_MAX + 4, 2):
        watched.look(second, SPENT)
        watched.look(second + 1)
    views = watched.alarms.views()
    assert len(views) == PAST_MAX
    assert views[-1].since == T0 + timedelta(seconds=4)


def test_a_sign_that_does_not_last_is_no_alarm() -> None:
    watched = Watched()
    watched.look(0, DOWN)
    watched.look(1)
    watched.look(2, DOWN)
    assert watched.told == []
    watched.look(3, DOWN)
    assert [alarm.alarm for alarm in watched.alarms.active] == ["switch_down"]


def test_other_words_are_told_and_it_is_still_the_same_alarm() -> None:
    watched = Watched()
    watched.look(0, SPENT)
    watched.look(5, SPENT._replace(text="spent twice"))
    (alarm,) = watched.alarms.active
    assert (alarm.text, alarm.since) == ("spent twice", T0)
    assert len(watched.told) == 2


def figures(**changes: Any) -> Figures:
    counters = Engine(POOL).counters()
    counters["link_up"] = 1
    counters["trunks"][1]["channels"] = 30
    told: dict[str, Any] = {
        "counters": counters,
        "store": {"retrying": 0.0, "waiting_commands": 0.0},
        "journal": {"broken": 0.0},
        "clock_ahead_ns": 0,
        "loop_late_s": 0.0,
        "redis_up": None,
        "redis_text": "",
        "dead_letters": {},
    }
    return Figures(**(told | changes))


def test_a_node_that_is_well_gives_no_sign() -> None:
    assert list(signs(POOL, figures())) == []


def _counters(**changes: Any) -> dict[str, Any]:
    counters = figures().counters
    campaign = counters["campaigns"][1]
    for key, value in changes.items():
        owner = next(one for one in (campaign["budget"], campaign, counters) if key in one)
        owner[key] = value
    return counters


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"counters": _counters(link_up=0)}, ("switch_down", "critical", "node")),
        ({"counters": _counters(fenced=1)}, ("fenced", "critical", "node")),
        ({"store": {"retrying": 1.0, "waiting_commands": 0.0}}, ("store_refuses", "critical", "node")),
        ({"store": {"retrying": 0.0, "waiting_commands": 20_000.0}}, ("store_behind", "warning", "node")),
        ({"journal": {"broken": 1.0}}, ("journal_broken", "warning", "node")),
        ({"clock_ahead_ns": 2 * S}, ("clock_set_back", "warning", "node")),
        ({"loop_late_s": 0.5}, ("loop_slow", "warning", "node")),
        ({"redis_up": False, "redis_text": "refused"}, ("redis_down", "warning", "node")),
        ({"redis_up": True, "redis_text": "another node"}, ("redis_name", "critical", "node")),
        ({"dead_letters": {7: 3}}, ("dead_letters", "warning", "webhook 7")),
        (
            {"counters": _counters(trunks={1: {"channels": 15, "in_use": 0, "pending": 0}})},
            ("trunk_alarm", "warning", "t"),
        ),
        (
            {"counters": _counters(trunks={1: {"channels": 0, "in_use": 0, "pending": 0}})},
            ("trunk_alarm", "critical", "t"),
        ),
        ({"counters": _counters(state="running", spent=True)}, ("budget_spent", "critical", "c")),
        ({"counters": _counters(state="running", ratio=0.04, answered=200)}, ("budget_over", "critical", "c")),
        ({"counters": _counters(state="running", reason="budget")}, ("budget_bound", "warning", "c")),
        ({"counters": _counters(state="running", reason="no_agents")}, ("no_agents", "warning", "c")),
    ],
)
def test_each_thing_that_is_wrong_gives_its_sign(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    (sign,) = signs(POOL, figures(**changes))
    assert (sign.alarm, sign.severity, sign.subject) == expected
    assert sign.text


def test_a_share_of_few_answers_is_not_held_against_the_cap() -> None:
    assert list(signs(POOL, figures(counters=_counters(state="running", ratio=0.2, answered=10)))) == []
