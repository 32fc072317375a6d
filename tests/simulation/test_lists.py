"""Lists that end, leads that come again, voice cards with alarms and glare."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.errors import ConfigError
from outpace.domain.outcomes import Outcome, Refusal
from outpace.sim.scenario import Alarm, Scenario
from outpace.sim.world import simulate
from tests.simulation.watching import Checked, Recorder, Run

RETRY = {"busy": {"wait_s": 120.0, "max_attempts": 3}, "no_answer": {"wait_s": 600.0, "max_attempts": 2}}


def attempts(watch: Recorder) -> list[c.RecordAttempt]:
    return [one for _, one in watch.of(c.RecordAttempt) if isinstance(one, c.RecordAttempt)]


def test_a_list_is_dialled_to_its_end_with_its_retries() -> None:
    watch = Recorder()
    settings = {"amd": True, "retry": RETRY, "hopper_size": 40}
    report = simulate(Scenario(name="list", agents=20, hours=4.0, leads=1000, campaign=settings), 1, watch=watch)
    assert report.campaign == "completed"
    assert report.open == 0
    by_lead: defaultdict[int, list[c.RecordAttempt]] = defaultdict(list)
    for one in attempts(watch):
        by_lead[one.lead_id].append(one)
    assert sorted(by_lead) == list(range(1, 1001))
    wait = {Outcome.BUSY: (120, 3), Outcome.NO_ANSWER: (600, 2)}
    for lives in by_lead.values():
        assert [one.attempt_number for one in lives] == list(range(1, len(lives) + 1))
        for one, following in zip(lives, [*lives[1:], None], strict=True):
            wait_s, most = wait.get(one.outcome, (0, 0))
            if one.attempt_number < most:
                assert following is not None
                assert following.launched_ns - one.ended_ns >= wait_s * 10**9
                assert following.launched_ns - one.ended_ns < (wait_s + 300) * 10**9  # behind a hopper of 40
            else:
                assert following is None
    assert report.attempts == sum(map(len, by_lead.values())) > 1300


def test_leads_are_leased_once_at_a_time_and_renewed() -> None:
    watch = Recorder()
    simulate(
        Scenario(name="leases", agents=2, hours=1.0, lease_s=30.0, campaign={"hopper_size": 40, "retry": RETRY}),
        2,
        watch=watch,
    )
    assert len(watch.of(e.LeaseRenewed)) > 20
    assert not watch.of(e.LeaseLost, e.IntentRefused)
    held: dict[int, int] = {}
    for _, one in watch.stream:
        if isinstance(one, e.LeadsLeased):
            for lead in one.lead_ids:
                assert lead not in held
                held[lead] = one.token
        elif isinstance(one, c.WriteIntent):
            assert held.pop(one.lead_id) == one.lease_token


CARD = """name = "card"
[mix]
live = 0.5
no_answer = 0.3
busy = 0.2
[times]
proceeding = 0.5
answer = 6.0
no_answer = 20.0
talk = 30.0
patience = 20.0
[voice_card]
channels_per_span = 10
glare = {glare}
"""


def card_scenario(folder: Path, glare: float, **settings: object) -> Scenario:
    profile = folder / "card.toml"
    profile.write_text(CARD.format(glare=glare))
    spans = {"name": "spans", "kind": "isdn_pri", "channels": 20, "cps": 50.0, "burst": 20, "dial": "g0/{number}"}
    return Scenario(
        name="card",
        agents=30,
        hours=0.5,
        profile=str(profile),
        trunk_groups=(spans,),
        campaign={"mode": "ratio", "ratio": 2.0},
        max_calls=32,
        **settings,  # type: ignore[arg-type]
    )


def test_a_span_in_alarm_leaves_the_capacity_and_comes_back(tmp_path: Path) -> None:
    watch = Checked()
    alarm = Alarm(trunk_group=1, span=1, at_s=600.0, for_s=300.0)
    run = Run(card_scenario(tmp_path, 0.0, alarms=(alarm,)), 1, watch=watch)
    in_use = {}
    for at_s in (595.0, 605.0, 895.0, 960.0):
        run.to(at_s)
        in_use[at_s] = run.engine.counters()["trunks"][1]["in_use"]
    run.drain(300.0)
    capacity = [(at_s, one.channels) for at_s, one in watch.of(e.TrunkCapacity) if isinstance(one, e.TrunkCapacity)]
    assert capacity == [(0.0, 20), (600.0, 10), (900.0, 20)]
    # the floor wants more lines than there are
    assert in_use == {595.0: 20, 605.0: 10, 895.0: 10, 960.0: 20}
    assert 1 <= sum(one.hangup_cause == 27 for one in attempts(watch)) <= 10


def test_no_circuit_is_no_attempt(tmp_path: Path) -> None:
    watch = Checked()
    run = Run(card_scenario(tmp_path, 0.6), 1, watch=watch)
    run.to(1200.0)
    run.drain(300.0)
    refused = Counter(one.reason for _, one in watch.of(e.OriginateRefused) if isinstance(one, e.OriginateRefused))
    assert refused[Refusal.NO_CIRCUIT] > 5
    taken_back = watch.of(c.WithdrawIntent)
    assert len(taken_back) >= refused[Refusal.NO_CIRCUIT]
    # the lead keeps its turn and its count of attempts
    assert {one.attempt_number for one in attempts(watch)} == {1}
    assert run.engine.counters()["calls"] == run.carrier.stats["live"] == 0


@pytest.mark.parametrize(("group", "span", "reason"), [(2, 0, "no voice card"), (1, 2, "spans 0 to 1, not 2")])
def test_an_alarm_names_a_span_that_there_is(tmp_path: Path, group: int, span: int, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        card_scenario(tmp_path, 0.0, alarms=(Alarm(trunk_group=group, span=span, at_s=1.0, for_s=1.0),))
