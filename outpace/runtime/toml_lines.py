"""Where a key stands in a TOML text: `tomllib` checks and reads the values, but tells no lines.

Reads the text a second time, only for table headers and the keys at the start of a line; strings and arrays that span
lines are stepped over. The text must have been read by `tomllib` before: nothing is checked here.
"""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*\.?""")

#: Strings (long ones first) and comments: what brackets inside them do not count.
_QUOTED = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*')

Path = tuple[str | int, ...]


def key_lines(text: str) -> dict[Path, int]:
    """Line (from 1) of every table header and of every key that starts a line.

    A path names keys by str and the elements of an array of tables by int: ("trunk_groups", 0, "channels").
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    depth, closing = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if depth or closing:
            depth, closing = _rest(line, depth, closing)
            continue
        header = _HEADER.match(line)
        if header is not None:
            table = _resolve(_parts(header[2]), counts)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            lines.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key is not None:
            lines.setdefault((*table, *_parts(key[1])), number)
            depth, closing = _rest(line[key.end() :], 0, "")
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Line of a path, or of the nearest thing above it; 1 when there is none."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


def _parts(text: str) -> tuple[str, ...]:
    return tuple(double or single or bare for double, single, bare in _PART.findall(text))


def _resolve(parts: tuple[str, ...], counts: dict[Path, int]) -> Path:
    # [agents.leg] below [[agents]] means the last element so far.
    path: Path = ()
    for index, part in enumerate(parts):
        path = (*path, part)
        if path in counts and index < len(parts) - 1:
            path = (*path, counts[path])
    return path


def _rest(line: str, depth: int, closing: str) -> tuple[int, str]:
    # Bracket depth and the long-string quote that are open at the end of the line.
    position = 0
    while position < len(line):
        if closing:
            end = line.find(closing, position)
            if end < 0:
                return depth, closing
            position, closing = end + 3, ""
            continue
        found = _QUOTED.search(line, position)
        stop = found.start() if found else len(line)
        depth += sum((c in "[{") - (c in "]}") for c in line[position:stop])
        if found is None or found[0].startswith("#"):
            break
        if found[0] in ('"""', "'''"):
            closing = found[0]
        position = found.end()
    return depth, closing
