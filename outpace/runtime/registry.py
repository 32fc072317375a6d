"""Campaigns, trunk groups and agents of a node: as the store keeps them, and as the engine has them.

The store is where they live; what is here is a copy, so that questions are answered at once, and the pool that is made
of them. Only this process changes them while it owns the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from outpace.domain.config import Agent, Campaign, Pool, TrunkGroup
from outpace.domain.errors import ConfigError, UnknownId
from outpace.domain.states import CampaignState
from outpace.runtime.validation import dotted, explained
from outpace.store.port import Store
from outpace.store.settings import StoredAgent, StoredCampaign, StoredTrunkGroup

S = TypeVar("S", Campaign, TrunkGroup, Agent)
K = TypeVar("K")


class Registry:
    """The settings of a node.

    Parameters
    ----------
    name, max_calls : of the pool.
    part_of : a trunk group's calls per second that are this node's: its name and rate -> rate.
    """

    def __init__(self, name: str, max_calls: int, part_of: Callable[[str, float], float]) -> None:
        self._name = name
        self._max_calls = max_calls
        self._part_of = part_of
        self.campaigns: dict[int, StoredCampaign] = {}
        self.trunk_groups: dict[int, StoredTrunkGroup] = {}
        self.agents: dict[int, StoredAgent] = {}
        #: State of each campaign as it is kept, or will be in a moment.
        self.states: dict[int, CampaignState] = {}

    def load(self, store: Store) -> None:
        """Read everything."""
        for campaign in store.stored_campaigns():
            self.put_campaign(campaign)
        for group in store.stored_trunk_groups():
            self.put_trunk_group(group)
        for agent in store.stored_agents():
            self.put_agent(agent)

    def put_campaign(self, stored: StoredCampaign) -> None:
        """Take a campaign as the store has it now."""
        self.campaigns[stored.campaign_id] = stored
        self.states.setdefault(stored.campaign_id, stored.state)

    def put_trunk_group(self, stored: StoredTrunkGroup) -> None:
        """Take a trunk group as the store has it now."""
        self.trunk_groups[stored.trunk_group_id] = stored

    def put_agent(self, stored: StoredAgent) -> None:
        """Take an agent as the store has it now."""
        self.agents[stored.agent_id] = stored

    def campaign(self, campaign_id: int) -> StoredCampaign:
        """One campaign. UnknownId."""
        return _known(self.campaigns, campaign_id, "campaign")

    def trunk_group(self, trunk_group_id: int) -> StoredTrunkGroup:
        """One trunk group. UnknownId."""
        return _known(self.trunk_groups, trunk_group_id, "trunk group")

    def agent(self, agent_id: int) -> StoredAgent:
        """One agent. UnknownId."""
        return _known(self.agents, agent_id, "agent")

    def pool(
        self,
        before: Pool | None,
        *,
        campaign: Campaign | None = None,
        trunk_group: TrunkGroup | None = None,
        agent: Agent | None = None,
    ) -> Pool:
        """The pool with one thing changed or added: in the order of `before`, what is new behind.

        A campaign that was put away stays while the engine has it, and is not taken up again. Raises ConfigError.
        """
        campaigns = {one_id: one.settings for one_id, one in self.campaigns.items()}
        groups = {one_id: one.settings for one_id, one in self.trunk_groups.items()}
        agents = {one_id: one.settings for one_id, one in self.agents.items()}
        if campaign is not None:
            campaigns[campaign.id] = campaign
        if trunk_group is not None:
            groups[trunk_group.id] = trunk_group
        if agent is not None:
            agents[agent.id] = agent
        shown = [one for one in campaigns if self.states.get(one) is not CampaignState.ARCHIVED]
        chosen = _in_order(campaigns, shown, before.campaigns if before is not None else ())
        present = {one.id for one in chosen}
        return Pool(
            campaigns=chosen,
            trunk_groups=tuple(
                self._shared(one)
                for one in _in_order(groups, groups, before.trunk_groups if before is not None else ())
            ),
            agents=tuple(
                one if present.issuperset(one.campaigns) else _serving(one, present)
                for one in _in_order(agents, agents, before.agents if before is not None else ())
            ),
            max_calls=self._max_calls,
            name=self._name,
        )

    def _shared(self, group: TrunkGroup) -> TrunkGroup:
        part = self._part_of(group.name, group.cps)
        if part == group.cps:
            return group
        return msgspec.structs.replace(group, cps=part, burst=max(1, round(group.burst * part / group.cps)))


def _known(kept: Mapping[int, K], one_id: int, what: str) -> K:
    try:
        return kept[one_id]
    except KeyError:
        raise UnknownId(f"no {what} {one_id}") from None


def _serving(agent: Agent, present: set[int]) -> Agent:
    # without campaigns that were put away
    return msgspec.structs.replace(agent, campaigns=tuple(one for one in agent.campaigns if one in present))


def _in_order(things: Mapping[int, S], wanted: Iterable[int], before: Iterable[S]) -> tuple[S, ...]:
    order = dict.fromkeys([*(one.id for one in before), *sorted(wanted)])
    return tuple(things[one_id] for one_id in order)


def merge_patch(target: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON
    """A JSON document after a merge patch (RFC 7396); neither is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def patched(settings: S, changes: dict[str, Any]) -> S:
    """Settings after a merge patch; what was set to null has its default again.

    Raises ConfigError, which names the key.
    """
    if "id" in changes:
        raise ConfigError("id", "cannot be changed")
    document = merge_patch(msgspec.to_builtins(settings), changes)
    try:
        return msgspec.convert(document, type(settings), strict=True)
    except msgspec.ValidationError as error:
        path, reason = explained(error)
        raise ConfigError(dotted(path) or "settings", reason) from error
