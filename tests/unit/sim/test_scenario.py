"""Scenario files: what they mean, and what is said about those that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from outpace.domain.config import DialMode, RatioCounts
from outpace.domain.errors import ConfigError
from outpace.sim.scenario import Change, Scenario, load_scenario
from outpace.sim.world import simulate
from outpace.telephony.simulated.distributions import DistributionSettings
from outpace.telephony.simulated.profile import base_mix

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
    "campaign value": ('name = "x"\n[campaign]\nratio = 0.0', "campaign: ratio: must be from 0.1 to 100, not 0"),
    "campaign mode": ('name = "x"\n[campaign]\nmode = "fast"', "campaign: Invalid enum value 'fast'"),
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
    "change": ('name = "x"\n[[changes]]\nat_s = -1.0', "changes[0]: at_s: must be from 0"),
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
