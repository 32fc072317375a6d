from __future__ import annotations

from collections import Counter

from outpace.domain.features import FeatureBit, pack_features
from outpace.domain.outcomes import Outcome
from outpace.sim.leads import FIRST_NUMBER, SimulatedList
from outpace.telephony.simulated._population import Population
from outpace.telephony.simulated.population import Segment

S = 10**9


def test_an_endless_list_gives_what_is_asked() -> None:
    leads = SimulatedList(0, 300 * S)
    assert leads.lease(3, 0) == (1, [1, 2, 3], [FIRST_NUMBER + 1, FIRST_NUMBER + 2, FIRST_NUMBER + 3], [0] * 3, [0] * 3)
    assert leads.lease(1, 0)[1] == [4]
    assert leads.next_due_ns() == 1


def test_a_counted_list_ends() -> None:
    leads = SimulatedList(3, 300 * S)
    assert leads.lease(2, 0)[1] == [1, 2]
    assert leads.next_due_ns() == 1
    assert leads.lease(2, 0)[1] == [3]
    assert leads.next_due_ns() == 0
    assert leads.lease(2, 0) == (0, [], [], [], [])


def test_leads_come_again_when_due_and_first() -> None:
    leads = SimulatedList(3, 300 * S)
    leads.lease(2, 0)
    leads.again(20 * S, 2, 5002, 1, Outcome.BUSY)
    leads.again(10 * S, 1, 5001, 2)  # no attempt was made
    assert leads.lease(1, 9 * S)[1] == [3]
    assert leads.next_due_ns() == 10 * S
    assert leads.lease(5, 15 * S)[1:] == ([1], [5001], [2], [0])
    assert leads.lease(5, 20 * S)[1:] == ([2], [5002], [1], [pack_features(attempts=1, last=Outcome.BUSY)])


def test_an_intent_takes_a_lead_out_of_its_lease_once() -> None:
    leads = SimulatedList(0, 300 * S)
    token, (first, *_), *_ = leads.lease(2, 0)
    assert leads.dial(token, first, S)
    assert not leads.dial(token, first, S)
    assert not leads.dial(token + 1, first + 1, S)


def test_a_lease_ends_at_its_deadline_and_its_leads_are_due_again() -> None:
    leads = SimulatedList(2, 300 * S)
    token, *_ = leads.lease(2, 0)
    assert leads.dial(token, 1, 299 * S)
    assert not leads.dial(token, 2, 300 * S)
    again = leads.lease(5, 300 * S)
    assert again == (2, [2], [FIRST_NUMBER + 2], [0], [0])
    assert leads.expired == 1
    assert leads.renew(token, 300 * S) == 0


def test_a_renewed_lease_lives_on() -> None:
    leads = SimulatedList(0, 300 * S)
    token, *_ = leads.lease(2, 0)
    assert leads.renew(token, 150 * S) == 450 * S
    assert leads.dial(token, 1, 449 * S)


def test_a_released_batch_is_due_at_once() -> None:
    leads = SimulatedList(2, 300 * S)
    token, *_ = leads.lease(2, 0)
    leads.dial(token, 1, S)
    leads.release(token, 5 * S)
    leads.release(token, 6 * S)
    assert leads.lease(5, 6 * S)[1] == [2]
    assert leads.expired == 0


def test_a_lease_that_is_used_up_is_gone() -> None:
    leads = SimulatedList(0, 300 * S)
    token, *_ = leads.lease(1, 0)
    assert leads.dial(token, 1, 0)
    assert leads.renew(token, 0) == 0


def people(*shares: float) -> Population:
    return Population([Segment(share=share) for share in shares], seed=7)


def test_features_tell_the_segment_of_the_number_behind_them() -> None:
    population = people(0.5, 0.3, 0.2)
    leads = SimulatedList(0, 300 * S, population)
    _, _, numbers, _, features = leads.lease(500, 0)
    segments = [population.segment(number) for number in numbers]
    assert [one >> FeatureBit.END for one in features] == segments
    assert [one % (1 << FeatureBit.END) for one in features] == [
        pack_features(segment_bucket=1 + segment) for segment in segments
    ]


def test_features_that_are_not_told_are_nothing_or_noise() -> None:
    population = people(0.5, 0.5)
    hidden = SimulatedList(0, 300 * S, population, told=False).lease(500, 0)[4]
    assert {one % (1 << FeatureBit.END) for one in hidden} == {0}
    noise = SimulatedList(0, 300 * S, population, told=False, noise=True).lease(500, 0)[4]
    by_segment = [Counter(one & 3 for one in noise if one >> FeatureBit.END == segment) for segment in (0, 1)]
    assert all(sorted(kinds) == [1, 2, 3] for kinds in by_segment)
    assert len({one >> FeatureBit.SEGMENT & 63 for one in noise}) > 50


def test_features_keep_the_segment_when_a_lead_comes_again() -> None:
    leads = SimulatedList(1, 300 * S, people(0.5, 0.5))
    before = leads.lease(1, 0)[4][0]
    leads.again(S, 1, FIRST_NUMBER + 1, 1, Outcome.NO_ANSWER)
    assert leads.lease(1, S)[4][0] == before | 1 << FeatureBit.ATTEMPTS | Outcome.NO_ANSWER << FeatureBit.OUTCOME
