from libc.stdint cimport int32_t, int64_t

from outpace.pacing._budget cimport Budget
from outpace.pacing._estimates cimport Estimates

# Why a pacer that forecasts did not; what it did instead is progressive.
cdef enum:
    FALLBACK_NONE = 0
    FALLBACK_BUDGET_SPENT = 1    # the cap of the window can no longer be met: nobody may be abandoned any more
    FALLBACK_FEED_SILENT = 2     # calls are in hand and the switch tells nothing
    FALLBACKS = 3

cdef struct decision_t:
    int64_t count                # launches wanted now, >= 0
    int64_t cancels              # ringing calls to cancel now, >= 0; the gate does what the law allows
    int32_t limited_by           # LimitedBy: LIMIT_PACING, LIMIT_NO_AGENTS or LIMIT_BUDGET
    int32_t fallback             # FALLBACK_*
    double expected_abandons     # people of these calls who are expected to find no agent in time
    # what a forecast rests on; 0 for rules that make none
    double kappa                 # the marginal risk that is allowed
    double risk                  # marginal risk of the last call wanted
    double risk_next             # marginal risk of the first call not wanted
    double answers               # people expected of the calls in flight, over the horizon
    double releases              # agents expected to become free over the horizon
    double live_rate             # share of new calls that a person is expected to answer
    double balance               # cap x answers - abandoned, in people: what the budget holds

cdef class PacingSnapshot:
    cdef readonly dict columns          # name -> (campaigns,) array, the owner of the memory
    cdef readonly Estimates estimates   # what has been learned, a row per campaign
    cdef readonly Budget budget         # the abandonment ledger, a row per campaign
    cdef int64_t[::1] ready             # agents ready, less those whom other campaigns are calling for
    cdef int64_t[::1] working           # agents logged in and not paused
    cdef int64_t[::1] talking           # agents connecting or talking
    cdef int64_t[::1] wrap_up           # agents in wrap-up
    cdef int64_t[::1] unanswered        # calls launched and not answered yet
    cdef int64_t[::1] classifying       # calls answered, person or machine not known yet
    cdef int64_t[::1] waiting           # people who answered and have no agent yet
    cdef int64_t[::1] lines             # trunk channels free for this campaign
    cdef double[::1] lead_weight        # chance that a person answers of the leads up next, relative to the mean

cdef class Pacer:
    cdef readonly int64_t interval_ns   # time between decisions; 0 = decide whenever something changed
    # state of the pacer's own: name -> array, part of the engine's digest and snapshot
    cdef readonly dict columns
    # let time pass: what is learned from time itself. Called before each decision, never twice for one time
    cdef void advance_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns) noexcept nogil
    # pure: the same state gives the same decision
    cdef void decide_row(self, PacingSnapshot snapshot, Py_ssize_t row, int64_t now_ns, decision_t* out) noexcept nogil
    # agents that the calls in hand may still need, as this pacer counts; what other campaigns must leave alone
    cdef int64_t agents_claimed(self, PacingSnapshot snapshot, Py_ssize_t row) noexcept nogil
