from libc.stdint cimport int32_t, int64_t

# What can be observed. `since_ns` is when the thing in question began: the call's launch, the phase of the agent.
cdef enum:
    OBSERVED_LAUNCHED = 0        # a call; since_ns = now
    OBSERVED_PERSON = 1          # a person is on the line and wants an agent; since_ns = the launch
    OBSERVED_NOBODY = 2          # busy, no answer, a machine: the call will want no agent; since_ns = the launch
    OBSERVED_FORGOTTEN = 3       # it was no attempt, or nobody knows: nothing is learned; since_ns = the launch
    OBSERVED_TALK_BEGAN = 4      # an agent; since_ns = now
    OBSERVED_TALK_ENDED = 5      # the agent goes on to wrap-up; since_ns = the beginning of the talk
    OBSERVED_TALK_CUT = 6        # the agent leaves it otherwise, nobody becomes free; since_ns = the beginning
    OBSERVED_WRAP_UP_BEGAN = 7   # since_ns = now
    OBSERVED_WRAP_UP_ENDED = 8   # the agent is free again; since_ns = the beginning of the wrap-up
    OBSERVED_WRAP_UP_CUT = 9     # the agent leaves the floor; since_ns = the beginning
    OBSERVATIONS = 10

cdef enum:
    RING_SLOTS = 256             # seconds in which a call in flight may have been launched
    RING_BINS = 64               # ages of calls, 1 s each; the last one is open
    PHASE_SLOTS = 1024           # seconds in which a phase of an agent may have begun; older ones are in one place
    PHASE_BINS = 18              # ages of phases, growing geometrically; the last one is open
    PHASES = 2                   # talk, wrap-up
    LEVELS = 3                   # persons answering, talks ending, wrap-ups ending
    HORIZONS = 48                # seconds of forecast: 40 and the longest wait for an agent

cdef enum:
    PHASE_TALK = 0
    PHASE_WRAP_UP = 1
    LEVEL_PERSON = 2             # LEVELS 0 and 1 are those of the phases

cdef class Estimates:
    cdef readonly Py_ssize_t campaigns
    cdef readonly dict columns          # name -> array with a row per campaign: all that is known
    # calls and agents now
    cdef int64_t[::1] second            # the second up to which slots are valid
    cdef int64_t[::1] advanced_ns       # last advance
    cdef int64_t[::1] heard_ns          # last fact of a call
    cdef double[::1] flying             # calls in flight
    cdef double[:, ::1] ring_calls      # (campaigns, RING_SLOTS) calls in flight by the second of their launch
    cdef double[:, ::1] ring_weights    # their weights
    cdef double[:, ::1] ring_squares    # the squares of their weights
    cdef int32_t[:, :, ::1] begun       # (campaigns, PHASES, PHASE_SLOTS) agents by the second their phase began
    cdef int64_t[:, ::1] old            # (campaigns, PHASES) agents whose phase began before all slots
    # learned
    cdef double[:, ::1] ring_time       # (campaigns, RING_BINS) seconds of calls at that age
    cdef double[:, ::1] ring_weighted   # the same times weight
    cdef double[:, ::1] ring_persons    # persons who answered at that age
    cdef double[:, ::1] ring_nobodies   # calls that came to nothing at that age
    cdef double[:, :, ::1] phase_time   # (campaigns, PHASES, PHASE_BINS)
    cdef double[:, :, ::1] phase_ends
    cdef double[:, ::1] seen            # (campaigns, LEVELS) since the last advance
    cdef double[:, ::1] long_seen       # what came, with a long memory
    cdef double[:, ::1] long_due        # what the tables expected
    cdef double[:, ::1] short_seen
    cdef double[:, ::1] short_due
    cdef double[:, ::1] short_var
    cdef int64_t[:, ::1] restarts       # how often a level was restarted because the world had jumped
    cdef double[:, ::1] missed          # (campaigns, 2) people expected since the last one, of calls ringing and ended
    cdef double[::1] met                # people who answered since calls began to teach
    cdef int64_t[::1] cut_off_ns        # since when nobody can be reached
    cdef int64_t[::1] teaches_ns        # when calls teach again after nobody could be reached; INT64_MAX = not yet
    # tables, made of the above once a second
    cdef int64_t[::1] made_ns
    cdef double[:, ::1] made_factor     # (campaigns, LEVELS) the levels in them
    cdef double[::1] plain_share        # live rate of the table without its level
    cdef double[:, ::1] ring_trust      # (campaigns, RING_BINS) how much of the person hazard was seen, not assumed
    cdef double[:, ::1] person_hazard   # (campaigns, RING_BINS) per second, level included
    cdef double[:, ::1] nobody_hazard
    cdef double[:, :, ::1] phase_hazard  # (campaigns, PHASES, PHASE_BINS), level included
    cdef double[:, :, ::1] answer_by    # (campaigns, RING_BINS, HORIZONS) P(a call of that age has a person within h)
    cdef double[:, ::1] new_answer_by   # (campaigns, HORIZONS) the same of a new call
    cdef double[:, :, :, ::1] free_by   # (campaigns, PHASES, PHASE_BINS, HORIZONS) P(an agent is free within h)
    cdef double[:, ::1] mean_s          # (campaigns, PHASES) mean length of a phase
    # what is there now, by age; filled by `advance`
    cdef double[:, ::1] now_calls       # (campaigns, RING_BINS)
    cdef double[:, ::1] now_weights
    cdef double[:, ::1] now_squares
    cdef double[:, :, ::1] now_agents   # (campaigns, PHASES, PHASE_BINS)

    # O(1). weight = the call's chance of a person relative to the mean (1.0 where nothing is known); calls only
    cdef void observe(
        self, Py_ssize_t row, int32_t what, int64_t since_ns, double weight, int64_t now_ns
    ) noexcept nogil
    # let time pass: exposure, levels, change detection; new tables once a second
    cdef void advance(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef double live_rate(self, Py_ssize_t row) noexcept nogil           # share of new calls with a person, in [0, 1]
    cdef double mean_talk_s(self, Py_ssize_t row) noexcept nogil
    cdef double mean_wrap_up_s(self, Py_ssize_t row) noexcept nogil
    cdef double in_flight(self, Py_ssize_t row) noexcept nogil          # calls launched and not settled
    cdef bint silent(self, Py_ssize_t row, int64_t now_ns) noexcept nogil   # calls in flight, and nothing is heard
    cdef double uncertainty(self, Py_ssize_t row, Py_ssize_t level) noexcept nogil  # relative variance of a level
    # within
    cdef void roll(self, Py_ssize_t row, int64_t second) noexcept nogil
    cdef void observe_call(
        self, Py_ssize_t row, int32_t what, int64_t since_ns, double weight, int64_t now_ns
    ) noexcept nogil
    cdef void observe_agent(
        self, Py_ssize_t row, Py_ssize_t phase, int32_t what, int64_t since_ns, int64_t now_ns
    ) noexcept nogil
    cdef void forget(self, Py_ssize_t row, double seconds) noexcept nogil
    cdef void count_ages(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef void expose(self, Py_ssize_t row, double seconds, int64_t now_ns) noexcept nogil
    cdef void expose_calls(self, Py_ssize_t row, double seconds, int64_t now_ns) noexcept nogil
    cdef void meet(self, Py_ssize_t row, int64_t since_ns, int64_t now_ns) noexcept nogil
    cdef bint cut_off(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef void level(self, Py_ssize_t row, Py_ssize_t which, double due, double seconds) noexcept nogil
    cdef double factor(self, Py_ssize_t row, Py_ssize_t which) noexcept nogil
    cdef void make_tables(self, Py_ssize_t row) noexcept nogil
    cdef void make_ring(self, Py_ssize_t row) noexcept nogil
    cdef void make_phase(self, Py_ssize_t row, Py_ssize_t phase) noexcept nogil
    cdef void make_free(self, Py_ssize_t row) noexcept nogil
    cdef double rate_of_ring(self, Py_ssize_t row, Py_ssize_t age) noexcept nogil
