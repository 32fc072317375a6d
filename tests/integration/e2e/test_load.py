"""Four thousand calls at once through the live loop: pump, SQLite on disk, simulated carrier, and what they cost.

(Two thousand pending originates on a real Asterisk without a lost call: tests/integration/asterisk/test_link.py.)
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import pytest

from tests.integration.e2e.rig import Run, write_list

pytestmark = pytest.mark.slow

CALLS, AGENTS = 4_000, 1_000
MEASURED_S = 8.0

CAMPAIGN = f"""
[campaign]
name = "many"
mode = "ratio"
ratio = 4.0
ratio_counts = "logged_in"
ring_timeout_s = 30.0
hopper_size = 4000
[list]
file = "list.csv"
validation = "possible"
[store]
path = "store.db"
[switch]
kind = "simulated"
profile = "carrier.toml"
[[trunk_groups]]
name = "carrier"
channels = 8000
cps = 1000.0
burst = 200
max_pending = 2000
[[agents]]
name = "agent {{n}}"
count = {AGENTS}
auto_ready = true
wrap_up = 5.0
"""
# 4,000 lines ring for 14 s: some 270 launches a second, of which 27 find a person who talks for a minute
CARRIER = """
name = "carrier"
[mix]
live = 0.1
no_answer = 0.85
busy = 0.05
[times]
proceeding = 0.1
ringing = 0.5
answer = { kind = "uniform", low = 5.0, high = 20.0 }
no_answer = { kind = "uniform", low = 5.0, high = 25.0 }
busy = 2.0
talk = { kind = "exponential", mean = 60.0 }
bridge = 0.005
"""


def cpu_s(pid: int) -> float:
    """CPU seconds of all threads of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quantile_s(before: dict[str, float], after: dict[str, float], share: float) -> float:
    """Upper bound of a quantile of the pump's lag between two scrapes."""
    name = "outpace_pump_lag_seconds_bucket"
    grown = {key: after[key] - before[key] for key in after if key.startswith(name)}
    bounds = sorted((float(key.split('"')[1].replace("+Inf", "inf")), count) for key, count in grown.items())
    return next(bound for bound, count in bounds if count >= share * bounds[-1][1])


def live(seen: dict[str, float]) -> float:
    return sum(
        seen[key] for key in seen if key.startswith("outpace_calls{") and "free" not in key and "ended" not in key
    )


def test_four_thousand_calls_and_a_thousand_agents_on_less_than_a_core(tmp_path):
    (tmp_path / "campaign.toml").write_text(CAMPAIGN.replace("store.db", str(tmp_path / "store.db")))
    (tmp_path / "carrier.toml").write_text(CARRIER)
    write_list(tmp_path / "list.csv", (49_30_0000_0000 + n for n in range(14_000)))
    with Run(tmp_path / "campaign.toml") as run:
        begin = run.until(lambda seen: live(seen) >= CALLS and seen["outpace_launches_total"] >= CALLS + 1_500)
        cpu, wall = cpu_s(run.process.pid), time.monotonic()
        end = run.until(lambda seen: time.monotonic() - wall >= MEASURED_S)
        share = (cpu_s(run.process.pid) - cpu) / (time.monotonic() - wall)
        p50, p99 = (quantile_s(begin, end, q) for q in (0.5, 0.99))
        launches = (end["outpace_launches_total"] - begin["outpace_launches_total"]) / MEASURED_S
        talking = end['outpace_agents{state="talking"}']
        facts = (end["outpace_pump_facts_total"] - begin["outpace_pump_facts_total"]) / MEASURED_S
        print(
            f"\n{live(begin):.0f} to {live(end):.0f} calls, {AGENTS} agents ({talking:.0f}"
            f" talking), {launches:.0f} launches/s, {facts:.0f} facts/s: {share:.2f} of a core,"
            f" a fact waits at most {p50 * 1000:g} ms (half), {p99 * 1000:g} ms (99 %)"
        )
        assert live(end) >= CALLS
        assert share < 1.0
        assert math.isfinite(p99)
        assert p99 <= 0.25
        assert end["outpace_pump_facts_dropped_total"] == end["outpace_engine_lost_calls_total"] == 0
        assert end["outpace_store_retrying"] == 0
