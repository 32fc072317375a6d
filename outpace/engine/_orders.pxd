from libc.stdint cimport int32_t, int64_t

from outpace.domain._words cimport fact_t
from outpace.engine._decisions cimport Decisions

cdef class Orders(Decisions):
    cdef int order(self, const fact_t* fact, int64_t now_ns) except -1
    cdef int end_call(self, int64_t call_id, int64_t now_ns) except -1
    cdef int run_again(self, int32_t campaign, int64_t due_ns) except -1
    cdef int suppress(self, int64_t number, int32_t campaign, int64_t now_ns) except -1    # campaign -1 = all
    cdef int follow_disposition(self, int32_t agent, const fact_t* fact, int64_t now_ns) except -1
    cdef void take_back(self, int32_t row, int64_t retry_at_ns, int64_t now_ns) noexcept nogil
