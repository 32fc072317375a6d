from libc.stdint cimport int32_t, int64_t

from outpace.domain._words cimport fact_t
from outpace.engine._agents cimport AgentDesk

cdef class CallFlow(AgentDesk):
    cdef void call_fact(self, int32_t row, const fact_t* fact, int64_t now_ns) noexcept nogil
    cdef bint absurd(self, int32_t row, const fact_t* fact) noexcept nogil
    cdef void intent_refused(self, int32_t row, int32_t reason, int64_t now_ns) noexcept nogil
    cdef void progress(self, int32_t row, const fact_t* fact, int64_t now_ns) noexcept nogil
    cdef void answered(self, int32_t row, const fact_t* fact, int64_t now_ns) noexcept nogil
    cdef void verdict(self, int32_t row, int32_t verdict, const fact_t* fact, int64_t now_ns) noexcept nogil
    cdef void settle_launch(self, int32_t row, int32_t what, int64_t now_ns) noexcept nogil
    cdef void enqueue(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void append_waiting(self, int32_t row) noexcept nogil
    cdef void prepend_waiting(self, int32_t row) noexcept nogil
    cdef int32_t pick_agent(self, int32_t campaign) noexcept nogil
    cdef void remove_waiting(self, int32_t row) noexcept nogil
    cdef void connect(self, int32_t row, int32_t agent, int64_t now_ns) noexcept nogil
    cdef void connected(self, int32_t row, int64_t agent_id, int64_t switch_ns, int64_t now_ns) noexcept nogil
    cdef void abandon(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void charge(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void treat(self, int32_t row, bint message, int64_t now_ns) noexcept nogil
    cdef void released(self, int32_t row, int64_t switch_ns, int64_t now_ns) noexcept nogil
    cdef void ended(self, int32_t row, int32_t outcome, int64_t extra, int64_t switch_ns, int64_t now_ns) noexcept nogil
    cdef void no_longer_pending(self, int32_t row) noexcept nogil
    cdef void hang_up(self, int32_t row, int32_t cause, int64_t now_ns) noexcept nogil
    cdef void query(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void queried(
        self, int32_t row, int32_t presence, int64_t agent_id, int64_t switch_ns, int64_t now_ns
    ) noexcept nogil
    cdef void call_timer(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void rearm(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef bint is_late(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void close(self, int32_t row, int32_t outcome, int32_t reason, int64_t now_ns) noexcept nogil
    cdef void free_call(self, int32_t row, int64_t now_ns) noexcept nogil
    # filled in by the gate
    cdef void withdraw(self, int32_t row, int32_t reason, int64_t retry_at_ns, int64_t now_ns) noexcept nogil
    cdef void intent_durable(self, int32_t row, int64_t now_ns) noexcept nogil
    cdef void originate_refused(self, int32_t row, int32_t reason, int64_t now_ns) noexcept nogil
    cdef void requeue(self, int32_t campaign, int64_t retry_at_ns) noexcept nogil
