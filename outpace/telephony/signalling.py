"""How each kind of trunk says why a call failed, and what that means in our outcomes.

Sources: causes ITU-T Q.850, carried by ISDN (Q.931) and by ISUP (Q.763 section 3.12) alike; group A and B signals of
MFC-R2 ITU-T Q.441 tables 6 and 7; China No. 1 uses the group B codes as KB signals of the national specification
GF 002-9002; failure messages of the telephone user part (China No. 7 in its TUP form) ITU-T Q.723; Q.850 to SIP
RFC 3398 section 7.2.4 and 8.2.6.1, where a switch that we drive answers otherwise its own value.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from outpace.domain.outcomes import Outcome, outcome_of_q850


class Ending(NamedTuple):
    """An unanswered call's end: the outcome and the Q.850 cause that stands for it."""

    outcome: Outcome
    hangup_cause: int


#: Group B signals of the international R2 system. B-6 and B-7 report a free line and end nothing.
R2_GROUP_B = MappingProxyType(
    {
        2: Ending(Outcome.INVALID, 4),  # send special information tone
        3: Ending(Outcome.BUSY, 17),  # subscriber's line busy
        4: Ending(Outcome.CONGESTION, 42),  # congestion met after group B began
        5: Ending(Outcome.INVALID, 1),  # unallocated number
        8: Ending(Outcome.FAILED, 27),  # subscriber's line out of order
    }
)

#: Group B (KB) signals of China No. 1 as a terminating exchange sends them. KB-1 and KB-6 report a free line.
CHINA_1_GROUP_B = MappingProxyType(
    {
        2: Ending(Outcome.BUSY, 17),  # busy with a local call
        3: Ending(Outcome.BUSY, 17),  # busy with a long-distance call
        4: Ending(Outcome.CONGESTION, 42),  # equipment congestion
        5: Ending(Outcome.INVALID, 1),  # unallocated number
    }
)

#: Group A signals that end a call before group B is reached.
R2_GROUP_A = MappingProxyType(
    {
        4: Ending(Outcome.CONGESTION, 34),  # congestion in the national network
        15: Ending(Outcome.CONGESTION, 34),  # congestion in an international exchange or at its output
    }
)

#: Unsuccessful backward set-up messages of the telephone user part.
TUP_FAILURES = MappingProxyType(
    {
        "SEC": Ending(Outcome.CONGESTION, 42),  # switching equipment congestion
        "CGC": Ending(Outcome.CONGESTION, 34),  # circuit group congestion
        "NNC": Ending(Outcome.CONGESTION, 34),  # national network congestion
        "ADI": Ending(Outcome.INVALID, 28),  # address incomplete
        "CFL": Ending(Outcome.FAILED, 41),  # call failure
        "SSB": Ending(Outcome.BUSY, 17),  # subscriber busy
        "SLB": Ending(Outcome.BUSY, 17),  # subscriber busy with a local call
        "STB": Ending(Outcome.BUSY, 17),  # subscriber busy with a long-distance call
        "UNN": Ending(Outcome.INVALID, 1),  # unallocated number
        "LOS": Ending(Outcome.FAILED, 27),  # line out of service
        "SST": Ending(Outcome.INVALID, 4),  # send special information tone
        "ACB": Ending(Outcome.REJECTED, 21),  # access barred
        "DPN": Ending(Outcome.FAILED, 65),  # digital path not provided
    }
)

#: Final SIP status -> Q.850 cause, as Asterisk reports them.
SIP_TO_Q850 = MappingProxyType(
    {404: 1, 408: 19, 410: 22, 480: 19, 484: 28, 486: 17, 487: 16, 488: 58, 500: 38, 502: 38, 503: 34, 600: 17, 603: 21}
)


def ending_of_isup(cause: int) -> Ending:
    """The ending that the cause indicator of an ISUP REL message tells of an unanswered call."""
    return Ending(outcome_of_q850(cause), cause)


def ending_of_r2(signal: int, *, china: bool = False) -> Ending:
    """The ending that a group B signal tells; a signal that is spare there is a failure without a cause (31)."""
    return (CHINA_1_GROUP_B if china else R2_GROUP_B).get(signal, Ending(Outcome.FAILED, 31))
