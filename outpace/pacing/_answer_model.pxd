from libc.stdint cimport int32_t, int64_t

# Weights of one campaign, group by group: one of each group is in play in a call, and the intercept in all.
cdef enum:
    AT_KIND = 0
    AT_ATTEMPTS = 4
    AT_OUTCOME = 12
    AT_LIST = 28
    AT_SEGMENT = 92
    AT_KIND_HOUR = 156           # kind of number x hour
    AT_SEGMENT_PART = 252        # segment x part of the day, four hours each
    AT_HOUR = 636
    AT_WEEKDAY = 660
    AT_INTERCEPT = 667
    WEIGHTS = 668

cdef enum:
    TOLD = 7                     # groups that tell one lead from another: the first ones, without hour and weekday
    GROUPS = 9
    HOUR_SLOTS = 168             # weekday x 24 + hour, Monday = 0, in the campaign's zone

# Columns of `state`.
cdef enum:
    STATE_LEVEL = 0              # log odds of an average lead: follows the level within some hundred calls
    STATE_LEVEL_PRECISION = 1
    STATE_RATIO_MEAN = 2         # mean of the chance relative to an average lead's, of the leads dialled lately
    STATE_CALLS = 3              # learned from
    STATE_LOSS = 4               # sum of the log losses of the chances told before the outcome was known
    STATE_LEVEL_LOSS = 5         # the same of a model that knows the level alone
    STATES = 6

cdef class AnswerModel:
    cdef readonly Py_ssize_t campaigns
    cdef readonly dict columns           # name -> array with a row per campaign: all that is known
    cdef double[:, ::1] mean             # (campaigns, WEIGHTS) in log odds
    cdef double[:, ::1] precision        # (campaigns, WEIGHTS) 1 / variance
    cdef double[:, ::1] share            # (campaigns, WEIGHTS) of the leads dialled lately that had it in play
    cdef double[:, ::1] centre           # (campaigns, TOLD) mean weight in play: the sum of share x mean over the group
    cdef double[:, ::1] slope            # (campaigns, TOLD) of the outcome on what the group said: 1 = right, 0 = noise
    cdef double[:, ::1] slope_precision
    cdef double[:, ::1] state            # (campaigns, STATES)

    # chance of a person relative to the mean of the leads dialled lately, > 0; 1.0 where nothing is known. Pure.
    cdef double weight(self, Py_ssize_t row, int64_t features, int32_t hour_slot) noexcept nogil
    # the call with these features, launched in this slot, has had a person or has come to nothing
    cdef void learn(self, Py_ssize_t row, int64_t features, int32_t hour_slot, bint answered) noexcept nogil
    # how far a group is followed: 0 = not at all, 1 = to the letter
    cdef double trusted(self, Py_ssize_t row, Py_ssize_t group) noexcept nogil
    # within
    cdef double relative(self, Py_ssize_t row, const int* places) noexcept nogil
    cdef void calibrate(self, Py_ssize_t row, const double* deviations, bint answered) noexcept nogil
    cdef void adapt(self, Py_ssize_t row, const int* places, bint answered) noexcept nogil
    cdef void adapt_centre(self, Py_ssize_t row, const int* places) noexcept nogil
