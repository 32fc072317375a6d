"""Lines of a trunk group: how many there are, how fast they may be taken, and on voice cards which one.

`Lines` only counts, as a SIP carrier does. `CardLines` has spans and channels, alarms, and glare: both ends seizing
the same channel at once. Who then gives way is a matter of the signalling: on ISDN the network's call goes ahead
(Q.931 section 5.7); on SS7 each exchange controls every second circuit and the other one backs off (Q.764 section
2.9.1.4; even circuits are taken to be ours); on R2 and analogue lines both seizures are released.
"""
cimport cython
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free

from outpace.telephony.simulated._timers cimport resized

from outpace.domain.config import AnswerSupervision, TrunkKind

cdef dict KIND_NUMBERS = {
    TrunkKind.SIP: KIND_SIP,
    TrunkKind.ISDN_PRI: KIND_ISDN_PRI,
    TrunkKind.SS7: KIND_SS7,
    TrunkKind.MFC_R2: KIND_MFC_R2,
    TrunkKind.ANALOGUE: KIND_ANALOGUE,
}


cdef class Lines:
    """Channels of a SIP trunk group, counted, and its calls per second.

    Calls may run one second's worth plus the burst ahead of the rate before the carrier answers with congestion: a
    carrier counts over a second, and commands reach it a little unevenly.
    """

    def __init__(self, group):
        self.trunk_group_id = group.id
        self.kind = KIND_NUMBERS[group.kind]
        self.in_use = 0
        self.due_ns = 0
        self.set_group(group)

    cdef int set_group(self, group) except -1:
        # settings from now on; the kind is of the lines' whole life, and calls keep the channels that they have
        self.channels = group.channels
        self.guessed = group.answer_supervision is AnswerSupervision.GUESSED
        self.gap_ns = <int64_t>(1e9 / <double>group.cps)
        self.allowance_ns = 1_000_000_000 + <int64_t>group.burst * self.gap_ns
        return 0

    cdef bint admits(self, int64_t now_ns) noexcept:
        # generic cell rate algorithm: equal to a token bucket, in one number
        cdef int64_t due = max(self.due_ns, now_ns)
        if due - now_ns > self.allowance_ns:
            return False
        self.due_ns = due + self.gap_ns
        return True

    cdef int32_t seize(self, int32_t row, int64_t now_ns, double u_glare, int64_t hold_ns) noexcept:
        # a channel for the call in `row`, or SEIZED_*
        if self.in_use >= self.channels:
            return SEIZED_NOTHING
        self.in_use += 1
        return 0

    cdef void release(self, int32_t channel) noexcept:
        self.in_use -= 1

    cdef int32_t usable(self) noexcept:
        # channels that can carry calls now
        return self.channels


@cython.final
cdef class CardLines(Lines):
    """Channels of spans on voice cards."""

    def __cinit__(self):
        self.holder = NULL
        self.taken_until_ns = NULL
        self.alarm = NULL

    def __init__(self, group, settings):
        self.channels_per_span = settings.channels_per_span
        self.glare = settings.glare
        self.next_channel = 0
        self.glares = 0
        Lines.__init__(self, group)

    cdef int set_group(self, group) except -1:
        cdef int32_t channels = group.channels, channel
        cdef int32_t spans = (channels + self.channels_per_span - 1) // self.channels_per_span
        if channels > self.room:
            self.holder = <int32_t*>resized(self.holder, channels * sizeof(int32_t))
            self.taken_until_ns = <int64_t*>resized(self.taken_until_ns, channels * sizeof(int64_t))
            self.alarm = <bint*>resized(self.alarm, spans * sizeof(bint))
            for channel in range(self.room, channels):
                self.holder[channel] = -1
                self.taken_until_ns[channel] = 0
            for channel in range((self.room + self.channels_per_span - 1) // self.channels_per_span, spans):
                self.alarm[channel] = False
            self.room = channels
        self.spans = spans
        return Lines.set_group(self, group)

    def __dealloc__(self):
        free(self.holder)
        free(self.taken_until_ns)
        free(self.alarm)

    cdef int32_t free_channel(self, int64_t now_ns) noexcept:
        # cyclic hunt, so that all channels are used alike
        cdef int32_t i, channel
        for i in range(self.channels):
            channel = (self.next_channel + i) % self.channels
            if (
                self.holder[channel] < 0
                and self.taken_until_ns[channel] <= now_ns
                and not self.alarm[channel // self.channels_per_span]
            ):
                self.next_channel = (channel + 1) % self.channels
                return channel
        return SEIZED_NOTHING

    cdef int32_t seize(self, int32_t row, int64_t now_ns, double u_glare, int64_t hold_ns) noexcept:
        cdef int32_t channel = self.free_channel(now_ns)
        if channel < 0:
            return SEIZED_NOTHING
        if u_glare < self.glare:
            self.glares += 1
            if self.kind == KIND_ISDN_PRI or (self.kind == KIND_SS7 and channel % 2 == 1):
                self.taken_until_ns[channel] = now_ns + hold_ns
                return SEIZED_GLARE
            if self.kind != KIND_SS7:
                return SEIZED_GLARE
        self.holder[channel] = row
        self.in_use += 1
        return channel

    cdef void release(self, int32_t channel) noexcept:
        self.holder[channel] = -1
        self.in_use -= 1

    cdef int32_t usable(self) noexcept:
        cdef int32_t channel, free_ones = 0
        for channel in range(self.channels):
            if not self.alarm[channel // self.channels_per_span]:
                free_ones += 1
        return free_ones
