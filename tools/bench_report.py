"""Write what `make bench` measured to docs/bench/DATE.md: absolute figures, with the day and the machine.

usage: python tools/bench_report.py BENCHMARKS.json TESTS.xml FOLDER

The first is pytest-benchmark's JSON, the second pytest's JUnit file with what the benches have printed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def machine(info: dict[str, Any]) -> str:
    """One line that says where it was measured."""
    cpu = info["cpu"]
    name = f"{cpu.get('brand_raw') or info['machine']}, {cpu['count']} cores"
    return f"{name}, {info['system']}, Python {info['python_version']}"


def said(case: ET.Element) -> list[str]:
    """What a bench has printed, without pytest's rule above it."""
    lines = [line.rstrip() for line in case.findtext("system-out", "").splitlines()]
    return [line for line in lines if line and not line.startswith("-----")]


def page(report: dict[str, Any], printed: dict[str, list[str]]) -> str:
    """The page as Markdown."""
    lines = [
        f"# Benches of {report['datetime'][:10]}",
        "",
        f"Machine: {machine(report['machine_info'])}.",
        f"Commit: {report['commit_info']['id'][:12]}{', with changes' if report['commit_info']['dirty'] else ''}.",
        "",
        "| bench | median of a round | least | rounds |",
        "| --- | --- | --- | --- |",
    ]
    for bench in sorted(report["benchmarks"], key=lambda one: one["fullname"]):
        stats = bench["stats"]
        name = bench["fullname"].removeprefix("bench/")
        lines.append(f"| `{name}` | {duration(stats['median'])} | {duration(stats['min'])} | {stats['rounds']} |")
    lines += ["", "## What the benches say", ""]
    for name, text in printed.items():
        if text:
            lines += [f"`{name}`:", "", "```", *text, "```", ""]
    return "\n".join(lines)


def main(benchmarks: Path, tests: Path, folder: Path) -> None:
    """Read both files, write the page."""
    report = json.loads(benchmarks.read_text("utf-8"))
    printed = {
        f"{case.get('classname', '').removeprefix('bench.')}::{case.get('name')}": said(case)
        for case in ET.parse(tests).iter("testcase")
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report['datetime'][:10]}.md"
    path.write_text(page(report, printed), "utf-8")
    print(f"written: {path}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
