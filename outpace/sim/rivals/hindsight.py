"""Rules tuned in hindsight: the best parameter for one very day, which nobody knows before. It flatters them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from outpace.domain.states import AgentState
from outpace.sim.rivals.registry import RULES
from outpace.sim.runs import spread
from outpace.sim.scenario import Scenario
from outpace.sim.world import agent_seconds, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outpace.engine.engine import Engine
    from outpace.pacing import Pacer
    from outpace.sim._world import World

#: What tuning allows above a cap of 3 %, as a share of any cap: the limit is 3.1 %.
SLACK = 1.0 / 30.0
STEPS = 7
WARM_UP_MIN = 15


class Measured(msgspec.Struct, frozen=True):
    """Of a day without its first quarter of an hour: occupancy and abandonment, in [0, 1]."""

    occupancy: float
    abandonment: float


class Tuned(msgspec.Struct, frozen=True):
    """A rule at its best for one scenario and seed.

    kept : whether the limit is kept; where no parameter keeps it, the figures are those of the most careful one.
    """

    rule: str
    scenario: str
    parameter: float
    occupancy: float
    abandonment: float
    kept: bool


class Task(msgspec.Struct, frozen=True):
    """One rule to be tuned for one scenario and seed."""

    rule: str
    scenario: Scenario
    seed: int


def measure(
    scenario: Scenario, pacer: Pacer, seed: int, *, progress: Callable[[float], None] | None = None
) -> Measured:
    """Run a day under a fresh pacer, and look at it from the end of the warm-up on.

    ValueError: the day is no longer than the warm-up.
    """
    pieces = int(scenario.hours * 60.0 / WARM_UP_MIN)
    if pieces < 2 or pieces * WARM_UP_MIN != scenario.hours * 60.0:
        raise ValueError(f"the day must last some whole quarters of an hour, not {scenario.hours:g} h")
    worlds: list[World] = []
    spent: list[dict[AgentState, float]] = []

    def look(world: World, engine: Engine) -> None:
        worlds.append(world)
        spent.append(agent_seconds(engine, world.now_ns))

    simulate(scenario, seed, pacer=pacer, pieces=pieces, each=look, progress=progress)
    lasted = {state: spent[-1][state] - spent[0][state] for state in spent[0]}
    busy = lasted[AgentState.TALKING] + lasted[AgentState.WRAP_UP]
    idle = lasted[AgentState.READY] + lasted[AgentState.CONNECTING]
    answered, abandoned = worlds[-1].minutes_array[WARM_UP_MIN:].sum(axis=0)
    return Measured(float(busy / max(busy + idle, 1e-9)), float(abandoned / max(answered, 1)))


def tune(task: Task, progress: Callable[[float], None] | None = None) -> Tuned:
    """Bisect a rule's parameter, in seven steps, for the highest that keeps abandonment within 1/30 above the cap.

    KeyError: no such rule.
    """
    rule = RULES[task.rule]
    limit = task.scenario.pool().campaigns[0].abandonment.cap * (1.0 + SLACK)
    low, high = rule.low, rule.high
    best: tuple[float, Measured] | None = None
    for step in range(STEPS):
        middle = rule.middle(low, high)
        found = measure(task.scenario, rule.make(middle), task.seed, progress=_part(progress, step))
        if found.abandonment <= limit:
            best = middle, found
            low = middle
        else:
            high = middle
    if best is None:
        lowest = measure(task.scenario, rule.make(rule.low), task.seed, progress=_part(progress, STEPS))
        best = rule.low, lowest
    parameter, at = best
    return Tuned(task.rule, task.scenario.name, parameter, at.occupancy, at.abandonment, kept=at.abandonment <= limit)


def _part(progress: Callable[[float], None] | None, step: int) -> Callable[[float], None] | None:
    # each step is a day of its own; the one after the last is seldom needed
    if progress is None:
        return None
    return lambda share: progress((step + share) / (STEPS + 1))


def tune_all(
    scenarios: Sequence[Scenario],
    rules: Sequence[str] = tuple(RULES),
    *,
    workers: int = 0,
    progress: Callable[[float], None] | None = None,
) -> list[Tuned]:
    """Every rule for every scenario and its own seed, side by side; scenario by scenario."""
    tasks = [Task(rule, scenario, scenario.seed) for scenario in scenarios for rule in rules]
    weights = [task.scenario.agents * task.scenario.hours for task in tasks]
    return spread(tune, tasks, weights, workers=workers, progress=progress)
