"""What the end-to-end tests share: lists for the carrier, campaign files, and `outpace run` as a process of its own."""

from __future__ import annotations

import csv
import http.client
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from outpace.domain.commands import RecordAttempt
from outpace.domain.outcomes import Outcome
from outpace.store.sqlite import SqliteStore
from tests.lab.lab import COUNTRY, PROJECT, SECRET, Lab, free_ports, number

SERIALS = itertools.count(1)
_CAMPAIGN = re.compile(r'({)campaign="[^"]*",?')
ANSWERED = frozenset({Outcome.CONNECTED, Outcome.ABANDONED})


class Kind(NamedTuple):
    """So many numbers that the carrier treats alike, and what may become of them."""

    count: int
    behaviour: int
    outcomes: frozenset[Outcome]
    ring_ds: int = 0
    talk_ds: int = 0


def numbers_of(kinds: Iterable[Kind], *, seed: int) -> dict[int, Kind]:
    """Numbers that were never used before, in random order, with their kinds."""
    made = [
        (number(kind.behaviour, next(SERIALS), ring_ds=kind.ring_ds, talk_ds=kind.talk_ds), kind)
        for kind in kinds
        for _ in range(kind.count)
    ]
    random.Random(seed).shuffle(made)
    return dict(made)


def write_list(path: Path, numbers: Iterable[int], *, reference: str = "customer", **columns: str) -> None:
    """A list file; `columns` have the same value in every row."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["phone", "reference", *columns])
        rows.writerows([f"+{digits}", f"{reference} {n}", *columns.values()] for n, digits in enumerate(numbers))


def write_campaign(
    folder: Path,
    ami_port: int,
    *,
    agents: int = 10,
    campaign: Mapping[str, object] = {},
    retry: Mapping[str, Mapping[str, object]] = {},
    switch: Mapping[str, object] = {},
    desk: Mapping[str, object] = {},
    trunk_group: Mapping[str, object] = {},
    journal: bool = False,
) -> Path:
    """A campaign file on the lab's switch for `list.csv` beside it; more settings overrule these."""
    tables: dict[str, dict[str, object]] = {
        "campaign": {"name": "calls", "mode": "ratio", "ratio": 1.5, "ring_timeout_s": 5.0, "connect_limit_s": 1.0,
                     "message": "vm-goodbye", **campaign},
        **{f"campaign.retry.{outcome}": dict(rule) for outcome, rule in retry.items()},
        "list": {"file": "list.csv", "validation": "possible"},
        "store": {"path": str(folder / "store.db")},
        "log": {"file": str(folder / "log"), "format": "json"},
        "switch": {"kind": "asterisk", "port": ami_port, "secret": SECRET, "backoff_s": 0.1, "backoff_max_s": 0.5,
                   **switch},
        "[trunk_groups]": {"name": "carrier", "channels": 60, "cps": 60.0, "burst": 10, "strip": COUNTRY,
                           **trunk_group},
        "[agents]": {"name": "agent {n}", "leg": "PJSIP/agent{n}", "count": agents, "auto_ready": True, **desk},
        **({"journal": {"path": str(folder / "journal")}} if journal else {}),
    }  # fmt: skip
    lines = []
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), ""]
    path = folder / "campaign.toml"
    path.write_text("\n".join(lines), "utf-8")
    return path


class Run:
    """`outpace run` of a campaign file as a process; leaving the context kills it.

    Parameters
    ----------
    entry : the program and what comes before the command's own words.
    """

    def __init__(self, campaign_file: Path, *, entry: Sequence[str] = ("-m", "outpace")) -> None:
        self.folder = campaign_file.parent
        (self.metrics_port,) = free_ports(1)
        self.out = self.folder / f"out-{next(SERIALS)}"
        command = [sys.executable, *entry, "run", str(campaign_file), "--metrics", str(self.metrics_port)]
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (PROJECT,)))},
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def drain(self) -> None:
        """The first Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def finish(self, timeout_s: float = 120.0) -> int:
        """Wait for its end; returns the exit code (negative: the signal that ended it)."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"outpace does not end:\n{self.said()[-3000:]}\n{self.log()[-3000:]}") from None

    def said(self) -> str:
        """What it has written to its terminal."""
        return self.out.read_text("utf-8")

    def log(self) -> str:
        """The log, of earlier runs in the same folder too."""
        path = self.folder / "log"
        return path.read_text("utf-8") if path.exists() else ""

    def metrics(self) -> dict[str, float]:
        """A scrape, empty while it is not there or goes; a run has one campaign, whose label is left out."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError):
            return {}
        return figures_of(text)

    def until(self, holds: Callable[[dict[str, float]], bool], timeout_s: float = 60.0) -> dict[str, float]:
        """The first scrape of which that holds."""
        deadline = time.monotonic() + timeout_s
        while True:
            seen = self.metrics()
            if seen and holds(seen):
                return seen
            assert self.process.poll() is None, f"outpace has ended:\n{self.said()[-3000:]}\n{self.log()[-3000:]}"
            assert time.monotonic() < deadline, f"waited in vain; the log ends:\n{self.log()[-3000:]}"
            time.sleep(0.05)


def figures_of(scrape: str) -> dict[str, float]:
    """Metrics by name and labels, without that of the campaign."""
    lines = (line for line in scrape.splitlines() if not line.startswith("#"))
    pairs = (_CAMPAIGN.sub(r"\1", line).replace("{}", "").rsplit(" ", 1) for line in lines)
    return {name: float(value) for name, value in pairs}


def ended_count(folder: Path) -> int:
    """Attempts on record; read beside the running engine."""
    if not (folder / "store.db").exists():
        return 0
    with SqliteStore(folder / "store.db") as store:
        return sum(1 for _ in store.attempts(1))


def attempts_of(folder: Path) -> list[RecordAttempt]:
    """All attempts on record."""
    with SqliteStore(folder / "store.db", create=False) as store:
        assert store.open_intents() == []
        return list(store.attempts(1))


def report(folder: Path, *options: str) -> dict[str, Any]:
    """`outpace report --json`."""
    done = subprocess.run(
        [sys.executable, "-m", "outpace", "report", "--json", "--store", str(folder / "store.db"), *options],
        cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def explained(folder: Path, *options: str) -> list[dict[str, Any]]:
    """`outpace explain --json` of a run with a journal: the decisions, oldest first."""
    done = subprocess.run(
        [sys.executable, "-m", "outpace", "explain", "--json", str(folder / "journal"), *options],
        cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    told = json.loads(done.stdout)
    assert told["difference"] == ""
    decisions: list[dict[str, Any]] = told["decisions"]
    return decisions


def dialled(lab: Lab, numbers: Iterable[int]) -> Counter[int]:
    """How often the carrier was offered each of these numbers."""
    every = lab.dialled()
    return Counter({digits: every[digits] for digits in numbers if every[digits]})


def ours(lab: Lab) -> list[str]:
    """Channels of outpace on the switch."""
    lines = lab.cli("core show channels concise").splitlines()
    return [line for line in lines if line.rsplit("!", 1)[-1].startswith("outpace-")]


def bridges(lab: Lab) -> list[str]:
    """Bridges on the switch."""
    return lab.cli("bridge show all").strip().splitlines()[1:]


def adds_up(figures: Mapping[str, Any]) -> None:
    """What must hold of any report of a run that has ended."""
    assert figures["adds_up"] is True, figures["problems"]
    assert figures["open"] == 0
    assert figures["answered"] == figures["connected"] + figures["abandoned"]
    assert sum(figures["outcomes"].values()) == figures["attempts"]
    assert sum(figures["leads_by_state"].values()) == figures["leads"]
    assert sum(figures["abandoned_by_reason"].values()) == figures["abandoned"]
