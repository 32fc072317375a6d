"""The call's transition table, pair by pair."""

from __future__ import annotations

import pytest

from outpace.domain.states import CALL_TRANSITIONS, CallFact, CallState

#: What each fact may follow, written from the fact's side: (states, next state; None = stays).
EXPECTED: dict[CallFact, tuple[set[CallState], CallState | None]] = {
    CallFact.INTENT_DURABLE: ({CallState.LAUNCHING}, None),
    CallFact.INTENT_REFUSED: ({CallState.LAUNCHING}, CallState.ENDED),
    CallFact.ORIGINATE_REFUSED: ({CallState.LAUNCHING, CallState.PROCEEDING}, CallState.ENDED),
    CallFact.PROCEEDING: ({CallState.LAUNCHING}, CallState.PROCEEDING),
    CallFact.RINGING: ({CallState.LAUNCHING, CallState.PROCEEDING}, CallState.RINGING),
    CallFact.ANSWERED: ({CallState.LAUNCHING, CallState.PROCEEDING, CallState.RINGING}, CallState.ANSWERED),
    CallFact.CPA_VERDICT: ({CallState.CLASSIFYING}, CallState.QUEUED),
    CallFact.AGENT_CONNECTED: ({CallState.CONNECTING}, CallState.TALKING),
    CallFact.CONNECT_FAILED: ({CallState.CONNECTING}, CallState.QUEUED),
    CallFact.AGENT_RELEASED: ({CallState.TALKING}, None),
    CallFact.MESSAGE_ENDED: ({CallState.TREATMENT}, None),
    CallFact.ENDED: (set(CallState) - {CallState.FREE, CallState.ANSWERED, CallState.ENDED}, CallState.ENDED),
    CallFact.QUERIED: (set(CallState) - {CallState.FREE, CallState.ANSWERED, CallState.ENDED}, None),
}


@pytest.mark.parametrize("state", CallState)
@pytest.mark.parametrize("fact", CallFact)
def test_transition_for_every_pair(state: CallState, fact: CallFact) -> None:
    states, following = EXPECTED[fact]
    if state not in states:
        assert (state, fact) not in CALL_TRANSITIONS
    else:
        assert CALL_TRANSITIONS[state, fact] is (state if following is None else following)


@pytest.mark.parametrize("state", [CallState.FREE, CallState.ANSWERED, CallState.ENDED])
def test_transition_when_state_is_not_rested_in_then_no_fact_is_taken(state: CallState) -> None:
    assert not [fact for fact in CallFact if (state, fact) in CALL_TRANSITIONS]


def test_transition_from_each_resting_state_leads_to_an_end() -> None:
    resting = {state for state, _ in CALL_TRANSITIONS}
    assert resting == set(CallState) - {CallState.FREE, CallState.ANSWERED, CallState.ENDED}
    assert all(CALL_TRANSITIONS[state, CallFact.ENDED] is CallState.ENDED for state in resting)


def test_transition_never_goes_back_before_the_answer() -> None:
    order = [CallState.LAUNCHING, CallState.PROCEEDING, CallState.RINGING, CallState.ANSWERED]
    for (state, _), following in CALL_TRANSITIONS.items():
        if following in order:
            assert order.index(state) <= order.index(following)
