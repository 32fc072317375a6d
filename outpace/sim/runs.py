"""Many runs at once: scenarios and seeds over the cores, with results that do not depend on how many there are."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING, TypeVar

import msgspec

from outpace.sim.report import SimulationReport
from outpace.sim.scenario import Scenario
from outpace.sim.world import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from multiprocessing.synchronize import Event

_T = TypeVar("_T")
_R = TypeVar("_R")


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
    return spread(_simulate, jobs, [job.weight for job in jobs], workers=workers, progress=progress)


def _simulate(job: Job, progress: Callable[[float], None]) -> SimulationReport:
    return simulate(job.scenario, job.seed, progress=progress)


def spread(
    work: Callable[[_T, Callable[[float], None]], _R],
    items: Sequence[_T],
    weights: Sequence[float],
    *,
    workers: int = 0,
    progress: Callable[[float], None] | None = None,
) -> list[_R]:
    """Do the same work on many items side by side, as `run_all` says of runs.

    Parameters
    ----------
    work : a function of a module, called with an item and a function to be called every moment with the share done.
    items : what can be pickled; the results come in the same order. weights : about how long each takes.
    """
    workers = min(workers or len(os.sched_getaffinity(0)), len(items))
    if workers <= 1:
        return _one_by_one(work, items, weights, progress)
    found: dict[int, _R] = {}
    total, done = sum(weights), 0.0
    for place, result in _side_by_side(work, items, weights, workers):
        found[place] = result
        done += weights[place]
        if progress is not None:
            progress(done / total)
    return [found[place] for place in range(len(items))]


def _one_by_one(
    work: Callable[[_T, Callable[[float], None]], _R],
    items: Sequence[_T],
    weights: Sequence[float],
    progress: Callable[[float], None] | None,
) -> list[_R]:
    total, done = sum(weights), 0.0
    results = []
    for item, weight in zip(items, weights, strict=True):

        def tell(share: float, before: float = done, weight: float = weight) -> None:
            if progress is not None:
                progress((before + share * weight) / total)

        results.append(work(item, tell))
        done += weight
    return results


def _side_by_side(
    work: Callable[[_T, Callable[[float], None]], _R], items: Sequence[_T], weights: Sequence[float], workers: int
) -> Iterator[tuple[int, _R]]:
    # Spawned, not forked: a fork of a process with threads (numpy has some) may inherit a lock that nobody opens.
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare, initargs=(stop,))
    try:
        # the longest first, so that the cores end together
        order = sorted(range(len(items)), key=lambda place: -weights[place])
        places: dict[Future[_R], int] = {executor.submit(_run, work, items[place]): place for place in order}
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


def _run(work: Callable[[_T, Callable[[float], None]], _R], item: _T) -> _R:
    def look(_: float) -> None:
        if _stop[0].is_set():
            raise RunsStoppedError

    return work(item, look)
