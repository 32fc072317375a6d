"""Runs side by side: the same reports in the same order, and nothing left behind when they are stopped."""

from __future__ import annotations

import multiprocessing

import pytest

from outpace.domain.errors import ConfigError
from outpace.sim.runs import Job, jobs_of, run_all
from outpace.sim.scenario import ListSettings, Scenario
from outpace.telephony.simulated._population import Population

SHORT = Scenario(name="short", agents=5, hours=0.2)
LONG = Scenario(name="long", agents=200, hours=24.0 * 20)


class StopError(Exception):
    pass


class Gone(ListSettings, frozen=True):
    """A list that is well until somebody wants it."""

    def population(self, seed: int) -> Population:
        raise ConfigError("segments", f"of seed {seed} are gone")


def test_reports_do_not_depend_on_the_number_of_workers() -> None:
    jobs = [*jobs_of(SHORT, 3), Job(Scenario(name="other", agents=2, hours=0.1), 9)]
    shares: list[float] = []
    alone = run_all(jobs, workers=1, progress=shares.append)
    told: list[float] = []
    assert run_all(jobs, workers=2, progress=told.append) == alone
    assert [(one.scenario, one.seed) for one in alone] == [("short", 1), ("short", 2), ("short", 3), ("other", 9)]
    assert len({one.digest for one in alone}) == 4
    for seen in (shares, told):
        assert seen == sorted(seen)
        assert seen[-1] == pytest.approx(1.0)


def test_an_exception_ends_the_runs_and_their_processes() -> None:
    # the short run ends first; the other would take minutes
    def stop(_: float) -> None:
        raise StopError

    with pytest.raises(StopError):
        run_all([Job(SHORT, 1), Job(LONG, 1)], workers=2, progress=stop)
    assert multiprocessing.active_children() == []


def test_seeds_follow_the_scenarios_own() -> None:
    assert [job.seed for job in jobs_of(Scenario(name="x", seed=7), 3)] == [7, 8, 9]
    with pytest.raises(ValueError, match="at least 1"):
        jobs_of(SHORT, 0)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_cannot_be_made_says_why(workers: int) -> None:
    with pytest.raises(ConfigError, match="segments: of seed 3 are gone"):
        run_all([Job(SHORT, 1), Job(Scenario(name="gone", list=Gone()), 3)], workers=workers)
