"""What each signalling says of a failed call, in our outcomes."""

from __future__ import annotations

import pytest

from outpace.domain.outcomes import Outcome, outcome_of_q850
from outpace.telephony.signalling import (
    CHINA_1_GROUP_B,
    R2_GROUP_A,
    R2_GROUP_B,
    SIP_TO_Q850,
    TUP_FAILURES,
    ending_of_isup,
    ending_of_r2,
)


@pytest.mark.parametrize(
    ("signal", "china", "outcome", "cause"),
    [
        (3, False, Outcome.BUSY, 17),
        (4, False, Outcome.CONGESTION, 42),
        (5, False, Outcome.INVALID, 1),
        (8, False, Outcome.FAILED, 27),
        (2, False, Outcome.INVALID, 4),
        (2, True, Outcome.BUSY, 17),
        (3, True, Outcome.BUSY, 17),
        (5, True, Outcome.INVALID, 1),
        (6, False, Outcome.FAILED, 31),
        (15, True, Outcome.FAILED, 31),
    ],
)
def test_group_b_signals_end_calls(signal, china, outcome, cause) -> None:
    assert ending_of_r2(signal, china=china) == (outcome, cause)


@pytest.mark.parametrize("cause", [1, 17, 19, 21, 34, 41])
def test_isup_causes_are_those_of_q850(cause) -> None:
    assert ending_of_isup(cause) == (outcome_of_q850(cause), cause)


def test_no_signal_tells_of_an_answer() -> None:
    tables = (R2_GROUP_A, R2_GROUP_B, CHINA_1_GROUP_B, TUP_FAILURES)
    for ending in (ending for table in tables for ending in table.values()):
        assert ending.outcome not in (Outcome.NONE, Outcome.CONNECTED, Outcome.ABANDONED, Outcome.NO_ANSWER)
        assert 1 <= ending.hangup_cause <= 127


def test_sip_statuses_have_q850_causes() -> None:
    assert all(400 <= status < 700 and 1 <= cause <= 127 for status, cause in SIP_TO_Q850.items())
