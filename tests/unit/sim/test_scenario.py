"""Scenario files: what they mean, and what is said about those that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from outpace.domain.config import DialMode, RatioCounts
from outpace.domain.errors import ConfigError
from outpace.sim.report import SimulationReport
from outpace.sim.scenario import Change, Course, Scenario, load_scenario, shipped_scenarios, with_settings
from outpace.sim.timeline import trace
from outpace.sim.world import simulate
from outpace.telephony.simulated.distributions import DistributionSettings
from outpace.telephony.simulated.people import PeopleSettings, Shift
from outpace.telephony.simulated.profile import Amd, Mix, base_mix

ROOT = Path(__file__).parents[3]


def written(folder: Path, text: str) -> Path:
    file = folder / "s.toml"
    file.write_text(text)
    return file


def test_the_shipped_example_is_a_good_day() -> None:
    scenario = load_scenario(ROOT / "examples" / "scenario.toml")
    pool = scenario.pool()
    assert (scenario.agents, scenario.hours) == (100, 8.0)
    assert (pool.campaigns[0].mode, pool.campaigns[0].ratio_counts) == (DialMode.RATIO, RatioCounts.READY)
    report = simulate(scenario)
    assert 0.70 < report.occupancy < 0.95
    assert report.abandonment < 0.03
    assert report.open == 0


def test_defaults_do_not_bind() -> None:
    pool = Scenario(name="plain", agents=3).pool()
    (group,) = pool.trunk_groups
    assert pool.campaigns[0].trunk_groups == (group.id,)
    assert group.channels == group.max_pending == 200
    assert pool.max_calls > group.channels
    assert [agent.id for agent in pool.agents] == [1, 2, 3]


def test_trunk_groups_are_numbered_by_their_place() -> None:
    groups = ({"name": "a", "channels": 5}, {"name": "b", "channels": 7})
    pool = Scenario(name="two", trunk_groups=groups).pool()
    assert [group.id for group in pool.trunk_groups] == [1, 2]
    assert pool.campaigns[0].trunk_groups == (1, 2)


def test_live_and_talk_replace_those_of_the_profile() -> None:
    talk = DistributionSettings(kind="exponential", mean=33.0)
    profile = Scenario(name="own", live=0.4, talk=talk).carrier_profile()
    assert (profile.mix, profile.times.talk) == (base_mix(0.4), talk)
    changed = Scenario(name="own", live=0.4, talk=talk).carrier_profile(0.1)
    assert (changed.mix, changed.times.talk) == (base_mix(0.1), talk)


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "own.toml").write_text('name = "own"\n[mix]\nlive = 1.0\n')
    (folder / "wraps.csv").write_text("seconds\n3.0\n5.0\n")
    file = written(
        folder, 'name = "x"\nprofile = "own.toml"\n[people]\nwrap_up = { csv = "wraps.csv", column = "seconds" }\n'
    )
    monkeypatch.chdir(tmp_path)
    scenario = load_scenario(file)
    assert scenario.carrier_profile().name == "own"
    assert isinstance(scenario.people.wrap_up, DistributionSettings)
    assert scenario.people.wrap_up.csv == str(folder / "wraps.csv")


def test_changes_add_up() -> None:
    late = Change(at_s=600.0, live=1.0)
    early = Change(at_s=300.0, talk=5.0)
    day = {"agents": 10, "hours": 0.5}
    both = simulate(Scenario(name="both", changes=(late, early), **day), 1)
    only_live = simulate(Scenario(name="both", changes=(late,), **day), 1)
    # with people at every call and five seconds of talk everybody is connected far more often
    assert both.connected > 1.5 * only_live.connected


WRONG = {
    "no TOML": ("name = ", "is not TOML"),
    "no name": ("hours = 1.0", "missing required field `name`"),
    "unknown key": ('name = "x"\nagent = 3', "contains unknown field `agent`"),
    "unknown key in a table": ('name = "x"\n[faults]\nloose = 0.1', "faults: Object contains unknown field `loose`"),
    "kind": ('name = "x"\nhours = "8"', "hours: Expected `float`, got `str`"),
    "range": ('name = "x"\nagents = 0', "agents: must be from 1 to 20000, not 0"),
    "seed": ('name = "x"\nseed = -1', "seed: must be from 0"),
    "live": ('name = "x"\nlive = 1.5', "live: must be from 0 to 1"),
    "talk": ('name = "x"\ntalk = { kind = "lognormal", mean = -1.0, cv = 1.0 }', "talk"),
    "half a distribution": ('name = "x"\n[people]\nwrap_up = { kind = "lognormal", mean = 1.0 }', "cv: is missing"),
    "campaign key": ('name = "x"\n[campaign]\nratioo = 2.0', "campaign: Object contains unknown field `ratioo`"),
    "campaign value": ('name = "x"\n[campaign]\nratio = 0.0', "campaign.ratio: must be from 0.1 to 100, not 0"),
    "campaign mode": ('name = "x"\n[campaign]\nmode = "fast"', "campaign.mode: Invalid enum value 'fast'"),
    "campaign id": ('name = "x"\n[campaign]\nid = 2', "campaign: a scenario has one campaign"),
    "campaign's trunk group": ('name = "x"\n[campaign]\ntrunk_groups = [3]', "names trunk group 3: no such"),
    "trunk group": ('name = "x"\n[[trunk_groups]]\nname = "a"\nchannels = 0', "channels: must be from 1"),
    "second trunk group": (
        'name = "x"\n[[trunk_groups]]\nname = "a"\n[[trunk_groups]]\nname = "b"\ncp = 1.0', "trunk_groups[1]: "
    ),
    "profile": ('name = "x"\nprofile = "nowhere.toml"', "nowhere.toml: No such file"),
    "faults": ('name = "x"\n[faults]\nlose = 0.6\ndelay = 0.6', "must sum to 1 at most"),
    "fault": ('name = "x"\n[faults]\nlose = 1.5', "lose: must be from 0 to 1, not 1.5"),
    "outage": ('name = "x"\n[[link_down]]\nat_s = 1.0\nfor_s = 0.0', "for_s: must be from 0.001"),
    "outages": (
        'name = "x"\n[[store_down]]\nat_s = 1.0\nfor_s = 5.0\n[[store_down]]\nat_s = 3.0\nfor_s = 1.0',
        "store_down: the outage at 3 s begins before",
    ),
    "alarm": ('name = "x"\n[[alarms]]\ntrunk_group = 1\nat_s = 1.0\nfor_s = 1.0', "alarms: trunk group 1 is no voice"),
    "change": ('name = "x"\n[[changes]]\nat_s = -1.0', "changes[0].at_s: must be from 0"),
    "change of agents": ('name = "x"\n[[changes]]\nat_s = 1.0\npause_agents = -1', "pause_agents: must not"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_refused_with_file_key_and_reason(tmp_path: Path, what: str) -> None:
    text, reason = WRONG[what]
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_scenario(file)
    assert str(caught.value).startswith(str(file))
    assert reason in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        load_scenario(tmp_path / "none.toml")


# name -> agents, share of people, mean talk in seconds, hours
STUDY = {
    "P1": (10, 0.25, 60.0, 8.0),
    "P2": (10, 0.25, 180.0, 8.0),
    "P3": (20, 0.25, 60.0, 8.0),
    "P4": (50, 0.25, 60.0, 8.0),
    "P5": (100, 0.10, 60.0, 8.0),
    "P6": (100, 0.25, 60.0, 8.0),
    "P7": (100, 0.25, 180.0, 8.0),
    "P8": (100, 0.50, 60.0, 8.0),
    "P9": (300, 0.25, 60.0, 4.0),
    "P10": (100, 0.12, 60.0, 8.0),
    "P11": (100, 0.25, 60.0, 8.0),
    "amd": (100, 0.25, 60.0, 8.0),
    "talk-step": (100, 0.25, 60.0, 8.0),
    "first-hour": (50, 0.40, 90.0, 1.0),
    "limited-lines": (100, 0.10, 60.0, 8.0),
    "list-switches": (50, 0.2, 60.0, 8.0),
    "realistic-day": (60, 0.12, 90.0, 8.0),
    "exponential-5-25": (5, 0.25, 60.0, 24.0),
    "exponential-10-25": (10, 0.25, 60.0, 24.0),
    "exponential-10-50": (10, 0.50, 60.0, 24.0),
}


def test_all_scenarios_of_the_study_are_shipped() -> None:
    assert set(shipped_scenarios()) == set(STUDY)


@pytest.mark.parametrize("name", STUDY)
def test_shipped_scenarios_are_those_of_the_study(name: str) -> None:
    scenario = load_scenario(name)
    first = next((one.live for one in scenario.course_of_the_day() if one.at_s == 0.0), None)
    profile = scenario.carrier_profile(first)
    talk = profile.times.talk
    assert isinstance(talk, DistributionSettings)
    assert (scenario.name, scenario.agents, profile.mix.live, talk.mean, scenario.hours) == (name, *STUDY[name])
    (campaign,) = scenario.pool().campaigns
    assert (campaign.mode, campaign.abandonment.cap) == (DialMode.PREDICTIVE, 0.03)
    if not name.startswith("exponential"):
        assert (campaign.connect_limit_s, campaign.ring_timeout_s, scenario.people.log_in_over_s) == (2.0, 25.0, 60.0)
        assert (talk.cv, campaign.amd) == (1.2, True)
        assert profile.times.patience == DistributionSettings(kind="exponential", mean=20.0)


def test_the_realistic_day_is_as_described() -> None:
    day = load_scenario("realistic-day")
    changes = {one.at_s: one for one in day.course_of_the_day() if one.live is not None}
    assert len(changes) == 32
    noon, late = changes[7200.0], changes[25200.0]
    assert (noon.live, late.live) == (pytest.approx(0.22), pytest.approx(0.22 - 0.0707 + 0.06, abs=1e-4))
    assert isinstance(late.talk, DistributionSettings)
    assert (late.talk.mean, late.talk.cv) == (pytest.approx(90.0 * 1.1642, abs=0.01), 1.2)
    thirds = [(one.start_s / 3600.0, one.end_s / 3600.0) for one in day.people.shifts]
    assert (thirds, day.people.shift_spread_s) == ([(0.0, 5.0), (2.5, 8.0), (0.0, 8.0)], 240.0)


def test_a_course_drifts_and_changes_follow_it() -> None:
    day = Scenario(
        name="x",
        live=0.3,
        talk=40.0,
        course=Course(every_s=600.0, live=(0.1, 0.2), talk_mean=(50.0, 60.0, 70.0)),
        changes=(Change(at_s=600.0, live=0.9), Change(at_s=0.0, wrap_up=3.0)),
    )
    found = [(one.at_s, one.live, one.talk, one.wrap_up) for one in day.course_of_the_day()]
    assert found == [
        (0.0, 0.1, 50.0, None),
        (0.0, None, None, 3.0),
        (600.0, 0.2, 60.0, None),
        (600.0, 0.9, None, None),
        (1200.0, None, 70.0, None),
    ]


def test_a_change_of_wrap_up_is_felt() -> None:
    day = {"agents": 10, "hours": 1.0, "live": 1.0, "people": PeopleSettings(wrap_up=5.0)}
    same = simulate(Scenario(name="x", **day), 1)
    longer = simulate(Scenario(name="x", changes=(Change(at_s=1800.0, wrap_up=65.0),), **day), 1)
    # a cycle is 8 s of ringing, 60 s of talk and the wrap-up: half the day it takes 133 s and not 73 s
    assert longer.connected / same.connected == pytest.approx(0.5 + 0.5 * 73.0 / 133.0, abs=0.05)


def test_when_more_agents_leave_than_there_are_then_all_do() -> None:
    # a scenario of a hundred agents is also played with ten, by a sweep or a plan
    away = Change(at_s=300.0, pause_agents=30)
    _, moments = trace(Scenario(name="x", agents=10, hours=0.5, changes=(away,)), 1, points=6)
    assert [round(one.ready + one.talking + one.wrap_up) for one in moments[3:]] == [0, 0, 0]


@pytest.mark.parametrize("pieces", [0, -1])
def test_a_day_has_at_least_one_piece(pieces: int) -> None:
    with pytest.raises(ValueError, match="pieces must be at least 1"):
        simulate(Scenario(name="x", hours=0.1), 1, pieces=pieces)


def test_a_scenario_sets_what_the_carrier_does_in_place_of_its_profile() -> None:
    day = Scenario(name="x", mix=Mix(live=0.4, no_answer=0.6), times={"answer": 3.0, "talk": 7.0}, amd=Amd(delay=1.5))
    profile = day.carrier_profile()
    assert (profile.mix.live, profile.times.answer, profile.times.talk, profile.amd.delay) == (0.4, 3.0, 7.0, 1.5)
    assert profile.times.no_answer == Scenario(name="x").carrier_profile().times.no_answer


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"live": 0.2, "mix": Mix(live=1.0)}, "live"),
        ({"talk": 3.0, "times": {"talk": 4.0}}, "talk"),
        ({"times": {"lunch": 4.0}}, "times.lunch"),
        ({"pacer": "guess"}, "pacer"),
        ({"profile": "bank-marketing", "course": Course(talk_mean=(60.0,))}, "course.talk_mean"),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, object], where: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Scenario(name="x", **settings)
    assert refused.value.where == where


def test_a_pacer_replaces_the_mode() -> None:
    def played(mode: str, pacer: str) -> SimulationReport:
        campaign = {"mode": mode, "ratio": 6.0, "amd": True}
        return simulate(Scenario(name="x", agents=10, hours=0.5, campaign=campaign, pacer=pacer), 1)

    rival = played("predictive", "six-per-free-agent")
    ratio, precise = played("predictive", "ratio"), played("predictive", "precise")
    assert (rival.pacer, ratio.pacer, precise.pacer) == ("six-per-free-agent", "ratio", "precise")
    assert ratio.outcomes == played("ratio", "").outcomes
    assert rival.outcomes == played("ratio", "six-per-free-agent").outcomes != ratio.outcomes
    assert (precise.abandoned, rival.abandoned > 0) == (0, True)


def test_settings_reach_every_table() -> None:
    day = Scenario(name="x", campaign={"mode": "ratio"}, people=PeopleSettings(shifts=(Shift(end_s=60.0),)))
    changed = with_settings(
        day, {"cap": 0.01, "p": 0.5, "k": 2, "ratio": 4.0, "talk.mean": 33.0, "people.return_s": 9.0, "seed": 5}
    )
    (campaign,) = changed.pool().campaigns
    assert (campaign.abandonment.cap, campaign.reserve, campaign.ratio) == (0.01, 2, 4.0)
    assert (changed.live, changed.seed, changed.people.return_s) == (0.5, 5, 9.0)
    assert changed.talk == DistributionSettings(kind="lognormal", mean=33.0, cv=1.2)
    assert changed.people.shifts == day.people.shifts
    assert with_settings(day, {}) == day


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("lunch", 1, "campaign: Object contains unknown field `lunch`"),
        ("people.lunch", 1, "people: Object contains unknown field `lunch`"),
        ("agents", "many", "agents: Expected `int`, got `str`"),
        ("agents", 0, "agents: must be from 1 to 20000, not 0"),
        ("agents.few", 1, "agents.few: agents is not a table"),
        ("cap", 1.5, "campaign.abandonment.cap: must be from 0 to 1, not 1.5"),
        ("ratio", 0.0, "campaign.ratio: must be from 0.1 to 100, not 0"),
        ("pacer", "guess", "pacer: no such pacer: 'guess'"),
    ],
)
def test_settings_that_are_refused_name_the_key_once(key: str, value: object, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        with_settings(Scenario(name="x"), {key: value})
    assert str(refused.value).startswith(told)


def test_a_key_given_under_two_names_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"abandonment\.cap: given twice, as cap as well"):
        with_settings(Scenario(name="x"), {"cap": 0.01, "abandonment.cap": 0.03})


def test_every_value_of_a_key_can_be_written_on_a_command_line() -> None:
    # words that read as something else there, such as true, are no values of a text
    for weights in ("learned", "exact", "even"):
        day = with_settings(Scenario(name="x", hours=0.02), {"list.weights": weights})
        assert simulate(day, 1).attempts > 0


def test_a_scenario_that_is_nowhere_is_told_with_those_that_are_shipped() -> None:
    with pytest.raises(ConfigError, match=r"P1, P2, .*realistic-day"):
        load_scenario("P77")
