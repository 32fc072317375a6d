"""Numbers that must not be dialled: who said so, why, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

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


class Listed(NamedTuple):
    """What has become of numbers that were put on the list together."""

    added: int
    extended: int  # were on the list until an earlier time
    known: int  # are on the list for at least as long already


class SuppressionPort(Protocol):
    """The suppression list. It is in force from the moment in which `suppress` returns, whoever dials.

    A lead whose number is suppressed stays where it is until its turn comes or its lease lets it go: then it is
    SUPPRESSED, or due again when the suppression expires. New leads of a suppressed number are left out.
    """

    def suppress(self, number: int, campaign_id: int, reason: str, by: str, expires_ns: int, now_ns: int) -> None:
        """Put a number on the list, over what the list said of it for the same campaign."""

    def suppress_many(
        self, numbers: Sequence[int], campaign_id: int, reason: str, by: str, expires_ns: int, now_ns: int
    ) -> Listed:
        """Put numbers on the list in one transaction, as `suppress` does, but never for a shorter time.

        A number that is on the list for the same campaign already and until no earlier time keeps its entry.
        """

    def let_go_suppressed(self, now_ns: int) -> list[tuple[int, int]]:
        """Put leads away that are leased and must not be dialled any more, as if their turn had come.

        Returns their numbers, and those that must not be dialled and have an open intent; each with its campaign.
        """

    def unsuppress(self, number: int, campaign_id: int, now_ns: int) -> bool:
        """Take a number off the list; False when it is not on it. Leads that were put away for it are due now."""

    def suppressions(self, campaign_id: int, after_number: int, limit: int) -> list[Suppression]:
        """What the list says for one campaign (0 = for all campaigns), by number; expired entries too."""

    def is_suppressed(self, number: int, campaign_id: int, now_ns: int) -> bool:
        """Whether the campaign must not dial the number now; 0 asks for the entries that hold for all campaigns."""


def holds_longer(expires_ns: int, than_ns: int) -> bool:
    """Whether an entry that ends then holds longer than one that ends at the other time; 0 = never.

    >>> holds_longer(0, 5), holds_longer(6, 5), holds_longer(5, 5), holds_longer(5, 0), holds_longer(0, 0)
    (True, True, False, False, False)
    """
    return than_ns != 0 and (expires_ns == 0 or expires_ns > than_ns)


def of_disposition(number: int, agent_id: int, now_ns: int) -> Suppression:
    """The entry that an agent makes by a disposition: for all campaigns, for ever."""
    return Suppression(number, 0, "disposition", f"agent {agent_id}", now_ns, 0)
