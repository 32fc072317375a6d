from __future__ import annotations

from pathlib import Path

import pytest

from outpace.domain.config import Abandonment, CapWindow, DialMode, Guard
from outpace.domain.errors import ConfigError
from outpace.runtime.campaign_file import ListSettings, Setup, load
from outpace.runtime.settings import JournalSettings
from outpace.runtime.switches import SimulatedSettings
from outpace.telephony.asterisk.settings import AsteriskSettings
from outpace.telephony.simulated.distributions import DistributionSettings

WHOLE = """\
[campaign]
name = "Spring"
mode = "ratio"
ratio = 1.5
trunk_groups = ["north"]

[campaign.retry.busy]
wait_s = 300
max_attempts = 2

[campaign.calling_hours]
timezone = "Europe/Berlin"

[list]
file = "leads.csv"
region = "DE"
number_column = "phone"

[store]
path = "var/spring.db"

[switch]
kind = "simulated"
speed = 10

[[trunk_groups]]
name = "south"
channels = 10

[[trunk_groups]]
name = "north"
channels = 60
cps = 20

[[agents]]
name = "agent {n}"
leg = "PJSIP/agent{n}"
count = 3
auto_ready = true
wrap_up = { kind = "lognormal", mean = 8.0, cv = 0.5 }

[[agents]]
name = "chief"

[journal]
path = "var/j"

[pool]
name = "floor"
max_calls = 100
"""

LEAST = """\
[campaign]
name = "c"
[switch]
kind = "simulated"
[[trunk_groups]]
name = "t"
"""


def read(folder: Path, text: str, environ: dict[str, str] | None = None) -> Setup:
    path = folder / "c.toml"
    path.write_text(text, "utf-8")
    return load(path, environ or {})


def test_load_reads_a_whole_file(tmp_path: Path) -> None:
    setup = read(tmp_path, WHOLE)
    pool = setup.pool(9)
    (campaign,) = pool.campaigns
    assert (campaign.id, campaign.name, campaign.mode, campaign.trunk_groups) == (9, "Spring", DialMode.RATIO, (2,))
    assert campaign.retry["busy"].wait_s == 300.0
    assert campaign.calling_hours is not None
    assert [(g.id, g.name, g.channels) for g in pool.trunk_groups] == [(1, "south", 10), (2, "north", 60)]
    assert [(a.id, a.name, a.leg, a.campaigns) for a in pool.agents] == [
        (1, "agent 1", "PJSIP/agent1", (9,)),
        (2, "agent 2", "PJSIP/agent2", (9,)),
        (3, "agent 3", "PJSIP/agent3", (9,)),
        (4, "chief", "", (9,)),
    ]
    assert (pool.name, pool.max_calls) == ("floor", 100)
    ((people, ids),) = setup.automatic()
    assert ids == [1, 2, 3]
    assert people.wrap_up == DistributionSettings(kind="lognormal", mean=8.0, cv=0.5)
    assert setup.lead_list == ListSettings(file="leads.csv", region="DE", number_column="phone")
    assert setup.list_path() == tmp_path / "leads.csv"
    assert setup.switch == SimulatedSettings(speed=10.0)
    assert setup.journal == JournalSettings(path="var/j")


def test_load_of_the_least_file_fills_in_the_rest(tmp_path: Path) -> None:
    setup = read(tmp_path, LEAST)
    assert setup.pool(1).campaigns[0].trunk_groups == (1,)
    assert setup.pool(1).agents == ()
    assert setup.lead_list is None
    assert setup.journal is None
    assert setup.store.path == "var/outpace.db"


def test_load_reads_mode_cap_and_cancels(tmp_path: Path) -> None:
    text = LEAST.replace('name = "c"', 'name = "c"\nmode = "predictive"\ncancels = true\nmin_ring_s = 20')
    rule = '[campaign.abandonment]\ncap = 0.01\nwindow = "rolling"\nhours = 6\nguard = "bound"\n'
    (campaign,) = read(tmp_path, text + rule).pool(1).campaigns
    assert (campaign.mode, campaign.cancels, campaign.min_ring_s) == (DialMode.PREDICTIVE, True, 20.0)
    assert campaign.abandonment == Abandonment(cap=0.01, window=CapWindow.ROLLING, hours=6.0, guard=Guard.BOUND)
    assert read(tmp_path, LEAST).pool(1).campaigns[0].abandonment == Abandonment()


@pytest.mark.parametrize("mode", ["precise", "progressive", "ratio", "predictive", "erlang", "agentless"])
def test_load_knows_every_mode(tmp_path: Path, mode: str) -> None:
    text = LEAST.replace('name = "c"', f'name = "c"\nmode = "{mode}"\nmessage = "hello"')
    assert read(tmp_path, text).pool(1).campaigns[0].mode.value == mode


def test_secret_comes_from_the_environment(tmp_path: Path) -> None:
    text = LEAST.replace('kind = "simulated"', 'kind = "asterisk"\nsecret_env = "AMI_SECRET"')
    setup = read(tmp_path, text, {"AMI_SECRET": "s3cret"})
    assert setup.switch == AsteriskSettings(secret="s3cret")
    assert "s3cret" not in repr(setup)
    with pytest.raises(ConfigError, match=r"c.toml:5: switch.secret_env: the environment variable 'AMI_SECRET'"):
        read(tmp_path, text)


BROKEN = [
    ("[campaign]\nname = ", "c.toml", "is no TOML: Invalid value (at end of document)"),
    (LEAST + "[campain]\n", "c.toml:7: campain", "unknown table; one of campaign, list, store"),
    (LEAST.replace("[campaign]\n", ""), "c.toml:1: name", "unknown table"),
    (LEAST.replace("[campaign]", "[log]"), "c.toml:1: campaign", "the table [campaign] is missing"),
    (LEAST.replace('name = "c"', 'name = "c"\nratoi = 2'), "c.toml:3: campaign.ratoi", "unknown key"),
    (LEAST.replace('name = "c"', 'name = "c"\nratio = 200'), "c.toml:3: campaign.ratio", "must be from 0.1 to 100"),
    (LEAST.replace('name = "c"', 'name = "c"\nratio = "2"'), "c.toml:3: campaign.ratio", "Expected `float`, got `str`"),
    (LEAST.replace('name = "c"', 'name = "c"\nmode = "fast"'), "c.toml:3: campaign.mode", "Invalid enum value 'fast'"),
    (LEAST.replace('name = "c"', 'name = "c"\nid = 4'), "c.toml:3: campaign.id", "unknown key: the store gives the id"),
    (LEAST.replace('name = "c"', "ratio = 1"), "c.toml:1: campaign.name", "is missing"),
    (
        LEAST.replace('name = "c"', 'name = "c"\ntrunk_groups = ["x"]'),
        "c.toml:3: campaign.trunk_groups",
        "no trunk group is named 'x'",
    ),
    (
        LEAST + "[campaign.retry.bussy]\nwait_s = 1\n",
        "c.toml:7: campaign.retry.bussy",
        "no such outcome; one of busy, no_answer",
    ),
    (
        LEAST + "[campaign.retry.busy]\nwait_s = 1\nmax_attempts = 0\n",
        "c.toml:9: campaign.retry.busy.max_attempts",
        "must be from 1 to 100, not 0",
    ),
    (
        LEAST + '[campaign.calling_hours]\ntimezone = "Mars/North"\n',
        "c.toml:8: campaign.calling_hours.timezone",
        "no such time zone",
    ),
    (LEAST.replace('name = "c"', 'name = "c"\nmode = "agentless"'), "c.toml:1: campaign.message", "must not be empty"),
    (LEAST.replace('name = "c"', 'name = "c"\nmin_ring_s = 9'), "c.toml:3: campaign.min_ring_s", "must be from 15 to"),
    (LEAST + "[campaign.abandonment]\ncap = 3\n", "c.toml:8: campaign.abandonment.cap", "must be from 0 to 1, not 3"),
    (
        LEAST + '[campaign.abandonment]\nwindow = "week"\n',
        "c.toml:8: campaign.abandonment.window",
        "Invalid enum value",
    ),
    (LEAST + '[campaign.abandonment]\nsince = "May"\n', "c.toml:8: campaign.abandonment.since", "wants a date as YYYY"),
    (LEAST + "[campaign.abandonment]\nratio = 1\n", "c.toml:8: campaign.abandonment.ratio", "unknown key"),
    (LEAST.replace('kind = "simulated"', 'kind = "avaya"'), "c.toml:4: switch.kind", 'wants "simulated" or "asterisk"'),
    (LEAST.replace('kind = "simulated"', "speed = 1"), "c.toml:3: switch.kind", 'wants "simulated" or "asterisk"'),
    (LEAST.replace('"simulated"', '"simulated"\nspeed = 0'), "c.toml:5: switch.speed", "must be from 0.01 to 10000"),
    (LEAST.replace('"simulated"', '"asterisk"'), "c.toml:3: switch.secret", "is missing"),
    (LEAST.replace('"simulated"', '"asterisk"\nsecret = "s"\nport = 0'), "c.toml:6: switch.port", "from 1 to 65535"),
    (LEAST.replace("[[trunk_groups]]", "[trunk_groups]"), "c.toml:5: trunk_groups", "wants tables [[trunk_groups]]"),
    (LEAST + "channels = 1.5\n", "c.toml:7: trunk_groups[0].channels", "Expected `int`, got `float`"),
    (LEAST + '[[trunk_groups]]\nname = "t"\n', "c.toml:8: trunk_groups[1].name", "'t' occurs twice"),
    (LEAST + '[[agents]]\nname = "a"\ncount = 2\n', "c.toml:8: agents[0].name", "wants {n} where count is more than 1"),
    (LEAST + '[[agents]]\nname = "a"\nwrap_up = 3.0\n', "c.toml:9: agents[0].wrap_up", "for auto_ready agents only"),
    (
        LEAST + '[[agents]]\nname = "a"\nauto_ready = true\nwrap_up = { kind = "lognormal", mean = 3.0 }\n',
        "c.toml:10: agents[0].wrap_up.cv",
        "is missing",
    ),
    (
        LEAST + '[[agents]]\nname = "a"\nauto_ready = true\nwrap_up = -3.0\n',
        "c.toml:10: agents[0].wrap_up",
        "",
    ),
    (LEAST + "[list]\n", "c.toml:7: list.file", "is missing"),
    (LEAST + '[list]\nfile = "x"\nvalidation = "none"\n', "c.toml:9: list.validation", "Invalid enum value 'none'"),
    (LEAST + "[journal]\nkeep = 1\n", "c.toml:8: journal.keep", "must be from 2"),
    (LEAST + '[log]\nlevel = "loud"\n', "c.toml:8: log.level", "Invalid enum value 'loud'"),
    (LEAST + "[pool]\nmax_calls = 0\n", "c.toml:8: pool.max_calls", "must be from 1 to 1e+06, not 0"),
]


@pytest.mark.parametrize(("text", "where", "reason"), BROKEN, ids=[f"{row[1]} {row[2]}"[7:60] for row in BROKEN])
def test_load_of_a_broken_file_names_line_key_and_reason(tmp_path: Path, text: str, where: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert caught.value.where.removeprefix(f"{tmp_path}/") == where
    assert caught.value.reason.startswith(reason) or reason in caught.value.reason


def test_load_of_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load(tmp_path / "none.toml")
