"""Predictive pacing on a real switch: the cap is kept, agents are busier than one call each makes them, and why."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from outpace.domain.config import Abandonment
from outpace.domain.outcomes import Outcome
from outpace.pacing._bounds import binomial_tail
from tests.integration.e2e.rig import (
    ANSWERED,
    Kind,
    Run,
    adds_up,
    attempts_of,
    dialled,
    explained,
    numbers_of,
    ours,
    report,
    write_campaign,
    write_list,
)
from tests.integration.e2e.supervisor import supervised
from tests.lab.lab import SILENT, Lab

pytestmark = [pytest.mark.lab, pytest.mark.slow]

AGENTS = 20
CAP = Abandonment().cap
PEOPLE = 1_540
#: Log-ins and the first calls, and the last ones, are no steady state.
BEGINNING_S, LEADS_AT_END = 8.0, 80
SAMPLE_S = 0.25

#: Everything is some thirty times as short as with people, so that many answer within minutes: tenths of seconds of
#: ringing and of talk, the wrap-up, and how long who answers may wait for an agent.
RINGS_DS = (3, 5, 7, 9, 11, 13, 15)
TALKS_DS = (10, 12, 13, 14, 16)
WRAP_UP_S = 0.2
WAIT_S = 0.5


def kinds(people: int) -> list[Kind]:
    """Eleven of twenty numbers have a person; the rest are busy, do not answer, do not exist or cannot be reached."""
    combinations = [(ring_ds, talk_ds) for ring_ds in RINGS_DS for talk_ds in TALKS_DS]
    each = people // len(combinations)
    others = people * 9 // 11
    return [
        *(Kind(each, SILENT, ANSWERED, ring_ds=ring_ds, talk_ds=talk_ds) for ring_ds, talk_ds in combinations),
        Kind(others * 4 // 9, 486, frozenset({Outcome.BUSY}), ring_ds=3),
        Kind(others * 2 // 9, 480, frozenset({Outcome.NO_ANSWER}), ring_ds=20),
        Kind(others * 2 // 9, 404, frozenset({Outcome.INVALID})),
        Kind(others // 9, 503, frozenset({Outcome.CONGESTION}), ring_ds=1),
    ]


class Watched(NamedTuple):
    """What was seen of a run: its numbers, the share of agents talking or in wrap-up, its length, decisions at half."""

    numbers: dict[int, Kind]
    occupancy: float
    took_s: float
    at_half: list[dict[str, object]]


def watched(lab: Lab, folder: Path, people: int, seed: int, **campaign: object) -> Watched:
    """Run a campaign over such a list to its end."""
    folder.mkdir()
    numbers = numbers_of(kinds(people), seed=seed)
    write_list(folder / "list.csv", numbers)
    file = write_campaign(
        folder,
        lab.ami_port,
        agents=AGENTS,
        campaign={"connect_limit_s": WAIT_S, **campaign},
        desk={"wrap_up": WRAP_UP_S},
        trunk_group={"channels": 150, "cps": 150.0, "burst": 30},
        journal=True,
    )
    shares: list[float] = []
    at_half: list[dict[str, object]] = []
    with Run(file) as run:
        run.until(lambda seen: seen["outpace_launches_total"] > 0)
        began = time.monotonic()
        while run.process.poll() is None:
            seen = run.metrics()
            if seen and seen["outpace_leads_left"] > LEADS_AT_END and time.monotonic() > began + BEGINNING_S:
                busy = sum(seen[f'outpace_agents{{state="{state}"}}'] for state in ("talking", "wrap_up"))
                shares.append(busy / AGENTS)
                if not at_half and seen["outpace_leads_left"] < len(numbers) / 2:
                    at_half = explained(folder, "--last", "5")
            time.sleep(SAMPLE_S)
        took_s = time.monotonic() - began
        assert run.finish() == 0, run.said()
    return Watched(numbers, statistics.mean(shares), took_s, at_half)


def check_decisions(decisions: list[dict[str, object]], attempts: int) -> None:
    """Every launch has a decision that tells what bound it, and the forecast or the reason why none was followed."""
    assert [one["sequence"] for one in decisions] == list(range(1, len(decisions) + 1))
    launching = [one for one in decisions if one["count"]]
    assert sum(one["count"] for one in launching) == attempts
    for one in launching:
        assert one["limited_by"] in {"pacing", "no_leads", "trunk_channels", "cps", "pending_originates", "budget"}
        if one["fallback"] == "none":
            assert 0.0 < one["kappa"] <= 0.7 * CAP * 2.5, one
            assert 0.0 <= one["risk"] <= one["kappa"], one
            assert 0.0 < one["live_rate"] < 1.0, one
            # stopped by the next call's risk, or (0) by the lines before that
            assert one["risk_next"] > one["kappa"] or one["risk_next"] == 0.0, one
        else:
            assert one["count"] <= one["ready"], one
    forecasts = [one for one in decisions if one["kappa"] > 0.0]
    assert len(forecasts) > len(decisions) / 2
    assert [one["balance"] for one in decisions if one["answered"]] == pytest.approx(
        [CAP * one["answered"] - one["abandoned"] for one in decisions if one["answered"]]
    )


@supervised
def test_twenty_agents_at_three_percent(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "predictive"
    seen = watched(lab, folder, PEOPLE, 1, mode="predictive")
    attempts = attempts_of(folder)
    figures = report(folder)

    # everybody is dialled as often as the attempts say, and it ends as the carrier treated it
    per_number = Counter(attempt.number for attempt in attempts)
    assert dialled(lab, seen.numbers) == per_number == dict.fromkeys(seen.numbers, 1)
    wrong = [(a.number, a.outcome.name) for a in attempts if a.outcome not in seen.numbers[a.number].outcomes]
    assert wrong == []
    adds_up(figures)
    assert figures["answered"] == figures["connected"] + figures["abandoned"] >= 1_500
    assert ours(lab) == []

    # the cap: kept, or nothing that chance would not do to a dialer that keeps it
    ratio = figures["abandoned"] / figures["answered"]
    p = binomial_tail(figures["abandoned"], figures["answered"], CAP)
    decisions = explained(folder, "--all")
    fallen_back = sum(1 + one["repeated"] for one in decisions if one["fallback"] != "none")

    plain = watched(lab, tmp_path / "precise", PEOPLE // 8, 2, mode="precise")
    print(
        f"\npredictive: {seen.occupancy:.1%} busy in {seen.took_s:.0f} s, abandoned {figures['abandoned']} of"
        f" {figures['answered']} ({ratio:.2%}, one-sided p {p:.3f}), {len(decisions)} decisions, {fallen_back} without"
        f" a forecast; precise: {plain.occupancy:.1%} busy in {plain.took_s:.0f} s of an eighth of the list"
    )
    assert ratio <= CAP or p >= 0.05
    check_decisions(decisions, figures["attempts"])
    assert len(seen.at_half) == 5
    assert seen.at_half[-1]["sequence"] < decisions[-1]["sequence"]
    assert seen.occupancy > plain.occupancy + 0.1
