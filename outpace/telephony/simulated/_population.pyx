"""The people behind the numbers of a simulated list: which segment a number is of is drawn from the number alone."""
cimport cython
from libc.stdint cimport int32_t, int64_t, uint64_t

from outpace.telephony.simulated._random cimport ROLE_LEAD, stream_base, uniform_at

import numpy as np

from outpace.telephony.simulated.population import relative_chances

cdef int64_t NS_PER_HOUR = 3_600_000_000_000


@cython.final
cdef class Population:
    """Segments of a list, compiled.

    Parameters
    ----------
    segments : sequence of Segment, 1 to 63.
    seed : int. Equal seeds put a number into equal segments.
    """

    def __init__(self, segments, *, uint64_t seed):
        rows = relative_chances(tuple(segments))
        self.segments = len(rows)
        self.cumulative = np.cumsum([share for share, _ in rows])
        self.chances = np.array([chance for _, chance in rows])
        self.base = stream_base(seed, 0, ROLE_LEAD)

    cdef double draw(self, int64_t number, uint64_t index) noexcept nogil:
        return uniform_at(self.base, <uint64_t>number, index)

    cdef int32_t segment_of(self, int64_t number) noexcept nogil:
        cdef double u = self.draw(number, 0)
        cdef int32_t segment = 0
        while segment < self.segments - 1 and u >= self.cumulative[segment]:
            segment += 1
        return segment

    cdef double chance_at(self, int32_t segment, int64_t now_ns) noexcept nogil:
        # hours of UTC, in which simulated days are
        return self.chances[segment, now_ns // NS_PER_HOUR % 24]

    def segment(self, int64_t number):
        """The segment of a number, from 0 on."""
        return self.segment_of(number)

    def chance(self, int64_t number, int64_t now_ns):
        """Chance of a person behind a number, relative to the list's mean at that hour of UTC."""
        return self.chance_at(self.segment_of(number), now_ns)

    def noise(self, int64_t number, int count):
        """`count` numbers in (0, 1) that depend on the number and tell nothing of it."""
        return [self.draw(number, 1 + i) for i in range(count)]
