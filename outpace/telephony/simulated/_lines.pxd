"""Lines of a trunk group. Contract only; see _lines.pyx."""
cimport cython
from libc.stdint cimport int32_t, int64_t

cdef enum:
    SEIZED_NOTHING = -1     # no free channel
    SEIZED_GLARE = -2       # both ends took the channel: back off and try another

cdef enum:
    KIND_SIP = 0
    KIND_ISDN_PRI = 1
    KIND_SS7 = 2
    KIND_MFC_R2 = 3
    KIND_ANALOGUE = 4
    KINDS = 5


cdef class Lines:
    cdef readonly int64_t trunk_group_id
    cdef readonly int32_t kind          # KIND_*
    cdef readonly int32_t channels      # as configured
    cdef readonly int32_t in_use
    cdef readonly bint guessed          # answers are guessed
    cdef int64_t gap_ns                 # 1 s / calls per second
    cdef int64_t allowance_ns           # how far arrivals may run ahead of that rate
    cdef int64_t due_ns                 # theoretical arrival time

    cdef int set_group(self, group) except -1
    cdef bint admits(self, int64_t now_ns) noexcept
    cdef int32_t seize(self, int32_t row, int64_t now_ns, double u_glare, int64_t hold_ns) noexcept
    cdef void release(self, int32_t channel) noexcept
    cdef int32_t usable(self) noexcept


@cython.final
cdef class CardLines(Lines):
    cdef readonly int32_t channels_per_span
    cdef readonly int32_t spans
    cdef int32_t room                   # channels that the arrays have, never fewer than `channels`
    cdef readonly int64_t glares
    cdef double glare                   # share of seizures that meet an incoming call
    cdef int32_t next_channel           # where the hunt for a free channel begins
    cdef int32_t* holder                # (room,) row of the call, -1 = none
    cdef int64_t* taken_until_ns        # (room,) an incoming call is on it until then
    cdef bint* alarm                    # (spans,)

    cdef int32_t free_channel(self, int64_t now_ns) noexcept
