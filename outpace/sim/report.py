"""What a simulated run came to: rates with their numerators and denominators, for people and for programs."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Windows with fewer answers say nothing about a rate and are left out of the worst ones.
LEAST_ANSWERS = 20


class SimulationReport(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one run.

    pacer : the dial mode, or the rival that paced. cap : the campaign's cap of abandonment, in [0, 1].
    campaign : its state at the end of the day; what is under way then is let end.
    occupancy : (talk + wrap-up) / (talk + wrap-up + idle) of the agents, in [0, 1]; idle is ready or being connected.
    talk_share : talk / the same.
    idle_s_per_call : idle seconds per call connected within the day. connects_per_agent_hour : per hour of the same
        time. connects_per_hour : connected within the day / hours.
    abandonment : abandoned / answered, in [0, 1]; `abandonment_interval` its 95 % Wilson score interval.
    worst_15_min, worst_60_min : the highest abandonment of any such window, from whole minute to whole minute of the
        answers, that holds 20 of them or more; of the whole day when that is shorter.
    dials_per_connect : attempts / connected. trunk_use : mean share of the channels held in the day; trunk_peak :
        channels.
    wait_p50_s, wait_p99_s : answer to agent, of those connected, to 10 ms.
    talk_seconds : of all conversations. withdrawn : intents taken back before anything was dialled.
    lost_calls : closed because the switch did not answer for them. faults : facts of the switch lost, told twice,
        told late. facts : of all kinds that the engine was given. open : attempts without an ending.
    digest : hash of the engine's state at the very end.
    """

    scenario: str
    seed: int
    hours: float
    agents: int
    pacer: str
    cap: float
    campaign: str
    occupancy: float
    talk_share: float
    idle_s_per_call: float
    connects_per_agent_hour: float
    connects_per_hour: float
    attempts: int
    outcomes: dict[str, int]
    answered: int
    connected: int
    abandoned: int
    abandoned_no_agent_in_time: int
    abandoned_caller_left: int
    abandonment: float
    abandonment_interval: tuple[float, float]
    worst_15_min: float
    worst_60_min: float
    dials_per_connect: float
    wait_p50_s: float
    wait_p99_s: float
    talk_seconds: float
    trunk_use: float
    trunk_peak: int
    withdrawn: int
    lost_calls: int
    faults: dict[str, int]
    facts: int
    open: int
    digest: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dict(msgspec.to_builtins(self))

    def render(self) -> str:
        """A table for people."""
        low, high = self.abandonment_interval
        rows = [
            ("agents, hours", f"{self.agents}, {self.hours:g}; campaign {self.campaign} at the end"),
            ("pacing", f"{self.pacer}, cap {self.cap:.2%}"),
            ("occupancy", f"{self.occupancy:.2%} (talk share {self.talk_share:.2%})"),
            ("idle per call", f"{self.idle_s_per_call:.1f} s"),
            ("connects", f"{self.connects_per_hour:.1f} an hour, {self.connects_per_agent_hour:.1f} an agent-hour"),
            ("attempts", f"{self.attempts:,} ({self.dials_per_connect:.2f} per connect)"),
            ("answered by people", f"{self.answered:,} = {self.connected:,} connected + {self.abandoned:,} abandoned"),
            ("abandonment", f"{self.abandonment:.2%} (95 %: {low:.2%} to {high:.2%})"),
            ("worst 15 min, 60 min", f"{self.worst_15_min:.2%}, {self.worst_60_min:.2%}"),
            ("answer to agent", f"median {self.wait_p50_s:.2f} s, p99 {self.wait_p99_s:.2f} s"),
            ("trunk channels", f"{self.trunk_use:.1%} in use on average, {self.trunk_peak} at the peak"),
            ("outcomes", ", ".join(f"{name} {count:,}" for name, count in self.outcomes.items() if count)),
            ("digest", self.digest),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join([f"scenario {self.scenario}, seed {self.seed}", *(f"  {n:<{width}}  {v}" for n, v in rows)])


def wilson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a rate (Wilson 1927, JASA 22, 209-212); (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    rate = hits / trials
    centre = rate + z * z / (2.0 * trials)
    spread = z * math.sqrt(rate * (1.0 - rate) / trials + z * z / (4.0 * trials * trials))
    scale = 1.0 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def worst_window(minutes: NDArray[np.int64], length: int) -> float:
    """Highest abandoned / answered over all windows of `length` minutes with at least LEAST_ANSWERS answers.

    Parameters
    ----------
    minutes : (n, 2) answered and abandoned by minute.
    """
    sums = np.vstack([np.zeros((1, 2), np.int64), np.cumsum(minutes, axis=0)])
    length = min(length, len(minutes))
    windows = sums[length:] - sums[:-length]
    full = windows[windows[:, 0] >= LEAST_ANSWERS]
    return float((full[:, 1] / full[:, 0]).max()) if len(full) else 0.0


def percentile_of_bins(bins: NDArray[np.int64], share: float, width: float) -> float:
    """Upper edge of the bin in which a share of the counts is reached; 0 without counts."""
    total = int(bins.sum())
    if total == 0:
        return 0.0
    return float((int(np.searchsorted(np.cumsum(bins), math.ceil(share * total))) + 1) * width)
