"""What past calls hold on to in a campaign's settings."""

from __future__ import annotations

from outpace.domain.config import Campaign
from outpace.domain.errors import ConfigError


def keeps_places(before: Campaign, after: Campaign) -> bool:
    """Whether each disposition keeps its place: what agents said is stored as one, and another name there would lie."""
    known = before.dispositions
    return after.dispositions[: len(known)] == known


def moved_places() -> ConfigError:
    """What a change is refused with that does not, once a campaign has run."""
    return ConfigError("dispositions", "past calls go by their place: put new ones at the end, move or remove none")
