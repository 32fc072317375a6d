"""The abandonment ledger: windows, rate, carry-over and hard stop; against a plain list of what happened."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from outpace.domain.config import Abandonment, CapWindow, Guard
from outpace.domain.outcomes import AbandonReason
from outpace.pacing._budget import Budget
from outpace.pacing.budget_state import BudgetState
from outpace.pacing.cap_window import CapPeriod, period_at

S = 1_000_000_000
MINUTE = 60 * S
HOUR = 3600 * S
DAY = 24 * HOUR
CONNECTED, NO_AGENT, CALLER_LEFT = AbandonReason

DAYS = Abandonment()
ROLLING = Abandonment(window=CapWindow.ROLLING, hours=2.0)
BLOCKS = Abandonment(window=CapWindow.BLOCK, days=10, since="2026-03-02")


def at(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * S


NOON = at("2026-03-04 12:00")


def budget(rule: Abandonment = DAYS, now_ns: int = NOON) -> Budget:
    made = Budget([rule])
    made.refresh(now_ns)
    return made


def fill(made: Budget, connected: int, no_agent: int, now_ns: int, caller_left: int = 0) -> None:
    """Count people who all answer at one moment."""
    for reason, count in ((CONNECTED, connected), (NO_AGENT, no_agent), (CALLER_LEFT, caller_left)):
        for _ in range(count):
            made.record(0, reason, now_ns)


# ---- windows in civil time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "now", "begins", "ends"),
    [
        (Abandonment(), "2026-03-04 00:00", "2026-03-04 00:00", "2026-03-05 00:00"),
        (Abandonment(), "2026-03-04 23:59:59", "2026-03-04 00:00", "2026-03-05 00:00"),
        # midnight in Berlin is 23:00 UTC; the day of the change to summer time has 23 hours
        (Abandonment(timezone="Europe/Berlin"), "2026-03-28 23:00", "2026-03-28 23:00", "2026-03-29 22:00"),
        (Abandonment(timezone="Europe/Berlin"), "2026-03-28 22:59", "2026-03-27 23:00", "2026-03-28 23:00"),
        # Beirut's clock skips midnight: the day begins when it does so
        (Abandonment(timezone="Asia/Beirut"), "2022-03-27 12:00", "2022-03-26 22:00", "2022-03-27 21:00"),
        # Havana's midnight comes twice: the first counts
        (Abandonment(timezone="America/Havana"), "2026-11-01 12:00", "2026-11-01 04:00", "2026-11-02 05:00"),
        (BLOCKS, "2026-03-02 00:00", "2026-03-02 00:00", "2026-03-12 00:00"),
        (BLOCKS, "2026-03-11 23:59", "2026-03-02 00:00", "2026-03-12 00:00"),
        (BLOCKS, "2026-03-12 00:00", "2026-03-12 00:00", "2026-03-22 00:00"),
        (BLOCKS, "2026-03-01 23:59", "2026-02-20 00:00", "2026-03-02 00:00"),  # before `since`, backwards
    ],
)
def test_window_at_a_moment(rule: Abandonment, now: str, begins: str, ends: str) -> None:
    assert period_at(rule, at(now))[:2] == (at(begins), at(ends))


def test_window_when_rolling_then_begins_its_length_ago() -> None:
    assert period_at(ROLLING, NOON) == CapPeriod(NOON - 2 * HOUR, 0, at("2026-03-04 00:00"), at("2026-03-05 00:00"))


@given(
    st.sampled_from(sorted(available_timezones())),
    st.integers(at("2000-01-01 00:00") // S, at("2037-12-31 00:00") // S),
    st.sampled_from([DAYS, BLOCKS]),
)
def test_window_holds_its_moment_and_the_next_one_follows(zone: str, second: int, rule: Abandonment) -> None:
    rule = Abandonment(window=rule.window, days=rule.days, since=rule.since, timezone=zone)
    period = period_at(rule, second * S)
    assert period.begins_ns <= period.day_begins_ns <= second * S < period.day_ends_ns <= period.ends_ns
    assert period_at(rule, period.begins_ns) == period_at(rule, period.begins_ns + 1)
    assert period_at(rule, period.ends_ns).begins_ns == period.ends_ns


# ---- the ledger --------------------------------------------------------------------------------------------------


def test_state_when_nothing_was_counted() -> None:
    assert budget().state(0, NOON) == BudgetState(
        cap=0.03,
        answered=0,
        abandoned=0,
        legal_abandoned=0,
        ratio=0.0,
        bound=1.0,
        drops_left=0,
        balance=0.0,
        answers_per_s=0.0,
        seconds_left=43200.0,
        window_begins_ns=at("2026-03-04 00:00"),
        window_ends_ns=at("2026-03-05 00:00"),
        spent=False,
    )


def test_state_counts_both_reasons_for_pacing_and_the_rules_own_for_the_law() -> None:
    for counts, legal in ((False, 2), (True, 5)):
        made = budget(Abandonment(counts_caller_left=counts))
        fill(made, 195, 2, NOON, caller_left=3)
        seen = made.state(0, NOON)
        assert (seen.answered, seen.abandoned, seen.legal_abandoned) == (200, 5, legal)
        assert seen.ratio == legal / 200
        assert seen.balance == pytest.approx(1.0)
        assert seen.bound == pytest.approx(stats.beta.ppf(0.95, legal + 1, 200 - legal), rel=1e-11)
        assert seen.drops_left == (4 if legal == 2 else 1)


def test_day_when_it_ends_then_the_ledger_begins_anew() -> None:
    made = budget(Abandonment(timezone="Europe/Berlin"))
    assert made.due_ns == at("2026-03-05 00:00", "Europe/Berlin")
    fill(made, 9, 1, NOON)
    made.refresh(made.due_ns - 1)
    assert made.state(0, made.due_ns - 1).answered == 10
    midnight = made.due_ns
    made.refresh(midnight)
    assert made.state(0, midnight).answered == 0
    assert made.due_ns == midnight + DAY
    assert made.state(0, midnight).window_begins_ns == midnight


def test_record_when_a_window_has_ended_then_counts_in_the_next() -> None:
    made = budget()
    made.record(0, NO_AGENT, NOON)
    made.record(0, CONNECTED, NOON + DAY)
    assert (made.state(0, NOON + DAY).answered, made.state(0, NOON + DAY).abandoned) == (1, 0)


def test_refresh_when_first_told_the_time_then_keeps_what_was_counted() -> None:
    made = Budget([DAYS])
    assert made.due_ns == 0
    made.record(0, NO_AGENT, 5 * S)
    made.refresh(6 * S)
    assert made.state(0, 6 * S).abandoned == 1
    assert made.due_ns == DAY


def test_refresh_when_time_goes_back_then_changes_nothing() -> None:
    made = budget()
    fill(made, 3, 1, NOON)
    made.refresh(NOON - 3 * DAY)
    assert made.state(0, NOON).answered == 4
    assert made.due_ns == at("2026-03-05 00:00")


def test_due_is_that_of_the_first_campaign_whose_day_ends() -> None:
    made = Budget([ROLLING, Abandonment(timezone="America/New_York"), Abandonment(timezone="Asia/Tokyo")])
    made.refresh(NOON)
    assert made.due_ns == at("2026-03-05 00:00", "Asia/Tokyo")
    assert budget(ROLLING).due_ns == 2**63 - 1


def test_campaigns_do_not_touch_each_other() -> None:
    made = Budget([DAYS, ROLLING, BLOCKS])
    made.refresh(NOON)
    made.record(1, NO_AGENT, NOON)
    assert [made.state(row, NOON).abandoned for row in range(3)] == [0, 1, 0]


def test_rolling_when_two_hours_have_passed_then_forgets() -> None:
    made = budget(ROLLING)
    fill(made, 0, 1, NOON)
    fill(made, 4, 0, NOON + HOUR)
    # looking forgets nothing by itself; the minute of an answer stays until the whole of it is too old
    assert made.state(0, NOON + 2 * HOUR).answered == 5
    assert made.state(0, NOON + 2 * HOUR + MINUTE).answered == 4
    assert made.state(0, NOON + 3 * HOUR + MINUTE).answered == 0
    assert made.state(0, NOON + 2 * HOUR).answered == 5
    fill(made, 1, 0, NOON + 3 * HOUR)
    assert made.state(0, NOON + 3 * HOUR).answered == 5
    assert made.state(0, NOON + 3 * HOUR).abandoned == 0
    assert made.state(0, NOON + 40 * DAY).answered == 0


@given(
    st.sampled_from([1.0, 2.0, 24.0, 24.5, 744.0]),
    st.lists(
        st.tuples(st.integers(0, 3 * 3600) | st.integers(0, 40 * 86400), st.sampled_from(list(AbandonReason))),
        max_size=60,
    ),
)
def test_rolling_is_a_list_of_what_happened(hours: float, steps: list[tuple[int, AbandonReason]]) -> None:
    made = budget(Abandonment(window=CapWindow.ROLLING, hours=hours, counts_caller_left=False))
    width = {1.0: 1, 2.0: 1, 24.0: 1, 24.5: 2, 744.0: 31}[hours] * MINUTE
    seen: list[tuple[int, AbandonReason]] = []
    now = NOON
    for seconds, reason in steps:
        now += seconds * S
        made.record(0, reason, now)
        seen.append((now, reason))
        for later in (now, now + HOUR, now + 30 * DAY):
            oldest = later // width * width - -(-round(hours * HOUR) // width) * width
            kept = [what for when, what in seen if when >= oldest]
            state = made.state(0, later)
            assert (state.answered, state.legal_abandoned) == (len(kept), kept.count(NO_AGENT))
            assert state.abandoned == len(kept) - kept.count(CONNECTED)


# ---- the rate ----------------------------------------------------------------------------------------------------


def test_rate_of_a_young_campaign_is_from_its_first_answer_on() -> None:
    made = budget()
    fill(made, 6, 0, NOON)
    assert made.state(0, NOON).answers_per_s == 0.1  # six in the least span, a minute
    assert made.state(0, NOON + 2 * MINUTE).answers_per_s == 0.05


def test_rate_is_of_the_last_thirty_minutes_and_a_little() -> None:
    made = budget()
    for minute in range(120):
        fill(made, 3, 0, NOON + minute * MINUTE + 30 * S)
    now = NOON + 119 * MINUTE + 30 * S
    assert made.state(0, now).answers_per_s == 31 * 3 / 1830
    assert made.state(0, now + 20 * MINUTE).answers_per_s == 11 * 3 / 1830
    assert made.state(0, now + 31 * MINUTE).answers_per_s == 0.0
    # after half an hour without answers the campaign is young again
    fill(made, 6, 0, now + HOUR)
    assert made.state(0, now + HOUR + 2 * MINUTE).answers_per_s == 0.05


def test_rate_when_time_stands_still_or_goes_back_then_is_finite() -> None:
    made = budget()
    fill(made, 60, 0, NOON)
    fill(made, 60, 0, NOON - HOUR)
    assert made.state(0, NOON).answers_per_s == 2.0
    assert made.state(0, NOON - HOUR).answers_per_s == 2.0
    assert made.state(0, 0).answers_per_s == 2.0


@given(st.lists(st.integers(0, 900), max_size=80), st.integers(0, 4000))
def test_rate_is_that_of_a_list(gaps: list[int], after: int) -> None:
    made = budget()
    times: list[int] = []
    for gap in gaps:
        times.append((times[-1] if times else NOON) + gap * S)
        made.record(0, CONNECTED, times[-1])
    now = (times[-1] if times else NOON) + after * S
    kept = [when for when in times if when // MINUTE >= now // MINUTE - 30]
    began = NOON
    for before, when in zip([-HOUR, *times], times, strict=False):
        if when // MINUTE - before // MINUTE > 30:
            began = when
    span = max(60.0, min(1800 + now % MINUTE / S, (now - began) / S))
    assert made.state(0, now).answers_per_s == pytest.approx(len(kept) / span)


def test_seconds_left_are_those_of_the_day_or_of_its_dialling() -> None:
    made = budget()
    made.columns["ends_ns"][0] = at("2026-03-04 20:00")
    assert made.state(0, NOON).seconds_left == 8 * 3600
    assert made.state(0, at("2026-03-04 21:00")).seconds_left == 3 * 3600  # what has passed is not known any more
    assert budget(ROLLING).state(0, NOON).seconds_left is None
    assert budget(BLOCKS).state(0, NOON).seconds_left == 12 * 3600


# ---- blocks of days ----------------------------------------------------------------------------------------------


def block_after(first_day: tuple[int, int], days: int) -> tuple[Budget, int]:
    """A block of ten days: what its first day had, and noon of the day so many days later."""
    start = at("2026-03-02 12:00")
    made = budget(BLOCKS, start)
    made.load(0, first_day[0], first_day[1], 0, start)
    made.refresh(start + days * DAY)
    return made, start + days * DAY


@pytest.mark.parametrize(
    ("first_day", "days", "balance"),
    [
        ((910, 90), 1, -60 / 9),  # a debt of 60 over the nine days left
        ((910, 90), 5, -60 / 5),
        ((910, 90), 9, -60.0),  # on the last day all of it
        ((1000, 0), 1, 30 / 9),  # a credit of 30 likewise
        ((1000, 0), 9, 30 / 9 / 2),  # but at most half of a day's allowance: 1000 / 9 answers a day so far
        ((970, 30), 1, 0.0),
    ],
)
def test_block_carries_its_balance_over_days(first_day: tuple[int, int], days: int, balance: float) -> None:
    made, now = block_after(first_day, days)
    assert made.state(0, now).balance == pytest.approx(balance)
    assert made.state(0, now).answered == sum(first_day)
    fill(made, 99, 1, now)
    assert made.state(0, now).balance == pytest.approx(balance + 2)


def test_block_when_it_ends_then_forgets_all() -> None:
    made, now = block_after((910, 90), 10)
    assert (made.state(0, now).answered, made.state(0, now).balance) == (0, 0.0)


def test_block_when_a_day_passes_without_a_call_then_the_debt_stays() -> None:
    made, _ = block_after((910, 90), 1)
    for days in range(2, 9):
        now = at("2026-03-02 12:00") + days * DAY
        made.refresh(now)
        assert made.state(0, now).balance == pytest.approx(-60 / (10 - days))


# ---- hard stop ---------------------------------------------------------------------------------------------------


def test_spent_when_those_who_can_still_answer_are_too_few() -> None:
    made = budget()
    made.columns["ends_ns"][0] = NOON + HOUR
    fill(made, 90, 10, NOON)
    # 10 need 334 answers: 234 more. A minute of silence makes 100 / 60 s, and 3540 s are left
    assert not made.state(0, NOON + MINUTE).spent
    # after 30 minutes 100 / 1800 s for 1800 s are 100 more
    assert made.state(0, NOON + 30 * MINUTE).spent
    fill(made, 240, 0, NOON + 30 * MINUTE)
    assert not made.state(0, NOON + 30 * MINUTE).spent


def test_spent_when_the_day_is_over_and_the_cap_is_met_to_the_head_then_not() -> None:
    made = budget()
    fill(made, 97, 3, NOON)
    end = made.due_ns
    assert not made.state(0, end).spent
    made.record(0, NO_AGENT, end - 1)
    assert made.state(0, end).spent


@pytest.mark.parametrize("rule", [DAYS, ROLLING, BLOCKS])
@pytest.mark.parametrize("counts", [(0, 0), (100, 0), (0, 100)])
def test_spent_when_the_cap_is_0_always_and_1_never(rule: Abandonment, counts: tuple[int, int]) -> None:
    for cap, guard in ((0.0, Guard.TARGET), (0.0, Guard.BOUND), (1.0, Guard.TARGET), (1.0, Guard.BOUND)):
        made = budget(Abandonment(cap=cap, guard=guard, window=rule.window, since=rule.since))
        fill(made, *counts, NOON)
        state = made.state(0, NOON)
        assert state.spent is (cap == 0)
        assert state.drops_left == (0 if cap == 0 else None)


def test_spent_after_the_first_call_of_a_day_only_where_too_few_will_answer() -> None:
    made = budget()
    made.record(0, NO_AGENT, NOON)
    assert not made.state(0, NOON).spent  # one a minute for twelve hours are 720
    made.columns["ends_ns"][0] = NOON + 20 * MINUTE
    assert made.state(0, NOON).spent


def test_spent_when_rolling_and_full_then_half_an_hour_must_mend_it() -> None:
    made = budget(ROLLING)
    for minute in range(240):
        fill(made, 10, 0, NOON + minute * MINUTE)
    now = NOON + 239 * MINUTE
    answered = made.state(0, now).answered
    assert answered == 1210  # two hours and the minute that runs
    # in half an hour 300 answers: 3 % of 1510 are 45
    fill(made, 0, 45, now)
    assert not made.state(0, now).spent
    fill(made, 0, 5, now)
    assert made.state(0, now).spent


def test_spent_when_rolling_and_young_then_the_window_has_to_fill_first() -> None:
    made = budget(ROLLING)
    fill(made, 50, 10, NOON)
    # 1 a second at first: two hours of it would mend much; after an hour 60 answers in half an hour do not
    assert not made.state(0, NOON).spent
    assert made.state(0, NOON + 29 * MINUTE).spent


@pytest.mark.parametrize(("days", "spent"), [(1, False), (5, False), (6, False), (7, True), (9, True)])
def test_spent_when_a_block_is_over_the_cap_then_its_other_days_may_mend_it(days: int, spent: bool) -> None:
    # 45 need 1500: 500 more. After six days 4 x 167 are expected, after seven 3 x 143
    made, now = block_after((955, 45), days)
    assert made.state(0, now).spent is spent


def test_spent_when_a_block_is_young_then_all_its_days_are_taken_as_its_first() -> None:
    made = budget(BLOCKS, at("2026-03-02 12:00"))
    fill(made, 70, 30, at("2026-03-02 12:00"))
    # 30 need 1000: ten days of the 100 so far, and the rest of this one at 100 / 1800 s
    assert not made.state(0, at("2026-03-02 12:29")).spent
    made, now = block_after((70, 30), 1)
    assert made.state(0, now).spent is False  # nine more days of 100 just do
    made.record(0, NO_AGENT, now)
    assert made.state(0, now + HOUR).spent is True


def test_guard_bound_then_nobody_is_abandoned_before_enough_have_answered() -> None:
    made = budget(Abandonment(guard=Guard.BOUND))
    assert made.state(0, NOON).spent
    fill(made, 155, 0, NOON)
    assert made.state(0, NOON).spent
    assert made.state(0, NOON).bound < 0.03
    fill(made, 1, 0, NOON)
    state = made.state(0, NOON)
    assert (state.spent, state.drops_left) == (False, 1)
    fill(made, 0, 1, NOON)
    state = made.state(0, NOON)
    assert state.bound <= 0.03
    assert (state.spent, state.drops_left) == (True, 0)


@pytest.mark.parametrize("guard", [Guard.TARGET, Guard.BOUND])
def test_cap_when_it_changes_then_all_figures_are_of_the_new_one_at_once(guard: Guard) -> None:
    made = budget(Abandonment(guard=guard, cap=0.05))
    fill(made, 990, 10, NOON)
    before = made.state(0, NOON)
    for cap in (0.01, 0.05):
        made.columns["cap"][0] = cap
        fresh = budget(Abandonment(guard=guard, cap=cap))
        fill(fresh, 990, 10, NOON)
        assert made.state(0, NOON) == fresh.state(0, NOON)
    assert made.state(0, NOON) == before
    assert before.drops_left == (29 if guard is Guard.BOUND else 42)


# ---- restarts ----------------------------------------------------------------------------------------------------


def test_load_counts_in_the_window_but_not_in_the_rate() -> None:
    made = budget()
    made.load(0, 95, 3, 2, NOON - HOUR)
    made.load(0, 50, 50, 0, NOON - DAY)  # yesterday's
    state = made.state(0, NOON)
    assert (state.answered, state.abandoned, state.legal_abandoned) == (100, 5, 3)
    assert state.answers_per_s == 0.0
    made.record(0, CONNECTED, NOON)
    assert made.state(0, NOON).answers_per_s == 1 / 60


def test_load_when_rolling_then_falls_into_its_own_minute() -> None:
    made = budget(ROLLING)
    made.record(0, CONNECTED, NOON)
    made.load(0, 10, 1, 0, NOON - HOUR)
    made.load(0, 7, 7, 7, NOON - 3 * HOUR)
    assert made.state(0, NOON).answered == 12
    assert made.state(0, NOON + HOUR + MINUTE).answered == 1
    made.load(0, 5, 0, 0, NOON + HOUR + MINUTE)
    assert made.state(0, NOON + HOUR + MINUTE).answered == 6


def test_load_when_a_block_then_earlier_days_make_the_carry() -> None:
    made = budget(BLOCKS, at("2026-03-03 12:00"))
    made.load(0, 910, 90, 0, at("2026-03-02 12:00"))
    made.load(0, 99, 1, 0, at("2026-03-03 09:00"))
    assert made.state(0, at("2026-03-03 12:00")).balance == pytest.approx(2 - 60 / 9)
    made.load(0, 5, 5, 5, at("2026-03-01 12:00"))
    assert made.state(0, at("2026-03-03 12:00")).answered == 1100


@given(st.lists(st.tuples(st.integers(0, 5 * 86400), st.sampled_from(list(AbandonReason))), max_size=40))
def test_load_rebuilds_what_was_recorded(steps: list[tuple[int, AbandonReason]]) -> None:
    for rule in (DAYS, ROLLING, BLOCKS):
        lived, rebuilt = budget(rule), Budget([rule])
        now = NOON
        for seconds, reason in steps:
            now += seconds * S
            lived.record(0, reason, now)
            rebuilt.load(0, reason is CONNECTED, reason is NO_AGENT, reason is CALLER_LEFT, now)
        for made in (lived, rebuilt):
            made.refresh(now)
        for name in ("counted", "today", "buckets", "first_ns", "window_ns", "day_ns"):
            assert np.array_equal(lived.columns[name], rebuilt.columns[name]), name


def test_restore_then_is_the_same() -> None:
    rules = [DAYS, ROLLING, BLOCKS]
    made, other = Budget(rules), Budget(rules)
    for row in range(3):
        for second in range(500):
            made.record(row, AbandonReason(second % 100 == 7), NOON + second * S)
    other.restore({name: column.copy() for name, column in made.columns.items()})
    assert other.due_ns == made.due_ns
    for row in range(3):
        assert other.state(row, NOON + HOUR) == made.state(row, NOON + HOUR)
    with pytest.raises(ValueError, match="buckets"):
        Budget([DAYS]).restore({**Budget([ROLLING]).columns})
    with pytest.raises(KeyError):
        other.restore({})


def test_looking_leaves_the_ledger_as_it_is() -> None:
    made = Budget([DAYS, ROLLING, BLOCKS])
    for row in range(3):
        made.record(row, NO_AGENT, NOON)
    before = {name: column.copy() for name, column in made.columns.items()}
    for row in range(3):
        made.state(row, NOON + 5 * HOUR)
    assert all(np.array_equal(before[name], column) for name, column in made.columns.items())


def test_callers_errors_raise() -> None:
    made = budget()
    for row in (-1, 1):
        for call in (
            lambda row: made.state(row, NOON),
            lambda row: made.record(row, CONNECTED, NOON),
            lambda row: made.load(row, 1, 0, 0, NOON),
        ):
            with pytest.raises(IndexError, match=f"row {row} of 1"):
                call(row)
    with pytest.raises(ValueError, match="3 is not a valid"):
        made.record(0, 3, NOON)
    for counts in ((-1, 0, 0), (0, -1, 0), (0, 0, -1)):
        with pytest.raises(ValueError, match="not negative"):
            made.load(0, *counts, NOON)
    with pytest.raises(ValueError, match="not negative"):
        made.load(0, 1, 0, 0, -1)
