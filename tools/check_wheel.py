"""Check what a wheel holds: every module, stub and pxd of the tree, each kernel compiled, the console, no sources
of kernels.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

#: The console's static files: all of them, whatever their suffix.
STATIC = "outpace/api/console/"
DATA = (".py", ".pyi", ".pxd", ".typed", ".toml", ".csv", ".conf", ".sql", ".lua")


def faults(wheel: Path, tree: Path) -> list[str]:
    """What is missing from the wheel or has no business in it, one line each."""
    names = set(zipfile.ZipFile(wheel).namelist())
    found = [
        f"must not be in the wheel: {name}"
        for name in sorted(names)
        if name.endswith((".pyx", ".c", ".html")) and not name.startswith(STATIC)
    ]
    found += [
        f"must not be in the wheel: {name}"
        for name in sorted(names)
        if not name.startswith("outpace/") and ".dist-info/" not in name
    ]
    for path in sorted((tree / "outpace").rglob("*")):
        name = path.relative_to(tree).as_posix()
        is_static = name.startswith(STATIC) and path.is_file()
        if (path.suffix in DATA or is_static) and name not in names:
            found.append(f"missing in the wheel: {name}")
        stem = name.removesuffix("pyx")
        if path.suffix == ".pyx" and not any(one.startswith(stem) and one.endswith(".so") for one in names):
            found.append(f"not compiled in the wheel: {name}")
    return found


if __name__ == "__main__":
    problems = [line for wheel in sys.argv[1:] for line in faults(Path(wheel), Path.cwd())]
    print(*problems or ["wheel holds every module, stub and pxd, and no kernel source"], sep="\n")
    raise SystemExit(bool(problems))
