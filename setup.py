"""Build of the Cython extensions; everything else is in pyproject.toml.

OUTPACE_BUILD=debug turns bounds, None and division checks back on (C in build/cython-debug; give it its own build
folder too, as tools/test.sh does). OUTPACE_BUILD=none builds nothing: an editable install registers a tree that
`build_ext --inplace` has built. OUTPACE_ANNOTATE=1 writes the annotated HTML beside the generated C.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

BUILD = os.environ.get("OUTPACE_BUILD", "release")
if BUILD not in ("release", "debug", "none"):
    raise SystemExit(f"OUTPACE_BUILD is release, debug or none, not {BUILD!r}")
DEBUG = BUILD == "debug"
ROOT = Path(__file__).parent

directives = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "nonecheck": DEBUG,
    "cdivision": not DEBUG,
    "embedsignature": True,
}

# No fast-math and no contraction: a decision must not depend on how the compiler fuses operations.
compile_args = ["-O1" if DEBUG else "-O3", "-ffp-contract=off", "-fno-fast-math", "-Wno-unused-function"]

sources = [] if BUILD == "none" else sorted((ROOT / "outpace").rglob("*.pyx"))
extensions = [
    Extension(".".join(path.with_suffix("").parts), [str(path)], extra_compile_args=compile_args)
    for path in (source.relative_to(ROOT) for source in sources)
]

setup(
    ext_modules=cythonize(
        extensions,
        build_dir="build/cython-debug" if DEBUG else "build/cython",
        nthreads=2,
        annotate=bool(os.environ.get("OUTPACE_ANNOTATE")),
        compiler_directives=directives,
    ),
    options={"build_ext": {"parallel": 2}},
)
