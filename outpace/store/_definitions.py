"""Campaigns, trunk groups and agents over five operations on definitions of any kind, which each store has its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import Any, NamedTuple, TypeVar

import msgspec

from outpace.domain.config import Agent, Campaign, TrunkGroup
from outpace.domain.errors import ConfigError, StoreError, UnknownId, VersionConflict
from outpace.domain.states import CampaignState
from outpace.store.settings import StoredAgent, StoredCampaign, StoredTrunkGroup

AnySettings = Campaign | TrunkGroup | Agent
Settings = TypeVar("Settings", Campaign, TrunkGroup, Agent)


class Kind(Enum):
    """What is defined; the value is its name in messages and tables."""

    CAMPAIGN = "campaign"
    TRUNK_GROUP = "trunk group"
    AGENT = "agent"


class Definition(NamedTuple):
    """One version of one definition. `settings` is JSON."""

    id: int
    settings: str
    version: int
    state: int
    created_ns: int
    changed_ns: int
    changed_by: str


class Definitions(ABC):
    """See `SettingsPort`."""

    # ---- of each store -----------------------------------------------------------------------------------------------

    @abstractmethod
    def _named(self, kind: Kind, name: str) -> int:
        """The id of what has that name, 0 = nothing."""

    @abstractmethod
    def _define(self, kind: Kind, settings: AnySettings, by: str, now_ns: int, id_: int) -> int:
        """Write a definition under the id, or the next one for 0; returns the id."""

    @abstractmethod
    def _change(self, kind: Kind, id_: int, settings: AnySettings, version: int, by: str, now_ns: int) -> Definition:
        """Write the next version of a definition."""

    @abstractmethod
    def _set_state(self, kind: Kind, id_: int, state: int, by: str, now_ns: int) -> None:
        """Write the state of a definition."""

    @abstractmethod
    def _defined(self, kind: Kind, id_: int = 0) -> list[Definition]:
        """The latest versions, by id; of one id, or of all for 0."""

    @abstractmethod
    def _versions(self, kind: Kind, id_: int, before: int, limit: int) -> list[Definition]:
        """Versions less than `before` (0 = all), latest first."""

    def _one(self, kind: Kind, id_: int) -> Definition:
        found = self._defined(kind, id_) if id_ > 0 else []
        if not found:
            raise UnknownId(f"no {kind.value} {id_}")
        return found[0]

    # ---- campaigns ---------------------------------------------------------------------------------------------------

    def campaign_id(self, name: str) -> int:
        """See `SettingsPort.campaign_id`."""
        found = self._named(Kind.CAMPAIGN, name)
        if found:
            return found
        settings = Campaign(id=1, name=name)
        try:
            return self._define(Kind.CAMPAIGN, settings, "", 0, 0)
        except ConfigError:
            return self._named(Kind.CAMPAIGN, name)  # another process was quicker

    def create_campaign(self, settings: Campaign, by: str, now_ns: int, *, keep_id: bool = False) -> StoredCampaign:
        """See `SettingsPort.create_campaign`."""
        id_ = self._define(Kind.CAMPAIGN, settings, by, now_ns, settings.id if keep_id else 0)
        return self.stored_campaign(id_)

    def change_campaign(
        self, campaign_id: int, settings: Campaign, version: int, by: str, now_ns: int
    ) -> StoredCampaign:
        """See `SettingsPort.change_campaign`."""
        return _campaign(self._change(Kind.CAMPAIGN, campaign_id, settings, version, by, now_ns))

    def set_campaign_state(self, campaign_id: int, state: CampaignState, by: str, now_ns: int) -> StoredCampaign:
        """See `SettingsPort.set_campaign_state`."""
        self._set_state(Kind.CAMPAIGN, campaign_id, int(state), by, now_ns)
        return self.stored_campaign(campaign_id)

    def stored_campaign(self, campaign_id: int) -> StoredCampaign:
        """See `SettingsPort.stored_campaign`."""
        return _campaign(self._one(Kind.CAMPAIGN, campaign_id))

    def stored_campaigns(self) -> list[StoredCampaign]:
        """See `SettingsPort.stored_campaigns`."""
        return [_campaign(row) for row in self._defined(Kind.CAMPAIGN)]

    def campaign_versions(self, campaign_id: int, before_version: int, limit: int) -> list[StoredCampaign]:
        """See `SettingsPort.campaign_versions`."""
        self._one(Kind.CAMPAIGN, campaign_id)
        return [_campaign(row) for row in self._versions(Kind.CAMPAIGN, campaign_id, before_version, limit)]

    # ---- trunk groups and agents -------------------------------------------------------------------------------------

    def create_trunk_group(
        self, settings: TrunkGroup, by: str, now_ns: int, *, keep_id: bool = False
    ) -> StoredTrunkGroup:
        """See `SettingsPort.create_trunk_group`."""
        id_ = self._define(Kind.TRUNK_GROUP, settings, by, now_ns, settings.id if keep_id else 0)
        return _trunk_group(self._one(Kind.TRUNK_GROUP, id_))

    def change_trunk_group(
        self, trunk_group_id: int, settings: TrunkGroup, version: int, by: str, now_ns: int
    ) -> StoredTrunkGroup:
        """See `SettingsPort.change_trunk_group`."""
        return _trunk_group(self._change(Kind.TRUNK_GROUP, trunk_group_id, settings, version, by, now_ns))

    def stored_trunk_groups(self) -> list[StoredTrunkGroup]:
        """See `SettingsPort.stored_trunk_groups`."""
        return [_trunk_group(row) for row in self._defined(Kind.TRUNK_GROUP)]

    def create_agent(self, settings: Agent, by: str, now_ns: int, *, keep_id: bool = False) -> StoredAgent:
        """See `SettingsPort.create_agent`."""
        return _agent(self._one(Kind.AGENT, self._define(Kind.AGENT, settings, by, now_ns, settings.id * keep_id)))

    def change_agent(self, agent_id: int, settings: Agent, version: int, by: str, now_ns: int) -> StoredAgent:
        """See `SettingsPort.change_agent`."""
        return _agent(self._change(Kind.AGENT, agent_id, settings, version, by, now_ns))

    def stored_agents(self) -> list[StoredAgent]:
        """See `SettingsPort.stored_agents`."""
        return [_agent(row) for row in self._defined(Kind.AGENT)]


# ---- rules that the stores share -------------------------------------------------------------------------------------


def check_free(kind: Kind, name: str, holder: int, id_: int = 0) -> None:
    """ConfigError when another one, not `id_`, has the name."""
    if holder not in (0, id_):
        raise ConfigError("name", f"{kind.value} {holder} is called {name!r} already")


def check_version(kind: Kind, found: Definition, version: int) -> None:
    """VersionConflict when the change was made on another version; 0 = on whatever there is."""
    if version not in (0, found.version):
        message = f"{kind.value} {found.id} is at version {found.version}, not {version}"
        raise VersionConflict(message, found.version)


def encoded(settings: AnySettings, id_: int) -> str:
    """Settings as JSON under an id."""
    return msgspec.json.encode(msgspec.structs.replace(settings, id=id_)).decode()


def _decoded(row: Definition, kind: type[Settings]) -> dict[str, Any]:
    try:
        settings = msgspec.json.decode(row.settings, type=kind)
    except msgspec.ValidationError as error:
        raise StoreError(f"settings of {kind.__name__} {row.id}, version {row.version}: {error}") from error
    fields = row._asdict()
    del fields["id"]
    return fields | {"settings": settings}


def _campaign(row: Definition) -> StoredCampaign:
    fields = _decoded(row, Campaign)
    return StoredCampaign(**fields | {"campaign_id": row.id, "state": CampaignState(row.state)})


def _trunk_group(row: Definition) -> StoredTrunkGroup:
    fields = _decoded(row, TrunkGroup)
    del fields["state"]
    return StoredTrunkGroup(trunk_group_id=row.id, **fields)


def _agent(row: Definition) -> StoredAgent:
    fields = _decoded(row, Agent)
    del fields["state"]
    return StoredAgent(agent_id=row.id, **fields)
