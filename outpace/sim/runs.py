"""Many runs at once: scenarios and seeds over the cores, with results that do not depend on how many there are."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING

import msgspec

from outpace.sim.report import SimulationReport
from outpace.sim.scenario import Scenario
from outpace.sim.world import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from multiprocessing.synchronize import Event


class Job(msgspec.Struct, frozen=True):
    """One run to be made."""

    scenario: Scenario
    seed: int

    @property
    def weight(self) -> float:
        """About how long it takes, relative to others."""
        return self.scenario.agents * self.scenario.hours


class RunsStoppedError(Exception):
    """Runs were broken off before their day was over."""


def jobs_of(scenario: Scenario, seeds: int) -> list[Job]:
    """`seeds` runs of a scenario, from its own seed on. ValueError: fewer than one."""
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1, not {seeds}")
    return [Job(scenario, scenario.seed + place) for place in range(seeds)]


def run_all(
    jobs: Sequence[Job], *, workers: int = 0, progress: Callable[[float], None] | None = None
) -> list[SimulationReport]:
    """Run jobs side by side.

    Parameters
    ----------
    jobs : what is run; the reports come in the same order.
    workers : processes, 0 = as many as the process may use cores; 1 = in this process. The reports are the same.
        Processes are spawned: a script of its own that asks for more than one guards its entry with
        `if __name__ == "__main__"`.
    progress : called with the share of the work that is done, in [0, 1].

    An exception, Ctrl-C included, stops the runs within a moment and leaves no process behind.
    """
    workers = min(workers or len(os.sched_getaffinity(0)), len(jobs))
    if workers <= 1:
        return _one_by_one(jobs, progress)
    found: dict[int, SimulationReport] = {}
    total, done = sum(job.weight for job in jobs), 0.0
    for place, report in _side_by_side(jobs, workers):
        found[place] = report
        done += jobs[place].weight
        if progress is not None:
            progress(done / total)
    return [found[place] for place in range(len(jobs))]


def _one_by_one(jobs: Sequence[Job], progress: Callable[[float], None] | None) -> list[SimulationReport]:
    total, done = sum(job.weight for job in jobs), 0.0
    reports = []
    for job in jobs:

        def tell(share: float, before: float = done, weight: float = job.weight) -> None:
            if progress is not None:
                progress((before + share * weight) / total)

        reports.append(simulate(job.scenario, job.seed, progress=tell))
        done += job.weight
    return reports


def _side_by_side(jobs: Sequence[Job], workers: int) -> Iterator[tuple[int, SimulationReport]]:
    # Spawned, not forked: a fork of a process with threads (numpy has some) may inherit a lock that nobody opens.
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(stop,))
    try:
        # the longest first, so that the cores end together
        order = sorted(range(len(jobs)), key=lambda place: -jobs[place].weight)
        places: dict[Future[SimulationReport], int] = {executor.submit(_run, jobs[place]): place for place in order}
        for future in as_completed(places):
            yield places[future], future.result()
    finally:
        stop.set()
        executor.shutdown(cancel_futures=True)


_stop: list[Event] = []


def _prepare(stop: Event) -> None:
    # Ctrl-C reaches every process of a terminal: here the parent's word counts
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stop[:] = [stop]


def _run(job: Job) -> SimulationReport:
    def look(_: float) -> None:
        if _stop[0].is_set():
            raise RunsStoppedError

    return simulate(job.scenario, job.seed, progress=look)
