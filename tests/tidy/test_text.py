"""What no text file of the tree may hold: paths of a machine, promises, CRLF, tabs, trailing space, misspellings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy import tree

TEXT = {
    ".py", ".pyi", ".pyx", ".pxd", ".md", ".toml", ".sh", ".xml", ".conf", ".sql", ".html", ".css", ".js", ".yml", "",
}  # fmt: skip
#: Recorded streams and tables stay as they were recorded.
AS_RECORDED = ("tests/data/", "bench/data/", "outpace/api/console/vendor/")
NAMED_WITHOUT_SUFFIX = {"Makefile", "NOTICE", "run"}

# The patterns are written so that they do not match themselves.
PATTERNS = {
    re.compile(r"(?<![\w.])/(?:ho[m]e|ro[o]t|wo[r]k|Us[e]rs|tm[p]/wt)/\w"): "path of a machine",
    re.compile(r"\bind[e]x-url\b|\bregi[s]try\.npmjs|\bpy[p]i\.org/simple|\bfiles\.pyth[o]nhosted"): "registry host",
    re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b"): "promise",
    re.compile(r"\b(?:for n[o]w\b(?!adays)|simplified ver[s]ion)", re.IGNORECASE): "promise",
    re.compile(r"\bi[s]s[u]e #?\d", re.IGNORECASE): "number of a tracker",
}


def faults(path: Path, data: bytes) -> list[str]:
    """What is wrong with one file's text, one line each."""
    where, found = tree.name(path), []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"{where}: not UTF-8 at byte {error.start}"]
    if "\r" in text:
        found.append(f"{where}: carriage return")
    if text and not text.endswith("\n"):
        found.append(f"{where}: no newline at the end")
    for row, line in enumerate(text.split("\n"), start=1):
        if line != line.rstrip(" \t"):
            found.append(f"{where}:{row}: trailing space")
        if "\t" in line and path.name != "Makefile":
            found.append(f"{where}:{row}: tab")
        for pattern, what in PATTERNS.items():
            if pattern.search(line):
                found.append(f"{where}:{row}: {what}: {line.strip()[:80]}")
        if str(tree.ROOT) in line:
            found.append(f"{where}:{row}: path of this checkout")
    return found


def texts() -> list[Path]:
    """The text files of the tree."""
    return [
        path
        for path in tree.files(under=tree.ROOT)
        if path.suffix in TEXT
        and (path.suffix or path.name in NAMED_WITHOUT_SUFFIX)
        and not tree.name(path).startswith(AS_RECORDED)
    ]


def test_texts_are_clean() -> None:
    names = {tree.name(path) for path in texts()}
    assert {"Makefile", ".ci/run", "README.md", "outpace/domain/_words.pxd"} <= names
    assert [fault for path in texts() for fault in faults(path, path.read_bytes())] == []


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\r\n",
        b"x = 1",
        b"x = 1 \n",
        b"\tx = 1\n",
        b"\xff\n",
        b"open('/ho" + b"me/me/file')\n",
        b"cache = /wo" + b"rk/cache\n",
        b"# TO" + b"DO: later\n",
        b"# good enough for n" + b"ow\n",
        b"# see is" + b"sue 17\n",
        b"pip install --ind" + b"ex-url x\n",
    ],
)
def test_text_when_dirty_then_says_so(data: bytes) -> None:
    assert len(faults(tree.ROOT / "docs" / "x.md", data)) == 1


@pytest.mark.parametrize("data", [b"", "Größe ≤ 600\n".encode(), b"s3://bucket/Users/x, known, dial _XXX.\n"])
def test_text_when_clean_then_nothing(data: bytes) -> None:
    assert faults(tree.ROOT / "docs" / "x.md", data) == []


def _spelling(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "codespell_lib", *arguments]
    return subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)


def test_spelling() -> None:
    assert _spelling().stdout == ""


def test_spelling_when_wrong_then_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("The rec" + "ieve path.\n", encoding="utf-8")
    assert _spelling(str(tmp_path)).returncode != 0
