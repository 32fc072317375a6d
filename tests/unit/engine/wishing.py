"""The pacer of `_wish.pyx`, compiled once a session into a folder of its own."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parents[3]
SOURCE = Path(__file__).with_name("_wish.pyx")


def compiled(folder: Path) -> Any:
    """The class WishPacer."""
    extension = Extension("_wish", [str(SOURCE)], extra_compile_args=["-O0", "-Wno-unused-function"])
    modules = cythonize(
        [extension],
        build_dir=str(folder),
        quiet=True,
        include_path=[str(ROOT)],
        compiler_directives={"language_level": 3, "boundscheck": False, "wraparound": False},
        shared_utility_qualified_name="outpace._cyutility",
    )
    command = build_ext(Distribution({"name": "wish", "ext_modules": modules}))
    command.build_lib, command.build_temp = str(folder / "lib"), str(folder / "temp")
    command.ensure_finalized()
    command.run()
    (path,) = (folder / "lib").glob("_wish*")
    spec = importlib.util.spec_from_file_location("_wish", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["_wish"] = module
    spec.loader.exec_module(module)
    return module.WishPacer
