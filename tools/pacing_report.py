"""Run the pacing report: docs/pacing/DATE.md and DATE.png, with the day, the machine and the command.

usage: python tools/pacing_report.py FOLDER [--quick] [--hindsight] [--seeds N] [--workers N]

Exit code 1 when a bar or limit does not hold; the report says which.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from outpace.domain.errors import ConfigError
from outpace.domain.version import VERSION
from outpace.sim import pacing_report
from outpace.sim.plots import check_picture


def cpu_model() -> str:
    """The processor's name, as the system has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def tell(share: float) -> None:
    """Progress, on a terminal in place."""
    if sys.stderr.isatty():
        print(f"\r{share:4.0%}", end="" if share < 1.0 else "\n", file=sys.stderr, flush=True)


def main() -> int:
    """Run, write, say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="a few rows, two seeds, no rivals")
    parser.add_argument("--hindsight", action="store_true", help="tune the rivals of one parameter, too")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--workers", type=int, default=0, help="0: one a core")
    args = parser.parse_args()
    if args.seeds < 1 or args.workers < 0:
        parser.error("--seeds must be at least 1, --workers at least 0")
    day = datetime.now(UTC).date().isoformat()
    name = f"{day}-quick" if args.quick else day
    try:
        args.folder.mkdir(parents=True, exist_ok=True)
        check_picture(args.folder / f"{name}.png")  # half an hour of runs is not for nothing
    except (ConfigError, OSError) as error:
        parser.error(str(error))
    began = time.monotonic()
    results = pacing_report.run(
        pacing_report.cases(quick=args.quick, seeds=args.seeds), workers=args.workers, progress=tell
    )
    tuned = pacing_report.run_hindsight(workers=args.workers, progress=tell) if args.hindsight else []
    took = time.monotonic() - began
    head = [
        f"Machine: {cpu_model()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.",
        f"outpace {VERSION}; {took:.0f} s. Command: `python {shlex.join(['tools/pacing_report.py', *sys.argv[1:]])}`.",
    ]
    path = args.folder / f"{name}.md"
    path.write_text(pacing_report.page(results, f"Pacing, {day}", head, f"{name}.png", hindsight=tuned), "utf-8")
    pacing_report.save_picture(results, args.folder / f"{name}.png", hindsight=tuned)
    wrong = pacing_report.failed(results)
    print(f"written: {path}", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
