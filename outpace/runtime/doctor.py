"""What `outpace doctor` looks at. Every check says what it found and, where something is wrong, how to mend it."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

import outpace
from outpace.domain.config import Pool
from outpace.domain.errors import ConfigError, OutpaceError, StoreError
from outpace.domain.units import NS_PER_S
from outpace.runtime import loops
from outpace.runtime.campaign_file import Setup, load
from outpace.runtime.clock import monotonic_ns, wall_ns
from outpace.store.sqlite import SqliteStore

_PYTHON_MIN = (3, 11)
_FREE_BYTES_MIN = 200_000_000
_CLOCK_DRIFT_MAX_NS = 50_000_000

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
    checks.extend(_store(path, setup))
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
    root = Path(outpace.__file__).parent
    names = sorted(".".join(path.relative_to(root.parent).with_suffix("").parts) for path in root.rglob("_*.pyi"))
    missing = []
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            missing.append(f"{name} ({error})")
    if missing:
        return Check(
            "compiled modules", False, "; ".join(missing), "Build them: pip install . (or setup.py build_ext --inplace)."
        )
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
    automatic = len(setup.wrap_ups())
    if not count:
        return Check("agents", False, "there are none", "Add an [[agents]] table.")
    mend = "" if automatic else "None is auto_ready: nothing is dialled until they log in through the API."
    return Check("agents", True, f"{count}, {automatic} of them made ready by outpace", mend)


def _store(path: Path, setup: Setup | None) -> Iterator[Check]:
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
    mend = "The next run settles them with the switch first; if a run is going on, they are its calls." if intents else ""
    yield Check("store", True, f"{path}, {len(intents)} attempts without an ending", mend)


def _switch(setup: Setup) -> list[Check]:
    from outpace.runtime.switches import SimulatedSettings, build_adapter
    from outpace.telephony.asterisk.settings import AsteriskSettings

    pool = setup.pool(1)
    try:
        if isinstance(setup.switch, AsteriskSettings):
            return loops.run(_asterisk(setup.switch, pool), "asyncio")
        assert isinstance(setup.switch, SimulatedSettings)
        del build_adapter
        return []
    except OutpaceError as error:
        return [Check("switch", False, str(error), "Correct [switch]; see that Asterisk runs and its manager listens.")]


class _Silent:
    # Takes what a link reads, and does nothing with it.
    def on_event(self, row: tuple[str, ...]) -> None:
        """Unwanted."""

    def on_batch_end(self) -> None:
        """Nothing has gathered."""

    async def on_up(self, connection: object) -> None:
        """Asked directly instead."""

    def on_down(self, reason: str) -> None:
        """The question that is out fails by itself."""
