"""What the rooms must not call: clocks, chance, print; errors swallowed; and Cython that hides its cost.

A line that must break a rule says so: `# tidy: ok - reason`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy import tree

#: Modules that bring a clock or chance -> rooms that may import them.
MODULES = {
    "time": {"runtime", "cli", "client"},
    "random": {"runtime", "cli", "client"},
    "secrets": {"runtime", "api", "cli", "client"},
    "uuid": {"runtime", "api", "cli"},
}
CLOCKS = {"now", "utcnow", "today"}
CLOCK_ROOMS = {"runtime", "cli"}
PRINT_ROOMS = {"cli"}

#: Pattern -> what is wrong with it, for pyx and pxd.
CYTHON = {
    re.compile(
        r"^\s*(?:from\s+(?:time|random|libc\.time|posix\.time)\s|c?import\s+(?:time|random)\b)"
    ): "clock or chance",
    re.compile(r"^\s*from\s+libc\.stdlib\s+cimport\b.*\bs?rand\b"): "chance without a seed",
    re.compile(r"^\s*except\s*:"): "bare except",
    re.compile(r"^\s*except\s+(?:Base)?Exception\b.*:\s*pass\b"): "swallowed error",
    re.compile(r"\bprint\s*\("): "print",
    re.compile(r"\.(?:utcnow|today)\s*\(|datetime\.now\s*\("): "clock",
    re.compile(r"^\s*include\s+[\"']"): "textual include",
    re.compile(r"^\s*cpdef\s+(?!enum\b)"): "cpdef: write a cdef and a def face",
}


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").split(".")[0]]
    return [alias.name.split(".")[0] for alias in node.names]


def _swallows(node: ast.ExceptHandler) -> bool:
    broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
    return broad and all(isinstance(one, ast.Pass | ast.Continue) or _is_constant(one) for one in node.body)


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def python_faults(room: str, text: str) -> Iterator[tuple[int, str]]:
    """(line, what) for each rule that a Python module of the room breaks."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for module in _modules(node):
                if room not in MODULES.get(module, {room}):
                    yield node.lineno, f"import of {module}"
        elif isinstance(node, ast.ExceptHandler):
            if node.type is None:
                yield node.lineno, "bare except"
            elif _swallows(node):
                yield node.lineno, "swallowed error"
        elif isinstance(node, ast.Call):
            what = _call_fault(room, node)
            if what:
                yield node.lineno, what


def _call_fault(room: str, node: ast.Call) -> str:
    if isinstance(node.func, ast.Name) and node.func.id == "print" and room not in PRINT_ROOMS:
        return "print"
    if not isinstance(node.func, ast.Attribute):
        return ""
    owner = ast.unparse(node.func.value)
    if node.func.attr in CLOCKS and owner.split(".")[-1] in ("datetime", "date") and room not in CLOCK_ROOMS:
        return "clock"
    if owner in ("np.random", "numpy.random") and (node.func.attr != "Generator" and not node.args):
        return "chance without a seed"
    return ""


def cython_faults(text: str) -> Iterator[tuple[int, str]]:
    """(line, what) for each rule that a pyx or pxd breaks."""
    for row, line in enumerate(text.splitlines(), start=1):
        for pattern, what in CYTHON.items():
            if pattern.search(line.split("#")[0]):
                yield row, what


def faults(path: Path, text: str) -> list[str]:
    """Broken rules of one file, without the excused lines."""
    lines = text.splitlines()
    kernel = path.suffix in (".pyx", ".pxd")
    found = cython_faults(text) if kernel else python_faults(tree.room(path), text)
    return [f"{tree.name(path)}:{row}: {what}" for row, what in found if not tree.excused(lines[row - 1])]


def test_nothing_banned() -> None:
    found = [
        fault for path in tree.files(*tree.MODULE_SUFFIXES) for fault in faults(path, path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("engine/a.py", "import time"),
        ("engine/a.py", "def f():\n    from random import random"),
        ("store/a.py", "import uuid"),
        ("telephony/asterisk/a.py", "stamp = datetime.now(UTC)"),
        ("sim/a.py", "day = datetime.date.today()"),
        ("api/a.py", "stamp = dt.datetime.utcnow()"),
        ("store/a.py", "print('x')"),
        ("runtime/a.py", "print('x')"),
        ("runtime/a.py", "try:\n    f()\nexcept:\n    raise"),
        ("runtime/a.py", "try:\n    f()\nexcept Exception:\n    pass"),
        ("cli/run.py", "while True:\n    try:\n        f()\n    except BaseException:\n        continue"),
        ("sim/a.py", "rng = np.random.default_rng()"),
        ("engine/a.pyx", "from libc.time cimport time"),
        ("engine/a.pyx", "from libc.stdlib cimport malloc, rand"),
        ("engine/a.pyx", "    import random"),
        ("engine/a.pyx", 'include "b.pxi"'),
        ("engine/a.pyx", "cpdef int f(int a):"),
        ("engine/a.pxd", "    cpdef int f(self, int a)"),
        ("engine/a.pyx", "    print(a)"),
        ("engine/a.pyx", "    except:"),
        ("engine/a.py", "import time  # tidy: ok - why"),
    ],
)
def test_banned_when_rule_is_broken_then_says_so(where: str, text: str) -> None:
    assert len(faults(tree.PACKAGE / where, text)) == 1


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("runtime/clock.py", "import time\nNOW = time.time_ns"),
        ("cli/report.py", "print('x')"),
        ("domain/config.py", "from datetime import time"),
        ("engine/a.py", "stamp = clock.now()"),
        ("engine/a.py", "import time  # tidy: ok - only names the type of a callers' clock"),
        ("runtime/a.py", "try:\n    f()\nexcept Exception as error:\n    report(error)"),
        ("sim/a.py", "rng = np.random.default_rng(seed)"),
        ("engine/a.pyx", "cpdef enum State:\n    FREE = 0"),
        ("engine/a.pyx", "# cpdef int f(int a)"),
    ],
)
def test_banned_when_rule_is_kept_then_nothing(where: str, text: str) -> None:
    assert faults(tree.PACKAGE / where, text) == []
