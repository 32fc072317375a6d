"""Imports point down only, never sideways between rooms; cimports and imports inside functions count."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tidy import tree

#: Room -> what it may look into: rooms, or single modules of a room. A room may always look into itself.
MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "pacing": {"domain"},
    "engine": {"pacing", "domain"},
    "telephony": {"domain"},
    "store": {"domain"},
    "runtime": {"telephony", "engine", "pacing", "store", "domain"},
    # The simulator joins the same engine to the simulated carrier and the store in memory; the port holds their words.
    "sim": {"engine", "pacing", "telephony.simulated", "store.memory", "store.port", "domain"},
    "api": {"runtime", "telephony", "engine", "pacing", "store", "sim", "domain", "outpace"},
    "client": {"domain"},
    "cli": {"api", "client", "runtime", "telephony", "engine", "pacing", "store", "sim", "domain", "outpace"},
    "__init__": {"engine", "domain"},  # the face that an embedder imports
    "__main__": {"cli"},
}
#: Folders of one kind of switch each, which know nothing of each other; audio/ serves those that bring audio.
SWITCHES = {"asterisk", "freeswitch", "dahdi", "simulated"}

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<base>[\w.]+)[ \t]+c?import[ \t]*(?P<names>\([^)]*\)|[^\n#;]*)"
    r"|c?import[ \t]+(?P<modules>[^\n#;]+))"
    r"|(?:import_module|__import__)\(\s*[\"'](?P<dynamic>[\w.]+)",
    re.MULTILINE,
)


def imported(text: str) -> list[str]:
    """Dotted names of all that the text imports; `from a import b` gives a.b."""
    found = []
    for match in _IMPORT.finditer(text):
        if match["dynamic"]:
            found.append(match["dynamic"])
        elif match["base"]:
            names = re.sub(r"#[^\n]*", "", match["names"]).strip("() \t\n")
            found += [f"{match['base']}.{part.split()[0]}" for part in names.split(",") if part.strip()]
        else:
            found += [part.split()[0] for part in match["modules"].split(",") if part.strip()]
    return found


def _target(dotted: str) -> str | None:
    """`outpace.engine._core.EngineCore` -> `engine._core`; the face -> `outpace`; what is not ours -> None."""
    parts = dotted.split(".")
    if parts[0] != "outpace":
        return None
    if len(parts) == 1 or parts[1] not in MAY_IMPORT:
        return "outpace"
    return ".".join(parts[1:3])


def faults(path: Path, text: str) -> list[str]:
    """Forbidden imports of one file."""
    here = path.relative_to(tree.PACKAGE).parts
    allowed = MAY_IMPORT.get(tree.room(path))
    if allowed is None:
        return [f"{tree.name(path)}: outpace/{tree.room(path)} is no room of the table in test_layers.py"]
    found = []
    for dotted in imported(text):
        if dotted.startswith("."):
            found.append(f"{tree.name(path)}: relative import {dotted}")
        target = _target(dotted)
        if target is None:
            continue
        room, _, module = target.partition(".")
        if room == here[0] and len(here) > 1:
            owner = here[1] if here[0] == "telephony" and len(here) > 2 else ""
            wrong = room == "telephony" and module in SWITCHES and module != owner
        else:
            wrong = room not in allowed and target not in allowed
        if wrong:
            found.append(f"{tree.name(path)}: must not import {dotted}")
    return found


def test_imports_point_down() -> None:
    found = [
        fault for path in tree.files(*tree.MODULE_SUFFIXES) for fault in faults(path, path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("engine/acd.py", "from outpace.runtime.clock import now"),
        ("engine/acd.py", "    import outpace.store.memory as memory"),
        ("engine/_core.pyx", "from outpace.telephony.asterisk._ami cimport parse"),
        ("engine/_core.pxd", "cimport outpace.telephony.asterisk._ami"),
        ("engine/_core.pyi", "from outpace import runtime"),
        ("engine/acd.py", "from outpace import (\n    domain,\n    store,  # why\n)"),
        ("engine/acd.py", "import json, outpace.store.port"),
        ("engine/acd.py", 'importlib.import_module("outpace.api.app")'),
        ("engine/acd.py", "from outpace import Engine"),
        ("engine/acd.py", "from . import hopper"),
        ("pacing/ratio.py", "from outpace.engine.acd import pick"),
        ("store/sqlite.py", "from outpace.telephony.adapter import LiveCall"),
        ("domain/states.py", "from outpace.engine.acd import pick"),
        ("sim/world.py", "from outpace.store.sqlite import SqliteStore"),
        ("sim/world.py", "from outpace.telephony import adapter"),
        ("sim/world.py", "from outpace.runtime.pump import Pump"),
        ("runtime/pump.py", "from outpace.api import app"),
        ("telephony/asterisk/adapter.py", "from outpace.telephony.simulated.carrier import Carrier"),
        ("telephony/adapter.py", "from outpace.telephony.asterisk import adapter"),
        ("client/client.py", "from outpace.runtime.control import Update"),
        ("client/client.py", "from outpace.api.bodies import LeadBody"),
        ("client/webhooks.py", "import outpace.engine.engine"),
        ("api/app.py", "from outpace.client import Client"),
        ("attic/old.py", "import json"),
    ],
)
def test_layers_when_import_is_forbidden_then_says_so(where: str, line: str) -> None:
    assert len(faults(tree.PACKAGE / where, f"import json\n{line}\n")) == 1


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("engine/_core.pyx", "from outpace.domain._words cimport fact_t, command_t"),
        ("engine/_core.pyx", "from outpace.engine._timers cimport Timers"),
        ("sim/world.pyx", "from outpace.telephony.simulated._carrier cimport Carrier"),
        ("sim/world.py", "from outpace.store.memory import MemoryStore"),
        ("telephony/asterisk/adapter.py", "from outpace.telephony.asterisk._ami import Parser"),
        ("telephony/dahdi/adapter.py", "from outpace.telephony.audio.cpa import Cpa"),
        ("cli/simulate.py", "    from outpace.sim.world import World"),
        ("__init__.py", "from outpace.engine.engine import Engine"),
        ("client/client.py", "from outpace.domain.wire import Topic"),
        ("engine/acd.py", "import outpace_plugins.engine"),
    ],
)
def test_layers_when_import_points_down_then_nothing(where: str, line: str) -> None:
    assert faults(tree.PACKAGE / where, line + "\n") == []
