"""Numbers that must not be dialled: who said so, why, and until when."""

from __future__ import annotations

from typing import Protocol

import msgspec

#: A lease puts at most this many suppressed leads away; what it did not come to is for the next one.
SCRUB_MAX = 5000


class Suppression(msgspec.Struct, frozen=True):
    """A number that is not dialled: by one campaign, or by all (`campaign_id` 0); `expires_ns` 0 = ever again."""

    number: int
    campaign_id: int
    reason: str
    added_by: str
    added_ns: int
    expires_ns: int


class SuppressionPort(Protocol):
    """The suppression list. It is in force from the moment in which `suppress` returns, whoever dials.

    A lead whose number is suppressed stays where it is until its turn comes: then it is SUPPRESSED, or due again when
    the suppression expires. New leads of a suppressed number are left out.
    """

    def suppress(self, number: int, campaign_id: int, reason: str, by: str, expires_ns: int, now_ns: int) -> None:
        """Put a number on the list, over what the list said of it for the same campaign."""

    def unsuppress(self, number: int, campaign_id: int, now_ns: int) -> bool:
        """Take a number off the list; False when it is not on it. Leads that were put away for it are due now."""

    def suppressions(self, campaign_id: int, after_number: int, limit: int) -> list[Suppression]:
        """What the list says for one campaign (0 = for all campaigns), by number; expired entries too."""

    def is_suppressed(self, number: int, campaign_id: int, now_ns: int) -> bool:
        """Whether the campaign must not dial the number now; 0 asks for the entries that hold for all campaigns."""


def of_disposition(number: int, agent_id: int, now_ns: int) -> Suppression:
    """The entry that an agent makes by a disposition: for all campaigns, for ever."""
    return Suppression(number, 0, "disposition", f"agent {agent_id}", now_ns, 0)
