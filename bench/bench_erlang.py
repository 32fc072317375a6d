"""Erlang formulas: ours beside scipy's incomplete gamma functions, pyworkforce and call-center-tools.

The bars are 30 times call-center-tools for a single Erlang B, and 10 times scipy for a batch. Where they hold: a single
value from about 80 servers on (call-center-tools counts them one by one, ours costs the same at any number, and at 10
servers most of it is the call from Python), and a table as it is made for staffing, loads by numbers of servers, where
one server more follows from those before. Batches without such an order do not reach it and are shown beside it:
scattered pairs, and one group of servers under many loads.

Costs are process CPU time; the ratios take the median of interleaved rounds. Asserted is half of what was measured or
less, but for the table. Peers that are not there are installed by bench/peers.sh.

Run: python -m pytest bench/bench_erlang.py -s
"""

from __future__ import annotations

import importlib
import statistics
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from scipy import special

from outpace.pacing import erlang

pytestmark = pytest.mark.bench

PEERS = Path(__file__).parents[1] / ".bench"
ROUNDS = 7

SERVERS = np.arange(1, 401)
LOADS = np.linspace(100.0, 400.0, 80)[:, None]
SCATTER = np.random.default_rng(7)
SOME_SERVERS = SCATTER.integers(1, 2000, LOADS.size * SERVERS.size)
SOME_LOADS = SOME_SERVERS * SCATTER.uniform(0.5, 1.3, SOME_SERVERS.size)
MANY_LOADS = np.linspace(50.0, 150.0, SOME_SERVERS.size)


def peer(folder: str, module: str) -> Any:
    """A module of a released library."""
    assert (PEERS / folder / ".complete").exists(), f"{folder} is not there: run bench/peers.sh"
    if str(PEERS / folder) not in sys.path:
        sys.path.append(str(PEERS / folder))
    return importlib.import_module(module)


def pyworkforce() -> Any:
    """Its queueing part alone: the package's front imports a solver for rosters."""
    package = types.ModuleType("pyworkforce")
    package.__path__ = [str(PEERS / "pyworkforce" / "pyworkforce")]
    sys.modules["pyworkforce"] = package
    return peer("pyworkforce", "pyworkforce.queuing.erlang")


def scipy_erlang_b(load: np.ndarray, servers: np.ndarray) -> np.ndarray:
    """The Poisson probability of `servers` over that of at most `servers`."""
    density = np.exp(servers * np.log(load) - load - special.gammaln(servers + 1.0))
    blocking: np.ndarray = density / special.gammaincc(servers + 1.0, load)
    return blocking


def cpu_ns(work: Callable[[], object], points: int, times: int = 1) -> float:
    start = time.process_time_ns()
    for _ in range(times):
        work()
    return (time.process_time_ns() - start) / (points * times)


def compare(title: str, works: dict[str, tuple[Callable[[], object], int]], points: int) -> dict[str, float]:
    """Median cost of a point by name; each work with how often it runs a round."""
    rounds = [{name: cpu_ns(work, points, times) for name, (work, times) in works.items()} for _ in range(ROUNDS)]
    costs = {name: statistics.median(one[name] for one in rounds) for name in works}
    first = next(iter(costs.values()))
    print(f"\n  {title}")
    for name, cost in costs.items():
        print(f"    {name:<20} {cost:>12,.1f} ns a value {cost / first:>10,.1f} x")
    return costs


# measured: 8, 36, 370 and 3,800 times
@pytest.mark.parametrize(("servers", "bound"), [(10, 3.0), (100, 18.0), (1000, 30.0), (10_000, 30.0)])
def test_single_erlang_b_beside_call_center_tools(servers: int, bound: float) -> None:
    theirs = peer("call-center-tools", "call_center_tools.erlang").erlang_b
    load = 0.9 * servers
    assert erlang.erlang_b(load, servers) == pytest.approx(theirs(load, servers), rel=1e-10)
    costs = compare(
        f"Erlang B, one value, {servers} servers",
        {
            "outpace": (lambda: erlang.erlang_b(load, servers), 20_000),
            "call-center-tools": (lambda: theirs(load, servers), max(20, 200_000 // servers)),
        },
        1,
    )
    assert costs["call-center-tools"] / costs["outpace"] >= bound


# measured: 20, 2.9 and 2.2 times
@pytest.mark.parametrize(
    ("title", "load", "servers", "bound"),
    [
        ("table of loads by servers", LOADS, SERVERS, 10.0),
        ("scattered pairs", SOME_LOADS, SOME_SERVERS, 1.2),
        ("100 servers under many loads", MANY_LOADS, np.array(100), 1.2),
    ],
)
def test_batch_of_erlang_b_beside_scipy(title: str, load: np.ndarray, servers: np.ndarray, bound: float) -> None:
    np.testing.assert_allclose(erlang.erlang_b(load, servers), scipy_erlang_b(load, servers), rtol=1e-8, atol=1e-250)
    costs = compare(
        f"Erlang B, {title}",
        {
            "outpace": (lambda: erlang.erlang_b(load, servers), 1),
            "scipy": (lambda: scipy_erlang_b(load, servers), 1),
        },
        np.broadcast(load, servers).size,
    )
    assert costs["scipy"] / costs["outpace"] >= bound


def test_staffing_beside_pyworkforce() -> None:
    # 100 erlangs; 80 % within 20 s of a handle time of 180 s, which pyworkforce wants in minutes
    theirs = pyworkforce().ErlangC(transactions=2000, aht=3.0, asa=20 / 60, interval=60)
    assert erlang.erlang_c(100.0, 107) == pytest.approx(theirs.waiting_probability(107), rel=1e-10)
    agents = erlang.agents_for_level(100.0, 180.0, 20.0, 0.8)
    assert agents == theirs.required_positions(0.8)["raw_positions"]
    one = compare(
        "Erlang C, one value, 107 agents",
        {
            "outpace": (lambda: erlang.erlang_c(100.0, 107), 20_000),
            "pyworkforce": (lambda: theirs.waiting_probability(107), 2_000),
        },
        1,
    )
    fewest = compare(
        "agents for 80 % within 20 s at 100 erlangs",
        {
            "outpace": (lambda: erlang.agents_for_level(100.0, 180.0, 20.0, 0.8), 10_000),
            "pyworkforce": (lambda: theirs.required_positions(0.8), 200),
        },
        1,
    )
    assert one["pyworkforce"] / one["outpace"] >= 5
    assert fewest["pyworkforce"] / fewest["outpace"] >= 5


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("erlang_a_abandoned", (95.0, 100, 75.0, 2.0)),
        ("erlang_a_level", (95.0, 100, 180.0, 60.0, 20.0)),
        ("load_for_abandoned", (100, 75.0, 2.0, 0.03)),
        ("load_for_blocking", (100, 0.01)),
        ("agents_for_abandoned", (95.0, 75.0, 2.0, 0.03)),
    ],
)
def test_one_value(benchmark: BenchmarkFixture, name: str, arguments: tuple[float, ...]) -> None:
    function = getattr(erlang, name)
    assert benchmark(function, *arguments) > 0
