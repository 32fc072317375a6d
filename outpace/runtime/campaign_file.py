"""Campaign files: TOML -> checked settings. Every error names the file, the line, the key and the reason.

The tables are [campaign] (with [campaign.retry.<outcome>], [campaign.calling_hours], [campaign.abandonment] and
[campaign.inbound]), [list], [store], [switch], [[trunk_groups]], [[agents]], [journal], [log] and [pool]. Ids are given
by order; the campaign's id comes from the store, by name. Paths of a list file are relative to the campaign file, all
others to the current folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from outpace.domain.config import Agent, Campaign, Pool, TrunkGroup
from outpace.domain.errors import ConfigError
from outpace.runtime import toml_lines
from outpace.runtime.settings import (
    AgentGroup,
    JournalSettings,
    LogSettings,
    PoolSettings,
    StoreSettings,
    Table,
    automatic,
    count_agents,
    desks,
)
from outpace.runtime.switches import SwitchSettings
from outpace.runtime.toml_reader import TomlReader
from outpace.store.lead_import import ImportOptions
from outpace.telephony.simulated.people import PeopleSettings


class ListSettings(Table, frozen=True):
    """The list that a run imports first; `outpace.store.lead_import.ImportOptions` says what the keys mean."""

    file: str
    region: str = ""
    number_column: str | int = ""
    header: bool = True
    encoding: str = "utf-8"
    delimiter: str = ""
    validation: Literal["valid", "possible"] = "valid"

    def options(self) -> ImportOptions:
        """As the importer wants them."""
        return ImportOptions(
            region=self.region,
            column=self.number_column,
            header=self.header,
            encoding=self.encoding,
            delimiter=self.delimiter,
            validation=self.validation,
        )


class Setup(msgspec.Struct, frozen=True):
    """A campaign file, read and checked. `campaign` has id 1 until `pool` gives it the store's."""

    file: Path
    campaign: Campaign
    trunk_groups: tuple[TrunkGroup, ...]
    agent_groups: tuple[AgentGroup, ...]
    switch: SwitchSettings
    lead_list: ListSettings | None
    store: StoreSettings
    journal: JournalSettings | None
    log: LogSettings
    pool_settings: PoolSettings

    def pool(self, campaign_id: int) -> Pool:
        """The pool, with the campaign under the id that the store gave it."""
        campaign = msgspec.structs.replace(self.campaign, id=campaign_id)
        agents = tuple(
            Agent(id=agent_id, name=name, leg=leg, campaigns=(campaign_id,))
            for agent_id, (_, name, leg) in enumerate(desks(self.agent_groups), start=1)
        )
        return Pool(
            campaigns=(campaign,),
            trunk_groups=self.trunk_groups,
            agents=agents,
            max_calls=self.pool_settings.max_calls,
            name=self.pool_settings.name,
        )

    def automatic(self) -> list[tuple[PeopleSettings, list[int]]]:
        """Groups of agents that outpace makes ready by itself: how they work, and their ids."""
        return automatic(self.agent_groups, range(1, count_agents(self.agent_groups) + 1))

    def list_path(self) -> Path | None:
        """The list file, None when the campaign names none."""
        return self.file.parent / self.lead_list.file if self.lead_list is not None else None


_TABLES = ("campaign", "list", "store", "switch", "trunk_groups", "agents", "journal", "log", "pool")


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Setup:
    """Read a campaign file.

    Parameters
    ----------
    environ : where secrets named by `secret_env` are looked up.

    Raises
    ------
    ConfigError : `where` is "file:line: key path".
    """
    return _Reader(path, _TABLES, environ).read()


class _Reader(TomlReader):
    def read(self) -> Setup:
        """The whole file."""
        groups = self.trunk_groups(required=True)
        setup = Setup(
            file=self.path,
            campaign=self.campaign(("campaign",), self.table("campaign", required=True), groups),
            trunk_groups=groups,
            agent_groups=self.agent_groups(AgentGroup),
            switch=self.switch(),
            lead_list=self.optional("list", ListSettings),
            store=self.optional("store", StoreSettings) or StoreSettings(),
            journal=self.optional("journal", JournalSettings),
            log=self.optional("log", LogSettings) or LogSettings(),
            pool_settings=self.optional("pool", PoolSettings) or PoolSettings(),
        )
        try:
            setup.pool(1)
        except ConfigError as error:
            raise self.error(self._owner_of(error.where), error.reason) from error
        return setup

    def _owner_of(self, key: str) -> toml_lines.Path:
        return {"max_calls": ("pool", "max_calls"), "campaigns": ("campaign",)}.get(key, (key,))
