"""Agentless calls: whoever answers is played the message, and nobody counts as abandoned."""

from __future__ import annotations

from typing import Any

import pytest

from outpace.domain import commands as c
from outpace.domain import events as e
from outpace.domain.config import DialMode, MachineAction, RetryRule
from outpace.domain.errors import ConfigError
from outpace.domain.outcomes import AbandonReason, CallPresence, Outcome, Verdict
from outpace.domain.states import CallState
from outpace.pacing.pacers import registry
from tests.unit.engine.rig import T0, Rig, S, pool_of

OLD = 1 << 32 | 77


@pytest.fixture
def rig(wish: Any, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A started campaign without agents that calls one lead at a time."""
    return make(wish, monkeypatch)


def make(wish: Any, monkeypatch: pytest.MonkeyPatch, *, epoch: int = 1, **settings: Any) -> Rig:
    monkeypatch.setitem(registry.PACERS, DialMode.AGENTLESS, lambda _: wish(count=1))
    settings = {"mode": DialMode.AGENTLESS, "message": "news.wav", "hopper_size": 1} | settings
    return Rig(pool_of(agents=0, **settings), epoch=epoch).start()


def ledger(rig: Rig) -> tuple[int, int, int, int]:
    told = rig.engine.explain(1)
    assert told.budget is not None
    return told.connected, told.abandoned_no_agent, told.abandoned_caller_left, told.budget.answered


def test_whoever_answers_is_played_the_message_and_hung_up(rig: Rig) -> None:
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    assert rig.heard(c.PlayMessage) == [c.PlayMessage(call, "news.wav")]
    assert rig.call(call) is CallState.TREATMENT
    rig.wait(12)
    rig.do(e.MessageEnded(call))
    assert rig.heard(c.HangUp) == [c.HangUp(call, 16)]
    rig.do(e.CallEnded(call, 0, 16))
    record = rig.record()
    assert (record.outcome, record.abandon_reason) == (Outcome.NOTIFIED, AbandonReason.NONE)
    assert (record.treatment_start_ns, record.treatment_end_ns) == (T0, T0 + 12 * S)
    assert ledger(rig) == (0, 0, 0, 0)


def test_whoever_hangs_up_during_the_message_was_notified(rig: Rig) -> None:
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call))
    rig.wait(3)
    rig.do(e.CallEnded(call, 0, 16))
    assert (rig.record().outcome, rig.record().treatment_end_ns) == (Outcome.NOTIFIED, T0 + 3 * S)


@pytest.mark.parametrize(
    ("action", "verdict", "outcome", "plays"),
    [
        (MachineAction.HANG_UP, Verdict.PERSON, Outcome.NOTIFIED, True),
        (MachineAction.HANG_UP, Verdict.UNSURE, Outcome.NOTIFIED, True),
        (MachineAction.HANG_UP, Verdict.MACHINE, Outcome.MACHINE, False),
        (MachineAction.MESSAGE, Verdict.MACHINE, Outcome.MACHINE, True),
        (MachineAction.MESSAGE, Verdict.FAX, Outcome.FAX, False),
    ],
)
def test_machines_get_what_the_campaign_says(
    wish: Any, monkeypatch: pytest.MonkeyPatch, action: MachineAction, verdict: Verdict, outcome: Outcome, plays: bool
) -> None:
    rig = make(wish, monkeypatch, amd=True, machine_action=action)
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.CpaVerdict(call, verdict))
    assert bool(rig.heard(c.PlayMessage)) == plays
    rig.do(e.CallEnded(call, 0, 16))
    assert rig.record().outcome is outcome
    assert ledger(rig) == (0, 0, 0, 0)


def test_whoever_leaves_before_the_message_was_not_notified_and_may_be_called_again(
    wish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make(wish, monkeypatch, amd=True, retry={"failed": RetryRule(wait_s=60.0)})
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.CallEnded(call, 0, 16))
    record = rig.record()
    assert (record.outcome, record.retry_at_ns) == (Outcome.FAILED, T0 + 60 * S)
    assert ledger(rig) == (0, 0, 0, 0)


def test_an_answer_that_an_operators_stop_meets_is_no_abandonment(rig: Rig) -> None:
    (call,) = rig.dial(1)
    rig.do(e.CampaignStopped(1), e.CallAnswered(call), e.CallEnded(call, 0, 16))
    assert rig.record().outcome is Outcome.CANCELLED
    assert ledger(rig) == (0, 0, 0, 0)


def test_an_operators_stop_lets_the_message_be_heard_to_its_end(rig: Rig) -> None:
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.CampaignStopped(1))
    assert rig.heard(c.HangUp) == []
    rig.do(e.MessageEnded(call), e.CallEnded(call, 0, 16))
    assert rig.record().outcome is Outcome.NOTIFIED


def test_whom_the_switchs_own_timer_met_was_notified(rig: Rig) -> None:
    (call,) = rig.dial(1)
    rig.do(e.CallEnded(call, Outcome.ABANDONED, 16, 0, T0 - S))
    record = rig.record()
    assert (record.outcome, record.answered_ns) == (Outcome.NOTIFIED, T0 - S)
    assert ledger(rig) == (0, 0, 0, 0)


def test_whom_the_switchs_own_timer_met_during_the_analysis_was_notified(
    wish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make(wish, monkeypatch, amd=True)
    (call,) = rig.dial(1)
    rig.do(e.CallAnswered(call), e.CallEnded(call, Outcome.ABANDONED, 16))
    assert rig.record().outcome is Outcome.NOTIFIED


def test_an_adopted_person_hears_the_message(wish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make(wish, monkeypatch, epoch=2)
    rig.do(e.CallAdopted(OLD, 1, 5, 49, 1, 2, CallPresence.ANSWERED, 0, 3, T0 - 9 * S))
    assert rig.heard(c.PlayMessage) == [c.PlayMessage(OLD, "news.wav")]
    rig.do(e.CallEnded(OLD))
    assert rig.record().outcome is Outcome.NOTIFIED


def test_a_switch_that_says_notified_of_an_unanswered_call_is_not_believed(rig: Rig) -> None:
    (call,) = rig.dial(1)
    rig.do(e.CallEnded(call, Outcome.NOTIFIED, 16))
    assert rig.record().outcome is Outcome.FAILED


def test_agentless_without_a_message_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"message: is what mode = 'agentless' plays"):
        pool_of(mode=DialMode.AGENTLESS)
