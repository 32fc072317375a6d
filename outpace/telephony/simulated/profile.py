"""The carrier's profile: what becomes of dialled numbers, and how long everything takes.

A profile is a TOML file; `load_profile` reads it, resolves its CSV paths against the file's folder and checks every
distribution. Unknown keys are refused, and an error names the file, the key and the reason. Two profiles are shipped:
`base` and `bank-marketing` (see profiles/README.md).
"""

from __future__ import annotations

import math
from enum import Enum
from importlib import resources
from pathlib import Path
from typing import TypeVar

import msgspec

from outpace.domain.errors import ConfigError
from outpace.telephony.simulated.distributions import DistributionSettings, Seconds, build, resolve


def _check_share(key: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ConfigError(key, f"must be from 0 to 1, not {value:g}")


def _check_seconds(key: str, value: float) -> None:
    if not 0.0 <= value <= 3600.0:
        raise ConfigError(key, f"must be from 0 to 3600, not {value:g}")


class _Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base: unknown keys are refused."""


class Mix(_Settings, frozen=True):
    """Shares of the outcomes of a dial; they sum to 1."""

    live: float
    machine: float = 0.0
    fax: float = 0.0
    no_answer: float = 0.0
    busy: float = 0.0
    invalid: float = 0.0
    congestion: float = 0.0
    rejected: float = 0.0
    failed: float = 0.0

    def __post_init__(self) -> None:
        shares = msgspec.structs.astuple(self)
        for key, share in zip(self.__struct_fields__, shares, strict=True):
            _check_share(key, share)
        if abs(math.fsum(shares) - 1.0) > 1e-9:
            raise ConfigError("mix", f"shares must sum to 1, not {math.fsum(shares):.10g}")


class Times(_Settings, frozen=True):
    """Seconds of everything that takes time.

    proceeding: originate to the network having the call. ringing: that to the callee's phone ringing (post-dial
    delay). answer, machine_answer, fax_answer: ringing to the answer. no_answer: ringing until the network gives up.
    busy, invalid, congestion, rejected, failed: proceeding to that ending. talk: connected to a person until one of
    the two hangs up. machine_talk: the same with a machine. patience: a person's, from the answer, while nobody talks.
    machine_patience: a machine's, until it stops recording. message: the recorded message. bridge: ConnectAgent to
    the bridge. leg: OpenAgentLeg to the leg being up.
    """

    proceeding: Seconds = 0.0
    ringing: Seconds = 0.0
    answer: Seconds = 8.0
    machine_answer: Seconds = 18.0
    fax_answer: Seconds = 6.0
    no_answer: Seconds = 60.0
    busy: Seconds = 3.0
    invalid: Seconds = 2.0
    congestion: Seconds = 0.5
    rejected: Seconds = 1.0
    failed: Seconds = 1.0
    talk: Seconds = 60.0
    machine_talk: Seconds = 6.0
    patience: Seconds = 20.0
    machine_patience: Seconds = 60.0
    message: Seconds = 10.0
    bridge: Seconds = 0.0
    leg: Seconds = 0.0


class Amd(_Settings, frozen=True):
    """Answering machine detection, where a call asks for it.

    delay: answer to verdict. false_positive: share of people taken for machines. false_negative: share of machines
    and faxes taken for people. closing_silence_s: silence that the detector waits for at a greeting's end.
    speech_start_s: answer to the first word. patience_from_verdict: people speak their greeting while the detector
    listens, and their patience runs from its verdict; else from the answer.
    """

    delay: Seconds = 0.0
    false_positive: float = 0.0
    false_negative: float = 0.0
    closing_silence_s: float = 0.0
    speech_start_s: float = 0.0
    patience_from_verdict: bool = False

    def __post_init__(self) -> None:
        _check_share("false_positive", self.false_positive)
        _check_share("false_negative", self.false_negative)
        _check_seconds("closing_silence_s", self.closing_silence_s)
        _check_seconds("speech_start_s", self.speech_start_s)


class VoiceCard(_Settings, frozen=True):
    """Trunk groups that are not SIP: spans of channels on cards, with what their signalling does and lacks.

    glare: share of seizures that meet an incoming call on the channel. back_off: wait before another channel is
    tried, at most glare_retries times. incoming_hold: how long an incoming call keeps the channel that it won.
    The last four belong to guessed answer supervision. answer_delay: pick-up to the guess. missed_answer: share of
    answers never noticed. false_answer: share of unanswered calls taken for answered. dead_air: how long an agent
    listens to nobody.
    """

    channels_per_span: int = 30
    glare: float = 0.0
    glare_retries: int = 2
    back_off: Seconds = 0.5
    incoming_hold: Seconds = 60.0
    answer_delay: Seconds = 1.0
    missed_answer: float = 0.0
    false_answer: float = 0.0
    dead_air: Seconds = 4.0

    def __post_init__(self) -> None:
        if not 1 <= self.channels_per_span <= 10_000:
            raise ConfigError("channels_per_span", f"must be from 1 to 10000, not {self.channels_per_span}")
        if not 0 <= self.glare_retries <= 100:
            raise ConfigError("glare_retries", f"must be from 0 to 100, not {self.glare_retries}")
        _check_share("glare", self.glare)
        _check_share("missed_answer", self.missed_answer)
        _check_share("false_answer", self.false_answer)


class Numbers(Enum):
    """What a number means: nothing (its fate is drawn), or its own fate in code, for tests.

    A coded number is PPPRRTTT and whatever follows: PPP says what happens (100 a silent answer, 101 a person, 102 a
    machine, 103 a person after early media, 180 rings for ever, 181 not even that, 188 a person who hangs up at once,
    400 to 699 that final SIP status), RR after how much ringing, TTT how long after the answer the callee hangs up
    (000 = never), both in tenths of a second.
    """

    DRAWN = "drawn"
    CODED = "coded"


class CarrierProfile(_Settings, frozen=True):
    """Everything that the simulated carrier draws from."""

    name: str
    mix: Mix
    numbers: Numbers = Numbers.DRAWN
    times: Times = Times()
    amd: Amd = Amd()
    voice_card: VoiceCard = VoiceCard()


_S = TypeVar("_S", Times, Amd, VoiceCard)

#: The published rows of the base scenario by their share of people.
_BASE_MIXES = (
    Mix(live=0.10, machine=0.35, no_answer=0.40, busy=0.07, invalid=0.08),
    Mix(live=0.25, machine=0.25, no_answer=0.35, busy=0.08, invalid=0.07),
    Mix(live=0.50, machine=0.15, no_answer=0.25, busy=0.06, invalid=0.04),
)


def base_mix(live: float) -> Mix:
    """The base scenario's mix for a share of people: the nearest published row, its other parts scaled to 1 - live.

    Raises
    ------
    ConfigError : `live` is not from 0 to 1.
    """
    _check_share("live", live)
    row = min(_BASE_MIXES, key=lambda mix: abs(mix.live - live))
    scale = (1.0 - live) / (1.0 - row.live)
    scaled = (row.machine * scale, row.no_answer * scale, row.busy * scale, row.invalid * scale)
    return Mix(live=live, machine=scaled[0], no_answer=scaled[1], busy=scaled[2], invalid=scaled[3])


def load_profile(path: str | Path) -> CarrierProfile:
    """Read and check a profile; `base` and `bank-marketing` name the shipped ones.

    Raises
    ------
    ConfigError : the file cannot be read, a key is unknown or missing, a value is wrong.
    """
    shipped = resources.files("outpace.telephony.simulated") / "profiles" / f"{path}.toml"
    file = Path(str(shipped)) if shipped.is_file() else Path(path)
    try:
        profile = msgspec.toml.decode(file.read_bytes(), type=CarrierProfile)
    except OSError as error:
        raise ConfigError(str(file), error.strerror or str(error)) from error
    except msgspec.ValidationError as error:
        raise _located(file, error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), f"is not TOML: {error}") from error
    resolved = msgspec.structs.replace(
        profile,
        times=_resolved(profile.times, file.parent),
        amd=_resolved(profile.amd, file.parent),
        voice_card=_resolved(profile.voice_card, file.parent),
    )
    try:
        check_profile(resolved)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error.where}", error.reason) from error
    return resolved


def check_profile(profile: CarrierProfile) -> None:
    """Build every distribution once. ConfigError names the key."""
    for section in ("times", "amd", "voice_card"):
        settings = getattr(profile, section)
        for key in settings.__struct_fields__:
            if isinstance(getattr(settings, key), float | int | DistributionSettings):
                build(getattr(settings, key), f"{section}.{key}")


def _resolved(settings: _S, folder: Path) -> _S:
    paths = {key: resolve(getattr(settings, key), folder) for key in settings.__struct_fields__}
    return msgspec.structs.replace(settings, **paths)


def _located(file: Path, error: msgspec.ValidationError) -> ConfigError:
    # msgspec writes "reason - at `$.times.talk`"; our own errors are in its text as "key: reason"
    reason, _, where = str(error).rpartition(" - at `$")
    key = where.strip("`.")
    return ConfigError(f"{file}: {key}" if reason and key else str(file), reason or str(error))
