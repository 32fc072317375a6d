"""The list of a simulation: leads without a store, endless or counted, with their leases and retries."""

from __future__ import annotations

import heapq

#: Numbers of simulated leads are consecutive from here; nobody is called.
FIRST_NUMBER = 49_300_000_000_000


class _Lease:
    """A batch that the engine holds: lead -> (number, earlier attempts)."""

    __slots__ = ("deadline_ns", "leads")

    def __init__(self, deadline_ns: int, leads: dict[int, tuple[int, int]]) -> None:
        self.deadline_ns = deadline_ns
        self.leads = leads


class SimulatedList:
    """Leads 1, 2, ... that are due at once, and those that come again, by the time at which they are due.

    The part of `outpace.store.port.Store` that a campaign needs: leases by token that end at their deadline, intents
    that take a lead out of its lease.

    Parameters
    ----------
    count : int, >= 0. New leads in all; 0 = endless.
    lease_ns : int, > 0. How long a batch may be kept.
    """

    def __init__(self, count: int, lease_ns: int) -> None:
        self.count = count
        self.lease_ns = lease_ns
        self.given = 0
        self.expired = 0
        self._token = 0
        self._leases: dict[int, _Lease] = {}
        self._again: list[tuple[int, int, int, int]] = []

    def lease(self, asked: int, now_ns: int) -> tuple[int, list[int], list[int], list[int]]:
        """Up to `asked` leads: (token, lead ids, numbers, earlier attempts); without leads the token is 0.

        First, leases whose deadline is not later than `now_ns` end. Leads whose turn has come again go first.
        """
        self._end_leases(now_ns)
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
        if not leads:
            return 0, leads, numbers, attempts
        self._token += 1
        held = dict(zip(leads, zip(numbers, attempts, strict=True), strict=True))
        self._leases[self._token] = _Lease(now_ns + self.lease_ns, held)
        return self._token, leads, numbers, attempts

    def next_due_ns(self) -> int:
        """When the next lead that nobody holds falls due, never 0 but when there is none."""
        if not self.count or self.given < self.count:
            return 1
        return max(1, self._again[0][0]) if self._again else 0

    def renew(self, token: int, now_ns: int) -> int:
        """The new deadline of a lease, 0 when it has ended."""
        self._end_leases(now_ns)
        lease = self._leases.get(token)
        if lease is None:
            return 0
        lease.deadline_ns = now_ns + self.lease_ns
        return lease.deadline_ns

    def release(self, token: int, now_ns: int) -> None:
        """The engine gives the rest of a batch back."""
        lease = self._leases.pop(token, None)
        if lease is not None:
            self._back(lease, now_ns)

    def dial(self, token: int, lead: int, now_ns: int) -> bool:
        """An intent takes the lead out of its lease; False when it is not held under that token (any more)."""
        lease = self._leases.get(token)
        if lease is None or lease.deadline_ns <= now_ns or lease.leads.pop(lead, None) is None:
            return False
        if not lease.leads:
            del self._leases[token]
        return True

    def again(self, at_ns: int, lead: int, number: int, attempts: int) -> None:
        """The lead comes again at a time."""
        heapq.heappush(self._again, (at_ns, lead, number, attempts))

    def _end_leases(self, now_ns: int) -> None:
        for token in [token for token, lease in self._leases.items() if lease.deadline_ns <= now_ns]:
            lease = self._leases.pop(token)
            self.expired += len(lease.leads)
            self._back(lease, now_ns)

    def _back(self, lease: _Lease, now_ns: int) -> None:
        for lead, (number, tried) in lease.leads.items():
            self.again(now_ns, lead, number, tried)
