"""The list of a simulation: leads without a store, endless or counted, with their retries."""

from __future__ import annotations

import heapq

#: Numbers of simulated leads are consecutive from here; nobody is called.
FIRST_NUMBER = 49_300_000_000_000


class SimulatedList:
    """Leads 1, 2, ... that are due at once, and those that come again, by the time at which they are due.

    Parameters
    ----------
    count : int, >= 0. New leads in all; 0 = endless.
    lease_ns : int, > 0. How long a batch may be kept.
    """

    def __init__(self, count: int, lease_ns: int) -> None:
        self.count = count
        self.lease_ns = lease_ns
        self.given = 0
        self.token = 0
        self._again: list[tuple[int, int, int, int]] = []

    def lease(self, asked: int, now_ns: int) -> tuple[list[int], list[int], list[int]]:
        """Up to `asked` leads: (lead ids, numbers, earlier attempts). Those whose turn has come again go first."""
        leads: list[int] = []
        numbers: list[int] = []
        attempts: list[int] = []
        while self._again and self._again[0][0] <= now_ns and len(leads) < asked:
            _, lead, number, tried = heapq.heappop(self._again)
            leads.append(lead)
            numbers.append(number)
            attempts.append(tried)
        fresh = asked - len(leads)
        if self.count:
            fresh = min(fresh, self.count - self.given)
        first = self.given + 1
        leads.extend(range(first, first + fresh))
        numbers.extend(range(FIRST_NUMBER + first, FIRST_NUMBER + first + fresh))
        attempts.extend([0] * fresh)
        self.given += fresh
        self.token += 1
        return leads, numbers, attempts

    def next_due_ns(self, now_ns: int) -> int:
        """When the next lead falls due, 0 = there is none."""
        if not self.count or self.given < self.count:
            return now_ns
        return self._again[0][0] if self._again else 0

    def again(self, at_ns: int, lead: int, number: int, attempts: int) -> None:
        """The lead comes again at a time."""
        heapq.heappush(self._again, (at_ns, lead, number, attempts))
