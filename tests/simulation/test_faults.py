"""Whatever is lost, doubled, late or cut: every call ends, every agent is free again, and the figures add up."""

from __future__ import annotations

from collections import Counter

import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.outcomes import Outcome
from outpace.sim.scenario import Change, Faults, Outage, Scenario
from tests.simulation.watching import Checked, Run

AGENTS = 5
#: An attempt's longest honest life past the end of the day: a lost end is found by the ten-minute audit of talks.
BOUND_S = 900.0
LINES = ({"name": "carrier", "channels": 24, "cps": 10.0, "burst": 4},)

FAULTS = {
    "lost": {"faults": Faults(lose=0.05)},
    "doubled": {"faults": Faults(duplicate=0.2)},
    "late and out of order": {"faults": Faults(delay=0.3, delay_s=4.0)},
    "all at once": {"faults": Faults(lose=0.03, duplicate=0.05, delay=0.1, delay_s=10.0)},
    "link cut": {"link_down": (Outage(at_s=200.0, for_s=2.0), Outage(at_s=400.0, for_s=90.0))},
    "store silent": {"store_down": (Outage(at_s=150.0, for_s=8.0), Outage(at_s=400.0, for_s=120.0)), "lease_s": 40.0},
    "everything": {
        "faults": Faults(lose=0.02, duplicate=0.05, delay=0.05, delay_s=3.0),
        "link_down": (Outage(at_s=300.0, for_s=30.0),),
        "store_down": (Outage(at_s=310.0, for_s=30.0),),
        "changes": (Change(at_s=200.0, pause_agents=2), Change(at_s=500.0, resume_agents=2)),
        "lease_s": 20.0,
    },
}
MODES = {
    "precise": {"mode": "precise", "amd": True},
    "ratio": {"mode": "ratio", "ratio": 4.0, "message": "sorry", "message_max_s": 20.0, "wrap_up_max_s": 30.0},
    "predictive": {"mode": "predictive", "cancels": True, "abandonment": {"cap": 0.1}},
}


def ran(what: str, mode: str, seed: int) -> tuple[Run, Checked, float]:
    scenario = Scenario(
        name=what,
        agents=AGENTS,
        hours=0.2,
        campaign={**MODES[mode], "hopper_size": 30, "retry": {"busy": {"wait_s": 30.0, "max_attempts": 2}}},
        trunk_groups=LINES,
        max_calls=32,
        **FAULTS[what],  # type: ignore[arg-type]
    )
    watch = Checked()
    run = Run(scenario, seed, watch=watch)
    run.to(720.0)
    took_s = run.drain(BOUND_S)
    run.to(720.0 + BOUND_S + 200.0)
    return run, watch, took_s


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", FAULTS)
def test_nothing_is_lost_but_facts(what: str, mode: str, seed: int) -> None:
    run, watch, took_s = ran(what, mode, seed)
    counters = run.engine.counters()
    assert watch.batches > 200
    assert took_s < BOUND_S
    assert counters["calls"] == 0
    assert run.carrier.stats["live"] == 0
    assert {name for name, count in counters["agents"].items() if count} == {"ready"}

    # calls are conserved: written = refused + withdrawn + recorded, each once
    written = {one.call_id for _, one in watch.of(c.WriteIntent) if isinstance(one, c.WriteIntent)}
    ends = Counter(
        one.call_id
        for _, one in watch.of(c.RecordAttempt, c.WithdrawIntent, e.IntentRefused)
        if isinstance(one, c.RecordAttempt | c.WithdrawIntent | e.IntentRefused)
    )
    assert set(ends) == written
    assert set(ends.values()) == {1}
    # nobody is dialled twice by mistake
    dialled = Counter(one.call_id for _, one in watch.of(c.Originate) if isinstance(one, c.Originate))
    assert set(dialled.values()) == {1}

    # answered = connected + abandoned, in the ledger as in the attempts
    lives = [one for _, one in watch.of(c.RecordAttempt) if isinstance(one, c.RecordAttempt)]
    outcomes = Counter(one.outcome for one in lives)
    campaign = counters["campaigns"][1]
    assert campaign["connected"] == outcomes[Outcome.CONNECTED] == sum(one.connected_ns > 0 for one in lives)
    assert campaign["no_agent"] + campaign["caller_left"] == outcomes[Outcome.ABANDONED]
    assert outcomes[Outcome.CONNECTED] > 10


@pytest.mark.parametrize("what", FAULTS)
def test_faults_are_as_repeatable_as_the_rest(what: str) -> None:
    (first, seen, _), (again, seen_again, _) = ran(what, "ratio", 9), ran(what, "ratio", 9)
    assert first.engine.digest() == again.engine.digest()
    assert seen.stream == seen_again.stream


def test_faults_happen_as_often_as_asked() -> None:
    run, _, _ = ran("all at once", "ratio", 1)
    told = run.engine.counters()["facts"]
    assert {name: 0.5 * share * told < run.world.faults_done[name] < 1.5 * share * told
            for name, share in (("lost", 0.02), ("duplicated", 0.035), ("delayed", 0.07))} == {
        "lost": True, "duplicated": True, "delayed": True,
    }  # fmt: skip


def test_while_the_link_is_down_nothing_is_dialled() -> None:
    _, watch, _ = ran("link cut", "ratio", 1)
    dialled = [at_s for at_s, _ in watch.of(c.Originate)]
    assert not [at_s for at_s in dialled if 200.0 < at_s < 202.0 or 400.0 < at_s < 490.0]
    assert min(at_s for at_s in dialled if at_s >= 490.0) < 500.0


def test_while_the_store_is_silent_nothing_new_is_dialled() -> None:
    run, watch, _ = ran("store silent", "ratio", 1)
    dialled = [at_s for at_s, _ in watch.of(c.Originate)]
    assert not [at_s for at_s in dialled if 150.1 < at_s < 158.0 or 400.1 < at_s < 520.0]
    assert min(at_s for at_s in dialled if at_s >= 520.0) < 530.0
    assert watch.of(c.WithdrawIntent)
    assert run.world.lists[1].expired > 0
