"""What if: settings varied over a scenario, and the number of agents that a goal takes, with what chance leaves open.

Every setting meets the same seeds, and the k-th dial of a seed has the same fate under all of them: differences are
taken seed by seed, so that what is common to two settings does not blur what sets them apart.
"""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from outpace.domain.errors import ConfigError
from outpace.sim.estimate import Estimate, estimate
from outpace.sim.report import SimulationReport
from outpace.sim.runs import Job, jobs_of, run_all
from outpace.sim.scenario import Scenario, full_key, with_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

#: A search for a goal ends here.
MOST_AGENTS = 20_000
_STEPS = 8


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """Reports of every combination of values, for every seed.

    keys : what was varied. points : the values of each combination, in the order in which the last key varies first.
    seeds : what each was run with. reports : a row per point, a report per seed.
    """

    scenario: Scenario
    keys: tuple[str, ...]
    points: tuple[tuple[Any, ...], ...]
    seeds: tuple[int, ...]
    reports: tuple[tuple[SimulationReport, ...], ...]

    def figures(self, name: str) -> NDArray[np.float64]:
        """A field of the reports as an array of (points, seeds). AttributeError: no such field."""
        return np.array([[getattr(report, name) for report in row] for row in self.reports], np.float64)

    def estimates(self, name: str) -> list[Estimate]:
        """Mean and 95 % interval of a field, a point each."""
        return [estimate(row) for row in self.figures(name)]

    def differences(self, name: str, against: int = 0) -> list[Estimate]:
        """Mean and 95 % interval of a field's difference to that of the point `against`, taken seed by seed."""
        figures = self.figures(name)
        return [estimate(row) for row in figures - figures[against]]


class Staffing(msgspec.Struct, frozen=True, kw_only=True):
    """How many agents a goal takes.

    agents : the smallest number whose mean over the seeds reaches `goal` (connects per hour).
    at_least, at_most : fewer than `at_least` do not reach it and `at_most` do, with 95 % confidence each. None: not
        even twice `agents` and a few do so without a doubt.
    tried : connects per hour by number of agents. reports : those of `agents`, a seed each.
    """

    scenario: Scenario
    goal: float
    agents: int
    at_least: int
    at_most: int | None
    tried: dict[int, Estimate]
    reports: tuple[SimulationReport, ...]

    def estimate_of(self, name: str) -> Estimate:
        """Mean and 95 % interval of a field of the reports at `agents`."""
        return estimate([getattr(report, name) for report in self.reports])


def sweep(
    scenario: Scenario,
    values: Mapping[str, Sequence[Any]],
    *,
    seeds: int = 4,
    workers: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Sweep:
    """Run every combination of values with the same seeds.

    Parameters
    ----------
    values : key -> values; keys as `with_settings` takes them, but not `seed`. Empty: the scenario as it is.
    seeds : int, >= 1, from the scenario's own on. workers, progress : as in `run_all`.

    Raises
    ------
    ConfigError : no such key, or a value that is refused; nothing is run then.
    """
    for key, given in values.items():
        if full_key(key) == "seed":
            raise ConfigError(key, "is not varied: all points are compared on the same seeds")
        if not given:
            raise ConfigError(key, "wants at least one value")
    points = tuple(itertools.product(*values.values()))
    jobs: list[Job] = []
    for point in points:
        jobs.extend(jobs_of(with_settings(scenario, dict(zip(values, point, strict=True))), seeds))
    reports = run_all(jobs, workers=workers, progress=progress)
    return Sweep(
        scenario=scenario,
        keys=tuple(values),
        points=points,
        seeds=tuple(job.seed for job in jobs[:seeds]),
        reports=_rows(reports, seeds),
    )


def _rows(reports: Sequence[SimulationReport], length: int) -> tuple[tuple[SimulationReport, ...], ...]:
    return tuple(tuple(reports[first : first + length]) for first in range(0, len(reports), length))


def agents_needed(
    scenario: Scenario,
    connects_per_hour: float,
    *,
    seeds: int = 4,
    workers: int = 0,
    told: Callable[[int, Estimate], None] | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Staffing:
    """The smallest number of agents that connects so many people an hour, on average over the day.

    Parameters
    ----------
    scenario : with the cap and all else that the goal is to be reached under; its own number of agents is where the
        search begins.
    connects_per_hour : > 0. seeds : int, >= 2, the same for every number of agents. workers : as in `run_all`.
    told : called with each number of agents that was tried, and what it reached.
    progress : called with the number of agents that is tried, and the share of its runs that is done, in [0, 1].

    Raises
    ------
    ConfigError : more agents do not help, so that something else binds (lines, leads, the cap).
    """
    if not (math.isfinite(connects_per_hour) and connects_per_hour > 0.0):
        raise ConfigError("connects_per_hour", f"must be more than 0, not {connects_per_hour:g}")
    if seeds < 2:
        raise ConfigError("seeds", "wants at least 2: one seed does not tell how far chance goes")
    search = _Search(scenario, connects_per_hour, seeds=seeds, workers=workers, told=told, progress=progress)
    enough = search.smallest()
    too_few, beyond = search.too_few(enough), search.beyond_doubt(enough)
    return Staffing(
        scenario=scenario,
        goal=connects_per_hour,
        agents=enough,
        at_least=too_few + 1,
        at_most=beyond,
        tried={agents: search.found[agents] for agents in sorted(search.reports)},
        reports=search.reports[enough],
    )


class _Search:
    def __init__(
        self,
        scenario: Scenario,
        goal: float,
        *,
        seeds: int,
        workers: int,
        told: Callable[[int, Estimate], None] | None,
        progress: Callable[[int, float], None] | None,
    ) -> None:
        self.scenario = scenario
        self.goal = goal
        self.found: dict[int, Estimate] = {0: Estimate(0.0, 0.0, seeds)}
        self.reports: dict[int, tuple[SimulationReport, ...]] = {}
        self._seeds = seeds
        self._workers = workers
        self._told = told
        self._progress = progress

    def at(self, agents: int) -> Estimate:
        """What so many agents reach."""
        if agents not in self.found:
            jobs = jobs_of(with_settings(self.scenario, {"agents": agents}), self._seeds)
            progress = None if self._progress is None else partial(self._progress, agents)
            self.reports[agents] = tuple(run_all(jobs, workers=self._workers, progress=progress))
            self.found[agents] = estimate([report.connects_per_hour for report in self.reports[agents]])
            if self._told is not None:
                self._told(agents, self.found[agents])
        return self.found[agents]

    def smallest(self) -> int:
        """By scaling until the goal is passed, then by a line between the two nearest, or their middle."""
        low, high = 0, self.scenario.agents
        while self.at(high).mean < self.goal:
            low, high = high, self._more(high, low)
        halve = False
        while high - low > 1:
            below, above = self.at(low).mean, self.at(high).mean
            share = 0.5 if halve else (self.goal - below) / max(above - below, 1e-9)
            middle = min(high - 1, max(low + 1, low + math.ceil(share * (high - low))))
            halve = low > 0 and not halve
            low, high = (low, middle) if self.at(middle).mean >= self.goal else (middle, high)
        return high

    def _more(self, agents: int, fewer: int) -> int:
        reached = self.at(agents).mean
        if fewer and reached <= 1.01 * self.at(fewer).mean and agents >= 1.2 * fewer:
            raise ConfigError(
                "connects_per_hour",
                f"{self.goal:g} is out of reach: {fewer} agents reach {self.at(fewer).mean:.0f}, {agents} {reached:.0f}"
                "; something else than agents binds",
            )
        if agents >= MOST_AGENTS:
            raise ConfigError("connects_per_hour", f"{self.goal:g} takes more than {MOST_AGENTS} agents")
        wanted = math.ceil(agents * self.goal / reached) if reached > 0.0 else 4 * agents
        return min(MOST_AGENTS, 4 * agents, max(math.ceil(1.25 * agents), wanted))

    def too_few(self, enough: int) -> int:
        """The first number below `enough` that does not reach the goal, without a doubt; 0 in the end."""
        for agents in self._away(enough - 1, -1):
            if self.at(agents).high < self.goal:
                return agents
        return 0

    def beyond_doubt(self, enough: int) -> int | None:
        """The first number from `enough` upwards that reaches the goal without a doubt. None: there is none near."""
        for agents in self._away(enough, 1):
            if agents > min(MOST_AGENTS, 2 * enough + _STEPS):
                return None
            if self.at(agents).low >= self.goal:
                return agents
        return None

    def _away(self, agents: int, way: int) -> Iterator[int]:
        # a hundredth at a time, and when that leads nowhere in ever larger steps; down to 1 at most
        step = max(1, agents // 100)
        for place in itertools.count(1):
            if agents < 1:
                return
            yield agents
            agents += way * step
            if place >= _STEPS:
                step *= 2
