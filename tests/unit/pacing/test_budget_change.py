"""Another rule over the same people: what stays of the ledger, and what a new window begins with."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.config import Abandonment, CapWindow, Guard
from outpace.domain.outcomes import AbandonReason
from outpace.pacing._budget import Budget
from outpace.pacing.cap_window import period_at

S = 1_000_000_000
MINUTE = 60 * S
HOUR = 3600 * S
DAY = 24 * HOUR
CONNECTED, NO_AGENT, CALLER_LEFT = AbandonReason

DAYS = Abandonment()
ROLLING = Abandonment(window=CapWindow.ROLLING, hours=2.0)
BLOCKS = Abandonment(window=CapWindow.BLOCK, days=10, since="2026-03-02")
RULES = (
    DAYS, ROLLING, BLOCKS, Abandonment(timezone="Asia/Kathmandu"), Abandonment(timezone="America/St_Johns"),
    Abandonment(window=CapWindow.ROLLING, hours=500.0), Abandonment(window=CapWindow.BLOCK, days=30),
)  # fmt: skip
NOON = round(datetime(2026, 3, 4, 12, tzinfo=ZoneInfo("UTC")).timestamp()) * S


def lively(*rules: Abandonment) -> Budget:
    """Campaigns with people of yesterday, of this morning and of now."""
    made = Budget(rules)
    for at_ns, connected in ((NOON - 20 * HOUR, 40), (NOON - 3 * HOUR, 30), (NOON, 20)):
        if at_ns >= made.due_ns:
            made.refresh(at_ns)
        for row in range(len(rules)):
            for _ in range(connected):
                made.record(row, CONNECTED, at_ns)
            made.record(row, NO_AGENT, at_ns)
            made.record(row, CALLER_LEFT, at_ns)
    return made


def same_columns(made: Budget, other: Budget) -> bool:
    return all(np.array_equal(made.columns[name], other.columns[name]) for name in made.columns)


@pytest.mark.parametrize("rule", RULES)
def test_rule_of_the_same_window_keeps_its_ledger_to_the_bit(rule: Abandonment) -> None:
    made, other = lively(rule), lively(rule)
    made.change([rule], NOON)
    assert same_columns(made, other)
    stricter = Abandonment(
        cap=0.01, window=rule.window, hours=rule.hours, days=rule.days, since=rule.since, timezone=rule.timezone,
        counts_caller_left=True, guard=Guard.BOUND, confidence=0.99,
    )  # fmt: skip
    made.change([stricter], NOON)
    was, is_ = other.state(0, NOON), made.state(0, NOON)
    assert (is_.answered, is_.abandoned, is_.cap) == (was.answered, was.abandoned, 0.01)
    assert is_.legal_abandoned == was.abandoned
    assert is_.drops_left == 0
    made.change([rule], NOON)
    assert same_columns(made, other)
    assert made.state(0, NOON) == was


def test_cap_counts_at_once_for_those_counted_before() -> None:
    made = lively(DAYS)
    assert made.state(0, NOON).drops_left == 0
    made.change([Abandonment(cap=0.10)], NOON)
    assert made.state(0, NOON).drops_left == 3  # 54 answered, 2 abandoned for want of an agent; 5 of 54
    assert made.state(0, NOON).balance == pytest.approx(5.4 - 4)


@pytest.mark.parametrize(
    ("rule", "connected", "abandoned"),
    [
        (DAYS, 50, 4),
        (ROLLING, 20, 2),
        (Abandonment(window=CapWindow.ROLLING, hours=4.0), 50, 4),
        (BLOCKS, 90, 6),
        (Abandonment(window=CapWindow.BLOCK, days=2, since="2026-03-04"), 50, 4),
        (Abandonment(timezone="Asia/Shanghai"), 90, 6),  # the day began at 16 o'clock UTC, 20 hours ago
        (Abandonment(timezone="Asia/Kathmandu"), 50, 4),  # and here at 18:15
    ],
)
@pytest.mark.parametrize("before", [DAYS, ROLLING, BLOCKS])
def test_another_window_begins_with_who_answered_in_it(
    before: Abandonment, rule: Abandonment, connected: int, abandoned: int
) -> None:
    made = lively(before)
    made.change([rule], NOON)
    state = made.state(0, NOON)
    assert (state.answered, state.abandoned) == (connected + abandoned, abandoned)
    period = period_at(rule, NOON)
    assert state.window_ends_ns == period.ends_ns
    assert made.due_ns == (2**63 - 1 if rule.window is CapWindow.ROLLING else period.day_ends_ns)
    assert state.answers_per_s == lively(before).state(0, NOON).answers_per_s


def test_block_that_begins_in_its_middle_knows_today_from_the_days_before() -> None:
    made, other = lively(DAYS), lively(BLOCKS)
    made.change([BLOCKS], NOON)
    assert made.columns["today"].tolist() == other.columns["today"].tolist() == [[50, 2, 2]]
    assert made.state(0, NOON).balance == pytest.approx(other.state(0, NOON).balance)


def test_people_of_an_earlier_run_are_in_the_history_too() -> None:
    made = Budget([DAYS])
    made.refresh(NOON)
    for days in (40, 30, 20, 0):
        made.load(0, 5, 1, 0, NOON - days * DAY)
    assert made.state(0, NOON).answered == 6
    made.change([Abandonment(window=CapWindow.BLOCK, days=60, since="2026-01-20")], NOON)
    assert made.state(0, NOON).answered == 18  # the history reaches back 31 days
    made.change([Abandonment(window=CapWindow.ROLLING, hours=25 * 24.0)], NOON)
    assert made.state(0, NOON).answered == 12


def test_counts_beyond_what_a_quarter_holds_are_taken_for_the_most() -> None:
    made = Budget([DAYS])
    made.refresh(NOON)
    made.load(0, 2**40, 0, 0, NOON)
    assert made.state(0, NOON).answered == 2**40
    made.change([BLOCKS], NOON)
    assert made.state(0, NOON).answered == 2**31 - 1


def test_more_campaigns_come_with_empty_ledgers() -> None:
    made, other = lively(ROLLING, BLOCKS), lively(ROLLING, BLOCKS)
    made.columns["ends_ns"][:] = other.columns["ends_ns"][:] = NOON + HOUR
    made.change([ROLLING, BLOCKS, Abandonment(window=CapWindow.ROLLING, hours=700.0), DAYS], NOON)
    assert made.campaigns == 4
    assert [made.state(row, NOON) for row in (0, 1)] == [other.state(row, NOON) for row in (0, 1)]
    assert made.state(2, NOON).answered == made.state(3, NOON).answered == 0
    assert made.columns["ends_ns"].tolist() == [NOON + HOUR, NOON + HOUR, 0, 0]
    assert made.due_ns == other.due_ns
    made.record(3, NO_AGENT, NOON + MINUTE)
    assert made.state(3, NOON + MINUTE).abandoned == 1


@given(
    people=st.lists(st.tuples(st.integers(0, 5 * 24 * 60), st.sampled_from(AbandonReason)), max_size=40),
    changes=st.lists(st.tuples(st.integers(0, 5 * 24 * 60), st.sampled_from(RULES)), max_size=6),
    last=st.sampled_from(RULES),
)
def test_whatever_changes_the_window_holds_who_answered_in_it(
    people: list[tuple[int, AbandonReason]], changes: list[tuple[int, Abandonment]], last: Abandonment
) -> None:
    begin, end = NOON - 5 * DAY, NOON
    made = Budget([DAYS])
    made.refresh(begin)
    steps = sorted([*people, *changes], key=lambda step: step[0])
    for minute, what in steps:
        now = begin + minute * MINUTE
        if now >= made.due_ns:
            made.refresh(now)
        if isinstance(what, Abandonment):
            made.change([what], now)
        else:
            made.record(0, what, now)
    if end >= made.due_ns:
        made.refresh(end)
    made.change([last], end)
    times = [begin + minute * MINUTE for minute, _ in people]
    counted = made.state(0, end).answered
    if last.window is CapWindow.ROLLING:
        begins = end - round(last.hours * HOUR)
        # up to a quarter of an hour early out, and up to a bucket late
        assert sum(at >= begins + 15 * MINUTE for at in times) <= counted <= sum(at >= begins - HOUR for at in times)
    else:
        assert counted == sum(at >= period_at(last, end).begins_ns for at in times)
