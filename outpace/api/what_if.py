"""What if: a campaign as it runs and with other settings, both played on the same simulated days. In a worker only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from outpace.api.tasks import WhatIfTask
from outpace.domain.config import Campaign
from outpace.sim.estimate import Estimate, estimate
from outpace.sim.report import SimulationReport
from outpace.sim.runs import jobs_of, run_all
from outpace.sim.scenario import Scenario, with_settings

#: Figures of a simulated day that are compared.
FIGURES = (
    "connects_per_hour",
    "occupancy",
    "abandonment",
    "worst_60_min",
    "idle_s_per_call",
    "dials_per_connect",
    "wait_p99_s",
    "trunk_use",
)


def simulate(task: WhatIfTask, progress: Callable[[float], None]) -> dict[str, Any]:
    """Figures of both settings and their differences, each with its 95 % interval over the seeds.

    The k-th dial of a seed has the same fate under both settings, and differences are taken seed by seed.
    """
    before, after = (_scenario(task, settings) for settings in (task.settings, task.changed))
    jobs = [*jobs_of(before, task.seeds), *jobs_of(after, task.seeds)]
    reports = run_all(jobs, workers=1, progress=progress)
    now, then = reports[: task.seeds], reports[task.seeds :]
    profile = before.carrier_profile()
    return {
        "now": {name: _told(estimate(_figures(now, name))) for name in FIGURES},
        "changed": {name: _told(estimate(_figures(then, name))) for name in FIGURES},
        "difference": {
            name: _told(estimate([b - a for a, b in zip(_figures(now, name), _figures(then, name), strict=True)]))
            for name in FIGURES
        },
        "assumed": {
            "agents": task.agents,
            "hours": task.hours,
            "seeds": task.seeds,
            "live": profile.mix.live,
            "talk": msgspec.to_builtins(profile.times.talk),
            "wrap_up": msgspec.to_builtins(before.people.wrap_up),
        },
    }


def _scenario(task: WhatIfTask, campaign: Campaign) -> Scenario:
    # Without calling hours: the simulated day is one in which the campaign may dial.
    settings = msgspec.to_builtins(msgspec.structs.replace(campaign, calling_hours=None))
    places = {group.id: place for place, group in enumerate(task.trunk_groups, 1)}
    settings["trunk_groups"] = [places[group] for group in campaign.trunk_groups]
    del settings["id"], settings["calling_hours"]
    groups = tuple(
        {key: value for key, value in msgspec.to_builtins(g).items() if key != "id"} for g in task.trunk_groups
    )
    scenario = Scenario(
        name=campaign.name, hours=task.hours, agents=task.agents, live=task.live, campaign=settings, trunk_groups=groups
    )
    given = {"talk.mean": task.talk_s, "people.wrap_up.mean": task.wrap_up_s}
    return with_settings(scenario, {key: value for key, value in given.items() if value is not None})


def _figures(reports: Sequence[SimulationReport], name: str) -> list[float]:
    return [getattr(report, name) for report in reports]


def _told(one: Estimate) -> dict[str, float | None]:
    # JSON has no infinity: a figure that is none (dials per connect without a connect) is null
    return {
        key: value if math.isfinite(value) else None
        for key, value in (("mean", one.mean), ("low", one.low), ("high", one.high))
    }
