from libc.stdint cimport int32_t, int64_t

from outpace.engine._gate cimport LaunchGate
from outpace.pacing._pacer cimport PacingSnapshot, decision_t

cdef class Decisions(LaunchGate):
    cdef readonly PacingSnapshot snapshot_arrays
    cdef void take_snapshot(self, int64_t now_ns) noexcept
    cdef bint its_time(self, int32_t campaign, int64_t now_ns) noexcept
    cdef int decide_all(self, int64_t now_ns) except -1
    cdef int64_t shared_claims(self, int32_t campaign) except -1
    cdef int decide(self, int32_t campaign, int64_t now_ns) except -1
    cdef int64_t cancel_ringing(self, int32_t campaign, int64_t count, int64_t now_ns) noexcept nogil
    cdef void note_decision(self, int32_t campaign, const decision_t* wanted, int64_t room, int64_t now_ns) noexcept
    cdef double weight_up_next(self, int32_t campaign, int64_t now_ns) noexcept
    cdef void store_decision(self, int32_t campaign, int64_t now_ns) noexcept nogil
