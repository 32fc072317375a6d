"""Build of the Cython extensions; everything else is in pyproject.toml.

OUTPACE_BUILD=debug turns bounds and division checks back on (C in build/cython-debug; give it its own build
folder too, as tools/test.sh does). OUTPACE_BUILD=none builds nothing: an editable install registers a tree that
`build_ext --inplace` has built. OUTPACE_ANNOTATE=1 writes the annotated HTML beside the generated C.
"""

import os
import subprocess
import sys
from pathlib import Path

import Cython
from Cython.Build import cythonize
from setuptools import Extension, setup

BUILD = os.environ.get("OUTPACE_BUILD", "release")
if BUILD not in ("release", "debug", "none"):
    raise SystemExit(f"OUTPACE_BUILD is release, debug or none, not {BUILD!r}")
DEBUG = BUILD == "debug"
ROOT = Path(__file__).parent
BUILD_DIR = "build/cython-debug" if DEBUG else "build/cython"

directives = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "nonecheck": False,  # Cython 3.3 refuses `self.x += 1` without the GIL when None checks are on
    "cdivision": not DEBUG,
    "embedsignature": True,
}

# No fast-math and no contraction: a decision must not depend on how the compiler fuses operations.
compile_args = ["-O1" if DEBUG else "-O3", "-g0", "-ffp-contract=off", "-fno-fast-math", "-Wno-unused-function"]


def shared_utility() -> Extension:
    """What Cython would otherwise compile into every module (memoryviews above all), once: half the time to build."""
    source = Path(BUILD_DIR, f"shared-{Cython.__version__}", "_cyutility.c")
    if not source.exists():
        source.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "cython", f"--generate-shared={source}", "-3"]
        subprocess.run(command, check=True)  # noqa: S603 - our own words only
    return Extension("outpace._cyutility", [str(source)], extra_compile_args=compile_args)


sources = [] if BUILD == "none" else sorted((ROOT / "outpace").rglob("*.pyx"))
extensions = [
    Extension(".".join(path.with_suffix("").parts), [str(path)], extra_compile_args=compile_args)
    for path in (source.relative_to(ROOT) for source in sources)
]

modules = cythonize(
    extensions,
    build_dir=BUILD_DIR,
    nthreads=2,
    annotate=bool(os.environ.get("OUTPACE_ANNOTATE")),
    compiler_directives=directives,
    shared_utility_qualified_name="outpace._cyutility",
)

setup(
    ext_modules=[*modules, shared_utility()] if modules else [],
    options={"build_ext": {"parallel": 2}},
)
