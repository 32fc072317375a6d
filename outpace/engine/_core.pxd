from libc.stdint cimport int32_t, int64_t

from outpace.domain._words cimport attempt_t, command_t, fact_t
from outpace.engine._settings cimport Settings

cdef class EngineCore(Settings):
    cdef int apply(self, const fact_t* fact, int64_t now_ns) except -1
    cdef int lease(  # tidy: ok - the columns of one fact, passed in C
        self, int64_t campaign_id, int64_t token, int64_t deadline_ns, const int64_t* lead_ids, const int64_t* numbers,
        const int64_t* attempts, const int64_t* features, Py_ssize_t count, Py_ssize_t hots,
        Py_ssize_t callbacks, int64_t next_due_ns, bint hot, int64_t now_ns,
    ) except -1
    cdef int advance(self, int64_t now_ns) except -1
    cdef int hot_lease_came(self, int32_t campaign, Py_ssize_t hots, Py_ssize_t count, int64_t now_ns) except -1
    cdef int lease_came(self, int32_t campaign, Py_ssize_t count, int64_t next_due_ns, int64_t now_ns) except -1
    cdef int64_t deadline(self) noexcept nogil
    cdef int move_time(self, int64_t now_ns) except -1
    cdef void shift_clocks(self, int64_t by_ns) noexcept nogil
    cdef int stray(self, const fact_t* fact, int64_t now_ns) except -1
    cdef int agent_fact(self, const fact_t* fact, int64_t now_ns) except -1
    cdef int pool_fact(self, const fact_t* fact, int64_t now_ns) except -1
    cdef int store_fact(self, const fact_t* fact, int64_t now_ns) except -1
    cdef int campaign_fact(self, const fact_t* fact, int64_t now_ns) except -1
    cdef int link_up(self, int64_t now_ns) except -1
    cdef int adopt(  # tidy: ok - the fields of one fact, passed in C
        self, int64_t call_id, int32_t campaign, int64_t lead_id, int64_t number, int32_t trunk,
        int32_t attempt_number, int32_t presence, int32_t agent, int64_t token, int64_t launched_ns, int64_t now_ns,
    ) except -1
    cdef void adopt_answered(self, int32_t row, int32_t presence, int32_t agent, int64_t now_ns) noexcept nogil
