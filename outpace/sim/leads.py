"""The list of a simulation: leads without a store, endless or counted, with their leases and retries."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from outpace.domain.features import BUCKETS, FeatureBit, NumberKind, after_attempt, pack_features
from outpace.domain.outcomes import Outcome

if TYPE_CHECKING:
    from outpace.telephony.simulated._population import Population

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
    population : whom the numbers belong to, None = all alike.
    told : whether a lead's features tell its segment.
    noise : whether they also hold what tells nothing: kind of number, list, and the segment where it is not told.
    """

    def __init__(
        self,
        count: int,
        lease_ns: int,
        population: Population | None = None,
        *,
        told: bool = True,
        noise: bool = False,
    ) -> None:
        self.count = count
        self.lease_ns = lease_ns
        self.given = 0
        self.expired = 0
        self._token = 0
        self._leases: dict[int, _Lease] = {}
        self._again: list[tuple[int, int, int, int]] = []
        self._population = population
        self._told = told
        self._noise = noise
        self._history: dict[int, int] = {}  # features of the leads that have been tried

    def features(self, lead: int) -> int:
        """What is known of a lead (`outpace.domain.features`), and above it the number of its segment."""
        tried = self._history.get(lead)
        if tried is not None:
            return tried
        if self._population is None:
            return 0
        number = FIRST_NUMBER + lead
        segment = self._population.segment(number)
        kind, list_bucket, segment_bucket = NumberKind.UNKNOWN, 0, 0
        if self._noise:
            drawn = self._population.noise(number, 3)
            kind = NumberKind(1 + int(drawn[0] * 3))
            list_bucket, segment_bucket = (1 + int(u * (BUCKETS - 1)) for u in drawn[1:])
        if self._told:
            segment_bucket = 1 + segment
        known = pack_features(kind, list_bucket=list_bucket, segment_bucket=segment_bucket)
        return known | segment << FeatureBit.END

    def lease(self, asked: int, now_ns: int) -> tuple[int, list[int], list[int], list[int], list[int]]:
        """Up to `asked` leads: (token, lead ids, numbers, earlier attempts, features); without leads the token is 0.

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
            return 0, leads, numbers, attempts, []
        self._token += 1
        held = dict(zip(leads, zip(numbers, attempts, strict=True), strict=True))
        self._leases[self._token] = _Lease(now_ns + self.lease_ns, held)
        return self._token, leads, numbers, attempts, [self.features(lead) for lead in leads]

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

    def again(self, at_ns: int, lead: int, number: int, attempts: int, outcome: Outcome = Outcome.NONE) -> None:
        """The lead comes again at a time, after an attempt that ended in `outcome`, or after none."""
        if outcome is not Outcome.NONE:
            self._history[lead] = after_attempt(self.features(lead), outcome)
        heapq.heappush(self._again, (at_ns, lead, number, attempts))

    def _end_leases(self, now_ns: int) -> None:
        for token in [token for token, lease in self._leases.items() if lease.deadline_ns <= now_ns]:
            lease = self._leases.pop(token)
            self.expired += len(lease.leads)
            self._back(lease, now_ns)

    def _back(self, lease: _Lease, now_ns: int) -> None:
        for lead, (number, tried) in lease.leads.items():
            self.again(now_ns, lead, number, tried)
