"""VICIdial-style adaptive level: lines per agent follow the idle agents of the last 15 s; the day's drops pull it down.

Made from a description of the behaviour in words: levels every 15 s, drops once a minute, dialling every 2.5 s.
"""
from libc.stdint cimport int64_t

from outpace.pacing._budget cimport budget_t
from outpace.pacing._pacer cimport Pacer, PacingSnapshot, decision_t
from outpace.sim.rivals._counting cimport TICK_NS, tell, up_to_working

import numpy as np

cdef int64_t NS = 1_000_000_000
cdef int64_t DIAL_NS = 2_500_000_000
cdef int64_t LEVEL_NS = 15 * NS
cdef int64_t DROP_NS = 60 * NS
cdef int64_t SAMPLES = 15
cdef int64_t LEAST_CALLS = 50
cdef double TAPER_HOURS = 10.0

cdef enum:
    HARD_LIMIT = 0
    AVERAGE = 1
    TAPERED = 2

METHODS = ("hard_limit", "average", "tapered")


cdef class AdaptiveLevel(Pacer):
    """Launch round(level x agents who are free or in a call) less the lines up, every 2.5 s.

    Parameters
    ----------
    method : what a day over the cap does to each new level, as long as the count of the last full minute says so:
        "hard_limit" sets it to 1, "average" halves it, "tapered" multiplies it by the hours left over ten, at most by
        1. No level is below 1.
    most : float, >= 1. The highest level.
    target : float. Agents who should be waiting for a call, negative: calls for an agent.
    intensity : float, -1 to 1. Makes steps up larger and steps down smaller, negative: the other way round.
    hours : float, > 0. Length of the day from the first call on, for "tapered".
    """

    cdef readonly str method
    cdef readonly double most
    cdef readonly double target
    cdef readonly double intensity
    cdef readonly double hours
    cdef int how
    cdef double[::1] level           # (1,)
    cdef int64_t[:, ::1] samples     # (SAMPLES, 3) ready, waiting, all agents: a ring by the second
    cdef int64_t[::1] began_ns       # (1,) 0 = not yet
    cdef int64_t[::1] last_ns        # (1,)
    cdef int64_t[::1] counted        # (2,) the ledger's answered and abandoned a minute ago
    cdef int64_t[::1] over           # (1,) 1 = the day is over its cap
    cdef int64_t[::1] dials          # (1,) 1 = this is a moment to dial

    def __init__(
        self, str method not None="hard_limit", double most=3.0, *, double target=0.0, double intensity=0.0,
        double hours=8.0,
    ):
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
        if not (1.0 <= most <= 1e3 and -1e3 <= target <= 1e3 and -1.0 <= intensity <= 1.0 and 0.0 < hours <= 1e4):
            raise ValueError(f"most {most}, target {target}, intensity {intensity}, hours {hours}: out of range")
        self.method = method
        self.how = METHODS.index(method)
        self.most = most
        self.target = target
        self.intensity = intensity
        self.hours = hours
        self.interval_ns = TICK_NS
        self.columns = {name: np.zeros(1, np.int64) for name in ("began_ns", "last_ns", "over", "dials")}
        self.columns["level"] = np.ones(1)
        self.columns["samples"] = np.zeros((SAMPLES, 3), np.int64)
        self.columns["counted"] = np.zeros(2, np.int64)
        self.level = self.columns["level"]
        self.samples = self.columns["samples"]
        self.began_ns = self.columns["began_ns"]
        self.last_ns = self.columns["last_ns"]
        self.counted = self.columns["counted"]
        self.over = self.columns["over"]
        self.dials = self.columns["dials"]

    # hot
    cdef void sample(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t second) noexcept nogil:
        cdef Py_ssize_t place = second % SAMPLES
        self.samples[place, 0] = snapshot.ready[row]
        self.samples[place, 1] = snapshot.waiting[row]
        self.samples[place, 2] = snapshot.working[row]

    cdef void follow(self, int64_t now_ns) noexcept nogil:
        cdef int64_t ready = 0, waiting = 0, agents = 0
        cdef double difference = 0.0
        cdef double left = self.hours - <double>(now_ns - self.began_ns[0]) / (3600.0 * <double>NS)
        cdef Py_ssize_t place
        for place in range(SAMPLES):
            ready += self.samples[place, 0]
            waiting += self.samples[place, 1]
            agents += self.samples[place, 2]
        if agents > 0:
            difference = (<double>(ready - waiting) + <double>SAMPLES * self.target) / <double>agents
        difference *= 1.0 + self.intensity if difference > 0.0 else 1.0 - self.intensity
        self.level[0] = min(max(self.level[0] * (1.0 + difference), 1.0), self.most)
        if self.over[0] == 0:
            return
        if self.how == HARD_LIMIT:
            self.level[0] = 1.0
        elif self.how == AVERAGE:
            self.level[0] = max(1.0, 0.5 * self.level[0])
        else:
            self.level[0] = max(1.0, self.level[0] * min(max(left / TAPER_HOURS, 0.0), 1.0))

    cdef void count_drops(self, const budget_t* budget) noexcept nogil:
        cdef int64_t answered = max(0, budget.answered - self.counted[0])
        cdef int64_t abandoned = max(0, budget.abandoned - self.counted[1])
        self.counted[0] = budget.answered
        self.counted[1] = budget.abandoned
        if 2 * abandoned > answered:
            self.level[0] = max(1.0, 0.5 * self.level[0])
        self.over[0] = (
            budget.answered > LEAST_CALLS and <double>budget.abandoned > budget.cap * <double>budget.answered
        )

    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        cdef budget_t budget
        cdef int64_t last_ns = self.last_ns[0]
        self.last_ns[0] = now_ns
        if self.began_ns[0] == 0:
            self.began_ns[0] = now_ns
        if now_ns // NS != last_ns // NS:
            self.sample(snapshot, row, now_ns // NS)
        if now_ns // DROP_NS != last_ns // DROP_NS:
            snapshot.budget.look(row, now_ns, &budget)
            self.count_drops(&budget)
        if now_ns // LEVEL_NS != last_ns // LEVEL_NS:
            self.follow(now_ns)
        self.dials[0] = now_ns // DIAL_NS != last_ns // DIAL_NS

    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil:
        tell(snapshot, row, up_to_working(snapshot, row, self.level[0]) if self.dials[0] else 0, out)
    # end hot
