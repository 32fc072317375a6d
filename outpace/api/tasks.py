"""What a worker is told to do and what it says meanwhile; one line of JSON each."""

from __future__ import annotations

from typing import Any

import msgspec

from outpace.domain.config import Campaign, TrunkGroup


class ImportTask(msgspec.Struct, frozen=True, kw_only=True, tag="import"):
    """Import the file `path` into a list. `options` are those of store/lead_import.py."""

    store_path: str
    campaign_id: int
    list_id: int
    path: str
    rejects_path: str
    options: dict[str, Any]
    now_ns: int


class SuppressionTask(msgspec.Struct, frozen=True, kw_only=True, tag="suppress"):
    """Put the numbers of the file `path` on the suppression list; see store/suppression_import.py."""

    store_path: str
    path: str
    rejects_path: str
    options: dict[str, Any]
    has_header: bool | None
    campaign_id: int
    reason: str
    by: str
    expires_ns: int
    now_ns: int


class WhatIfTask(msgspec.Struct, frozen=True, kw_only=True, tag="what-if"):
    """Simulate a campaign as it is and with other settings; see api/what_if.py for the rest."""

    settings: Campaign
    changed: Campaign
    trunk_groups: tuple[TrunkGroup, ...]
    agents: int
    hours: float
    seeds: int
    live: float | None
    talk_s: float | None
    wrap_up_s: float | None


Task = ImportTask | SuppressionTask | WhatIfTask


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a worker says: how far it is; in the end the result or the error."""

    progress: float = 0.0
    text: str = ""
    result: Any = None
    error: str = ""
