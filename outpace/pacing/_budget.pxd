from libc.stdint cimport int32_t, int64_t

# What became of a person who answered; the numbers are those of AbandonReason.
cdef enum:
    COUNTED_CONNECTED = 0
    COUNTED_NO_AGENT = 1         # abandoned: the connect limit passed
    COUNTED_CALLER_LEFT = 2      # abandoned: hung up before; the legal ratio counts it only where the rule says so
    COUNTED = 3

# The state of one campaign's abandonment budget at a moment. `answered` and `abandoned` are what pacing steers by.
cdef struct budget_t:
    double cap                   # in [0, 1]
    int64_t answered             # people who answered in the window = connected + abandoned
    int64_t abandoned            # of them, for either reason
    int64_t legal_abandoned      # of them, those that the rule counts
    double balance               # cap x answered - abandoned, in people; in a block: of today, and a share of the rest
    double slack                 # what the guard holds: the balance; guard = bound: no more than the drops left
    double rate                  # answers per second, mean over the last 30 minutes
    double seconds_left          # to the end of the day or of its dialling; infinity where neither is known
    double bound                 # upper confidence bound of legal_abandoned / answered, in [0, 1]
    int64_t drops_left           # people who may still be abandoned now without the ratio (or bound) passing the cap
    bint spent                   # hard stop: the window's cap cannot be met any more, nobody may be abandoned

cdef class Budget:
    cdef readonly Py_ssize_t campaigns
    cdef readonly tuple rules    # Abandonment, one per campaign
    cdef readonly dict columns   # name -> array with a row per campaign: the ledger, for digest and snapshot
    cdef readonly int64_t due_ns           # when `refresh` is wanted next: a day or window ends; 0 = at once
    cdef int64_t[::1] ends_ns              # (campaigns,) end of today's dialling, 0 = not known; the engine writes it
    cdef double[::1] cap                   # (campaigns,) in [0, 1]
    # the ledger
    cdef int64_t[:, ::1] counted           # (campaigns, COUNTED) in the window
    cdef int64_t[:, ::1] today             # (campaigns, COUNTED) in the present day of a block
    cdef int64_t[::1] first_ns             # (campaigns,) first answer in the window
    cdef int64_t[:, :, ::1] buckets        # (campaigns, slots, COUNTED) of a rolling window, a ring
    cdef int64_t[::1] bucket               # (campaigns,) number of the latest bucket since 1970
    cdef int64_t[:, ::1] minutes           # (campaigns, MINUTES) answers, a ring
    cdef int64_t[::1] minute               # (campaigns,) number of the latest minute since 1970
    cdef int64_t[::1] rate_began_ns        # (campaigns,) first answer after half an hour without any
    # whatever the rule: who answered lately, in quarters of an hour, for another rule to begin with
    cdef int32_t[:, :, ::1] history        # (campaigns, HISTORY, COUNTED), a ring
    cdef int64_t[::1] quarter              # (campaigns,) number of the latest quarter since 1970
    # the present window and day
    cdef int64_t[::1] window_begin_ns
    cdef int64_t[::1] window_ns            # (campaigns,) the end; 0 = none, or not known yet
    cdef int64_t[::1] day_begin_ns
    cdef int64_t[::1] day_ns               # (campaigns,) the end; 0 = not known yet
    # the rule, as C reads it: (campaigns,)
    cdef int64_t[::1] kind
    cdef int64_t[::1] counts_caller_left
    cdef int64_t[::1] guards_bound
    cdef int64_t[::1] length_ns            # of a rolling window
    cdef int64_t[::1] width_ns             # of its buckets
    cdef int64_t[::1] slots                # its buckets
    cdef double[::1] confidence
    # what was computed last, no part of the state: (campaigns, 2) legal_abandoned, answered; cap; bound; drops left
    cdef int64_t[:, ::1] known
    cdef double[::1] known_cap
    cdef double[::1] known_bound
    cdef int64_t[::1] known_drops
    # one person who answered: COUNTED_*
    cdef void count(self, Py_ssize_t row, int32_t what, int64_t now_ns) noexcept nogil
    # the ledger is left as it is
    cdef void look(self, Py_ssize_t row, int64_t now_ns, budget_t* out) noexcept nogil
    cdef void roll(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef void roll_history(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef void sum_window(self, Py_ssize_t row, int64_t now_ns, budget_t* out) noexcept nogil
    cdef double answer_rate(self, Py_ssize_t row, int64_t now_ns) noexcept nogil
    cdef double carried(self, Py_ssize_t row) noexcept nogil
    cdef double days_past(self, Py_ssize_t row) noexcept nogil
    cdef double answers_to_come(self, Py_ssize_t row, const budget_t* seen, int64_t now_ns) noexcept nogil
    cdef void bound_ratio(self, Py_ssize_t row, budget_t* out) noexcept nogil
