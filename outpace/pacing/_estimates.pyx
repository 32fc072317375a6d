"""What is learned of a campaign's calls and agents while it runs, one row per campaign.

Calls in flight end in one of two ways, with a person on the line or without: competing hazards by age, events over
exposure, where every second that a call spends at an age counts, ended or not, so that long calls do not bias the
estimate (Kaplan & Meier 1958; Nelson 1972). Conversations and wrap-ups have hazards too, in ages that grow
geometrically. A level on top of each table follows the present faster than the table can; where what comes no longer
fits what is expected, it forgets at once.

Times are engine time in nanoseconds. Everything is O(1) per fact; `advance` costs O(bins) per decision, whatever the
number of calls. All state is in `columns`.
"""
from libc.math cimport exp, fabs, sqrt
from libc.stdint cimport INT64_MAX, int32_t, int64_t

from outpace.pacing._hazards cimport ends_by_second, live_share, phase_bin, phase_edge, phase_middle

import msgspec
import numpy as np

cdef int64_t NS = 1_000_000_000
cdef int64_t ON_THE_SECOND = 50_000_000   # what ends on a full second or just after belongs to the bin before it
cdef double RING_MEMORY = 10_000.0      # settled calls
cdef double PHASE_MEMORY = 1_500.0      # ended conversations, wrap-ups
cdef double LONG_MEMORY = 1_000.0       # events of a level
cdef double LONG_MEMORY_S = 2_400.0
cdef double SHORT_MEMORY = 20.0
cdef double JUMP = 4.0                  # standard deviations
cdef double PRIOR_EVENTS = 2.0          # of a level
cdef double PRIOR_CALLS = 15.0          # seconds of calls at each age that the prior of the ring table is worth
cdef double PRIOR_ENDS = 4.0            # ends of a phase that its pooled rate is worth in each bin
cdef double MOST_PASSED_S = 5.0         # a longer silence of the clock is a jump, not time that was observed
# So many people in a row who should have answered and did not are no chance: nobody can be reached, most likely because
# of the line. What rings out or fails then tells nothing of the leads, nor does what is still in flight when people
# answer again. Where it is the leads, it is learned from those who answer, after so many seconds.
cdef double MISSED = 15.0
cdef double MET = 10.0                  # people who must have answered before anybody can be missed
cdef int64_t AFTERMATH_NS = 30_000_000_000
cdef double SILENT_GAPS = 10.0
cdef double SILENT_S = 5.0

#: Lower edges of the bins of phases, in seconds; each is open to the next.
PHASE_EDGES = (0, 2, 4, 6, 9, 13, 18, 25, 35, 49, 69, 96, 135, 189, 264, 370, 518, 725)

_FORMAT = 2
# what a restart keeps: all that was learned, nothing that was under way
_KEPT = (
    "ring_time", "ring_weighted", "ring_persons", "ring_nobodies", "phase_time", "phase_ends", "long_seen", "long_due",
    "short_seen", "short_due", "short_var",
)
_RING = ("ring_time", "ring_weighted", "ring_persons", "ring_nobodies", "ring_trust", "person_hazard",
         "nobody_hazard", "now_calls", "now_weights", "now_squares")
_LEVELS = ("seen", "made_factor", "long_seen", "long_due", "short_seen", "short_due", "short_var")

# pooled rate of a phase that nothing is known of: conversations of 90 s, wrap-ups of 12 s
cdef double[2] PRIOR_RATE = [1.0 / 90.0, 1.0 / 12.0]


class _Saved(msgspec.Struct, frozen=True):
    format: int
    columns: dict[str, bytes]
    known_ns: int                # when that was so


cdef class Estimates:
    """Estimators of `campaigns` campaigns, all cold.

    `columns` holds every array by name, campaigns first; writable, for digest and snapshot.
    """

    def __init__(self, Py_ssize_t campaigns):
        if campaigns < 0:
            raise ValueError(f"campaigns must not be negative: {campaigns}")
        n = self.campaigns = campaigns
        shapes = {
            **{name: (n, RING_SLOTS) for name in ("ring_calls", "ring_weights", "ring_squares")},
            **{name: (n, RING_BINS) for name in _RING},
            **{name: (n, PHASES, PHASE_BINS) for name in ("phase_time", "phase_ends", "phase_hazard", "now_agents")},
            **{name: (n, LEVELS) for name in _LEVELS},
            "answer_by": (n, RING_BINS, HORIZONS),
            "new_answer_by": (n, HORIZONS),
            "free_by": (n, PHASES, PHASE_BINS, HORIZONS),
            "mean_s": (n, PHASES),
            "missed": (n, 2),
            "met": (n,),
        }
        self.columns = {name: np.zeros(shape) for name, shape in shapes.items()}
        self.columns["begun"] = np.zeros((n, PHASES, PHASE_SLOTS), np.int32)
        self.columns["old"] = np.zeros((n, PHASES), np.int64)
        self.columns["restarts"] = np.zeros((n, LEVELS), np.int64)
        for name in ("second", "advanced_ns", "heard_ns", "made_ns", "cut_off_ns", "teaches_ns"):
            self.columns[name] = np.zeros(n, np.int64)
        self.columns["made_factor"][:] = 1.0
        self.columns["plain_share"] = np.zeros(n)
        self.columns["flying"] = np.zeros(n)
        self._bind()
        for row in range(n):
            self.make_tables(row)

    def _bind(self):
        self.second = self.columns["second"]
        self.advanced_ns = self.columns["advanced_ns"]
        self.heard_ns = self.columns["heard_ns"]
        self.made_ns = self.columns["made_ns"]
        self.cut_off_ns = self.columns["cut_off_ns"]
        self.teaches_ns = self.columns["teaches_ns"]
        self.missed = self.columns["missed"]
        self.met = self.columns["met"]
        self.ring_calls = self.columns["ring_calls"]
        self.ring_weights = self.columns["ring_weights"]
        self.ring_squares = self.columns["ring_squares"]
        self.begun = self.columns["begun"]
        self.old = self.columns["old"]
        self.ring_time = self.columns["ring_time"]
        self.ring_weighted = self.columns["ring_weighted"]
        self.ring_persons = self.columns["ring_persons"]
        self.ring_nobodies = self.columns["ring_nobodies"]
        self.phase_time = self.columns["phase_time"]
        self.phase_ends = self.columns["phase_ends"]
        self.seen = self.columns["seen"]
        self.made_factor = self.columns["made_factor"]
        self.long_seen = self.columns["long_seen"]
        self.long_due = self.columns["long_due"]
        self.short_seen = self.columns["short_seen"]
        self.short_due = self.columns["short_due"]
        self.short_var = self.columns["short_var"]
        self.restarts = self.columns["restarts"]
        self.flying = self.columns["flying"]
        self.plain_share = self.columns["plain_share"]
        self.ring_trust = self.columns["ring_trust"]
        self.person_hazard = self.columns["person_hazard"]
        self.nobody_hazard = self.columns["nobody_hazard"]
        self.phase_hazard = self.columns["phase_hazard"]
        self.answer_by = self.columns["answer_by"]
        self.new_answer_by = self.columns["new_answer_by"]
        self.free_by = self.columns["free_by"]
        self.mean_s = self.columns["mean_s"]
        self.now_calls = self.columns["now_calls"]
        self.now_weights = self.columns["now_weights"]
        self.now_squares = self.columns["now_squares"]
        self.now_agents = self.columns["now_agents"]

    def grow(self, Py_ssize_t campaigns):
        """Room for more campaigns, all cold; what is known of those there are stays."""
        cdef Estimates fresh = Estimates(campaigns - self.campaigns)
        self.campaigns = campaigns
        self.columns = {name: np.concatenate((column, fresh.columns[name])) for name, column in self.columns.items()}
        self._bind()

    def dump(self, Py_ssize_t row):
        """What was learned of a campaign, as bytes for `load`."""
        kept = {name: self.columns[name][row].tobytes() for name in _KEPT}
        return msgspec.msgpack.encode(_Saved(_FORMAT, kept, self.advanced_ns[row]))

    def load(self, Py_ssize_t row, bytes data not None):
        """Put what was learned before in place of what is known of a campaign.

        The levels fade by the time that passes until the next advance. ValueError when the bytes do not fit.
        """
        try:
            saved = msgspec.msgpack.decode(data, type=_Saved)
        except msgspec.MsgspecError as error:
            raise ValueError(f"estimates cannot be read: {error}") from error
        if saved.format != _FORMAT or set(saved.columns) != set(_KEPT):
            raise ValueError("estimates of another format")
        if not 0 <= saved.known_ns <= INT64_MAX:
            raise ValueError(f"estimates of an impossible time: {saved.known_ns}")
        values = {}
        for name in _KEPT:
            if len(saved.columns[name]) != self.columns[name][row].nbytes:
                raise ValueError(f"estimates of another size: {name}")
            values[name] = np.frombuffer(saved.columns[name])
            if not np.isfinite(values[name]).all() or (values[name] < 0.0).any():
                raise ValueError(f"estimates hold an impossible value: {name}")
        for name in _KEPT:
            self.columns[name][row] = values[name].reshape(self.columns[name][row].shape)
        self.advanced_ns[row] = saved.known_ns
        # the levels are relative to tables that were made of the same, not to those that are here
        self.columns["plain_share"][row] = 0.0
        self.columns["phase_hazard"][row] = 0.0
        self.make_tables(row)

    def record(self, Py_ssize_t row, int what, int64_t since_ns, int64_t now_ns, double weight=1.0):
        """Observe one thing, for callers in Python: `what` is an Observed, `since_ns` when it began."""
        if not 0 <= row < self.campaigns or not 0 <= what < OBSERVATIONS:
            raise IndexError(f"row {row}, observation {what}")
        self.observe(row, what, since_ns, weight, now_ns)

    def pass_time(self, Py_ssize_t row, int64_t now_ns):
        """Let time pass for one campaign, for callers in Python; once or twice a second."""
        if not 0 <= row < self.campaigns:
            raise IndexError(f"row {row} of {self.campaigns} campaigns")
        self.advance(row, now_ns)

    def summary(self, Py_ssize_t row):
        """Figures of a campaign for people: live_rate, mean_talk_s, mean_wrap_up_s, in_flight, restarts."""
        return {
            "live_rate": self.live_rate(row),
            "mean_talk_s": self.mean_talk_s(row),
            "mean_wrap_up_s": self.mean_wrap_up_s(row),
            "in_flight": self.in_flight(row),
            "restarts": int(self.columns["restarts"][row].sum()),
        }

    # hot
    cdef void roll(self, Py_ssize_t row, int64_t second) noexcept nogil:
        # make room for the seconds up to this one; what was begun before all slots is forgotten (calls) or old (agents)
        cdef int64_t first = self.second[row] + 1
        cdef int64_t at
        cdef Py_ssize_t phase, slot
        if second < first:
            return
        self.second[row] = second
        for at in range(max(first, second - RING_SLOTS + 1), second + 1):
            slot = at & (RING_SLOTS - 1)
            self.flying[row] -= self.ring_calls[row, slot]
            self.ring_calls[row, slot] = 0.0
            self.ring_weights[row, slot] = 0.0
            self.ring_squares[row, slot] = 0.0
        for phase in range(PHASES):
            for at in range(max(first, second - PHASE_SLOTS + 1), second + 1):
                slot = at & (PHASE_SLOTS - 1)
                self.old[row, phase] += self.begun[row, phase, slot]
                self.begun[row, phase, slot] = 0

    cdef void observe(
        self, Py_ssize_t row, int32_t what, int64_t since_ns, double weight, int64_t now_ns
    ) noexcept nogil:
        self.roll(row, now_ns // NS)
        if what <= OBSERVED_FORGOTTEN:
            self.observe_call(row, what, since_ns, weight, now_ns)
        elif what <= OBSERVED_TALK_CUT:
            self.observe_agent(row, PHASE_TALK, what - OBSERVED_TALK_BEGAN, since_ns, now_ns)
        else:
            self.observe_agent(row, PHASE_WRAP_UP, what - OBSERVED_WRAP_UP_BEGAN, since_ns, now_ns)

    cdef void observe_call(
        self, Py_ssize_t row, int32_t what, int64_t since_ns, double weight, int64_t now_ns
    ) noexcept nogil:
        cdef int64_t since = min(since_ns // NS, self.second[row])
        cdef Py_ssize_t slot = since & (RING_SLOTS - 1)
        cdef Py_ssize_t age
        cdef double fade = 1.0 - 1.0 / RING_MEMORY
        if not 0.0 <= weight <= 100.0:           # also what is not a number
            weight = 1.0
        # what is launched tells nothing of the switch, but from the first call on there is something to hear
        if what != OBSERVED_LAUNCHED or self.flying[row] < 0.5:
            self.heard_ns[row] = now_ns
        if since <= self.second[row] - RING_SLOTS:
            return
        if what == OBSERVED_LAUNCHED:
            self.flying[row] += 1.0
            self.ring_calls[row, slot] += 1.0
            self.ring_weights[row, slot] += weight
            self.ring_squares[row, slot] += weight * weight
            return
        if self.ring_calls[row, slot] < 0.5:
            return                               # a fact told twice
        self.flying[row] -= 1.0
        self.ring_calls[row, slot] -= 1.0
        if self.ring_calls[row, slot] < 0.5:     # no remainders of rounding
            self.ring_calls[row, slot] = self.ring_weights[row, slot] = self.ring_squares[row, slot] = 0.0
        else:
            self.ring_weights[row, slot] = max(0.0, self.ring_weights[row, slot] - weight)
            self.ring_squares[row, slot] = max(0.0, self.ring_squares[row, slot] - weight * weight)
        if what == OBSERVED_FORGOTTEN:
            return
        if what == OBSERVED_PERSON:
            self.meet(row, since_ns, now_ns)
        else:
            self.missed[row, 1] += weight * self.new_answer_by[row, HORIZONS - 1]
        if self.cut_off(row, now_ns):
            return
        age = max(0, min((now_ns - since_ns - ON_THE_SECOND) // NS, RING_BINS - 1))
        if what == OBSERVED_PERSON:
            self.ring_persons[row, age] += 1.0
            self.seen[row, LEVEL_PERSON] += self.ring_trust[row, age]
        else:
            self.ring_nobodies[row, age] += 1.0
        for age in range(RING_BINS):
            self.ring_time[row, age] *= fade
            self.ring_weighted[row, age] *= fade
            self.ring_persons[row, age] *= fade
            self.ring_nobodies[row, age] *= fade

    cdef void observe_agent(
        self, Py_ssize_t row, Py_ssize_t phase, int32_t what, int64_t since_ns, int64_t now_ns
    ) noexcept nogil:
        cdef int64_t since = min(since_ns // NS, self.second[row])
        cdef Py_ssize_t slot = since & (PHASE_SLOTS - 1)
        cdef double fade = 1.0 - 1.0 / PHASE_MEMORY
        cdef Py_ssize_t bin
        if what == 0:
            if since > self.second[row] - PHASE_SLOTS:
                self.begun[row, phase, slot] += 1
            else:
                self.old[row, phase] += 1
            return
        if since > self.second[row] - PHASE_SLOTS:
            if self.begun[row, phase, slot] == 0:
                return
            self.begun[row, phase, slot] -= 1
        elif self.old[row, phase] > 0:
            self.old[row, phase] -= 1
        else:
            return
        if what == 2:                            # cut: nothing is learned of its length
            return
        for bin in range(PHASE_BINS):
            self.phase_time[row, phase, bin] *= fade
            self.phase_ends[row, phase, bin] *= fade
        self.phase_ends[row, phase, phase_bin((now_ns - since_ns - ON_THE_SECOND) // NS)] += 1.0
        self.seen[row, phase] += 1.0

    cdef void advance(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        cdef double seconds = <double>(now_ns - self.advanced_ns[row]) * 1e-9
        if now_ns == self.advanced_ns[row]:      # the clock stands still: what was launched meanwhile counts
            self.count_ages(row, now_ns)
            return
        self.roll(row, now_ns // NS)
        if 0.0 < seconds <= MOST_PASSED_S:
            self.count_ages(row, now_ns - <int64_t>(seconds * 0.5e9))
            self.expose(row, seconds, now_ns)
        else:                                    # the first time, or the clock jumped: nobody watched
            self.forget(row, seconds if self.advanced_ns[row] > 0 else 0.0)
        self.advanced_ns[row] = now_ns
        if now_ns - self.made_ns[row] >= NS or now_ns < self.made_ns[row]:
            self.made_ns[row] = now_ns
            self.make_tables(row)
        self.count_ages(row, now_ns)

    cdef void forget(self, Py_ssize_t row, double seconds) noexcept nogil:
        # what the levels knew is as old as that; a night later they are no surer than at a cold start
        cdef double fade = exp(-max(seconds, 0.0) / LONG_MEMORY_S)
        cdef Py_ssize_t which
        for which in range(LEVELS):
            self.seen[row, which] = 0.0
            self.long_seen[row, which] *= fade
            self.long_due[row, which] *= fade
            self.short_seen[row, which] *= fade
            self.short_due[row, which] *= fade
            self.short_var[row, which] *= fade * fade

    cdef void count_ages(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        # a slot's calls were launched at any time of its second: part of them is in the bin of one age more
        cdef int64_t second = now_ns // NS
        cdef double older = <double>(now_ns - second * NS) * 1e-9
        cdef double part
        cdef const int32_t* begun
        cdef int64_t agents, oldest
        cdef Py_ssize_t age, bin, phase, slot
        for age in range(RING_BINS):
            self.now_calls[row, age] = self.now_weights[row, age] = self.now_squares[row, age] = 0.0
        for age in range(RING_SLOTS):
            slot = (second - age) & (RING_SLOTS - 1)
            if self.ring_calls[row, slot] == 0.0:
                continue
            part = 1.0 if age == 0 else older
            bin = min(age, RING_BINS - 1)
            self.now_calls[row, bin] += part * self.ring_calls[row, slot]
            self.now_weights[row, bin] += part * self.ring_weights[row, slot]
            self.now_squares[row, bin] += part * self.ring_squares[row, slot]
            if age > 0:
                bin = min(age - 1, RING_BINS - 1)
                part = 1.0 - part
                self.now_calls[row, bin] += part * self.ring_calls[row, slot]
                self.now_weights[row, bin] += part * self.ring_weights[row, slot]
                self.now_squares[row, bin] += part * self.ring_squares[row, slot]
        for phase in range(PHASES):
            begun = &self.begun[row, phase, 0]
            for bin in range(PHASE_BINS):
                oldest = phase_edge[bin + 1] if bin < PHASE_BINS - 1 else PHASE_SLOTS
                agents = 0
                for age in range(phase_edge[bin], oldest):
                    agents += begun[(second - age) & (PHASE_SLOTS - 1)]
                self.now_agents[row, phase, bin] = <double>agents
            self.now_agents[row, phase, PHASE_BINS - 1] += self.old[row, phase]

    cdef void expose(self, Py_ssize_t row, double seconds, int64_t now_ns) noexcept nogil:
        # what was there for so long, and what the tables made of it
        cdef double due
        cdef Py_ssize_t bin, phase
        self.expose_calls(row, seconds, now_ns)
        for phase in range(PHASES):
            due = 0.0
            for bin in range(PHASE_BINS):
                self.phase_time[row, phase, bin] += self.now_agents[row, phase, bin] * seconds
                due += self.now_agents[row, phase, bin] * self.phase_hazard[row, phase, bin]
            self.level(row, phase, due * seconds / self.made_factor[row, phase], seconds)

    cdef void expose_calls(self, Py_ssize_t row, double seconds, int64_t now_ns) noexcept nogil:
        cdef double due = 0.0
        cdef Py_ssize_t age
        for age in range(RING_BINS):
            due += self.now_weights[row, age] * self.person_hazard[row, age] * self.ring_trust[row, age]
        self.missed[row, 0] += due * seconds
        if max(self.missed[row, 0], self.missed[row, 1]) > MISSED and self.met[row] >= MET:
            self.met[row] = 0.0
            self.cut_off_ns[row] = now_ns
            self.teaches_ns[row] = INT64_MAX
        if self.cut_off(row, now_ns):
            self.seen[row, LEVEL_PERSON] = 0.0
            return
        for age in range(RING_BINS):
            self.ring_time[row, age] += self.now_calls[row, age] * seconds
            self.ring_weighted[row, age] += self.now_weights[row, age] * seconds
        self.level(row, LEVEL_PERSON, due * seconds / self.made_factor[row, LEVEL_PERSON], seconds)

    cdef void meet(self, Py_ssize_t row, int64_t since_ns, int64_t now_ns) noexcept nogil:
        # A person has answered. Calls launched before may still be while new ones come to nothing.
        if self.teaches_ns[row] == INT64_MAX and since_ns < self.cut_off_ns[row]:
            return
        self.missed[row, 0] = self.missed[row, 1] = 0.0
        if self.teaches_ns[row] == INT64_MAX:
            self.teaches_ns[row] = now_ns + AFTERMATH_NS
        elif not self.cut_off(row, now_ns):
            self.met[row] += 1.0

    cdef bint cut_off(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        # nobody can be reached, or could until lately: calls teach nothing
        cdef int64_t at = self.teaches_ns[row]
        return at == INT64_MAX or 0 < at - now_ns <= AFTERMATH_NS

    cdef double factor(self, Py_ssize_t row, Py_ssize_t which) noexcept nogil:
        return (self.long_seen[row, which] + PRIOR_EVENTS) / (self.long_due[row, which] + PRIOR_EVENTS)

    cdef void level(self, Py_ssize_t row, Py_ssize_t which, double due, double seconds) noexcept nogil:
        cdef double seen = self.seen[row, which]
        cdef double factor = self.factor(row, which)
        cdef double expected = due * factor
        cdef double fade = exp(-max(seen, expected) / LONG_MEMORY - seconds / LONG_MEMORY_S)
        cdef double off
        self.seen[row, which] = 0.0
        self.long_seen[row, which] = self.long_seen[row, which] * fade + seen
        self.long_due[row, which] = self.long_due[row, which] * fade + due
        fade = exp(-max(seen, expected) / SHORT_MEMORY)
        self.short_seen[row, which] = self.short_seen[row, which] * fade + seen
        self.short_due[row, which] = self.short_due[row, which] * fade + due
        self.short_var[row, which] = self.short_var[row, which] * fade * fade + expected
        off = self.short_seen[row, which] - factor * self.short_due[row, which]
        if fabs(off) > JUMP * sqrt(self.short_var[row, which] + 1.0):
            # the world is another one: only what came lately still counts
            self.long_seen[row, which] = self.short_seen[row, which]
            self.long_due[row, which] = self.short_due[row, which]
            self.short_var[row, which] = self.short_seen[row, which]
            self.restarts[row, which] += 1

    cdef double rate_of_ring(self, Py_ssize_t row, Py_ssize_t age) noexcept nogil:
        # persons per second of calls of that age
        return (self.ring_persons[row, age] + prior_persons(age)) / (self.ring_weighted[row, age] + PRIOR_CALLS)

    cdef void make_tables(self, Py_ssize_t row) noexcept nogil:
        self.make_ring(row)
        self.make_phase(row, PHASE_TALK)
        self.make_phase(row, PHASE_WRAP_UP)
        self.make_free(row)

    cdef void make_ring(self, Py_ssize_t row) noexcept nogil:
        cdef double before = self.plain_share[row]
        cdef double factor = self.factor(row, LEVEL_PERSON)
        cdef double prior, share, total
        cdef double[RING_BINS] person
        cdef double[RING_BINS] stays
        cdef double* by
        cdef const double* onward
        cdef Py_ssize_t age, after, h
        for age in range(RING_BINS):
            prior = 0.02 if age < 20 else 0.1
            self.person_hazard[row, age] = self.rate_of_ring(row, age)
            # what nobody has seen yet is no measure of the present: thousands of calls that ring for the first time
            # would otherwise tell that nobody answers any more
            self.ring_trust[row, age] = self.ring_persons[row, age] / (self.ring_persons[row, age] + prior_persons(age))
            self.nobody_hazard[row, age] = (
                (self.ring_nobodies[row, age] + prior * PRIOR_CALLS) / (self.ring_time[row, age] + PRIOR_CALLS)
            )
        # the level is relative to the table: where the table has learned it by itself, the level goes back to one
        self.plain_share[row] = live_share(&self.person_hazard[row, 0], &self.nobody_hazard[row, 0])
        if before > 0.0:
            share = self.plain_share[row] / before
            self.long_due[row, LEVEL_PERSON] *= share
            self.short_due[row, LEVEL_PERSON] *= share
            factor = self.factor(row, LEVEL_PERSON)
        self.made_factor[row, LEVEL_PERSON] = factor
        for age in range(RING_BINS):
            self.person_hazard[row, age] *= factor
            total = self.person_hazard[row, age] + self.nobody_hazard[row, age]
            stays[age] = exp(-total)
            person[age] = self.person_hazard[row, age] / total * (1.0 - stays[age])
        # of a call in the middle of a bin, half of the next second is spent in the bin that follows
        for age in range(RING_BINS - 1, -1, -1):
            after = min(age + 1, RING_BINS - 1)
            onward = &self.answer_by[row, after, 0]
            by = &self.answer_by[row, age, 0]
            prior = 0.5 * (person[age] + person[after])
            total = 0.5 * (stays[age] + stays[after])
            by[0] = 0.0
            for h in range(1, HORIZONS):
                by[h] = prior + total * onward[h - 1]
        share = 1.0
        total = 0.0
        for h in range(HORIZONS):
            self.new_answer_by[row, h] = total
            total += share * person[h]
            share *= stays[h]

    cdef void make_phase(self, Py_ssize_t row, Py_ssize_t phase) noexcept nogil:
        cdef double time = 0.0, ends = 0.0, old = 0.0, due = 0.0
        cdef double factor = self.factor(row, phase)
        cdef double pooled, survives, width, rate
        cdef Py_ssize_t bin
        for bin in range(PHASE_BINS):
            time += self.phase_time[row, phase, bin]
            ends += self.phase_ends[row, phase, bin]
        pooled = (ends + PRIOR_ENDS) / (time + PRIOR_ENDS / PRIOR_RATE[phase])
        for bin in range(PHASE_BINS):
            rate = (self.phase_ends[row, phase, bin] + PRIOR_ENDS * 0.5) / (
                self.phase_time[row, phase, bin] + PRIOR_ENDS * 0.5 / pooled
            )
            old += self.phase_time[row, phase, bin] * self.phase_hazard[row, phase, bin] / self.made_factor[row, phase]
            due += self.phase_time[row, phase, bin] * rate
            self.phase_hazard[row, phase, bin] = rate
        if old > 0.0:
            self.long_due[row, phase] *= due / old
            self.short_due[row, phase] *= due / old
            factor = self.factor(row, phase)
        self.made_factor[row, phase] = factor
        self.mean_s[row, phase] = 0.0
        survives = 1.0
        for bin in range(PHASE_BINS):
            rate = self.phase_hazard[row, phase, bin] = self.phase_hazard[row, phase, bin] * factor
            width = phase_edge[bin + 1] - phase_edge[bin] if bin < PHASE_BINS - 1 else 1e9
            self.mean_s[row, phase] += survives * (1.0 - exp(-rate * width)) / rate
            survives *= exp(-rate * width)

    cdef void make_free(self, Py_ssize_t row) noexcept nogil:
        # an agent in wrap-up is free at its end, one who talks after the wrap-up that follows
        cdef double[PHASES][PHASE_BINS] stays
        cdef double[HORIZONS] ends
        cdef double[HORIZONS] wrapped        # twice the chance that a wrap-up begun in a second is over so much later
        cdef double survives = 1.0, before, half
        cdef double* free
        cdef Py_ssize_t phase, bin, h, j
        for phase in range(PHASES):
            for bin in range(PHASE_BINS):
                stays[phase][bin] = exp(-self.phase_hazard[row, phase, bin])
        for h in range(HORIZONS):
            before = 1.0 - survives
            survives *= stays[PHASE_WRAP_UP][phase_bin(h)]
            wrapped[h] = before + (1.0 - survives)
        for bin in range(PHASE_BINS):
            ends_by_second(phase_middle(bin), bin, stays[PHASE_WRAP_UP], ends)
            free = &self.free_by[row, PHASE_WRAP_UP, bin, 0]
            free[0] = 0.0
            for h in range(1, HORIZONS):
                free[h] = free[h - 1] + ends[h - 1]
            ends_by_second(phase_middle(bin), bin, stays[PHASE_TALK], ends)
            free = &self.free_by[row, PHASE_TALK, bin, 0]
            for h in range(HORIZONS):
                free[h] = 0.0
            for j in range(HORIZONS - 1):        # ended during second j, on average in its middle
                half = ends[j] * 0.5
                for h in range(j + 1, HORIZONS):
                    free[h] += half * wrapped[h - j - 1]

    cdef double live_rate(self, Py_ssize_t row) noexcept nogil:
        return live_share(&self.person_hazard[row, 0], &self.nobody_hazard[row, 0])

    cdef double mean_talk_s(self, Py_ssize_t row) noexcept nogil:
        return self.mean_s[row, PHASE_TALK]

    cdef double mean_wrap_up_s(self, Py_ssize_t row) noexcept nogil:
        return self.mean_s[row, PHASE_WRAP_UP]

    cdef double in_flight(self, Py_ssize_t row) noexcept nogil:
        return self.flying[row]

    cdef double uncertainty(self, Py_ssize_t row, Py_ssize_t level) noexcept nogil:
        return 1.0 / (self.long_seen[row, level] + PRIOR_EVENTS)

    cdef bint silent(self, Py_ssize_t row, int64_t now_ns) noexcept nogil:
        # ten times as long as the calls in flight should have let us wait, and no less than five seconds
        cdef double rate = 0.0
        cdef double passed = <double>(now_ns - self.heard_ns[row]) * 1e-9
        cdef Py_ssize_t age
        if passed <= SILENT_S:
            return False
        for age in range(RING_BINS):
            rate += self.now_calls[row, age] * (self.person_hazard[row, age] + self.nobody_hazard[row, age])
        return rate * passed > SILENT_GAPS
    # end hot


# hot
cdef double prior_persons(Py_ssize_t age) noexcept nogil:
    # what PRIOR_CALLS seconds of calls of that age would have brought: a quarter of calls, mostly after 4 to 20 seconds
    return PRIOR_CALLS * (0.022 if 4 <= age < 20 else 0.002)
# end hot
