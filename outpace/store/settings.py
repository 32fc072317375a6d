"""Settings that a store keeps: campaigns, trunk groups and agents, each with a version and every version before it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from outpace.domain.config import Agent, Campaign, TrunkGroup
from outpace.domain.states import CampaignState


class StoredCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign: settings, their version (from 1), the state in which it was left, and who changed either last.

    One that is an earlier version tells who made that version, and the state that the campaign is in now.
    """

    campaign_id: int
    settings: Campaign
    version: int
    state: CampaignState
    created_ns: int
    changed_ns: int
    changed_by: str


class StoredTrunkGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A trunk group: settings, their version (from 1), and who changed them last."""

    trunk_group_id: int
    settings: TrunkGroup
    version: int
    created_ns: int
    changed_ns: int
    changed_by: str


class StoredAgent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent: settings, their version (from 1), and who changed them last."""

    agent_id: int
    settings: Agent
    version: int
    created_ns: int
    changed_ns: int
    changed_by: str


class SettingsPort(Protocol):
    """Settings of campaigns, trunk groups and agents. Ids are given from 1 up, names are unique within a kind.

    `by` is who makes the change. A new one gets the next id, whatever `settings.id` says; with `keep_id` it gets just
    that one. A change bumps the version; `settings.id` is ignored. No references between them are checked: that is for
    whoever makes a Pool of them.

    Raises
    ------
    ConfigError : the name, or with `keep_id` the id, is taken.
    UnknownId : there is no such campaign, trunk group or agent.
    VersionConflict : `version` is not that of the settings; 0 = whatever it is.
    """

    def campaign_id(self, name: str) -> int:
        """The id of the campaign of that name; a new one, in draft with default settings, is created durably."""

    def campaigns(self) -> dict[str, int]:
        """The tenant's campaigns: name -> id, in the order of their ids."""

    def create_campaign(self, settings: Campaign, by: str, now_ns: int, *, keep_id: bool = False) -> StoredCampaign:
        """A new campaign, in draft."""

    def change_campaign(
        self, campaign_id: int, settings: Campaign, version: int, by: str, now_ns: int
    ) -> StoredCampaign:
        """Give a campaign other settings."""

    def set_campaign_state(self, campaign_id: int, state: CampaignState, by: str, now_ns: int) -> StoredCampaign:
        """Note the state of a campaign; the settings and their version stay."""

    def stored_campaign(self, campaign_id: int) -> StoredCampaign:
        """One campaign."""

    def stored_campaigns(self) -> list[StoredCampaign]:
        """All campaigns, by id."""

    def campaign_versions(self, campaign_id: int, before_version: int, limit: int) -> list[StoredCampaign]:
        """Versions of the settings that are less than `before_version` (0 = all), latest first."""

    def create_trunk_group(
        self, settings: TrunkGroup, by: str, now_ns: int, *, keep_id: bool = False
    ) -> StoredTrunkGroup:
        """A new trunk group."""

    def change_trunk_group(
        self, trunk_group_id: int, settings: TrunkGroup, version: int, by: str, now_ns: int
    ) -> StoredTrunkGroup:
        """Give a trunk group other settings."""

    def stored_trunk_groups(self) -> list[StoredTrunkGroup]:
        """All trunk groups, by id."""

    def create_agent(self, settings: Agent, by: str, now_ns: int, *, keep_id: bool = False) -> StoredAgent:
        """A new agent."""

    def change_agent(self, agent_id: int, settings: Agent, version: int, by: str, now_ns: int) -> StoredAgent:
        """Give an agent other settings."""

    def stored_agents(self) -> list[StoredAgent]:
        """All agents, by id."""
