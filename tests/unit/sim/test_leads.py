from __future__ import annotations

from outpace.sim.leads import FIRST_NUMBER, SimulatedList

S = 10**9


def test_an_endless_list_gives_what_is_asked() -> None:
    leads = SimulatedList(0, 300 * S)
    assert leads.lease(3, 0) == (1, [1, 2, 3], [FIRST_NUMBER + 1, FIRST_NUMBER + 2, FIRST_NUMBER + 3], [0, 0, 0])
    assert leads.lease(1, 0)[1] == [4]
    assert leads.next_due_ns() == 1


def test_a_counted_list_ends() -> None:
    leads = SimulatedList(3, 300 * S)
    assert leads.lease(2, 0)[1] == [1, 2]
    assert leads.next_due_ns() == 1
    assert leads.lease(2, 0)[1] == [3]
    assert leads.next_due_ns() == 0
    assert leads.lease(2, 0) == (0, [], [], [])


def test_leads_come_again_when_due_and_first() -> None:
    leads = SimulatedList(3, 300 * S)
    leads.lease(2, 0)
    leads.again(20 * S, 2, 5002, 1)
    leads.again(10 * S, 1, 5001, 2)
    assert leads.lease(1, 9 * S)[1] == [3]
    assert leads.next_due_ns() == 10 * S
    assert leads.lease(5, 15 * S)[1:] == ([1], [5001], [2])
    assert leads.lease(5, 20 * S)[1:] == ([2], [5002], [1])


def test_an_intent_takes_a_lead_out_of_its_lease_once() -> None:
    leads = SimulatedList(0, 300 * S)
    token, (first, *_), _, _ = leads.lease(2, 0)
    assert leads.dial(token, first, S)
    assert not leads.dial(token, first, S)
    assert not leads.dial(token + 1, first + 1, S)


def test_a_lease_ends_at_its_deadline_and_its_leads_are_due_again() -> None:
    leads = SimulatedList(2, 300 * S)
    token, *_ = leads.lease(2, 0)
    assert leads.dial(token, 1, 299 * S)
    assert not leads.dial(token, 2, 300 * S)
    again = leads.lease(5, 300 * S)
    assert again == (2, [2], [FIRST_NUMBER + 2], [0])
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
