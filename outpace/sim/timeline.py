"""A day as a timeline: what agents and calls did in each interval, what the pacer wanted, and what bound it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from outpace.domain.outcomes import LimitedBy
from outpace.domain.states import AgentState, CallState
from outpace.domain.units import NS_PER_S
from outpace.sim.scenario import DAY_BEGINS_NS
from outpace.sim.world import agent_seconds, simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from outpace.engine.engine import Engine
    from outpace.pacing import Pacer
    from outpace.sim._world import World
    from outpace.sim.report import SimulationReport
    from outpace.sim.scenario import Scenario

_CAMPAIGN = 1
_ON_THE_WAY = (CallState.LAUNCHING, CallState.PROCEEDING, CallState.RINGING)
#: Forecast fields of a decision that a moment keeps.
_FORECAST = ("kappa", "risk", "risk_next", "answers", "releases", "live_rate", "balance")


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One interval of the day; `at_s` is its end, from the beginning of the day.

    ready, talking, wrap_up : agents, mean over the interval. ringing : calls without an answer at its end.
    launches : calls launched; answered, abandoned : people, by the ledger; occupancy : of the agents, in [0, 1].
    budget : cap x answered - abandoned since the day began, in people.
    limited_by : what bound most decisions of the interval.
    kappa ... balance : of the decisions that the engine still holds from this interval, their mean; 0 where none of
        them made a forecast. kappa is the risk that the pacer allows, risk that of the last call launched.
    """

    at_s: float
    ready: float
    talking: float
    wrap_up: float
    ringing: int
    launches: int
    answered: int
    abandoned: int
    occupancy: float
    budget: float
    limited_by: LimitedBy
    kappa: float
    risk: float
    risk_next: float
    answers: float
    releases: float
    live_rate: float
    balance: float


def trace(
    scenario: Scenario,
    seed: int | None = None,
    *,
    points: int = 60,
    pacer: Pacer | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[SimulationReport, tuple[Moment, ...]]:
    """Run a scenario and keep `points` intervals of equal length. ValueError: fewer than one."""
    if points < 1:
        raise ValueError(f"points must be at least 1, not {points}")
    recorder = _Recorder(scenario)
    report = simulate(scenario, seed, pacer=pacer, pieces=points, each=recorder.take, progress=progress)
    return report, tuple(recorder.moments)


class _Recorder:
    def __init__(self, scenario: Scenario) -> None:
        self.moments: list[Moment] = []
        self._cap = scenario.pool().campaigns[0].abandonment.cap
        self._at_ns = DAY_BEGINS_NS
        self._spent: dict[AgentState, float] = {}
        self._counts = {"launches": 0, "connected": 0, "abandoned": 0}
        self._limited: NDArray[np.int64] = np.zeros(len(LimitedBy), np.int64)

    def take(self, world: World, engine: Engine) -> None:
        """The interval that ends now."""
        columns = engine.campaigns.columns
        length_s = (world.now_ns - self._at_ns) / NS_PER_S
        spent = agent_seconds(engine, world.now_ns)
        mean = {state: (spent[state] - self._spent.get(state, 0.0)) / length_s for state in spent}
        counts = {
            "launches": int(columns["launches"][0]),
            "connected": int(columns["connected"][0]),
            "abandoned": int(columns["no_agent"][0] + columns["caller_left"][0]),
        }
        passed = {name: counts[name] - self._counts[name] for name in counts}
        limited = columns["limited"][0] - self._limited
        idle = mean[AgentState.READY] + mean[AgentState.CONNECTING]
        busy = mean[AgentState.TALKING] + mean[AgentState.WRAP_UP]
        self.moments.append(
            Moment(
                at_s=(world.now_ns - DAY_BEGINS_NS) / NS_PER_S,
                ready=idle,
                talking=mean[AgentState.TALKING],
                wrap_up=mean[AgentState.WRAP_UP],
                ringing=int(sum(columns["in_state"][0, state] for state in _ON_THE_WAY)),
                launches=passed["launches"],
                answered=passed["connected"] + passed["abandoned"],
                abandoned=passed["abandoned"],
                occupancy=busy / max(busy + idle, 1e-9),
                budget=self._cap * (counts["connected"] + counts["abandoned"]) - counts["abandoned"],
                limited_by=LimitedBy(int(limited.argmax())) if limited.any() else LimitedBy.NONE,
                **self._forecast(engine),
            )
        )
        self._at_ns, self._spent, self._counts = world.now_ns, spent, counts
        self._limited = columns["limited"][0].copy()

    def _forecast(self, engine: Engine) -> dict[str, Any]:
        made = [one for one in engine.decisions(_CAMPAIGN) if one.now_ns > self._at_ns and one.kappa > 0.0]
        return {name: float(np.mean([getattr(one, name) for one in made])) if made else 0.0 for name in _FORECAST}
