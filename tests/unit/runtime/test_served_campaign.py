"""A campaign file in a store that may know the campaign already."""

from __future__ import annotations

from pathlib import Path

import pytest

from outpace.domain.errors import ConfigError
from outpace.runtime.campaign_file import Setup, load
from outpace.runtime.served_campaign import define
from outpace.store.memory import MemoryStore
from outpace.store.port import Store

FILE = """\
[campaign]
name = "spring"
mode = "ratio"
ratio = {ratio}
dispositions = {dispositions}
[list]
file = "leads.csv"
[switch]
kind = "simulated"
[[trunk_groups]]
name = "carrier"
channels = 10
[[agents]]
name = "agent {{n}}"
count = 2
"""


def setup(folder: Path, *dispositions: str, ratio: float = 1.5) -> Setup:
    file = folder / "campaign.toml"
    file.write_text(FILE.format(ratio=ratio, dispositions=list(dispositions)))
    return load(file)


def test_file_that_has_changed_changes_the_campaign(tmp_path: Path) -> None:
    store = MemoryStore()
    campaign_id = define(store, setup(tmp_path, "sale", "none"), "ada", 1)
    assert define(store, setup(tmp_path, "none", "sale", ratio=2.0), "ada", 2) == campaign_id
    settings = store.stored_campaign(campaign_id).settings
    assert (settings.ratio, settings.dispositions) == (2.0, ("none", "sale"))
    assert [agent.settings.campaigns for agent in store.stored_agents()] == [(campaign_id,)] * 2


def test_file_that_names_past_calls_anew_is_refused(tmp_path: Path) -> None:
    store: Store = MemoryStore()
    campaign_id = define(store, setup(tmp_path, "sale", "none"), "ada", 1)
    store.open_pool("default", 2)
    store.begin_run(campaign_id, "digest", 2)
    for names in (("none", "sale"), ("sale",)):
        with pytest.raises(ConfigError, match="dispositions: past calls go by their place"):
            define(store, setup(tmp_path, *names), "ada", 3)
    define(store, setup(tmp_path, "sale", "none", "callback"), "ada", 4)
    assert store.stored_campaign(campaign_id).settings.dispositions == ("sale", "none", "callback")
