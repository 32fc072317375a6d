"""What may change of a pool while its engine runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outpace.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outpace.domain.config import Agent, Campaign, Pool, TrunkGroup


def check_change(before: Pool, after: Pool) -> None:
    """ConfigError where `after` is no later state of the running pool `before`."""
    if after.name != before.name:
        raise ConfigError("name", f"of a pool that runs stays {before.name!r}")
    if after.max_calls != before.max_calls:
        raise ConfigError("max_calls", f"of a pool that runs stays {before.max_calls}")
    _check_ids("campaigns", before.campaigns, after.campaigns)
    _check_ids("trunk_groups", before.trunk_groups, after.trunk_groups)
    _check_ids("agents", before.agents, after.agents)


def _check_ids(
    key: str, before: Sequence[Campaign | TrunkGroup | Agent], after: Sequence[Campaign | TrunkGroup | Agent]
) -> None:
    old, new = [one.id for one in before], [one.id for one in after]
    if new[: len(old)] != old:
        raise ConfigError(key, "may get others behind those there are, in whose order nothing changes")
