"""Causes of networks -> outcomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outpace.domain.config import RETRIABLE
from outpace.domain.outcomes import Outcome, outcome_of_q850, outcome_of_sip


@pytest.mark.parametrize(
    ("sip", "asterisk", "outcome"),
    [
        (404, 1, Outcome.INVALID),
        (480, 19, Outcome.NO_ANSWER),
        (484, 28, Outcome.INVALID),
        (486, 17, Outcome.BUSY),
        (488, 58, Outcome.FAILED),
        (500, 38, Outcome.FAILED),
        (503, 34, Outcome.CONGESTION),
        (600, 17, Outcome.BUSY),
        (603, 21, Outcome.REJECTED),
    ],
)
def test_outcome_when_asterisk_gives_both_causes_then_they_agree(sip: int, asterisk: int, outcome: Outcome) -> None:
    assert outcome_of_sip(sip) is outcome
    assert outcome_of_q850(asterisk) is outcome


@pytest.mark.parametrize(
    ("sip", "freeswitch", "outcome"),
    [
        (404, 1, Outcome.INVALID),
        (480, 18, Outcome.NO_ANSWER),
        (484, 28, Outcome.INVALID),
        (486, 17, Outcome.BUSY),
        (488, 88, Outcome.FAILED),
        (500, 41, Outcome.FAILED),
        (603, 21, Outcome.REJECTED),
    ],
)
def test_outcome_when_freeswitch_gives_both_causes_then_they_agree(sip: int, freeswitch: int, outcome: Outcome) -> None:
    assert outcome_of_sip(sip) is outcome
    assert outcome_of_q850(freeswitch) is outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (499, Outcome.REJECTED),
        (400, Outcome.REJECTED),
        (599, Outcome.FAILED),
        (699, Outcome.FAILED),
        (0, Outcome.FAILED),
    ],
)
def test_outcome_when_sip_status_is_unknown_then_its_class_decides(status: int, outcome: Outcome) -> None:
    assert outcome_of_sip(status) is outcome


@given(st.integers(-1000, 1000))
def test_outcome_of_an_unanswered_call_never_names_a_person(cause: int) -> None:
    heard = {Outcome.NONE, Outcome.CONNECTED, Outcome.ABANDONED, Outcome.MACHINE, Outcome.FAX, Outcome.NOTIFIED}
    assert outcome_of_q850(cause) not in heard
    assert outcome_of_sip(cause) not in heard


def test_retriable_outcomes_leave_out_the_final_ones() -> None:
    final = {Outcome.NONE, Outcome.CONNECTED, Outcome.INVALID, Outcome.FAX, Outcome.NOTIFIED}
    assert set(RETRIABLE.values()) == set(Outcome) - final
    assert all(key == outcome.name.lower() for key, outcome in RETRIABLE.items())
