"""Every fact in every state of a call: what the table forbids changes nothing, what it allows leads where it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.outcomes import CallPresence, IntentRefusal, Outcome, Refusal, Verdict
from outpace.domain.states import CALL_TRANSITIONS, CallFact, CallState
from tests.unit.engine.rig import Rig, pool_of

AMD = pool_of(agents=1, amd=True, message="sorry", connect_limit_s=5.0)
PLAIN = pool_of(agents=1, message="sorry", connect_limit_s=5.0)


def unsent() -> tuple[Rig, int]:
    rig = Rig(PLAIN).start()
    rig.lease(1)
    (call,) = rig.checkers.open
    return rig, call


def launching() -> tuple[Rig, int]:
    rig = Rig(PLAIN).start()
    (call,) = rig.dial(1)
    return rig, call


def proceeding() -> tuple[Rig, int]:
    rig, call = launching()
    rig.do(e.CallProceeding(call))
    return rig, call


def ringing() -> tuple[Rig, int]:
    rig, call = launching()
    rig.do(e.CallRinging(call))
    return rig, call


def classifying() -> tuple[Rig, int]:
    rig = Rig(AMD).start()
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    return rig, call


def queued() -> tuple[Rig, int]:
    rig, call = ringing()
    rig.do(e.AgentNotReady(1), e.CallAnswered(call))
    return rig, call


def connecting() -> tuple[Rig, int]:
    rig, call = ringing()
    rig.do(e.CallAnswered(call))
    return rig, call


def talking() -> tuple[Rig, int]:
    rig, call = connecting()
    rig.do(e.AgentConnected(call, 1))
    return rig, call


def treatment() -> tuple[Rig, int]:
    rig, call = queued()
    rig.wait(5)
    return rig, call


RECIPES: dict[CallState, Callable[[], tuple[Rig, int]]] = {
    CallState.LAUNCHING: launching,
    CallState.PROCEEDING: proceeding,
    CallState.RINGING: ringing,
    CallState.CLASSIFYING: classifying,
    CallState.QUEUED: queued,
    CallState.CONNECTING: connecting,
    CallState.TALKING: talking,
    CallState.TREATMENT: treatment,
}

FACTS: dict[CallFact, Callable[[int], e.Event]] = {
    CallFact.INTENT_DURABLE: e.IntentDurable,
    CallFact.INTENT_REFUSED: lambda call: e.IntentRefused(call, IntentRefusal.NUMBER_OPEN),
    CallFact.ORIGINATE_REFUSED: lambda call: e.OriginateRefused(call, Refusal.BY_SWITCH),
    CallFact.PROCEEDING: e.CallProceeding,
    CallFact.RINGING: e.CallRinging,
    CallFact.ANSWERED: e.CallAnswered,
    CallFact.CPA_VERDICT: lambda call: e.CpaVerdict(call, Verdict.MACHINE),
    CallFact.AGENT_CONNECTED: lambda call: e.AgentConnected(call, 1),
    CallFact.CONNECT_FAILED: lambda call: e.ConnectFailed(call, 1),
    CallFact.AGENT_RELEASED: lambda call: e.AgentReleased(call, 1),
    CallFact.MESSAGE_ENDED: e.MessageEnded,
    CallFact.ENDED: lambda call: e.CallEnded(call, Outcome.NO_ANSWER, 19),
    CallFact.QUERIED: lambda call: e.CallQueried(call, CallPresence.UNANSWERED),
}

# where the engine refines what the table says
REFINED: dict[tuple[CallState, CallFact], CallState] = {
    # the intent is durable already: a refusal comes too late
    (CallState.LAUNCHING, CallFact.INTENT_REFUSED): CallState.LAUNCHING,
    # ANSWERED is passed through at once, here to the idle agent
    (CallState.LAUNCHING, CallFact.ANSWERED): CallState.CONNECTING,
    (CallState.PROCEEDING, CallFact.ANSWERED): CallState.CONNECTING,
    (CallState.RINGING, CallFact.ANSWERED): CallState.CONNECTING,
    # a machine needs no agent
    (CallState.CLASSIFYING, CallFact.CPA_VERDICT): CallState.TREATMENT,
    # the only agent is tried again while the limit allows
    (CallState.CONNECTING, CallFact.CONNECT_FAILED): CallState.CONNECTING,
}


@pytest.mark.parametrize("fact", CallFact)
@pytest.mark.parametrize("state", RECIPES)
def test_fact_in_state_leads_where_the_table_says(state: CallState, fact: CallFact) -> None:
    rig, call = RECIPES[state]()
    assert rig.call(call) is state
    forbidden = rig.counter("forbidden_facts")
    rig.do(FACTS[fact](call))
    wanted = CALL_TRANSITIONS.get((state, fact))
    if wanted is None:
        assert rig.call(call) is state
        assert rig.counter("forbidden_facts") == forbidden + 1
    else:
        wanted = REFINED.get((state, fact), wanted)
        assert rig.call(call) is (CallState.FREE if wanted is CallState.ENDED else wanted)


@pytest.mark.parametrize("fact", CallFact)
@pytest.mark.parametrize("state", RECIPES)
def test_fact_in_state_twice_and_after_the_end_leaves_the_tables_whole(state: CallState, fact: CallFact) -> None:
    rig, call = RECIPES[state]()
    rig.do(FACTS[fact](call), FACTS[fact](call))
    rig.wait(0.5)
    rig.do(e.CallEnded(call), FACTS[fact](call), FACTS[fact](call))
    rig.wait(200)
    assert rig.call(call) is CallState.FREE


@pytest.mark.parametrize(
    "fact", [fact for fact in CallFact if fact not in (CallFact.INTENT_DURABLE, CallFact.INTENT_REFUSED)]
)
def test_fact_of_a_call_that_the_switch_has_not_heard_of_is_dropped(fact: CallFact) -> None:
    rig, call = unsent()
    rig.do(FACTS[fact](call))
    assert rig.call(call) is CallState.LAUNCHING
    assert rig.counter("forbidden_facts") == 1
    assert rig.said == []
    rig.do(e.IntentDurable(call))
    rig.do(FACTS[CallFact.ENDED](call))
    assert rig.record().outcome is Outcome.NO_ANSWER


@pytest.mark.parametrize("fact", CallFact)
def test_fact_of_a_call_that_waits_for_the_rate_leaves_it_in_the_line(fact: CallFact) -> None:
    rig = Rig(pool_of(agents=3, trunk={"cps": 10.0, "burst": 1})).start()
    rig.lease(3)
    first, second = sorted(rig.checkers.open)
    rig.do(e.IntentDurable(first), e.IntentDurable(second))
    rig.do(FACTS[fact](second))
    assert rig.call(second) is CallState.LAUNCHING
    rig.wait(0.2)
    assert [command.call_id for command in rig.ever(c.Originate)][:2] == [first, second]


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("call", [-5, 0, 1, 2**62])
def test_fact_of_an_unknown_call_is_counted_and_dropped(fact: CallFact, call: int) -> None:
    rig, _ = talking()
    strays = rig.counter("stray_facts")
    rig.do(FACTS[fact](call))
    assert rig.counter("stray_facts") == strays + 1
    assert rig.said == []


@pytest.mark.parametrize("fact", [CallFact.AGENT_CONNECTED, CallFact.AGENT_RELEASED, CallFact.CONNECT_FAILED])
def test_forbidden_fact_that_puts_the_state_in_doubt_asks_the_switch_once(fact: CallFact) -> None:
    rig, call = ringing()
    rig.do(FACTS[fact](call))
    assert [type(command).__name__ for command in rig.said] == ["QueryCall"]
    rig.do(FACTS[fact](call))
    assert rig.said == []
