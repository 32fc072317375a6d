"""Segments of a list, and what the carrier makes of them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.commands import Originate
from outpace.domain.config import TrunkGroup
from outpace.domain.errors import ConfigError
from outpace.domain.events import CallAnswered, CallEnded
from outpace.telephony.simulated._carrier import SimulatedCarrier
from outpace.telephony.simulated._population import Population
from outpace.telephony.simulated.population import Segment, relative_chances
from outpace.telephony.simulated.profile import CarrierProfile, Mix

HOUR = 3600 * 10**9
MORNING = (2.0,) * 12 + (0.0,) * 12

FACTORS = st.floats(0.01, 10.0)
SEGMENTS = st.lists(st.builds(Segment, share=FACTORS, live=FACTORS), min_size=1, max_size=10)


@given(SEGMENTS)
def test_relative_chances_have_a_mean_of_one_at_every_hour(segments: list[Segment]) -> None:
    rows = relative_chances(tuple(segments))
    assert sum(share for share, _ in rows) == pytest.approx(1.0)
    for hour in range(24):
        assert sum(share * chance[hour] for share, chance in rows) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        ((), "wants 1 to 63 segments, not 0"),
        ((Segment(share=1.0),) * 64, "wants 1 to 63 segments, not 64"),
        ((Segment(share=0.0),), "want shares that are not all 0"),
        ((Segment(share=1.0, hours=MORNING),), "leave nobody who answers at 12 o'clock"),
    ],
)
def test_relative_chances_of_a_list_that_cannot_be(segments: tuple[Segment, ...], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        relative_chances(segments)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"share": -1.0}, "share: must be from 0 to 1000, not -1"),
        ({"share": 1.0, "live": float("nan")}, "live: must be from 0 to 1000, not nan"),
        ({"share": 1.0, "hours": (1.0,)}, "hours: wants 24 factors or none, not 1"),
        ({"share": 1.0, "hours": (-1.0,) * 24}, "hours: must be from 0 to 1000, not -1"),
    ],
)
def test_segment_refuses_what_cannot_be(wrong: dict[str, float], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Segment(**wrong)  # type: ignore[arg-type]


def test_population_deals_numbers_out_by_their_shares_and_always_alike() -> None:
    segments = [Segment(share=5.0), Segment(share=3.0), Segment(share=2.0)]
    dealt = [Population(segments, seed=1).segment(number) for number in range(20_000)]
    assert dealt == [Population(segments, seed=1).segment(number) for number in range(20_000)]
    counts = Counter(dealt)
    assert [counts[segment] / 20_000 for segment in range(3)] == pytest.approx([0.5, 0.3, 0.2], abs=0.01)
    assert dealt != [Population(segments, seed=2).segment(number) for number in range(20_000)]


def test_population_chance_follows_the_hour() -> None:
    population = Population([Segment(share=1.0, hours=MORNING), Segment(share=1.0, hours=MORNING[::-1])], seed=1)
    number = next(number for number in range(100) if population.segment(number) == 0)
    assert [population.chance(number, at * HOUR) for at in (0, 11, 12, 23, 24)] == [2.0, 2.0, 0.0, 0.0, 2.0]


def test_population_noise_is_a_numbers_own_and_told_again_alike() -> None:
    population = Population([Segment(share=1.0)], seed=1)
    assert population.noise(5, 3) == population.noise(5, 3)
    assert len({u for number in range(100) for u in population.noise(number, 3)}) == 300


def outcomes(segments: list[Segment] | None, dials: int = 4000) -> list[tuple[int, str]]:
    """Number and what became of it, dialled one after another."""
    mix = Mix(live=0.25, no_answer=0.25, busy=0.5)
    profile = CarrierProfile(name="t", mix=mix)
    carrier = SimulatedCarrier(profile, [TrunkGroup(id=1, name="g", channels=dials, cps=1e5, burst=10_000)], seed=3)
    if segments is not None:
        carrier.set_population(Population(segments, seed=3))
    carrier.set_link(True, 0)
    carrier.submit([Originate(1 + i, 1, 1, 1000 + i, "", 30 * 10**9, False) for i in range(dials)], 0)
    found = {}
    for fact in carrier.advance(HOUR):
        if isinstance(fact, CallAnswered | CallEnded):
            found.setdefault(fact.call_id, "live" if isinstance(fact, CallAnswered) else fact.outcome.name)
    return [(1000 + call - 1, found[call]) for call in sorted(found)]


def test_carrier_draws_each_number_by_its_segment_and_scales_the_rest_of_the_mix() -> None:
    segments = [Segment(share=0.5, live=0.4), Segment(share=0.5, live=1.6)]
    population = Population(segments, seed=3)
    dialled = outcomes(segments)
    assert len(dialled) == 4000
    for segment, live in ((0, 0.1), (1, 0.4)):
        counts = Counter(what for number, what in dialled if population.segment(number) == segment)
        assert counts["live"] / counts.total() == pytest.approx(live, abs=0.03)
        assert counts["BUSY"] / (counts["BUSY"] + counts["NO_ANSWER"]) == pytest.approx(2 / 3, abs=0.04)


def test_carrier_with_one_segment_is_the_carrier_without_a_population() -> None:
    assert outcomes([Segment(share=1.0)]) == outcomes(None)


def test_carrier_never_makes_a_segment_answer_always() -> None:
    segments = [Segment(share=0.1, live=100.0), Segment(share=0.9, live=1.0)]
    population = Population(segments, seed=3)
    counts = Counter(what for number, what in outcomes(segments) if population.segment(number) == 0)
    assert 0.95 < counts["live"] / counts.total() < 1.0
