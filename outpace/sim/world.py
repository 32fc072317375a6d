"""Running a scenario: build the world, let the day pass, drain, report."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from outpace.domain.events import CampaignDraining, CampaignStarted
from outpace.domain.outcomes import Outcome
from outpace.domain.states import AgentState, CampaignState
from outpace.domain.units import NS_PER_S, seconds_to_ns
from outpace.engine.engine import Engine
from outpace.sim._weights import EvenWeights, TrueWeights
from outpace.sim._world import TOTAL_NAMES, World
from outpace.sim.leads import SimulatedList
from outpace.sim.report import SimulationReport, percentile_of_bins, wilson, worst_window
from outpace.sim.rivals import rival_of
from outpace.sim.scenario import DAY_BEGINS_NS
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated.people import Act, People

if TYPE_CHECKING:
    from collections.abc import Callable

    from outpace.pacing import Pacer
    from outpace.sim._world import Watch
    from outpace.sim.scenario import Scenario

#: After the end of the day the calls in hand are let end; by then every deadline has passed.
_DRAIN_NS = 3600 * NS_PER_S
_CAMPAIGN = 1
_THERE = tuple(state for state in AgentState if state is not AgentState.LOGGED_OUT)

_T = TypeVar("_T")


def build_world(
    scenario: Scenario, seed: int, watch: Watch | None = None, *, pacer: Pacer | None = None
) -> tuple[World, Engine, SimulatedCarrier]:
    """A world at the beginning of its day, with the scenario's faults and changes on its script.

    `pacer` paces the campaign instead of the scenario's.
    """
    pool = scenario.pool()
    engine = Engine(pool, epoch=1)
    pacer = pacer or rival_of(scenario)
    if pacer is not None:
        engine.campaigns.pacers[0] = pacer
    limit_s = pool.campaigns[0].connect_limit_s
    carrier = SimulatedCarrier(scenario.carrier_profile(), pool.trunk_groups, seed=seed, dead_man_s=limit_s + 1.0)
    people = People(scenario.people, [agent.id for agent in pool.agents], seed=seed)
    world = World(
        engine,
        carrier,
        people,
        {_CAMPAIGN: _fill_list(scenario, seed, engine, carrier)},
        start_ns=DAY_BEGINS_NS,
        minutes=max(1, math.ceil(scenario.hours * 60.0 - 1e-9)),
        store_ns=seconds_to_ns(scenario.store_s),
        watch=watch,
    )
    faults = scenario.faults
    if faults.lose or faults.duplicate or faults.delay:
        world.set_faults(
            seed=seed,
            lose=faults.lose,
            duplicate=faults.duplicate,
            delay=faults.delay,
            delay_ns=seconds_to_ns(faults.delay_s),
        )
    people.start(DAY_BEGINS_NS)
    carrier.set_link(True, DAY_BEGINS_NS)
    _plan_outages(scenario, world, carrier)
    _plan_changes(scenario, world, carrier, people)
    return world, engine, carrier


def _fill_list(scenario: Scenario, seed: int, engine: Engine, carrier: SimulatedCarrier) -> SimulatedList:
    lease_ns, settings = seconds_to_ns(scenario.lease_s), scenario.list
    if settings is None:
        return SimulatedList(scenario.leads, lease_ns)
    population = settings.population(seed)
    carrier.set_population(population)
    if settings.weights == "exact":
        engine.use_answer_model(TrueWeights(1, population))
    elif settings.weights == "even":
        engine.use_answer_model(EvenWeights(1))
    return SimulatedList(scenario.leads, lease_ns, population, told=settings.told, noise=settings.noise)


def _plan_outages(scenario: Scenario, world: World, carrier: SimulatedCarrier) -> None:
    for outage in scenario.link_down:
        down, up = _span(outage.at_s, outage.for_s)
        world.at(down, partial(carrier.set_link, False))
        world.at(up, partial(carrier.set_link, True))
    for outage in scenario.store_down:
        down, up = _span(outage.at_s, outage.for_s)
        world.at(down, _later(world.stop_store, up))
    for alarm in scenario.alarms:
        down, up = _span(alarm.at_s, alarm.for_s)
        world.at(down, partial(carrier.set_alarm, alarm.trunk_group, alarm.span, True))
        world.at(up, partial(carrier.set_alarm, alarm.trunk_group, alarm.span, False))


def _later(act: Callable[[_T], None], value: _T) -> Callable[[int], None]:
    # for what does not ask the time
    def run(_: int) -> None:
        act(value)

    return run


def _span(at_s: float, for_s: float) -> tuple[int, int]:
    begin = DAY_BEGINS_NS + seconds_to_ns(at_s)
    return begin, begin + seconds_to_ns(for_s)


def _plan_changes(scenario: Scenario, world: World, carrier: SimulatedCarrier, people: People) -> None:
    live, talk = scenario.live, scenario.talk
    for change in scenario.course_of_the_day():
        at_ns = DAY_BEGINS_NS + seconds_to_ns(change.at_s)
        if change.live is not None or change.talk is not None:
            # what an earlier change has set stays
            live = live if change.live is None else change.live
            talk = talk if change.talk is None else change.talk
            world.at(at_ns, _later(carrier.set_profile, scenario.carrier_profile(live, talk)))
        if change.wrap_up is not None:
            world.at(at_ns, _later(people.set_wrap_up, change.wrap_up))
        for count, act in ((change.pause_agents, Act.ACT_PAUSE), (change.resume_agents, Act.ACT_RESUME)):
            # evenly spread over the floor
            some = min(count, scenario.agents)
            for place in range(some):
                people.plan(1 + place * scenario.agents // some, at_ns, act)


def simulate(
    scenario: Scenario,
    seed: int | None = None,
    *,
    watch: Watch | None = None,
    pacer: Pacer | None = None,
    pieces: int = 200,
    each: Callable[[World, Engine], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> SimulationReport:
    """Run a scenario and report.

    Parameters
    ----------
    scenario : what is simulated.
    seed : int, or None for the scenario's own. Equal seeds give equal reports, digest included.
    watch : sees every fact and command as Python objects (checkers do); slows the run down.
    pacer : paces the campaign instead of the scenario's pacer or dial mode. Of one run only: pacers remember.
    pieces : int, >= 1. The day passes in as many pieces of equal length.
    each : called at the end of each piece.
    progress : called at the end of each piece with the share of the day that is over, in [0, 1].

    ValueError: fewer than one piece.
    """
    if pieces < 1:
        raise ValueError(f"pieces must be at least 1, not {pieces}")
    seed = scenario.seed if seed is None else seed
    world, engine, _ = build_world(scenario, seed, watch, pacer=pacer)
    world.give(CampaignStarted(_CAMPAIGN))
    length = seconds_to_ns(scenario.hours * 3600.0)
    for piece in range(1, pieces + 1):
        world.run(DAY_BEGINS_NS + length * piece // pieces)
        if each is not None:
            each(world, engine)
        if progress is not None:
            progress(piece / pieces)
    spent = agent_seconds(engine, world.now_ns)
    day = dict(zip(TOTAL_NAMES, world.totals_array.tolist(), strict=True))
    day["connected"] = engine.counters()["campaigns"][_CAMPAIGN]["connected"]
    at_end = engine.campaign_state(_CAMPAIGN)
    if at_end in (CampaignState.RUNNING, CampaignState.PAUSED):
        world.give(CampaignDraining(_CAMPAIGN))
    until = world.now_ns + _DRAIN_NS
    live = engine.calls.columns["registers"]
    while live[1] and world.now_ns < until:
        world.run(min(until, world.now_ns + NS_PER_S))
    return _report(scenario, seed, world=world, engine=engine, spent=spent, day=day, at_end=at_end)


def agent_seconds(engine: Engine, now_ns: int) -> dict[AgentState, float]:
    """How long all agents together have been in each state but logged out, in seconds."""
    columns = engine.agents.columns
    count = len(engine.pool.agents)
    spent = columns["spent_ns"][:count].sum(axis=0)
    # who has not come yet is logged out since the beginning of time: such sums mean nothing, and overflow
    found: dict[AgentState, float] = {}
    for state in _THERE:
        there = columns["state"][:count] == state
        found[state] = float(spent[state] + (now_ns - columns["since_ns"][:count][there]).sum()) / NS_PER_S
    return found


def _report(
    scenario: Scenario,
    seed: int,
    *,
    world: World,
    engine: Engine,
    spent: dict[AgentState, float],
    day: dict[str, int],
    at_end: CampaignState,
) -> SimulationReport:
    totals = dict(zip(TOTAL_NAMES, world.totals_array.tolist(), strict=True))
    outcomes = {outcome.name.lower(): int(world.outcomes_array[0, outcome]) for outcome in Outcome if outcome}
    connected, abandoned = outcomes["connected"], outcomes["abandoned"]
    answered = connected + abandoned
    talk, wrap_up = spent[AgentState.TALKING], spent[AgentState.WRAP_UP]
    idle = spent[AgentState.READY] + spent[AgentState.CONNECTING]
    staffed = max(talk + wrap_up + idle, 1e-9)
    channels = sum(group.channels for group in engine.pool.trunk_groups)
    counters = engine.counters()
    return SimulationReport(
        scenario=scenario.name,
        seed=seed,
        hours=scenario.hours,
        agents=scenario.agents,
        pacer=scenario.pacer or engine.pool.campaigns[0].mode.value,
        cap=engine.pool.campaigns[0].abandonment.cap,
        campaign=at_end.name.lower(),
        occupancy=(talk + wrap_up) / staffed,
        talk_share=talk / staffed,
        idle_s_per_call=idle / max(day["connected"], 1),
        connects_per_agent_hour=day["connected"] / (staffed / 3600.0),
        connects_per_hour=day["connected"] / scenario.hours,
        attempts=totals["attempts"],
        outcomes=outcomes,
        answered=answered,
        connected=connected,
        abandoned=abandoned,
        abandoned_no_agent_in_time=abandoned - totals["caller_left"],
        abandoned_caller_left=totals["caller_left"],
        abandonment=abandoned / max(answered, 1),
        abandonment_interval=wilson(abandoned, answered),
        worst_15_min=worst_window(world.minutes_array, 15),
        worst_60_min=worst_window(world.minutes_array, 60),
        dials_per_connect=totals["attempts"] / max(connected, 1),
        wait_p50_s=percentile_of_bins(world.waits_array, 0.50, 0.01),
        wait_p99_s=percentile_of_bins(world.waits_array, 0.99, 0.01),
        talk_seconds=totals["talk_ns"] / NS_PER_S,
        trunk_use=day["trunk_ns"] / (scenario.hours * 3600.0 * NS_PER_S * channels),
        trunk_peak=totals["trunk_peak"],
        withdrawn=totals["withdrawn"],
        lost_calls=counters["lost_calls"],
        faults=dict(world.faults_done),
        facts=counters["facts"],
        open=counters["calls"],
        digest=engine.digest().hex(),
    )
