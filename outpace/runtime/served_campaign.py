"""A campaign file as a node that serves: the same campaign, switch, store and agents, with the door open."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from outpace.domain.config import Agent, Campaign
from outpace.runtime.campaign_file import Setup
from outpace.runtime.node_file import NodeAgents, NodeFile, NodeSettings
from outpace.runtime.past_calls import keeps_places, moved_places
from outpace.runtime.settings import JournalSettings, StoreSettings, desks
from outpace.store.port import Store

A = TypeVar("A", bound=msgspec.Struct)


def node_file(setup: Setup, api: A, *, store_path: Path, journal: JournalSettings | None) -> NodeFile[A]:
    """The node of a campaign file. Uploads and rejects go to the folder `node` beside the store.

    Parameters
    ----------
    api : how it listens.
    store_path, journal : instead of the file's own.
    """
    return NodeFile(
        file=setup.file,
        node=NodeSettings(
            pool=setup.pool_settings.name,
            max_calls=setup.pool_settings.max_calls,
            folder=str(store_path.parent / "node"),
        ),
        switch=setup.switch,
        store=StoreSettings(path=str(store_path)),
        journal=journal,
        log=setup.log,
        redis=None,
        api=api,
        trunk_groups=setup.trunk_groups,
        campaigns=(setup.campaign,),
        agent_groups=tuple(
            NodeAgents(**msgspec.structs.asdict(group), campaigns=(setup.campaign.name,))
            for group in setup.agent_groups
        ),
    )


def define(store: Store, setup: Setup, by: str, now_ns: int) -> int:
    """Have the store define campaign, trunk groups and agents as the file does, whatever it knew; the campaign's id.

    Raises StoreError; ConfigError where past calls would be named anew.
    """
    _refuse_moved_places(store, setup.campaign)
    groups = _define_trunk_groups(store, setup, by, now_ns)
    own = tuple(groups[setup.trunk_groups[place - 1].name] for place in setup.campaign.trunk_groups)
    campaign_id = _define_campaign(store, msgspec.structs.replace(setup.campaign, trunk_groups=own), by, now_ns)
    known = {one.settings.name: one for one in store.stored_agents()}
    for place, (_, name, leg) in enumerate(desks(setup.agent_groups), start=1):
        found = known.get(name)
        agent = Agent(id=found.agent_id if found else place, name=name, leg=leg, campaigns=(campaign_id,))
        if found is None:
            store.create_agent(agent, by, now_ns)
        elif found.settings != agent:
            store.change_agent(found.agent_id, agent, 0, by, now_ns)
    return campaign_id


def _refuse_moved_places(store: Store, campaign: Campaign) -> None:
    campaign_id = store.campaigns().get(campaign.name, 0)
    if not campaign_id or store.last_run(campaign_id) is None:
        return
    if not keeps_places(store.stored_campaign(campaign_id).settings, campaign):
        raise moved_places()


def _define_trunk_groups(store: Store, setup: Setup, by: str, now_ns: int) -> dict[str, int]:
    # ids by name
    known = {one.settings.name: one for one in store.stored_trunk_groups()}
    ids: dict[str, int] = {}
    for group in setup.trunk_groups:
        found = known.get(group.name)
        if found is None:
            ids[group.name] = store.create_trunk_group(group, by, now_ns).trunk_group_id
            continue
        ids[group.name] = group_id = found.trunk_group_id
        settings = msgspec.structs.replace(group, id=group_id)
        if found.settings != settings:
            store.change_trunk_group(group_id, settings, 0, by, now_ns)
    return ids


def _define_campaign(store: Store, campaign: Campaign, by: str, now_ns: int) -> int:
    campaign_id = store.campaigns().get(campaign.name, 0)
    if not campaign_id:
        return store.create_campaign(campaign, by, now_ns).campaign_id
    settings = msgspec.structs.replace(campaign, id=campaign_id)
    if store.stored_campaign(campaign_id).settings != settings:
        store.change_campaign(campaign_id, settings, 0, by, now_ns)
    return campaign_id
