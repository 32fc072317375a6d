"""A profile as C: shares summed up, distributions unpacked, endings by kind of trunk in a table."""
cimport cython
from libc.stdint cimport int32_t, int64_t

from outpace.telephony.simulated._lines cimport KIND_MFC_R2, KIND_SIP, KINDS
from outpace.telephony.simulated._random cimport Distribution, nanoseconds_at

from outpace.domain.outcomes import Outcome, outcome_of_sip
from outpace.telephony.signalling import R2_GROUP_A, R2_GROUP_B, SIP_TO_Q850, ending_of_isup
from outpace.telephony.simulated.distributions import build
from outpace.telephony.simulated.profile import Numbers

# Final SIP status, Q.850 cause and group B signal of each nature that ends a call unanswered (0 = there is none).
# R2 knows no rejection: the line is reported out of order. Congestion there is the group A signal.
cdef dict SIGNALS = {
    NATURE_NO_ANSWER: (480, 19, 0),
    NATURE_BUSY: (486, 17, 3),
    NATURE_INVALID: (404, 1, 5),
    NATURE_CONGESTION: (503, 34, 0),
    NATURE_REJECTED: (603, 21, 8),
    NATURE_FAILED: (500, 41, 8),
}

cdef tuple TIME_KEYS = (
    "proceeding", "ringing", "answer", "machine_answer", "fax_answer", "no_answer", "busy", "invalid", "congestion",
    "rejected", "failed", "talk", "machine_talk", "patience", "machine_patience", "message", "bridge", "leg",
)

cdef double MOST_LIVE = 0.98        # nobody always answers

cdef ending_t endings[5][9]         # [kind][nature]
cdef ending_t sip_endings[700]      # [status], 400 .. 699


cdef ending_t made(outcome, int32_t cause, int32_t tech):
    cdef ending_t one
    one.outcome = <int32_t>int(outcome)
    one.hangup_cause = cause
    one.tech_cause = tech
    return one


cdef int fill() except -1:
    cdef int kind, nature, status
    for status in range(400, 700):
        # an unlisted status is reported as interworking (127), as switches do
        sip_endings[status] = made(outcome_of_sip(status), SIP_TO_Q850.get(status, 127), status)
    for nature, (sip, cause, group_b) in SIGNALS.items():
        for kind in range(KINDS):
            if kind == KIND_SIP:
                endings[kind][nature] = sip_endings[<int>sip]
            elif kind == KIND_MFC_R2 and nature == NATURE_CONGESTION:
                endings[kind][nature] = made(R2_GROUP_A[4].outcome, R2_GROUP_A[4].hangup_cause, 4)
            elif kind == KIND_MFC_R2 and group_b:
                told = R2_GROUP_B[group_b]
                endings[kind][nature] = made(told.outcome, told.hangup_cause, group_b)
            else:
                endings[kind][nature] = made(ending_of_isup(cause).outcome, cause, 0)
    return 0


fill()

# nature by final SIP status of a coded number, so that cards play it too
cdef int32_t nature_of_status[700]
cdef dict NATURES_BY_OUTCOME = {
    Outcome.BUSY: NATURE_BUSY,
    Outcome.INVALID: NATURE_INVALID,
    Outcome.CONGESTION: NATURE_CONGESTION,
    Outcome.REJECTED: NATURE_REJECTED,
    Outcome.FAILED: NATURE_FAILED,
    Outcome.NO_ANSWER: NATURE_NO_ANSWER,
}
cdef int _status
for _status in range(400, 700):
    nature_of_status[_status] = NATURES_BY_OUTCOME[outcome_of_sip(_status)]


cdef ending_t ending_of(int32_t kind, int32_t nature, int32_t sip_status) noexcept:
    if kind == KIND_SIP and sip_status:
        return sip_endings[sip_status]
    return endings[kind][nature]


cdef coded_t decoded(int64_t number) noexcept:
    # PPPRRTTT and whatever follows; shorter numbers are unallocated
    cdef coded_t out
    cdef int64_t eight = number, what
    while eight >= 100_000_000:
        eight //= 10
    what = eight // 100_000
    out.sip_status = 0
    out.ring_ns = (eight // 1000 % 100) * 100_000_000
    out.leave_ns = (eight % 1000) * 100_000_000
    if out.leave_ns == 0:
        out.leave_ns = -1
    if what == 100:
        out.nature = NATURE_SILENT
    elif what == 101 or what == 103:
        out.nature = NATURE_LIVE
    elif what == 102:
        out.nature = NATURE_MACHINE
    elif what == 180:
        out.nature = NATURE_NO_ANSWER
        out.ring_ns = -1
    elif what == 181:
        out.nature = NATURE_MUTE
    elif what == 188:
        out.nature = NATURE_LIVE
        out.leave_ns = 1_000_000
    elif 400 <= what < 700:
        out.nature = nature_of_status[what]
        out.sip_status = <int32_t>what
    else:
        out.nature = NATURE_INVALID
    return out


@cython.final
cdef class Plan:
    """A carrier profile, compiled."""

    def __init__(self, profile):
        cdef double total = 0.0
        cdef int i
        mix = profile.mix
        for i, key in enumerate(mix.__struct_fields__):
            total += getattr(mix, key)
            # the last outcome that occurs takes what rounding leaves
            self.cumulative[i] = total if 1.0 - total > 1e-9 else 2.0
        self.coded = profile.numbers is Numbers.CODED
        self.owners = [build(getattr(profile.times, key), f"times.{key}") for key in TIME_KEYS]
        self.owners.append(build(profile.amd.delay, "amd.delay"))
        for key in ("back_off", "incoming_hold", "answer_delay", "dead_air"):
            self.owners.append(build(getattr(profile.voice_card, key), f"voice_card.{key}"))
        for i in range(TIMES):
            self.times[i] = (<Distribution>self.owners[i]).dist
        self.false_positive = profile.amd.false_positive
        self.false_negative = profile.amd.false_negative
        self.patience_from_verdict = profile.amd.patience_from_verdict
        self.missed_answer = profile.voice_card.missed_answer
        self.false_answer = profile.voice_card.false_answer
        self.closing_silence_ns = round(profile.amd.closing_silence_s * 1e9)
        self.speech_start_ns = round(profile.amd.speech_start_s * 1e9)
        self.glare_retries = profile.voice_card.glare_retries

    cdef int32_t nature_at(self, double u) noexcept:
        cdef int32_t nature = 0
        while nature < NATURES_DRAWN - 1 and u >= self.cumulative[nature]:
            nature += 1
        return nature

    cdef int32_t nature_of(self, double u, double relative) noexcept:
        cdef double mean = self.cumulative[NATURE_LIVE]
        cdef double live = min(mean * relative, MOST_LIVE)
        if relative == 1.0 or mean >= 1.0:
            return self.nature_at(u)
        if u < live:
            return NATURE_LIVE
        return self.nature_at(mean + (u - live) / (1.0 - live) * (1.0 - mean))

    cdef int64_t time_at(self, int which, double u) noexcept:
        return nanoseconds_at(&self.times[which], u)
