"""Kinds of switches by name: their settings, and the adapter made from them. A new kind is one entry here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from outpace.domain.config import Pool
from outpace.domain.errors import ConfigError
from outpace.telephony.adapter import Capabilities, TelephonyAdapter
from outpace.telephony.asterisk.adapter import AsteriskAdapter
from outpace.telephony.asterisk.settings import AsteriskSettings
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated.adapter import SimulatedAdapter, dead_man_s
from outpace.telephony.simulated.profile import CarrierProfile, base_mix, check_profile, load_profile

if TYPE_CHECKING:
    from outpace.runtime.clock import Clock


class SimulatedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The built-in switch.

    Parameters
    ----------
    profile : what becomes of calls: `base`, `bank-marketing`, or a TOML file beside the campaign file.
    live : share of people in the profile's mix, 0 to 1; None = the profile's own.
    speed : engine seconds per real second.
    seed : of everything that is drawn.
    """

    profile: str = "base"
    live: float | None = None
    speed: float = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0.01 <= self.speed <= 10_000.0:
            raise ConfigError("speed", f"must be from 0.01 to 10000, not {self.speed:g}")
        if self.live is not None and not 0.0 <= self.live <= 1.0:
            raise ConfigError("live", f"must be from 0 to 1, not {self.live:g}")
        if self.seed < 0:
            raise ConfigError("seed", "must not be negative")


SwitchSettings = SimulatedSettings | AsteriskSettings

_SETTINGS: dict[str, type[SwitchSettings]] = {"simulated": SimulatedSettings, "asterisk": AsteriskSettings}


def switch_settings(kind: object) -> type[SwitchSettings] | None:
    """The settings of a kind of switch, None for a kind that there is not."""
    return _SETTINGS.get(kind) if isinstance(kind, str) else None


def simulated_profile(settings: SimulatedSettings, folder: Path) -> CarrierProfile:
    """The carrier's profile that the settings name; a file's path starts at `folder`. Raises ConfigError."""
    beside = folder / settings.profile
    profile = load_profile(beside if beside.is_file() else settings.profile)
    if settings.live is not None:
        profile = msgspec.structs.replace(profile, mix=base_mix(settings.live))
        check_profile(profile)
    return profile


def require(capabilities: Capabilities, pool: Pool) -> None:
    """See that the switch can do what the campaigns want. Raises ConfigError."""
    for campaign in pool.campaigns:
        if campaign.amd and not capabilities.amd:
            raise ConfigError("campaign.amd", "this switch has no answering machine detection")
        if campaign.message and not capabilities.play_message:
            raise ConfigError("campaign.message", "this switch can play no message")


def build_adapter(settings: SwitchSettings, pool: Pool, clock: Clock, *, folder: Path, seed: int) -> TelephonyAdapter:
    """The adapter of a pool's switch; `folder` is where relative paths of the settings start. Raises ConfigError."""
    if isinstance(settings, AsteriskSettings):
        return AsteriskAdapter(
            settings, campaigns=pool.campaigns, trunk_groups=pool.trunk_groups, agents=pool.agents
        )  # fmt: skip
    carrier = SimulatedCarrier(
        simulated_profile(settings, folder), pool.trunk_groups, seed=seed, dead_man_s=dead_man_s(pool)
    )  # fmt: skip
    return SimulatedAdapter(carrier, now_ns=clock.now_ns, speed=clock.speed)
