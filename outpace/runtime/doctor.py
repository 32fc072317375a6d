"""What `outpace doctor` looks at. Every check says what it found and, where something is wrong, how to mend it."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from outpace.domain.config import Pool
from outpace.domain.errors import ConfigError, LinkDown, StoreError, TelephonyError
from outpace.domain.units import NS_PER_S
from outpace.runtime import loops
from outpace.runtime.campaign_file import Setup, load
from outpace.runtime.clock import monotonic_ns, wall_ns
from outpace.runtime.switches import simulated_profile
from outpace.store.sqlite import SqliteStore
from outpace.telephony.asterisk.client import AmiConnection, open_connection
from outpace.telephony.asterisk.dialplan import EXTEN_AMD, EXTEN_PLAY, EXTEN_WAIT
from outpace.telephony.asterisk.settings import AsteriskSettings

_PACKAGE = Path(__file__).parents[1]
_PYTHON_MIN = (3, 11)
_FREE_BYTES_MIN = 200_000_000
_CLOCK_DRIFT_MAX_NS = 50_000_000
_CLOCK_APART_MAX_S = 1

#: Device states of Asterisk in which nobody can be reached.
_LEG_LOST = ("no leg", "", "INVALID", "UNAVAILABLE", "UNKNOWN")
_LEGS_SHOWN = 5

#: 2026-01-01: a clock before it was never set.
_BUILT_NS = 1_767_225_600 * NS_PER_S


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at. `mend` says what to do; it may advise where nothing is wrong, too."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


def examine(campaign_file: Path | None, store_path: Path | None = None) -> list[Check]:
    """Look at the installation; with a campaign file, also at its settings, list, store and switch."""
    checks = [_python(), _compiled(), _clock()]
    setup = None
    if campaign_file is not None:
        setup, check = _settings(campaign_file)
        checks.append(check)
    if setup is not None:
        checks.extend(_list(setup))
        checks.append(_agents(setup))
    path = store_path or Path(setup.store.path if setup is not None else "var/outpace.db")
    checks.extend(_store(path))
    if setup is not None:
        checks.extend(_switch(setup))
    return checks


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _PYTHON_MIN:
        return Check("python", False, version, "Install Python 3.11 or later and make the environment anew.")
    return Check("python", True, version)


def _compiled() -> Check:
    # Each compiled module has a stub beside it.
    names = sorted(
        ".".join(path.relative_to(_PACKAGE.parent).with_suffix("").parts) for path in _PACKAGE.rglob("_*.pyi")
    )
    missing = []
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(f"{name} ({error})")
    if missing:
        mend = "Build them: pip install . (or setup.py build_ext --inplace)."
        return Check("compiled modules", False, "; ".join(missing), mend)
    return Check("compiled modules", True, f"{len(names)} load")


def _clock() -> Check:
    started_ns, mono_ns = wall_ns(), monotonic_ns()
    if started_ns < _BUILT_NS:
        return Check("clock", False, "the system's clock was never set", "Set it, and let chrony or ntpd keep it.")
    deadline_ns = mono_ns + 20_000_000
    while monotonic_ns() < deadline_ns:
        os.sched_yield()
    drift_ns = abs((wall_ns() - started_ns) - (monotonic_ns() - mono_ns))
    if drift_ns > _CLOCK_DRIFT_MAX_NS:
        return Check(
            "clock", False, f"the wall clock jumped by {drift_ns / NS_PER_S:.3f} s while it was looked at",
            "Let chrony or ntpd slew the clock instead of stepping it.",
        )  # fmt: skip
    return Check("clock", True, "runs evenly")


def _settings(path: Path) -> tuple[Setup | None, Check]:
    try:
        setup = load(path)
    except ConfigError as error:
        return None, Check("campaign file", False, str(error), "Correct the line.")
    return setup, Check("campaign file", True, f"{path}: campaign {setup.campaign.name!r}")


def _list(setup: Setup) -> Iterator[Check]:
    path = setup.list_path()
    if path is None:
        yield Check("list", True, "none named; leads come by `outpace import`")
    elif not os.access(path, os.R_OK):
        yield Check("list", False, f"{path} can't be read", "Correct [list] file; it is relative to the campaign file.")
    else:
        yield Check("list", True, f"{path}, {path.stat().st_size} bytes")


def _agents(setup: Setup) -> Check:
    count = len(setup.pool(1).agents)
    automatic = sum(len(ids) for _, ids in setup.automatic())
    if not count:
        return Check("agents", False, "there are none", "Add an [[agents]] table.")
    mend = "" if automatic else "Set auto_ready = true: `outpace run` logs nobody else in."
    return Check("agents", True, f"{count}, {automatic} of them made ready by outpace", mend)


def _store(path: Path) -> Iterator[Check]:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not os.access(folder, os.W_OK):
        yield Check("store", False, f"the folder {folder} is not writable", "Give outpace's user the right to write.")
        return
    free = shutil.disk_usage(folder).free
    if free < _FREE_BYTES_MIN:
        yield Check("disk", False, f"{free // 1_000_000} MB free at {folder}", "Make room: a full disk stops dialling.")
    else:
        yield Check("disk", True, f"{free // 1_000_000} MB free at {folder}")
    if not path.exists():
        yield Check("store", True, f"{path} will be made")
        return
    if not os.access(path, os.W_OK):
        yield Check("store", False, f"{path} is not writable", "Give outpace's user the right to write.")
        return
    try:
        with SqliteStore(path, create=False) as store:
            intents = store.open_intents()
    except StoreError as error:
        yield Check("store", False, str(error), "Name another file with [store] path, or move this one away.")
        return
    mend = "If no run is going on, the next one settles them with the switch first." if intents else ""
    yield Check("store", True, f"{path}, {len(intents)} attempts without an ending", mend)


def _switch(setup: Setup) -> Iterator[Check]:
    if isinstance(setup.switch, AsteriskSettings):
        yield from loops.run(_asterisk(setup.switch, setup.pool(1)), "asyncio")
        return
    try:
        profile = simulated_profile(setup.switch, setup.file.parent)
    except ConfigError as error:
        yield Check("switch", False, str(error), "Correct the profile, or name another with [switch] profile.")
        return
    yield Check("switch", True, f"simulated, profile {profile.name!r}, speed {setup.switch.speed:g}")


async def _asterisk(settings: AsteriskSettings, pool: Pool) -> list[Check]:
    try:
        connection = await open_connection(settings, {}, _Silent())
    except TelephonyError as error:
        mend = (
            "Correct [switch]; Asterisk must run, and manager.conf must have this user with"
            " read = system,call,user,originate and write = system,call,originate,reporting."
        )
        return [Check("switch", False, str(error), mend)]
    try:
        where = f"Asterisk at {settings.host}:{settings.port}"
        checks = [Check("switch", True, f"{where}, {settings.username!r} logged in")]
        checks.append(await _dialplan(connection, settings))
        checks.append(await _legs(connection, pool))
        checks.append(await _switch_clock(connection))
        return checks
    except LinkDown as error:
        return [Check("switch", False, str(error), "The link was lost while it was asked; look at Asterisk's log.")]
    finally:
        connection.drop("the doctor leaves")


async def _value(connection: AmiConnection, function: str) -> str:
    # What a dialplan function says, "" when Asterisk refuses to.
    answer, _ = await connection.ask("Getvar", [("Variable", function)])
    return answer.get("Value") or "" if answer.response == "Success" else ""


async def _dialplan(connection: AmiConnection, settings: AsteriskSettings) -> Check:
    wanted = (
        (settings.call_context, EXTEN_WAIT),
        (settings.call_context, EXTEN_AMD),
        (settings.message_context, EXTEN_PLAY),
        (settings.agent_context, EXTEN_WAIT),
    )
    missing = [
        f"{extension}@{context}"
        for context, extension in wanted
        if await _value(connection, f"DIALPLAN_EXISTS({context},{extension},1)") != "1"
    ]
    if missing:
        path = _PACKAGE / "telephony" / "asterisk" / "outpace.conf"
        mend = f'Put "#include {path}" into extensions.conf and say "dialplan reload".'
        return Check("dialplan", False, f"not found: {', '.join(missing)}", mend)
    return Check("dialplan", True, "outpace's fragment is there")


async def _legs(connection: AmiConnection, pool: Pool) -> Check:
    lost = []
    for agent in pool.agents:
        state = await _value(connection, f"DEVICE_STATE({agent.leg})") if agent.leg else "no leg"
        if state in _LEG_LOST:
            lost.append(f"{agent.name} ({agent.leg or 'none'}): {state.lower()}")
    if lost:
        more = f" and {len(lost) - _LEGS_SHOWN} more" if len(lost) > _LEGS_SHOWN else ""
        mend = "Register the phones, or correct leg in [[agents]]; whoever has no leg gets no calls."
        return Check("agents' legs", False, ", ".join(lost[:_LEGS_SHOWN]) + more, mend)
    return Check("agents' legs", True, f"{len(pool.agents)} known to the switch")


async def _switch_clock(connection: AmiConnection) -> Check:
    before_ns = wall_ns()
    text = await _value(connection, "STRFTIME(,UTC,%s)")
    if not text.isdigit():
        return Check("switch's clock", True, "Asterisk does not tell it (func_strings is not loaded)")
    seconds = max(before_ns // NS_PER_S - int(text), int(text) - wall_ns() // NS_PER_S, 0)
    if seconds > _CLOCK_APART_MAX_S:
        mend = "Let chrony or ntpd keep both clocks; attempts carry the switch's times."
        return Check("switch's clock", False, f"{seconds} s apart from ours", mend)
    return Check("switch's clock", True, "agrees with ours")


class _Silent:
    # Takes what a link reads, and does nothing with it: the doctor only asks.
    def on_event(self, row: tuple[str, ...]) -> None:
        """No event is wanted."""

    def on_batch_end(self) -> None:
        """Nothing has gathered."""

    async def on_up(self, connection: AmiConnection) -> None:
        """The connection is used directly."""

    def on_down(self, reason: str) -> None:
        """The question that is out fails by itself."""
