"""The files that the tidy tests read."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "outpace"
MODULE_SUFFIXES = (".py", ".pyi", ".pyx", ".pxd")
#: Folders that a checkout does not hold: built, installed or written at run time.
GENERATED = {"build", "dist", "var", "__pycache__", "node_modules"}

#: `# tidy: ok - reason` at the end of a line lets it pass.
_EXCUSE = re.compile(r"#\s*tidy: ok - \S.{9,}")


def files(*suffixes: str, under: Path = PACKAGE) -> list[Path]:
    """Files of the tree by suffix (all when none is given), sorted, without what is generated."""
    found = []
    for path in sorted(under.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
        if hidden or GENERATED.intersection(parts) or any(part.endswith(".egg-info") for part in parts):
            continue
        if path.is_file() and (not suffixes or path.suffix in suffixes):
            found.append(path)
    return found


def name(path: Path) -> str:
    """Path as a reader writes it."""
    return path.relative_to(ROOT).as_posix()


def room(path: Path) -> str:
    """First folder under outpace/, or the module's own name for a file that stands there."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else parts[0].split(".")[0]


def excused(line: str) -> bool:
    """Whether the line carries an escape comment with a reason."""
    return _EXCUSE.search(line) is not None
