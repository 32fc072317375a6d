"""Files, functions and signatures stay small; __init__ only re-exports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.tidy import tree

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60
MAX_POSITIONAL = 6

_HEAD = re.compile(
    r"^(?P<indent>[ ]*)"
    r"(?:async[ ]+def|def|cp?def(?!\s+(?:class|enum|struct|extern|union)\b)[\w\s*\[\]:,.&]*?)"
    r"\s+\**(?P<name>\w+)\s*\("
)


def python_functions(text: str) -> Iterator[tuple[str, int, int]]:
    """(name, lines, positional parameters without self) of each function; excused ones count none."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
            positional = 0 if tree.excused(lines[node.lineno - 1]) else len(names) - (names[:1] in _SELF)
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1, positional


_SELF = (["self"], ["cls"])


def cython_functions(text: str) -> Iterator[tuple[str, int, int]]:
    """As python_functions, for def and cdef functions of a pyx; a body ends where the indentation ends."""
    lines = text.splitlines()
    for first, line in enumerate(lines):
        match = _HEAD.match(line)
        if not match:
            continue
        signature, last = _signature(lines, first, match.end())
        if not lines[last].rstrip().split("#")[0].rstrip().endswith(":"):
            continue  # a declaration, or a one-line body
        indent, end = len(match["indent"]), last
        for row in range(last + 1, len(lines)):
            if lines[row].strip() and len(lines[row]) - len(lines[row].lstrip()) <= indent:
                break
            if lines[row].strip():
                end = row
        yield match["name"], end - first + 1, 0 if tree.excused(line) else _positional(signature)


def _signature(lines: list[str], first: int, start: int) -> tuple[str, int]:
    """Text between the parentheses that open before `start`, and the row where they close."""
    depth, row, text = 1, first, ""
    rest = lines[first][start:]
    while True:
        for char in rest.split("#")[0]:
            depth += (char in "([") - (char in ")]")
            if depth == 0:
                return text, row
            text += char
        row += 1
        rest = lines[row]


def _positional(signature: str) -> int:
    depth, parts = 0, [""]
    for char in signature:
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    names = [part.strip() for part in parts if part.strip()]
    if "*" in names:
        names = names[: names.index("*")]
    return len([one for one in names if one not in ("self", "cls", "/")])


def faults(path: Path, text: str) -> list[str]:
    """What is too big in one file."""
    where, found = tree.name(path), []
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        found.append(f"{where}: {lines} lines, more than {MAX_FILE_LINES}")
    if not where.startswith("outpace/") or path.suffix not in (".py", ".pyx"):
        return found
    functions = python_functions(text) if path.suffix == ".py" else cython_functions(text)
    for function, length, positional in functions:
        if length > MAX_FUNCTION_LINES:
            found.append(f"{where}: {function} has {length} lines, more than {MAX_FUNCTION_LINES}")
        if positional > MAX_POSITIONAL:
            found.append(f"{where}: {function} has {positional} positional parameters, more than {MAX_POSITIONAL}")
    return found


def init_faults(text: str) -> list[str]:
    """Statements of an __init__ that do more than re-export or name things."""
    found = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            continue  # a re-export that is loaded when it is asked for
        if isinstance(node, ast.Assign | ast.AnnAssign) and not any(isinstance(n, ast.Call) for n in ast.walk(node)):
            continue
        found.append(f"line {node.lineno}: {type(node).__name__} in __init__")
    return found


def test_files_and_functions_are_small() -> None:
    found = []
    for folder in ("outpace", "tests", "bench", "tools", "examples"):
        for path in tree.files(*tree.MODULE_SUFFIXES, under=tree.ROOT / folder):
            found += faults(path, path.read_text(encoding="utf-8"))
    assert found == []


def test_init_only_reexports() -> None:
    found = {tree.name(path): init_faults(path.read_text(encoding="utf-8")) for path in tree.files(".py")}
    assert {where: what for where, what in found.items() if where.endswith("__init__.py") and what} == {}


def test_sizes_when_too_big_then_says_so() -> None:
    body = "    x = 1\n" * 60
    seven = "a, b, c, d, e, f, g"
    python, cython = tree.PACKAGE / "engine/x.py", tree.PACKAGE / "engine/x.pyx"
    assert faults(python, "x = 1\n" * 601) == ["outpace/engine/x.py: 601 lines, more than 600"]
    assert len(faults(python, "def f():\n" + body)) == 1
    assert len(faults(python, f"async def f(self, {seven}):\n    return 1\n")) == 1
    assert len(faults(cython, "cdef int f(int a) except -1:\n" + body)) == 1
    assert len(faults(cython, "cdef inline const double* f(\n    int a,\n) noexcept nogil:\n" + body)) == 1
    assert len(faults(cython, f"cdef class A:\n    cdef int f(self, {seven}) noexcept:\n        return 1\n")) == 1
    assert len(faults(cython, "def f(double[:, ::1] a, b, c, d, e, f, g=(1, 2)):\n    return 1\n")) == 1


def test_sizes_when_small_then_nothing() -> None:
    body = "    x = 1\n" * 59
    cython = tree.PACKAGE / "engine/x.pyx"
    assert faults(tree.PACKAGE / "engine/x.py", "def f():\n" + body) == []
    assert (
        faults(cython, "cdef class A:\n    cdef int f(self, a, b, c, d, e, f) noexcept:\n        return 1\n" * 30) == []
    )
    assert faults(cython, "def f(a, b, *, c, d, e, f, g):\n" + body + "\n\n# next\ndef g():\n    pass\n") == []
    excused = "cdef int f(a, b, c, d, e, f, g):  # tidy: ok - C has no keywords, the arrays belong together\n    pass\n"
    assert faults(cython, excused) == []
    assert list(cython_functions("cdef int f(self) noexcept nogil\ncdef struct s:\n    int a\n")) == []


def test_init_when_it_works_then_says_so() -> None:
    assert init_faults('"""Doc."""\nfrom a import b\n\n__all__ = ["b"]\nPACERS = {"ratio": b}\n') == []
    assert len(init_faults("x = open('y')\n")) == 1
    assert len(init_faults("def f():\n    pass\n")) == 1
