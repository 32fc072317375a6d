"""Lines between `# hot` and `# end hot` in a pyx touch no Python object: Cython's annotation scores them 0."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from Cython.Build import cythonize
from setuptools import Extension

from tests.tidy import tree

_LINE = re.compile(r'<pre class="cython line score-(\d+)"[^>]*>[^<]*<span class="">(\d+)</span>')


def hot_rows(text: str) -> set[int]:
    """Numbers of the lines inside hot regions; ValueError where markers do not pair."""
    rows: set[int] = set()
    inside = 0
    for row, line in enumerate(text.splitlines(), start=1):
        word = line.strip()
        if re.match(r"# end hot\b", word):
            if not inside:
                raise ValueError(f"line {row}: `# end hot` without `# hot`")
            inside = 0
        elif re.match(r"# hot\b", word):
            if inside:
                raise ValueError(f"line {row}: `# hot` inside the region of line {inside}")
            inside = row
        elif inside:
            rows.add(row)
    if inside:
        raise ValueError(f"line {inside}: `# hot` without `# end hot`")
    return rows


def directives() -> dict[str, Any]:
    """The compiler directives of a release build, read from setup.py."""
    for node in ast.parse((tree.ROOT / "setup.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "directives":
            value: dict[str, Any] = eval(ast.unparse(node.value), {"DEBUG": False})
            return value
    raise AssertionError("setup.py holds no directives")


def scores(module: str, source: Path, build_dir: Path) -> dict[int, int]:
    """Line -> score of Cython's annotation, for one module."""
    cythonize(
        [Extension(module, [str(source)])],
        build_dir=str(build_dir),
        annotate=True,
        force=True,
        quiet=True,
        include_path=[str(tree.ROOT)],
        compiler_directives=directives(),
    )
    (page,) = build_dir.rglob(f"{source.stem}.html")
    return {int(row): int(score) for score, row in _LINE.findall(page.read_text(encoding="utf-8"))}


def faults(module: str, source: Path, build_dir: Path) -> list[str]:
    """Hot lines of one module that touch Python."""
    text = source.read_text(encoding="utf-8")
    found = scores(module, source, build_dir)
    lines = text.splitlines()
    return [
        f"{source.name}:{row}: score {found[row]}: {lines[row - 1].strip()}"
        for row in sorted(hot_rows(text))
        if found[row] and not tree.excused(lines[row - 1])
    ]


def _marked() -> list[Path]:
    return [
        path for path in tree.files(".pyx") if re.search(r"^\s*# hot\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def test_hot_markers_pair() -> None:
    for path in tree.files(".pyx"):
        hot_rows(path.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_hot_lines_touch_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree.ROOT)
    found = []
    for number, path in enumerate(_marked()):
        module = ".".join(path.relative_to(tree.ROOT).with_suffix("").parts)
        found += faults(module, path.relative_to(tree.ROOT), tmp_path / str(number))
    assert found == []


def test_hot_lines_when_a_line_touches_python_then_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "cdef int add(int a, list b) except -1:\n    # hot: the sum\n    a = a + 1\n    b.append(a)\n"
        "    # end hot\n    return a\n\ndef face(a):\n    return add(a, [])\n"
    )
    source = Path("sample.pyx")
    source.write_text(text, encoding="utf-8")
    (found,) = faults("sample", source, tmp_path / "build")
    assert found.startswith("sample.pyx:4: score ")
    source.write_text(text.replace("    b.append(a)\n", ""), encoding="utf-8")
    assert faults("sample", source, tmp_path / "again") == []


@pytest.mark.parametrize("text", ["# hot\n", "# end hot\n", "# hot\n# hot\n# end hot\n"])
def test_hot_markers_when_unpaired_then_raises(text: str) -> None:
    with pytest.raises(ValueError, match="hot"):
        hot_rows(text)
