"""Campaigns, trunk groups and agents with their versions, in every store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from outpace.domain.config import Agent, CallingHours, Campaign, DialMode, RetryRule, TrunkGroup
from outpace.domain.errors import ConfigError, StoreError, UnknownId, VersionConflict
from outpace.domain.states import CampaignState
from outpace.store.port import Store
from outpace.store.settings import StoredAgent, StoredCampaign, StoredTrunkGroup
from outpace.store.sqlite import SqliteStore
from tests.unit.store.build import NOW

SALES = Campaign(
    id=9,
    name="sales",
    mode=DialMode.PREDICTIVE,
    retry={"busy": RetryRule(wait_s=60.0, max_attempts=5)},
    calling_hours=CallingHours(timezone="Europe/Berlin", days=(1, 2)),
)


def test_created_campaign_gets_the_next_id_and_is_a_draft(store: Store) -> None:
    made = store.create_campaign(SALES, "ada", NOW)
    assert made == StoredCampaign(
        campaign_id=1,
        settings=Campaign(**{**{k: getattr(SALES, k) for k in SALES.__struct_fields__}, "id": 1}),
        version=1,
        state=CampaignState.DRAFT,
        created_ns=NOW,
        changed_ns=NOW,
        changed_by="ada",
    )
    assert store.stored_campaign(1) == made
    assert store.create_campaign(Campaign(id=1, name="other"), "ada", NOW).campaign_id == 2
    assert store.campaigns() == {"sales": 1, "other": 2}


def test_campaign_id_makes_a_draft_with_default_settings(store: Store) -> None:
    assert store.campaign_id("plain") == 1
    assert store.stored_campaign(1).settings == Campaign(id=1, name="plain")
    with pytest.raises(ConfigError, match="name: must not be empty"):
        store.campaign_id("")


def test_changed_campaign_has_the_next_version_and_keeps_the_others(store: Store) -> None:
    first = store.create_campaign(SALES, "ada", NOW)
    changed = store.change_campaign(1, Campaign(id=77, name="renamed", reserve=2), 1, "bob", NOW + 5)
    assert (changed.version, changed.settings) == (2, Campaign(id=1, name="renamed", reserve=2))
    assert (changed.created_ns, changed.changed_ns, changed.changed_by) == (NOW, NOW + 5, "bob")
    assert store.campaign_versions(1, 0, 10) == [changed, first]
    assert store.campaign_versions(1, 2, 10) == [first]
    assert store.campaign_versions(1, 0, 1) == [changed]
    assert store.campaigns() == {"renamed": 1}
    assert store.create_campaign(SALES, "ada", NOW).campaign_id == 2  # the name is free again


def test_change_of_another_version_is_a_conflict_and_changes_nothing(store: Store) -> None:
    store.create_campaign(SALES, "ada", NOW)
    store.change_campaign(1, SALES, 0, "bob", NOW)
    with pytest.raises(VersionConflict, match="campaign 1 is at version 2, not 1") as raised:
        store.change_campaign(1, Campaign(id=1, name="late"), 1, "eve", NOW)
    assert raised.value.version == 2
    assert store.stored_campaign(1).settings.name == "sales"


def test_names_are_taken_within_a_kind_only(store: Store) -> None:
    store.create_campaign(SALES, "ada", NOW)
    store.create_trunk_group(TrunkGroup(id=1, name="sales"), "ada", NOW)
    store.create_campaign(Campaign(id=1, name="other"), "ada", NOW)
    with pytest.raises(ConfigError, match="name: campaign 1 is called 'sales' already") as raised:
        store.create_campaign(SALES, "ada", NOW)
    assert raised.value.where == "name"
    with pytest.raises(ConfigError, match="name:"):
        store.change_campaign(2, SALES, 0, "ada", NOW)
    store.change_campaign(1, SALES, 0, "ada", NOW)  # its own name
    assert [c.settings.name for c in store.stored_campaigns()] == ["sales", "other"]


def test_state_of_a_campaign_leaves_its_version(store: Store) -> None:
    first = store.create_campaign(SALES, "ada", NOW)
    running = store.set_campaign_state(1, CampaignState.RUNNING, "bob", NOW + 1)
    assert (running.state, running.version, running.settings) == (CampaignState.RUNNING, 1, first.settings)
    assert (running.changed_ns, running.changed_by) == (NOW + 1, "bob")
    (version,) = store.campaign_versions(1, 0, 10)
    assert (version.state, version.changed_by, version.changed_ns) == (CampaignState.RUNNING, "ada", NOW)


def test_trunk_groups_and_agents_have_the_same_shape(store: Store) -> None:
    group = TrunkGroup(id=1, name="berlin", caller_ids=("4930123",))
    assert store.create_trunk_group(group, "ada", NOW) == StoredTrunkGroup(
        trunk_group_id=1, settings=group, version=1, created_ns=NOW, changed_ns=NOW, changed_by="ada"
    )
    changed = store.change_trunk_group(1, TrunkGroup(id=1, name="berlin", channels=60), 1, "bob", NOW + 1)
    assert (changed.version, changed.settings.channels) == (2, 60)
    assert store.stored_trunk_groups() == [changed]
    agent = Agent(id=1, name="Ada", leg="PJSIP/7", campaigns=(1, 2))
    assert store.create_agent(agent, "ada", NOW) == StoredAgent(
        agent_id=1, settings=agent, version=1, created_ns=NOW, changed_ns=NOW, changed_by="ada"
    )
    moved = store.change_agent(1, Agent(id=1, name="Ada", campaigns=(2,)), 0, "bob", NOW + 1)
    assert store.stored_agents() == [moved]
    with pytest.raises(VersionConflict):
        store.change_agent(1, agent, 1, "bob", NOW)


def test_first_definitions_may_keep_their_ids(store: Store) -> None:
    assert store.create_trunk_group(TrunkGroup(id=7, name="a"), "file", NOW, keep_id=True).trunk_group_id == 7
    assert store.create_trunk_group(TrunkGroup(id=1, name="b"), "file", NOW).trunk_group_id == 8
    assert store.create_agent(Agent(id=3, name="Ada"), "file", NOW, keep_id=True).agent_id == 3
    with pytest.raises(ConfigError, match="id: there is a trunk group 7 already"):
        store.create_trunk_group(TrunkGroup(id=7, name="c"), "file", NOW, keep_id=True)
    assert [group.trunk_group_id for group in store.stored_trunk_groups()] == [7, 8]


@pytest.mark.parametrize("id_", [-1, 0, 1])
def test_unknown_ids_raise(store: Store, id_: int) -> None:
    for act in (
        lambda: store.stored_campaign(id_),
        lambda: store.change_campaign(id_, SALES, 0, "", NOW),
        lambda: store.set_campaign_state(id_, CampaignState.PAUSED, "", NOW),
        lambda: store.campaign_versions(id_, 0, 1),
        lambda: store.change_trunk_group(id_, TrunkGroup(id=1, name="a"), 0, "", NOW),
        lambda: store.change_agent(id_, Agent(id=1, name="a"), 0, "", NOW),
    ):
        with pytest.raises(UnknownId, match=f"no (campaign|trunk group|agent) {id_}"):
            act()
    assert store.stored_campaigns() == store.stored_trunk_groups() == store.stored_agents() == []


def test_settings_that_cannot_be_read_are_a_store_error(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db") as store:
        store.create_campaign(SALES, "ada", NOW)
    db = sqlite3.connect(tmp_path / "s.db")
    db.execute("UPDATE versions SET settings = json_set(settings, '$.colour', 'red')")
    db.commit()
    db.close()
    with SqliteStore(tmp_path / "s.db") as store, pytest.raises(StoreError, match=r"Campaign 1, version 1.*colour"):
        store.stored_campaigns()


def test_a_reader_sees_what_another_object_commits_and_writes_nothing(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "s.db") as store, SqliteStore(tmp_path / "s.db", read_only=True) as reader:
        store.create_campaign(SALES, "ada", NOW)
        assert reader.stored_campaigns() == store.stored_campaigns()
        with pytest.raises(StoreError, match="readonly"):
            reader.create_campaign(Campaign(id=1, name="b"), "ada", NOW)
    with pytest.raises(StoreError, match="no such file"):
        SqliteStore(tmp_path / "missing.db", read_only=True)
