"""Progressive, Erlang and agentless: what they want, and where they stop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.config import Abandonment, Campaign, DialMode
from outpace.domain.outcomes import Fallback, LimitedBy
from outpace.pacing import (
    AgentlessPacer,
    ErlangPacer,
    Observed,
    PacingSnapshot,
    PrecisePacer,
    ProgressivePacer,
    make_pacer,
)
from outpace.pacing._budget import Budget
from outpace.pacing._estimates import Estimates
from outpace.pacing.erlang import erlang_a_abandoned, load_for_abandoned

S = 1_000_000_000
T0 = 1_800_000_000 * S
COUNTS = st.integers(0, 2000)


def snapshot(cap: float = 0.03, **counts: int) -> PacingSnapshot:
    found = PacingSnapshot(1, Estimates(1), Budget([Abandonment(cap=cap)]))
    for name, count in counts.items():
        found[name][0] = count
    return found


def decided(pacer: ErlangPacer, seen: PacingSnapshot, seconds: float, *, start: float = 0.0) -> list[int]:
    """Launches of each half-second's decision."""
    times = np.arange(start + 0.5, start + seconds + 0.25, 0.5)
    return [pacer.decide(seen, 0, T0 + round(at * S)).count for at in times]


@given(ready=COUNTS, working=COUNTS, unanswered=COUNTS, classifying=COUNTS, waiting=COUNTS)
def test_progressive_is_precise_without_reserve(
    ready: int, working: int, unanswered: int, classifying: int, waiting: int
) -> None:
    seen = snapshot(ready=ready, working=working, unanswered=unanswered, classifying=classifying, waiting=waiting)
    assert ProgressivePacer().decide(seen) == PrecisePacer(0).decide(seen)


def test_agentless_wants_every_free_line_and_misses_no_agent() -> None:
    for lines in (1, 7, 4000):
        decision = AgentlessPacer().decide(snapshot(lines=lines, unanswered=50))
        assert (decision.count, decision.limited_by) == (lines, LimitedBy.TRUNK_CHANNELS)
    # so that the gate says what is in the way, and when it will have passed
    assert AgentlessPacer().decide(snapshot(lines=0)).count == 1


def test_erlang_dials_the_rate_of_the_model() -> None:
    seen = snapshot(working=100, ready=100)
    pacer = ErlangPacer(2.0)
    launches = decided(pacer, seen, 600.0)
    known = seen.estimates.summary(0)
    handle_s = known["mean_talk_s"] + known["mean_wrap_up_s"]
    load = load_for_abandoned(100, handle_s, 2.0, 0.03)
    rate = load / handle_s / known["live_rate"]
    assert erlang_a_abandoned(load, 100, handle_s, 2.0) == pytest.approx(0.03)
    assert pacer.columns["calls_per_s"][0] == pytest.approx(rate)
    assert sum(launches) == pytest.approx(600.0 * rate, rel=0.01)
    assert max(launches) <= math.ceil(rate / 2) + 1  # evenly, no bursts
    assert launches[0] == 0  # nothing is due yet


def test_erlang_asks_the_model_every_five_seconds() -> None:
    seen = snapshot(working=10, ready=10)
    pacer = ErlangPacer()
    decided(pacer, seen, 5.0)
    before = pacer.columns["calls_per_s"][0]
    seen["working"][0] = 20
    decided(pacer, seen, 0.4, start=4.6)
    assert pacer.columns["calls_per_s"][0] == before
    decided(pacer, seen, 0.5, start=5.0)
    # twice the agents take more than twice the calls
    assert pacer.columns["calls_per_s"][0] > 2.0 * before


def test_erlang_does_not_make_up_for_time_without_decisions() -> None:
    seen = snapshot(working=100, ready=100)
    pacer = ErlangPacer()
    decided(pacer, seen, 5.0)
    rate = pacer.columns["calls_per_s"][0]
    assert pacer.decide(seen, 0, T0 + 3600 * S).count <= rate * 1.0 + 1
    back = pacer.decide(seen, 0, T0)
    assert 0 <= back.count <= 1
    assert pacer.decide(seen, 0, T0).count == 0


def test_erlang_when_the_same_moment_is_decided_twice_then_launches_once() -> None:
    seen = snapshot(working=100, ready=100)
    pacer = ErlangPacer()
    decided(pacer, seen, 5.0)
    assert pacer.decide(seen, 0, T0 + 11 * S // 2).count > 0
    assert pacer.decide(seen, 0, T0 + 11 * S // 2).count == 0


def test_erlang_without_agents_launches_nothing_and_says_so() -> None:
    seen = snapshot()
    pacer = ErlangPacer()
    assert sum(decided(pacer, seen, 20.0)) == 0
    decision = pacer.decide(seen, 0, T0 + 21 * S)
    assert (decision.count, decision.limited_by, decision.fallback) == (0, LimitedBy.NO_AGENTS, Fallback.NONE)


@pytest.mark.parametrize("cap", [1.0, 0.5])
def test_erlang_never_has_more_than_sixty_lines_an_agent(cap: float) -> None:
    seen = snapshot(cap, working=3, ready=3)
    pacer = ErlangPacer()
    for at in range(1, 60):
        seen["unanswered"][0] += pacer.decide(seen, 0, T0 + at * S // 2).count
        assert seen["unanswered"][0] <= 180
    assert cap < 1.0 or seen["unanswered"][0] == 180


def test_erlang_with_a_cap_of_nothing_is_progressive() -> None:
    seen = snapshot(0.0, working=10, ready=4, unanswered=1)
    pacer = ErlangPacer()
    decision = pacer.decide(seen, 0, T0)
    assert (decision.count, decision.limited_by) == (3, LimitedBy.BUDGET)
    assert decision.fallback is Fallback.BUDGET_SPENT


def test_erlang_when_the_switch_falls_silent_then_is_progressive() -> None:
    seen = snapshot(working=10, ready=10, unanswered=6)
    pacer = ErlangPacer()
    for _ in range(6):
        seen.estimates.record(0, Observed.LAUNCHED, T0, T0)
    decided(pacer, seen, 5.0)
    decision = pacer.decide(seen, 0, T0 + 120 * S)
    assert (decision.count, decision.fallback) == (4, Fallback.FEED_SILENT)


@pytest.mark.parametrize("patience_s", [0.0, -1.0, math.nan, math.inf])
def test_erlang_when_patience_is_no_time_then_value_error(patience_s: float) -> None:
    with pytest.raises(ValueError, match="patience_s"):
        ErlangPacer(patience_s)


def test_make_pacer_knows_every_mode() -> None:
    made = {
        mode: make_pacer(Campaign(id=1, name="a", mode=mode, message="m", connect_limit_s=3.0)) for mode in DialMode
    }
    assert isinstance(made[DialMode.PROGRESSIVE], ProgressivePacer)
    assert isinstance(made[DialMode.AGENTLESS], AgentlessPacer)
    erlang = made[DialMode.ERLANG]
    assert isinstance(erlang, ErlangPacer)
    assert erlang.patience_s == 3.0
