from libc.stdint cimport int32_t, int64_t

from outpace.domain._words cimport fact_t
from outpace.engine._state cimport EngineState

cdef class AgentDesk(EngineState):
    cdef void observe_agent(self, int32_t row, int32_t what, int64_t now_ns) noexcept nogil
    cdef void follow_agent(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void set_agent_state(self, int32_t row, int32_t state, int64_t now_ns) noexcept nogil
    cdef void become_ready(self, int32_t row, bint first, int64_t now_ns) noexcept nogil
    cdef void stop_being_ready(self, int32_t row) noexcept nogil
    cdef void agent_takes(self, int32_t row, int32_t call, int64_t now_ns) noexcept nogil
    cdef void agent_talks(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void agent_back(self, int32_t row, bint last, int64_t now_ns) noexcept nogil
    cdef void agent_done(self, int32_t row, bint leg_busy, int64_t now_ns) noexcept nogil
    cdef void arm_wrap_up(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void leg_free(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void want_logout(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void open_leg(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void leg_up(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void leg_lost(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void agent_timer(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef int log_in(self, int32_t row, int64_t now_ns) except -1
    cdef int log_out(self, int32_t row, int64_t now_ns) except -1
    cdef int ready(self, int32_t row, int64_t now_ns) except -1
    cdef int not_ready(self, int32_t row, int32_t reason, int64_t now_ns) except -1
    cdef int dispose(self, int32_t row, const fact_t* fact) except -1
