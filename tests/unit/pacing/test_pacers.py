"""Precise and ratio, figure by figure and as laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.config import Campaign, DialMode, RatioCounts
from outpace.domain.outcomes import Fallback, LimitedBy
from outpace.pacing import Pacer, PacingSnapshot, PrecisePacer, RatioPacer, make_pacer

COUNTS = st.integers(0, 2000)


def snapshot(**counts: int) -> PacingSnapshot:
    found = PacingSnapshot(1)
    for name, count in counts.items():
        found[name][0] = count
    return found


@pytest.mark.parametrize(
    ("ready", "reserve", "unanswered", "classifying", "waiting", "count"),
    [
        (0, 0, 0, 0, 0, 0),
        (1, 0, 0, 0, 0, 1),
        (10, 0, 0, 0, 0, 10),
        (10, 0, 4, 0, 0, 6),
        (10, 0, 4, 3, 2, 1),
        (10, 0, 4, 3, 3, 0),
        (10, 0, 40, 0, 0, 0),
        (10, 3, 0, 0, 0, 7),
        (10, 3, 7, 0, 0, 0),
        (3, 3, 0, 0, 0, 0),
        (2, 3, 0, 0, 0, 0),
        (-2, 0, 0, 0, 0, 0),  # other campaigns claim more than there are
    ],
)
def test_precise_fills_up_to_ready_less_k(
    ready: int, reserve: int, unanswered: int, classifying: int, waiting: int, count: int
) -> None:
    seen = snapshot(ready=ready, working=5, unanswered=unanswered, classifying=classifying, waiting=waiting)
    assert PrecisePacer(reserve).decide(seen).count == count


@pytest.mark.parametrize(
    ("pacer", "agents", "calls", "count"),
    [
        (RatioPacer(1.0, False), (4, 9), (0, 0, 0), 4),
        (RatioPacer(2.5, False), (4, 9), (0, 0, 0), 10),
        (RatioPacer(2.5, False), (3, 9), (0, 0, 0), 7),  # 7.5 lines are 7
        (RatioPacer(2.5, True), (3, 9), (0, 0, 0), 22),
        (RatioPacer(2.5, True), (0, 9), (20, 0, 0), 2),
        (RatioPacer(2.5, True), (0, 9), (20, 1, 1), 0),
        (RatioPacer(0.5, False), (1, 1), (0, 0, 0), 0),
        (RatioPacer(0.1, True), (0, 10), (0, 0, 0), 1),
        (RatioPacer(0.7, True), (0, 10), (0, 0, 0), 7),  # 0.7 * 10 is 6.999... in binary
        (RatioPacer(1.1, True), (0, 10), (0, 0, 0), 11),
        (RatioPacer(3.0, False), (0, 9), (0, 0, 0), 0),
        (RatioPacer(3.0, False), (-1, 9), (0, 0, 0), 0),
        (RatioPacer(100.0, True), (0, 2000), (199_999, 0, 0), 1),
    ],
)
def test_ratio_fills_up_to_lines_per_agent(
    pacer: RatioPacer, agents: tuple[int, int], calls: tuple[int, int, int], count: int
) -> None:
    ready, working = agents
    unanswered, classifying, waiting = calls
    seen = snapshot(ready=ready, working=working, unanswered=unanswered, classifying=classifying, waiting=waiting)
    assert pacer.decide(seen).count == count


@given(ready=COUNTS, more=COUNTS, under=COUNTS, waiting=COUNTS, reserve=st.integers(0, 50))
def test_precise_is_monotone_and_never_beyond_its_bound(
    ready: int, more: int, under: int, waiting: int, reserve: int
) -> None:
    pacer = PrecisePacer(reserve)
    few = pacer.decide(snapshot(ready=ready, working=ready, unanswered=under, waiting=waiting)).count
    many = pacer.decide(snapshot(ready=ready + more, working=ready, unanswered=under, waiting=waiting)).count
    fewer = pacer.decide(snapshot(ready=ready, working=ready, unanswered=under + more, waiting=waiting)).count
    assert 0 <= few <= many <= few + more
    assert 0 <= fewer <= few
    assert few == 0 or few + under + waiting == ready - reserve


@given(
    working=COUNTS, more=COUNTS, under=COUNTS, waiting=COUNTS, ratio=st.floats(0.1, 100.0), steeper=st.floats(1.0, 2.0)
)
def test_ratio_is_monotone_and_never_beyond_its_bound(
    working: int, more: int, under: int, waiting: int, ratio: float, steeper: float
) -> None:
    def count(lines: float, agents: int) -> int:
        return RatioPacer(lines, True).decide(snapshot(working=agents, unanswered=under, waiting=waiting)).count

    few = count(ratio, working)
    assert 0 <= few <= count(ratio, working + more)
    assert few <= count(ratio * steeper, working)
    assert few == 0 or few + under + waiting <= ratio * working + 1e-6


@pytest.mark.parametrize("pacer", [PrecisePacer(1), RatioPacer(2.0), RatioPacer(2.0, True)])
def test_decision_names_no_agents_or_pacing_as_its_limit(pacer: Pacer) -> None:
    assert pacer.decide(snapshot()).limited_by is LimitedBy.NO_AGENTS
    assert pacer.decide(snapshot(working=1)).limited_by is LimitedBy.PACING
    assert pacer.interval_ns == 0


def test_decide_reads_its_own_row_and_changes_nothing() -> None:
    seen = PacingSnapshot(3)
    seen["ready"][:] = (1, 5, 9)
    seen["working"][:] = 9
    before = {name: column.copy() for name, column in seen.columns.items()}
    assert [PrecisePacer().decide(seen, row).count for row in range(3)] == [1, 5, 9]
    assert all((seen[name] == column).all() for name, column in before.items())
    assert len(seen) == 3


@pytest.mark.parametrize("row", [-1, 2, 10**9])
def test_decide_when_there_is_no_such_row_then_index_error(row: int) -> None:
    with pytest.raises(IndexError, match="of 2 campaigns"):
        PrecisePacer().decide(PacingSnapshot(2), row)


def test_decide_when_there_is_no_snapshot_then_type_error() -> None:
    with pytest.raises(TypeError):
        PrecisePacer().decide(None)  # type: ignore[arg-type]


def test_snapshot_of_fewer_than_no_campaigns_then_value_error() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        PacingSnapshot(-3)


def test_snapshot_when_there_is_no_such_quantity_then_key_error() -> None:
    with pytest.raises(KeyError):
        PacingSnapshot(1)["idle"]


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("nan"), float("inf"), 1e6])
def test_ratio_when_it_is_no_positive_number_then_value_error(ratio: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        RatioPacer(ratio)


def test_precise_when_the_reserve_is_negative_then_value_error() -> None:
    with pytest.raises(ValueError, match="negative"):
        PrecisePacer(-1)


def test_make_pacer_follows_the_campaign() -> None:
    precise = make_pacer(Campaign(id=1, name="a", reserve=2))
    ratio = make_pacer(Campaign(id=1, name="a", mode=DialMode.RATIO, ratio=3.5, ratio_counts=RatioCounts.LOGGED_IN))
    assert isinstance(precise, PrecisePacer)
    assert precise.reserve == 2
    assert isinstance(ratio, RatioPacer)
    assert (ratio.ratio, ratio.counts_working) == (3.5, True)


def test_decision_of_a_rule_that_makes_no_forecast_says_so() -> None:
    decision = PrecisePacer().decide(snapshot(ready=3, working=3))
    assert (decision.count, decision.limited_by, decision.fallback) == (3, LimitedBy.PACING, Fallback.NONE)
    assert (decision.kappa, decision.risk, decision.answers, decision.expected_abandons) == (0.0, 0.0, 0.0, 0.0)
