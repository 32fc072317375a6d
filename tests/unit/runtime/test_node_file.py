from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from outpace.domain.config import DialMode
from outpace.domain.errors import ConfigError
from outpace.domain.wire import Topic
from outpace.runtime.node_file import NodeFile, load
from outpace.runtime.switches import SimulatedSettings
from outpace.telephony.asterisk.settings import AsteriskSettings

LEAST = """\
[switch]
kind = "simulated"
"""

WHOLE = """\
[node]
name = "hall"
pool = "floor"
max_calls = 512
folder = "var/hall"
[switch]
kind = "asterisk"
secret_env = "AMI"
[store]
path = "var/hall.db"
[journal]
path = "var/journal"
[log]
level = "debug"
format = "json"
[redis]
url_env = "REDIS"
topics = ["attempts", "alarms"]
shared_trunk_groups = ["west"]
[api]
port = 9000
[[trunk_groups]]
name = "west"
cps = 20
[[trunk_groups]]
name = "east"
[[campaigns]]
name = "spring"
mode = "predictive"
trunk_groups = ["east"]
[campaigns.abandonment]
cap = 0.02
[campaigns.retry.busy]
wait_s = 60
[[campaigns]]
name = "autumn"
[[agents]]
name = "desk {n}"
leg = "PJSIP/{n}"
count = 3
campaigns = ["spring"]
[[agents]]
name = "boss"
"""


class Api(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    port: int = 8080


def read(tmp_path: Path, text: str, **environ: str) -> NodeFile[Api]:
    path = tmp_path / "n.toml"
    path.write_text(text)
    return load(path, Api, environ)


def test_least_has_its_defaults(tmp_path: Path) -> None:
    file = read(tmp_path, LEAST)
    assert file.switch == SimulatedSettings()
    assert (file.node.name, file.node.pool, file.store.path) == ("node1", "default", "var/outpace.db")
    assert (file.journal, file.redis, file.api) == (None, None, Api())
    assert (file.trunk_groups, file.campaigns, file.agent_groups) == ((), (), ())


def test_whole_is_read_with_secrets_from_the_environment(tmp_path: Path) -> None:
    file = read(tmp_path, WHOLE, AMI="quiet", REDIS="redis://:pw@127.0.0.1:6379/1")
    assert file.switch == AsteriskSettings(secret="quiet")
    assert file.redis is not None
    assert file.redis.topics == (Topic.ATTEMPTS, Topic.ALARMS)
    assert "pw" not in repr(file.redis)
    assert file.api == Api(9000)
    assert [group.cps for group in file.trunk_groups] == [20.0, 10.0]
    spring, autumn = file.campaigns
    assert (spring.mode, spring.trunk_groups, spring.abandonment.cap) == (DialMode.PREDICTIVE, (2,), 0.02)
    assert spring.retry["busy"].wait_s == 60.0
    assert autumn.trunk_groups == (1, 2)
    desk, boss = file.agent_groups
    assert (desk.count, desk.campaigns) == (3, ("spring",))
    assert boss.campaigns is None


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        ("", "n.toml:1: switch", "missing"),
        ("[campaign]\nname = 'x'\n" + LEAST, "n.toml:1: campaign", "unknown table"),
        (LEAST + "[node]\nname = ''\n", "n.toml:4: node.name", "1 to 64"),
        (LEAST + "[node]\nmax_calls = 0\n", "n.toml:4: node.max_calls", "from 1"),
        (LEAST + "[node]\ncolour = 1\n", "n.toml:4: node.colour", "unknown key"),
        (LEAST + "[redis]\nurl = 'http://x'\n", "n.toml:4: redis.url", "redis://"),
        (LEAST + "[redis]\nurl_env = 'NO'\n", "n.toml:4: redis.url_env", "not set"),
        (LEAST + "[redis]\nurl = 'redis://x'\nnodes = 0\n", "n.toml:5: redis.nodes", "from 1"),
        (LEAST + "[redis]\nurl = 'redis://x'\nstream_max = 0\n", "n.toml:5: redis.stream_max", "from 1"),
        (LEAST + "[redis]\nurl = 'redis://x'\nprefix = ''\n", "n.toml:5: redis.prefix", "empty"),
        (LEAST + "[redis]\nurl = 'redis://x'\ntopics = ['x']\n", "n.toml:5: redis.topics", "Invalid enum value"),
        (LEAST + "[api]\nport = 'x'\n", "n.toml:4: api.port", "Expected `int`"),
        (LEAST + "[[campaigns]]\nname = 'a'\n", "n.toml:3: campaigns[0].trunk_groups", "at least one trunk group"),
        (
            LEAST + "[[trunk_groups]]\nname = 't'\n[[campaigns]]\nname = 'a'\nid = 3\n",
            "n.toml:7: campaigns[0].id", "the store gives the id",
        ),
        (
            LEAST + "[[trunk_groups]]\nname = 't'\n" + "[[campaigns]]\nname = 'a'\n" * 2,
            "n.toml:8: campaigns[1].name", "occurs twice",
        ),
        (LEAST + "[redis]\n", "n.toml:3: redis.url", "is missing"),
        (LEAST + "[[agents]]\nname = 'a'\n[[agents]]\nname = 'a'\n", "n.toml:6: agents[1].name", "occurs twice"),
    ],
)  # fmt: skip
def test_wrong_files_name_the_line(tmp_path: Path, text: str, where: str, reason: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, text)
    assert where in raised.value.where
    assert reason in raised.value.reason
