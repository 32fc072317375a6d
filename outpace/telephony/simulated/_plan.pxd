"""A profile as C: what the carrier draws from. Contract only; see _plan.pyx."""
cimport cython
from libc.stdint cimport int32_t, int64_t

from outpace.telephony.simulated._random cimport dist_t

# What is at the other end of a dialled number. The first nine are drawn by the mix, in this order.
cdef enum:
    NATURE_LIVE = 0
    NATURE_MACHINE = 1
    NATURE_FAX = 2
    NATURE_NO_ANSWER = 3
    NATURE_BUSY = 4
    NATURE_INVALID = 5
    NATURE_CONGESTION = 6
    NATURE_REJECTED = 7
    NATURE_FAILED = 8
    NATURES_DRAWN = 9
    NATURE_SILENT = 9       # somebody answers and says nothing
    NATURE_NOBODY = 10      # an answer that a card only believed to have heard
    NATURE_MUTE = 11        # the network never says anything

cdef enum:
    TIME_PROCEEDING = 0
    TIME_RINGING = 1
    TIME_ANSWER = 2
    TIME_MACHINE_ANSWER = 3
    TIME_FAX_ANSWER = 4
    TIME_NO_ANSWER = 5
    TIME_BUSY = 6           # busy .. failed in the order of the natures
    TIME_INVALID = 7
    TIME_CONGESTION = 8
    TIME_REJECTED = 9
    TIME_FAILED = 10
    TIME_TALK = 11
    TIME_MACHINE_TALK = 12
    TIME_PATIENCE = 13
    TIME_MACHINE_PATIENCE = 14
    TIME_MESSAGE = 15
    TIME_BRIDGE = 16
    TIME_LEG = 17
    TIME_AMD = 18
    TIME_BACK_OFF = 19
    TIME_INCOMING_HOLD = 20
    TIME_ANSWER_DELAY = 21
    TIME_DEAD_AIR = 22
    TIMES = 23

cdef struct ending_t:
    int32_t outcome
    int32_t hangup_cause
    int32_t tech_cause

# What a coded number says; times in nanoseconds, -1 = never.
cdef struct coded_t:
    int32_t nature
    int32_t sip_status
    int64_t ring_ns
    int64_t leave_ns

cdef ending_t ending_of(int32_t kind, int32_t nature, int32_t sip_status) noexcept
cdef coded_t decoded(int64_t number) noexcept


@cython.final
cdef class Plan:
    cdef double cumulative[9]       # shares of the mix, summed up
    cdef dist_t times[23]           # borrowed from `owners`
    cdef bint coded
    cdef double false_positive
    cdef double false_negative
    cdef bint patience_from_verdict
    cdef double missed_answer
    cdef double false_answer
    cdef int64_t closing_silence_ns
    cdef int64_t speech_start_ns
    cdef int32_t glare_retries
    cdef list owners                # Distribution objects

    cdef int32_t nature_at(self, double u) noexcept
    # the same of a number that has a person so many times as often as others; the rest of the mix is scaled
    cdef int32_t nature_of(self, double u, double relative) noexcept
    cdef int64_t time_at(self, int which, double u) noexcept
