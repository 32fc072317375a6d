"""The queue by simulation against Erlang's formulas, and against what no formula says."""

from __future__ import annotations

import pytest

from outpace.domain.errors import ConfigError
from outpace.pacing import erlang
from outpace.sim.queue import simulate_queue
from outpace.telephony.simulated.distributions import DistributionSettings


def exponential(mean: float) -> DistributionSettings:
    return DistributionSettings(kind="exponential", mean=mean)


@pytest.mark.parametrize(("agents", "load"), [(1, 0.6), (5, 4.0), (55, 48.0), (200, 190.0)])
def test_people_who_wait_for_ever_are_erlang_c(agents: int, load: float) -> None:
    handle_s = 60.0
    report = simulate_queue(agents, exponential(handle_s / load), exponential(handle_s), customers=2_000_000)
    assert report.abandoned == 0.0
    assert report.delayed == pytest.approx(float(erlang.erlang_c(load, agents)), abs=0.02)
    assert report.mean_wait_s == pytest.approx(float(erlang.erlang_c_wait(load, agents, handle_s)), rel=0.08)
    assert report.level == pytest.approx(float(erlang.erlang_c_level(load, agents, handle_s, 20.0)), abs=0.02)
    assert report.occupancy == pytest.approx(load / agents, abs=0.005)


@pytest.mark.parametrize(("agents", "load"), [(5, 4.0), (50, 48.0), (50, 60.0)])
def test_people_who_lose_patience_are_erlang_a(agents: int, load: float) -> None:
    handle_s, patience_s = 60.0, 120.0
    # near saturation waits are long and much alike: a million customers tell their mean to some 3 %
    report = simulate_queue(
        agents, exponential(handle_s / load), exponential(handle_s), exponential(patience_s), customers=4_000_000
    )
    abandoned = float(erlang.erlang_a_abandoned(load, agents, handle_s, patience_s))
    assert report.abandoned == pytest.approx(abandoned, abs=0.003)
    assert report.mean_wait_s == pytest.approx(abandoned * patience_s, rel=0.04)
    assert report.occupancy == pytest.approx(load * (1.0 - abandoned) / agents, abs=0.005)


def test_constant_times_are_known_by_head() -> None:
    # one agent, a customer every 10 s, each for 15 s: the k-th waits 5 k seconds; who has 12 s of patience never does
    waiting = simulate_queue(1, 10.0, 15.0, customers=100, within_s=0.0)
    assert (waiting.level, waiting.delayed, waiting.occupancy) == (0.0, 1.0, pytest.approx(1.5))
    assert waiting.mean_wait_s == pytest.approx(5.0 * (10 + 109) / 2)
    patient = simulate_queue(1, 10.0, 15.0, 4.0, customers=100)
    assert (patient.abandoned, patient.mean_wait_s) == (0.5, pytest.approx(2.0))


def test_long_calls_make_longer_waits_than_the_formula() -> None:
    even = simulate_queue(20, exponential(60.0 / 18.0), exponential(60.0))
    uneven = simulate_queue(20, exponential(60.0 / 18.0), DistributionSettings(kind="lognormal", mean=60.0, cv=2.0))
    assert uneven.mean_wait_s > 1.5 * even.mean_wait_s


def test_equal_seeds_give_equal_reports() -> None:
    one, same, other = (
        simulate_queue(9, exponential(7.0), exponential(60.0), exponential(30.0), customers=5000, seed=seed)
        for seed in (3, 3, 4)
    )
    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("wrong", "key"), [({"agents": 0}, "agents"), ({"customers": 0}, "customers"), ({"within_s": -1.0}, "within_s")]
)
def test_what_is_out_of_range_is_refused(wrong: dict[str, float], key: str) -> None:
    given = {"agents": 3, "between": 10.0, "handle": 20.0} | wrong
    with pytest.raises(ConfigError, match=key):
        simulate_queue(**given)  # type: ignore[arg-type]
