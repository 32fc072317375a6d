"""The lab against what is known from outside: exact Markov chains, renewal theory, the published base scenario."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.outcomes import Outcome
from outpace.sim.report import SimulationReport
from outpace.sim.scenario import Change, Scenario
from outpace.sim.world import simulate
from outpace.telephony.simulated.distributions import DistributionSettings
from outpace.telephony.simulated.people import PeopleSettings
from tests.simulation.chain import Exponential
from tests.simulation.watching import Recorder

# "Calls per free agent" on exponential systems: occupancy and abandonment in %, from an independent solution.
PUBLISHED = [
    (Exponential(agents=10, ratio=1), 60.00, 0.0),
    (Exponential(agents=10, ratio=4), 87.47, 9.88),
    (Exponential(agents=5, ratio=3, live=0.5), 91.23, 28.17),
    (Exponential(agents=20, ratio=4), 87.34, 2.73),
]
SYSTEMS = pytest.mark.parametrize(("system", "occupancy", "abandonment"), PUBLISHED)
BASE = {"live": 0.25, "machine": 0.25, "no_answer": 0.35, "busy": 0.08, "invalid": 0.07}


def lognormal(mean: float, cv: float) -> DistributionSettings:
    return DistributionSettings(kind="lognormal", mean=mean, cv=cv)


def clipped_mean(mean: float, cv: float, low: float, high: float) -> float:
    sigma = np.sqrt(np.log1p(cv * cv))
    shape = stats.lognorm(sigma, scale=mean * np.exp(-sigma * sigma / 2.0))
    return float(shape.expect(lambda x: x, lb=low, ub=high) + low * shape.cdf(low) + high * shape.sf(high))


@SYSTEMS
def test_the_chain_solves_to_the_published_figures(system: Exponential, occupancy: float, abandonment: float) -> None:
    found = system.solve()
    assert [round(100.0 * one, 2) for one in found] == pytest.approx([occupancy, abandonment], abs=0.011)


@SYSTEMS
def test_the_engine_is_the_chain(tmp_path: Path, system: Exponential, occupancy: float, abandonment: float) -> None:
    profile = tmp_path / "exponential.toml"
    ring = f'{{ kind = "exponential", mean = {system.ring_s} }}'
    profile.write_text(
        f"""name = "exponential"
[mix]
live = {system.live}
no_answer = {1.0 - system.live}
[times]
answer = {ring}
no_answer = {ring}
talk = {{ kind = "exponential", mean = {system.service_s} }}
patience = {{ kind = "exponential", mean = {system.patience_s} }}
"""
    )
    scenario = Scenario(
        name="exponential",
        agents=system.agents,
        hours=300.0 / system.agents,
        profile=str(profile),
        store_s=0.0,
        people=PeopleSettings(wrap_up=0.0, log_in_over_s=0.0),
        campaign={"mode": "ratio", "ratio": system.ratio, "ring_timeout_s": 180.0, "connect_limit_s": 60.0},
    )
    reports = [simulate(scenario, seed) for seed in (2, 3, 4)]
    # three standard errors of 900 agent-hours, from twelve runs of 300
    assert np.mean([100.0 * one.occupancy for one in reports]) == pytest.approx(occupancy, abs=0.32)
    assert np.mean([100.0 * one.abandonment for one in reports]) == pytest.approx(abandonment, abs=0.35)


@pytest.mark.parametrize(("agents", "talk_s", "seeds"), [(5, 60.0, 12), (10, 60.0, 6), (100, 60.0, 1), (10, 180.0, 6)])
def test_progressive_occupancy_is_that_of_renewal_theory(agents: int, talk_s: float, seeds: int) -> None:
    # An idle agent's calls follow each other until one is live: talk and wrap-up against 11 s and three other calls.
    machine, live = clipped_mean(18.0, 0.25, 4.0, 25.0), clipped_mean(11.0, 0.45, 1.5, 25.0)
    other = BASE["machine"] * machine + BASE["no_answer"] * 25.0 + BASE["busy"] * 3.0 + BASE["invalid"] * 2.0
    idle_s = live + other / BASE["live"]
    expected = (talk_s + 15.0) / (talk_s + 15.0 + idle_s)
    scenario = Scenario(name="base", agents=agents, talk=lognormal(talk_s, 1.2), campaign={"amd": True})
    found = [simulate(scenario, seed).occupancy for seed in range(1, seeds + 1)]
    # three standard errors: a day of five agents spreads by 1.1 points, more agents by the root of their number less
    assert 100.0 * np.mean(found) == pytest.approx(100.0 * expected, abs=3.0 * 1.1 * (5.0 / (agents * seeds)) ** 0.5)
    published = {(5, 60.0): 55.0, (10, 60.0): 54.4, (100, 60.0): 53.5, (10, 180.0): 76.0}[agents, talk_s]
    # the published figure is one day
    assert 100.0 * expected == pytest.approx(published, abs=2.0 * 1.1 * (5.0 / agents) ** 0.5)


def test_the_base_mix_and_times_are_reproduced() -> None:
    watch = Recorder()
    report = simulate(Scenario(name="base", agents=100, hours=2.0, campaign={"amd": True}), 4, watch=watch)
    found = [report.outcomes[name] for name in ("connected", "machine", "no_answer", "busy", "invalid")]
    assert sum(found) == report.attempts > 15_000
    expected = [share * report.attempts for share in BASE.values()]
    assert stats.chisquare(found, expected).pvalue > 0.001
    lives = [one for _, one in watch.of(c.RecordAttempt) if isinstance(one, c.RecordAttempt)]
    times = {
        outcome: np.array([one.answered_ns - one.launched_ns for one in lives if one.outcome is outcome]) / 1e9
        for outcome in (Outcome.CONNECTED, Outcome.MACHINE)
    }
    assert times[Outcome.CONNECTED].mean() == pytest.approx(clipped_mean(11.0, 0.45, 1.5, 25.0), rel=0.02)
    assert times[Outcome.MACHINE].mean() == pytest.approx(clipped_mean(18.0, 0.25, 4.0, 25.0), rel=0.01)
    ended = {
        outcome: np.array([one.ended_ns - one.launched_ns for one in lives if one.outcome is outcome]) / 1e9
        for outcome in (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.INVALID)
    }
    assert set(ended[Outcome.NO_ANSWER]) == {25.0}
    assert (ended[Outcome.BUSY].min() >= 2.0, ended[Outcome.BUSY].max() <= 4.0) == (True, True)
    assert (ended[Outcome.INVALID].min() >= 1.0, ended[Outcome.INVALID].max() <= 3.0) == (True, True)
    talk = np.array([one.talk_end_ns - one.connected_ns for one in lives if one.outcome is Outcome.CONNECTED]) / 1e9
    assert talk.mean() == pytest.approx(60.0, rel=0.05)
    assert talk.std() / talk.mean() == pytest.approx(1.2, rel=0.15)
    assert wrap_up_mean(watch) == pytest.approx(15.0, rel=0.03)
    log_ins = [at_s for at_s, _ in watch.of(e.AgentLoggedIn)]
    assert len(log_ins) == 100
    assert (min(log_ins) >= 0.0, 55.0 < max(log_ins) <= 60.0) == (True, True)


def wrap_up_mean(watch: Recorder) -> float:
    began: dict[int, float] = {}
    spent = []
    for at_s, one in watch.of(c.AgentStateChanged):
        assert isinstance(one, c.AgentStateChanged)
        if one.agent_id in began:
            spent.append(at_s - began.pop(one.agent_id))
        if one.state.name == "WRAP_UP":
            began[one.agent_id] = at_s
    return float(np.mean(spent))


# Six calls per free agent: occupancy, abandonment, worst hour in %. The study decides every half second, the engine at
# once; hence the tolerance.
PER_FREE_AGENT = {
    "answer rate x 3": (
        Scenario(name="step", agents=100, live=0.12, changes=(Change(at_s=14_400.0, live=0.36),)), 84.4, 2.9, 6.7
    ),
    "thirty of a hundred leave": (
        Scenario(
            name="leave",
            agents=100,
            changes=(Change(at_s=14_400.0, pause_agents=30), Change(at_s=18_000.0, resume_agents=30)),
        ),
        88.8, 0.5, 1.7,
    ),
    "talk x 3": (
        Scenario(name="talk", agents=100, changes=(Change(at_s=14_400.0, talk=lognormal(180.0, 1.2)),)), 92.2, 1.4, 5.5
    ),
    "lists switched": (
        Scenario(
            name="switches",
            agents=50,
            live=0.2,
            changes=tuple(
                Change(at_s=2400.0 * place, live=live)
                for place, live in enumerate((0.45, 0.1, 0.3, 0.08, 0.4, 0.15, 0.5, 0.12, 0.36, 0.1, 0.3), 1)
            ),
        ),
        84.4, 8.6, 20.1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PER_FREE_AGENT)
def test_six_calls_per_free_agent_is_as_published(name: str) -> None:
    plain, occupancy, abandonment, worst_hour = PER_FREE_AGENT[name]
    settings = {field: getattr(plain, field) for field in plain.__struct_fields__}
    settings["campaign"] = {"mode": "ratio", "ratio": 6.0, "amd": True}
    reports: list[SimulationReport] = [simulate(Scenario(**settings), seed) for seed in (1, 2)]
    assert np.mean([100.0 * one.occupancy for one in reports]) == pytest.approx(occupancy, abs=0.7)
    assert np.mean([100.0 * one.abandonment for one in reports]) == pytest.approx(abandonment, abs=0.6)
    assert max(100.0 * one.worst_60_min for one in reports) == pytest.approx(worst_hour, abs=2.0)


def test_the_study_of_outcomes_is_that_of_the_network() -> None:
    # without faults and with a perfect detector the engine's outcomes are the network's natures
    watch = Recorder()
    report = simulate(
        Scenario(name="both", agents=30, hours=1.0, campaign={"amd": True, "mode": "ratio", "ratio": 5.0}),
        7,
        watch=watch,
    )
    verdicts = Counter(one.verdict.name for _, one in watch.of(e.CpaVerdict) if isinstance(one, e.CpaVerdict))
    assert verdicts["PERSON"] == report.answered
    assert verdicts["MACHINE"] == report.outcomes["machine"]
    assert len(watch.of(c.Originate)) == report.attempts
    assert len(watch.of(e.AgentConnected)) == report.connected
    assert report.open == 0
