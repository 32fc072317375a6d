"""Many campaigns decided at once: what each would have decided alone."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from outpace.domain.config import Abandonment
from outpace.domain.outcomes import AbandonReason
from outpace.pacing import (
    AgentlessPacer,
    ErlangPacer,
    ForecastPacer,
    LaunchDecision,
    Observed,
    Pacer,
    PacingSnapshot,
    PrecisePacer,
    ProgressivePacer,
    RatioPacer,
    decide_batch,
)
from outpace.pacing._budget import Budget
from outpace.pacing._estimates import Estimates

S = 1_000_000_000
T0 = 1_800_000_000 * S
KINDS = (
    lambda: ForecastPacer(2.0, cancels=True),
    lambda: ForecastPacer(5.0),
    ErlangPacer,
    PrecisePacer,
    ProgressivePacer,
    lambda: RatioPacer(3.0),
    AgentlessPacer,
)


def floor(campaigns: int) -> tuple[list[Pacer], PacingSnapshot]:
    rules = [Abandonment(cap=(0.01, 0.03, 0.05, 0.0)[row % 4]) for row in range(campaigns)]
    pacers: list[Pacer] = [KINDS[row % len(KINDS)]() for row in range(campaigns)]
    return pacers, PacingSnapshot(campaigns, Estimates(campaigns), Budget(rules))


def live(snapshot: PacingSnapshot, chance: random.Random, now_ns: int) -> None:
    """Half a second of every campaign: something is answered, somebody lost, the floor looks otherwise."""
    for row in range(len(snapshot)):
        for name, most in (("ready", 50), ("working", 60), ("unanswered", 40), ("waiting", 2), ("lines", 400)):
            snapshot[name][row] = chance.randint(0, most)
        for _ in range(chance.randint(0, 6)):
            snapshot.estimates.record(row, Observed.LAUNCHED, now_ns, now_ns)
        snapshot.estimates.record(row, Observed.PERSON, now_ns - chance.randint(1, 20) * S, now_ns)
        snapshot.budget.record(row, AbandonReason(chance.random() < 0.03), now_ns)


def test_batch_is_what_each_campaign_decides_alone() -> None:
    (together, one), (alone, other) = floor(21), floor(21)
    launched = np.zeros(21, np.int64)
    for tick in range(1, 80):
        now_ns = T0 + tick * S // 2
        for snapshot in (one, other):
            live(snapshot, random.Random(tick), now_ns)
        found = decide_batch(together, one, now_ns)
        decisions = [pacer.decide(other, row, now_ns) for row, pacer in enumerate(alone)]
        assert set(found) == set(LaunchDecision.__struct_fields__)
        for name, column in found.items():
            expected: list[Any] = [getattr(decision, name) for decision in decisions]
            if name in {"limited_by", "fallback"}:
                expected = [code.value for code in expected]
            assert column.tolist() == expected, name
        launched += found["count"]
    assert (launched > 0).all()
    for mine, theirs in zip(together, alone, strict=True):
        assert all(np.array_equal(mine.columns[name], theirs.columns[name]) for name in mine.columns)


def test_arrays_have_a_place_for_every_campaign_and_their_kinds() -> None:
    pacers, snapshot = floor(3)
    found = decide_batch(pacers, snapshot, T0)
    assert {column.shape for column in found.values()} == {(3,)}
    whole = {name for name, column in found.items() if column.dtype == np.int64}
    assert whole == {"count", "cancels", "limited_by", "fallback"}
    assert all(found[name].dtype == np.float64 for name in set(found) - whole)


def test_a_day_that_is_over_is_closed_before_the_decision() -> None:
    snapshot = PacingSnapshot(1, None, Budget([Abandonment()]))
    for _ in range(10):
        snapshot.budget.record(0, AbandonReason.NO_AGENT_IN_TIME, T0)
    assert decide_batch([ForecastPacer()], snapshot, T0 + S)["balance"][0] < -9
    assert decide_batch([ForecastPacer()], snapshot, snapshot.budget.due_ns)["balance"][0] == 0


def test_a_rule_without_memory_may_serve_all_campaigns() -> None:
    _, snapshot = floor(3)
    snapshot["ready"][:] = snapshot["working"][:] = (4, 0, 9)
    assert decide_batch([ProgressivePacer()] * 3, snapshot, T0)["count"].tolist() == [4, 0, 9]


def test_callers_errors_raise_and_change_nothing() -> None:
    pacers, snapshot = floor(3)
    before = {name: column.copy() for name, column in pacers[2].columns.items()}
    with pytest.raises(ValueError, match="2 pacers for 3 campaigns"):
        decide_batch(pacers[:2], snapshot, T0)
    with pytest.raises(ValueError, match="rows 0 and 2 share"):
        decide_batch([pacers[0], pacers[1], pacers[0]], snapshot, T0)
    with pytest.raises(TypeError, match="row 1: None is no pacer"):
        decide_batch([pacers[0], None, pacers[2]], snapshot, T0)  # type: ignore[list-item]
    assert snapshot.budget.due_ns == 0
    assert all(np.array_equal(before[name], column) for name, column in pacers[2].columns.items())
