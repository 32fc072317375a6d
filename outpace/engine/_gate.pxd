from libc.stdint cimport int32_t, int64_t

from outpace.engine._calls cimport CallFlow

cdef class LaunchGate(CallFlow):
    cdef bint trunk_open(self, int32_t trunk, int64_t now_ns) noexcept nogil
    cdef void drain_trunk(self, int32_t trunk, int64_t now_ns) noexcept nogil
    cdef void wake_trunk(self, int32_t trunk, int64_t at_ns) noexcept nogil
    cdef void wake_trunks(self, int32_t campaign, int64_t now_ns) noexcept nogil
    cdef void originate(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef bint may_dial(self, int32_t campaign) noexcept nogil
    cdef int32_t pick_trunk(self, int32_t campaign, int64_t now_ns) noexcept nogil
    cdef int64_t trunk_room(self, int32_t campaign, int64_t now_ns, int32_t* limited_by) noexcept nogil
    cdef int32_t closed_reason(self, int32_t campaign) noexcept nogil
    cdef int64_t launch(self, int32_t campaign, int64_t count, int64_t now_ns) except -1
    cdef int ask_for_leads(self, int32_t campaign, int64_t now_ns) except -1
    cdef int ask_for_hot_leads(self, int32_t campaign, int64_t now_ns) except -1
    cdef int arm_lease(self, int32_t campaign, int64_t now_ns) except -1
    cdef int lease_timer(self, int32_t campaign, int64_t now_ns) except -1
    cdef int drop_leads(self, int32_t campaign, int32_t batch, int64_t now_ns) except -1
    cdef int release_leads(self, int32_t campaign) except -1
    cdef int set_campaign_state(self, int32_t campaign, int32_t state) except -1
    cdef int settle_campaign(self, int32_t campaign, int64_t now_ns) except -1
    cdef int stop_calls(self, int32_t campaign, int64_t now_ns) except -1
