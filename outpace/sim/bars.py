"""What the predictive pacer must reach on the shipped scenarios: bars of occupancy, limits of abandonment.

The figures come from a study made with another simulator and another program (four seeds a row); one
configuration serves all rows. docs/pacing/README.md says what was settled with a look at them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from outpace.sim.estimate import estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outpace.sim.report import SimulationReport

CAPS = (0.01, 0.03, 0.05)


class Bar(msgspec.Struct, frozen=True):
    """Occupancy in %: what the study's reference reached, and what is asked."""

    reference: float
    bar: float


def _less(by: float, references: Sequence[float]) -> list[Bar]:
    return [Bar(one, round(one - by, 1)) for one in references]


def _rows(cap: float, bars: Sequence[Bar]) -> dict[tuple[str, float], Bar]:
    return {(f"P{place}", cap): bar for place, bar in enumerate(bars, 1)}


#: (scenario, cap) -> bar. At caps of 1 and 5 % the reference less half a point, less a point for 10 and 20 agents.
BARS: dict[tuple[str, float], Bar] = {
    **_rows(
        0.03,
        [
            Bar(78.1, 77.5),
            Bar(85.5, 85.0),
            Bar(86.0, 85.3),
            Bar(92.5, 92.0),
            Bar(95.6, 95.2),
            Bar(95.8, 95.4),
            Bar(96.4, 96.1),
            Bar(96.2, 95.8),
            Bar(98.6, 98.3),
            Bar(95.6, 95.2),
            Bar(95.6, 95.2),
        ],
    ),
    **_rows(0.01, [*_less(1.0, (72.8, 81.5, 81.1)), *_less(0.5, (89.9, 93.3, 93.7, 95.1, 94.5, 97.5))]),
    **_rows(0.05, [*_less(1.0, (81.9, 87.6, 87.9)), *_less(0.5, (93.8, 96.3, 96.6, 97.0, 97.0, 99.0))]),
}

#: The robustness set at a cap of 3 %; the study's reference: occupancy, abandonment, worst 15 and 60 minutes in %.
ROBUSTNESS: dict[str, tuple[float, float, float, float]] = {
    "P10": (95.7, 3.0, 6.2, 4.0),
    "list-switches": (91.9, 3.0, 7.7, 4.3),
    "P11": (95.7, 3.0, 5.0, 3.6),
    "realistic-day": (92.3, 3.0, 8.2, 4.9),
    "amd": (95.1, 2.6, 5.3, 3.3),
    "talk-step": (96.1, 3.0, 5.4, 4.0),
    "first-hour": (93.2, 2.7, 4.5, 2.9),
}

#: Below so many answers a single day may exceed the cap by a tenth of it, above by 0.05 points.
MANY_ANSWERS = 10_000
#: At a cap of 3 %: highest mean over the seeds of the worst 15 and 60 minutes, by the number of agents.
WORST_LIMITS = {50: (0.09, 0.055), 0: (0.15, 0.08)}


def day_limit(cap: float, answered: int) -> float:
    """The highest abandonment of a single day, as a share."""
    return cap + 0.0005 if answered >= MANY_ANSWERS else 1.1 * cap


def faults(scenario: str, cap: float, reports: Sequence[SimulationReport], *, slack: float = 0.0) -> list[str]:
    """What these days of one scenario do not keep; nothing when they keep all.

    Parameters
    ----------
    slack : points of occupancy, and tenths of a point of mean abandonment, that chance is granted; 0 for the four
        days and more that the bars are meant for.
    """
    found = []
    mean = {name: estimate([getattr(one, name) for one in reports]).mean for name in _MEANS}
    bar = BARS.get((scenario, cap))
    if bar is not None and 100.0 * mean["occupancy"] < bar.bar - slack:
        found.append(f"occupancy {mean['occupancy']:.2%}, bar {bar.bar:.1f}%")
    if mean["abandonment"] > cap + 0.001 * slack:
        found.append(f"abandonment {mean['abandonment']:.3%}")
    found += [
        f"seed {one.seed}: abandonment {one.abandonment:.3%}, limit {day_limit(cap, one.answered):.2%}"
        for one in reports
        if one.abandonment > day_limit(cap, one.answered)
    ]
    if cap == 0.03:
        limits = next(limits for agents, limits in WORST_LIMITS.items() if reports[0].agents >= agents)
        for name, limit in zip(("worst_15_min", "worst_60_min"), limits, strict=True):
            if mean[name] > limit:
                found.append(f"{name.replace('_', ' ')}: {mean[name]:.2%}, limit {limit:.1%}")
    return found


_MEANS = ("occupancy", "abandonment", "worst_15_min", "worst_60_min")
